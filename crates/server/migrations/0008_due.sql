-- With the state in it, although it has open complaints alone: SQLite looks each of them up in the table otherwise, to see
-- once more that it is open.
drop index complaints_open_by_deadline;
create index complaints_open_by_deadline on complaints (shop_id, operate_end_time, complaint_time, number, state)
    where state <> 2;
