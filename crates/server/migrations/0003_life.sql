-- The life of a complaint: what the list does not show of where it stands, what happened to it, and what calls
-- have already done.
alter table complaints add column detail_step bigint;          -- current_step of the detail, where the list has no number for it
alter table complaints add column step_before_closing bigint;  -- current_step when it was closed
alter table complaints add column assignee text;               -- whose work it is
alter table complaints add column tags text;                   -- JSON array, sorted
alter table complaints add column source_number text;          -- the source's own number

-- The same complaint of a source is not created twice.
create unique index complaints_by_source_number on complaints (shop_id, complaint_from, source_number)
    where source_number is not null;

alter table shops add column history_entries bigint not null default 0;
alter table shops add column history_hash text not null default '';    -- of the shop's last entry

-- What happened, never changed afterwards. Each entry carries the hash of the one before it.
create table history (
    shop_id       text /*postgres collate "C"*/ not null,
    entry         bigint not null, -- from 1, without gaps
    complaint_id  text /*postgres collate "C"*/ not null,
    version       bigint not null, -- the shop's
    event         text not null,
    actor         text not null,   -- consumer, merchant, platform or third_party
    operator      text not null,   -- who it was
    client_id     text not null,   -- through which app
    happened_at   bigint not null,
    before        text not null,   -- JSON: what it changed, as it was
    after         text not null,   -- JSON: and as it is
    said          text not null,   -- JSON: what was said along with it
    hash          text not null,   -- SHA-256 over the hash before it and everything above, in this order
    primary key (shop_id, entry)
) /*sqlite without rowid*/;

create index history_by_complaint on history (shop_id, complaint_id, entry);

-- What calls with an idempotency key have done, so that the same call again does nothing and gets the same answer.
create table done_calls (
    shop_id       text /*postgres collate "C"*/ not null,
    client_id     text /*postgres collate "C"*/ not null,
    call_key      text /*postgres collate "C"*/ not null,
    request_hash  text not null,
    answer        text not null, -- JSON
    done_at       bigint not null,
    primary key (shop_id, client_id, call_key)
) /*sqlite without rowid*/;

create index done_calls_by_time on done_calls (shop_id, done_at);
