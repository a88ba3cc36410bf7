-- Personal data. From now on complaints.complainant_phone holds what the list shows of the number; the whole lies here,
-- sealed. Programs before this one may go on beside it: what they write whole is sealed when one of these starts.
create table phones (
    shop_id  text /*postgres collate "C"*/ not null,
    number   bigint not null, -- the complaint's
    sealed   text not null,   -- v1.KEY.…, bound to the shop's and the complaint's id
    digest   text not null,   -- by which the same number is known again, under the same key
    primary key (shop_id, number)
) /*sqlite without rowid*/;

-- Numbers that may be whole still, which is none of those that programs from this one on write.
create index complaints_whole_phones on complaints (shop_id, number)
    where complainant_phone <> '' and complainant_phone not like '%***%';

alter table complaints add column erased_at bigint; -- when its person's data was taken away; nothing brings it back

-- What was said can be taken away, and the chain of hashes holds: it is over said_hash, which is SHA-256 over the
-- salt and what was said. Entries of older programs have none: their hash is over what was said itself.
alter table history add column said_salt text;
alter table history add column said_hash text;
