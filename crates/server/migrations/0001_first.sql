-- One text for SQLite and PostgreSQL. Types are TEXT and BIGINT only: moments are epoch seconds, codes their
-- number on the wire, lists JSON. `/*sqlite …*/` and `/*postgres …*/` are opened on that database alone.
-- Every primary key and index leads with shop_id, so that a shop's data can live on one shard.

-- Every write to a shop first takes its next version, in the same transaction: that orders the writers
-- of one shop and tells every reader whether what it remembers still holds.
create table shops (
    shop_id      text /*postgres collate "C"*/ not null,
    name         text not null,
    version      bigint not null,
    last_number  bigint not null, -- the highest complaints.number given out
    created_at   bigint not null,
    primary key (shop_id)
);

create table apps (
    shop_id      text /*postgres collate "C"*/ not null,
    client_id    text /*postgres collate "C"*/ not null,
    name         text not null,
    secret_hash  text not null,
    legacy       bigint not null, -- 1: may fetch a token without client_id
    allow_ips    text not null,   -- networks separated by blanks; empty: any address
    created_at   bigint not null,
    disabled_at  bigint,
    primary key (shop_id, client_id)
) /*sqlite without rowid*/;

create table grants (
    shop_id         text /*postgres collate "C"*/ not null,
    client_id       text /*postgres collate "C"*/ not null,
    permission_set  text /*postgres collate "C"*/ not null,
    granted_at      bigint not null,
    primary key (shop_id, client_id, permission_set)
) /*sqlite without rowid*/;

create table tokens (
    shop_id     text /*postgres collate "C"*/ not null,
    token_hash  text /*postgres collate "C"*/ not null,
    client_id   text /*postgres collate "C"*/ not null,
    nonce       text,            -- derives the token from the app's secret; null for one made by a command
    issued_at   bigint not null,
    expires_at  bigint not null,
    primary key (shop_id, token_hash)
) /*sqlite without rowid*/;

create index tokens_by_app on tokens (shop_id, client_id, expires_at);

create table complaints (
    shop_id                  text /*postgres collate "C"*/ not null,
    complaint_id             text /*postgres collate "C"*/ not null,
    number                   bigint not null, -- `id` of the detail interface
    channel_type             bigint not null,
    complaint_from           bigint not null,
    complaint_type           bigint not null,
    complaint_resource_type  bigint not null,
    complaint_resource_id    text not null,
    complaint_reason         text not null,
    complainant_phone        text not null,
    complainant_user_id      text not null,
    complaint_time           bigint not null,
    state                    bigint not null,
    current_step             bigint not null,
    operate_time             bigint not null,
    time_limit               bigint not null, -- hours
    operate_end_time         bigint not null,
    closed_at                bigint,
    closed_overtime          bigint,          -- is_overtime as it was at closing; null while open
    content_msg              text not null,
    content_object           text not null,   -- JSON array
    uploaded_images          text not null,   -- JSON array of addresses
    sub_mch_id               text,
    source                   text not null,   -- who brought it: import, demo
    created_version          bigint not null,
    version                  bigint not null, -- the shop's version of the last change
    primary key (shop_id, complaint_id)
);

-- The order of the list, and every column that it can be filtered by: pages are found and totals
-- counted without a look at the table.
create index complaints_by_time on complaints (
    shop_id, complaint_time, complaint_id, channel_type, state, closed_overtime, operate_end_time
);

-- Open complaints are few: their deadlines, in order.
create index complaints_open_by_deadline on complaints (shop_id, operate_end_time, complaint_time, channel_type)
    where state <> 2;

create table replies (
    shop_id       text /*postgres collate "C"*/ not null,
    complaint_id  text /*postgres collate "C"*/ not null,
    position      bigint not null, -- from 1, oldest first
    reply_from    text not null,
    content       text not null,
    images        text not null,   -- JSON array of addresses
    replied_at    bigint not null,
    primary key (shop_id, complaint_id, position)
) /*sqlite without rowid*/;

-- Which complaints each version of a shop added (1), changed (2) or removed (3), and where the list
-- had them before, so that whoever follows can take out exactly what is no longer so.
create table changes (
    shop_id               text /*postgres collate "C"*/ not null,
    version               bigint not null,
    complaint_id          text /*postgres collate "C"*/ not null,
    kind                  bigint not null,
    was_complaint_time    bigint,
    was_channel_type      bigint,
    was_state             bigint,
    was_closed_overtime   bigint,
    was_operate_end_time  bigint,
    primary key (shop_id, version, complaint_id)
) /*sqlite without rowid*/;
