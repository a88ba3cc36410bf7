-- Shops whose complaints are fetched from an upstream, which tells of no change by itself.
create table mirrors (
    shop_id        text /*postgres collate "C"*/ not null,
    base_url       text not null,
    app_id         text not null,   -- the shop's id upstream
    client_id      text,
    secret         text,            -- sealed; null: whoever runs the command brings it
    every_seconds  bigint not null,
    share          bigint not null, -- of the upstream's limits, in percent
    enabled        bigint not null, -- 1: servers fetch it
    created_at     bigint not null,
    progress       text not null,   -- JSON: how far it is
    tried_at       bigint,          -- when the upstream was last asked
    succeeded_at   bigint,          -- when it last answered
    fresh_as_of    bigint,          -- what happened before is in the mirror
    problem        text,            -- why it does not get on, 中文 ¦ English
    proof          text,            -- JSON: how the last pass over everything ended
    primary key (shop_id)
) /*sqlite without rowid*/;

-- Which of a shop's complaints its upstream has.
create table mirrored (
    shop_id      text /*postgres collate "C"*/ not null,
    number       bigint not null, -- the complaint's
    details_at   bigint,          -- when its details were last fetched
    details_due  bigint,          -- when they are to be fetched
    failures     bigint not null, -- to fetch them, in a row
    primary key (shop_id, number)
) /*sqlite without rowid*/;

create index mirrored_due on mirrored (shop_id, details_due, number) where details_due is not null;

-- What the last pass found on both sides, by Beijing day of complaint and state.
create table mirror_days (
    shop_id      text /*postgres collate "C"*/ not null,
    day          bigint not null, -- since 1970
    state        bigint not null,
    pass         bigint not null,
    here         bigint not null, -- how many the mirror had
    here_sum     text not null,   -- the sum of their rows' checksums
    there        bigint not null, -- how many the upstream had
    there_sum    text not null,
    as_of        bigint not null, -- when that was
    primary key (shop_id, day, state)
) /*sqlite without rowid*/;
