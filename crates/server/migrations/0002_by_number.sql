-- Complaints lie in the order of their numbers, which a shop gives out in the order of its versions: what
-- was added since a version is what has a higher number, so that the log need not name it. The programs
-- of the first migration cannot go on beside this one.
create table complaints_by_number (
    shop_id                  text /*postgres collate "C"*/ not null,
    number                   bigint not null, -- `id` of the detail interface
    complaint_id             text /*postgres collate "C"*/ not null,
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
    constraint complaints_numbered primary key (shop_id, number)
    -- With row ids on SQLite: without them whole rows stand in the inner pages, too, which makes the tree twice as deep.
);

insert into complaints_by_number
select shop_id, number, complaint_id, channel_type, complaint_from, complaint_type, complaint_resource_type,
    complaint_resource_id, complaint_reason, complainant_phone, complainant_user_id, complaint_time, state,
    current_step, operate_time, time_limit, operate_end_time, closed_at, closed_overtime, content_msg,
    content_object, uploaded_images, sub_mch_id, source, created_version, version
from complaints order by shop_id, number;

drop table complaints;
alter table complaints_by_number rename to complaints;

create unique index complaints_by_id on complaints (shop_id, complaint_id);

-- The order of the list, and every column that it can be filtered by: the index in memory is loaded, and
-- totals are counted until it is, without a look at the table.
create index complaints_by_time on complaints (
    shop_id, complaint_time, complaint_id, channel_type, state, closed_overtime, operate_end_time, number
);

-- Open complaints are few: their deadlines, in order.
create index complaints_open_by_deadline on complaints (shop_id, operate_end_time, complaint_time, number)
    where state <> 2;

-- Which complaints each version of a shop changed (2) or removed (3), and where the list had them before.
drop table changes;
create table changes (
    shop_id               text /*postgres collate "C"*/ not null,
    version               bigint not null,
    number                bigint not null,
    kind                  bigint not null,
    was_complaint_time    bigint not null,
    was_operate_end_time  bigint not null,
    primary key (shop_id, version, number)
) /*sqlite without rowid*/;

-- The log of a shop is whole for the versions after this one; older entries were trimmed.
alter table shops add column changes_after bigint not null default 0;
update shops set changes_after = version;

-- Who does a job that one node at a time may do, and until when nobody else may.
create table leases (
    name    text not null primary key,
    holder  text not null,
    until   bigint not null -- epoch seconds
);

-- The oldest program that can go on beside a migration, by the newest one that it knows.
alter table schema_migrations add column oldest bigint not null default 1;
