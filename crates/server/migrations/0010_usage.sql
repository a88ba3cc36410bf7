-- How often each app called, day by day: what every node counted, added up.
create table app_usage (
    shop_id    text /*postgres collate "C"*/ not null,
    client_id  text /*postgres collate "C"*/ not null,
    day        bigint not null, -- since 1970, in Beijing
    calls      bigint not null, -- refused ones included
    refused    bigint not null,
    last_at    bigint not null, -- the last of them
    primary key (shop_id, client_id, day)
) /*sqlite without rowid*/;

create index app_usage_by_day on app_usage (shop_id, day);

-- The complaints of one person.
create index complaints_by_user on complaints (shop_id, complainant_user_id, number) where complainant_user_id <> '';
