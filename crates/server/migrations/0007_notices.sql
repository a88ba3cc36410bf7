-- Who is told of what happens, and what became of it. What there is to tell is in the history.
create table subscriptions (
    shop_id           text /*postgres collate "C"*/ not null,
    subscription_id   text /*postgres collate "C"*/ not null,
    kind              text not null,   -- webhook, wecom, dingtalk, feishu or email
    name              text not null,
    target            text not null,   -- where to, sealed
    shown_target      text not null,   -- what of it may be shown: https://host/***
    target_hash       text not null,   -- bots with one address share its platform's limit; empty for others
    secret            text,            -- what is signed with, sealed
    old_secret        text,            -- and the one before it, sealed, in force until then
    old_secret_until  bigint,
    events            text not null,   -- JSON array; empty for all
    channels          text not null,   -- JSON array; empty for all
    quiet_hours       text,            -- 22:00-08:00
    digest_time       text,            -- 09:05
    digest_next       bigint,          -- when the next report of a day is due
    enabled           bigint not null,
    since             bigint not null, -- when it was last enabled: alarms of before are none of its
    created_at        bigint not null,
    position          bigint not null, -- the last entry of the history that was looked at
    next_at           bigint,          -- when there is next something to be sent
    paused_until      bigint not null, -- nothing is sent before: the target asked for it, or failed
    failures          bigint not null, -- in a row
    problem           text,            -- why the last attempt failed, or the target ended the subscription
    sent              text not null,   -- JSON array: epoch milliseconds of what was posted of late
    primary key (shop_id, subscription_id)
) /*sqlite without rowid*/;

-- These lead with no shop: they belong to the one node that sends for all of them.
create index subscriptions_due on subscriptions (next_at) where next_at is not null;
create index subscriptions_by_report on subscriptions (digest_next) where digest_next is not null;
create index subscriptions_by_target on subscriptions (target_hash) where target_hash <> '';
create index complaints_due on complaints (operate_end_time, shop_id, number) where state <> 2;

create table deliveries (
    shop_id          text /*postgres collate "C"*/ not null,
    subscription_id  text /*postgres collate "C"*/ not null,
    entry            bigint not null, -- of the history; below 0: the report of that day since 1970
    part             bigint not null, -- an entry can be two events (merchant_finished: replied, closed)
    complaint_id     text /*postgres collate "C"*/ not null, -- empty for what is about several
    event            text not null,
    state            bigint not null, -- 0 waits, 1 waits for an earlier one, 2 delivered, 3 given up, 4 no news any more
    attempts         bigint not null,
    next_at          bigint not null,
    tries            text not null,   -- JSON array: the attempts, the last 20
    created_at       bigint not null,
    done_at          bigint,
    primary key (shop_id, subscription_id, entry, part)
) /*sqlite without rowid*/;

create index deliveries_ready on deliveries (shop_id, subscription_id, next_at, entry, part) where state = 0;
create index deliveries_by_complaint on deliveries (shop_id, subscription_id, complaint_id, entry, part);
create index deliveries_by_state on deliveries (shop_id, subscription_id, state, entry, part);
create index deliveries_done on deliveries (shop_id, done_at) where done_at is not null;

-- Up to when deadlines so many hours ahead were looked for; 0 hours: the deadlines themselves.
create table alarm_marks (
    hours  bigint not null primary key,
    mark   bigint not null
);
