-- Search: what a complaint is found by beside what the list knows.
alter table complaints add column changed_at bigint;  -- when it was last changed, or came; null: at complaint_time
alter table complaints add column phone_tail text;    -- the last four digits; null: they are in complainant_phone

create index complaints_by_change on complaints (shop_id, (coalesce(changed_at, complaint_time)), number);

-- The index of words follows its shop: it has the complaints up to text_number as they were at text_version or later,
-- and those that changed since are in the log. Null: it has none yet.
alter table shops add column text_version bigint;
alter table shops add column text_number bigint;
alter table shops add column text_serial bigint; -- SQLite: the upper half of its rows' ids, so that a shop is a range

/*sqlite create virtual table complaint_words_fts using fts5(
    words, content='', contentless_delete=1, detail=none, tokenize='ascii'
);*/
/*postgres create table complaint_words (
    shop_id  text collate "C" not null,
    number   bigint not null,
    words    text not null, -- with blanks between
    primary key (shop_id, number)
);
-- Without a list of entries that wait, which every search would have to read through.
create index complaint_words_by_word on complaint_words using gin (string_to_array(words, ' ')) with (fastupdate = off);*/
