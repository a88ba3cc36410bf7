//! A yardstick for `make bench`: rows per second of one prepared insert in one transaction.
//!
//! `bare_inserts DATABASE FILE`, where the database holds tousu's tables and one shop, and the file one
//! row of the list interface per line. Rows are read and decoded before the clock starts.
#![allow(clippy::print_stdout)]

use std::time::Instant;

use anyhow::Context;
use rusqlite::{Connection, params};
use tousu::complaint::Complaint;
use tousu_wire::codes::CodeTable;
use tousu_wire::complaint_list::Row;

const INSERT: &str = "insert into complaints (
        shop_id, complaint_id, number, channel_type, complaint_from, complaint_type, complaint_resource_type,
        complaint_resource_id, complaint_reason, complainant_phone, complainant_user_id, complaint_time, state,
        current_step, operate_time, time_limit, operate_end_time, closed_at, closed_overtime, content_msg,
        content_object, uploaded_images, sub_mch_id, source, created_version, version
    ) values (
        ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, '', ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, '', '[]', '[]', null,
        'import', 1, 1
    )";

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let database = arguments.next().context("the first argument is a database")?;
    let file = arguments.next().context("the second argument is a file")?;
    let complaints = std::fs::read_to_string(file)?
        .lines()
        .map(|line| Ok(Complaint::from_row(serde_json::from_str::<Row>(line)?)))
        .collect::<anyhow::Result<Vec<_>>>()?;

    let mut connection = Connection::open(database)?;
    connection.execute_batch("pragma journal_mode = wal; pragma synchronous = full;")?;
    let shop: String = connection.query_row("select shop_id from shops", [], |row| row.get(0))?;

    let started = Instant::now();
    let transaction = connection.transaction()?;
    let mut insert = transaction.prepare(INSERT)?;
    for (complaint, number) in complaints.iter().zip(1i64..) {
        insert.execute(params![
            shop,
            complaint.complaint_id,
            number,
            complaint.channel_type.number(),
            complaint.complaint_from.number(),
            complaint.complaint_type.number(),
            complaint.complaint_resource_type,
            complaint.complaint_resource_id,
            complaint.complaint_reason,
            complaint.complainant_phone.whole(),
            complaint.complaint_time,
            complaint.state.number(),
            complaint.current_step.number(),
            complaint.operate_time,
            complaint.time_limit,
            complaint.operate_end_time,
            complaint.closed_at,
            complaint.closed_overtime.map(CodeTable::number),
        ])?;
    }
    drop(insert);
    transaction.commit()?;
    println!("{:.0}", complaints.len() as f64 / started.elapsed().as_secs_f64());
    Ok(())
}
