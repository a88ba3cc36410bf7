//! A yardstick for `make bench`: rows per second of one `COPY` into PostgreSQL, as [`bare_inserts`] is for SQLite.
//!
//! `bare_copy postgres://… FILE`, where the database holds tousu's tables and one shop, and the file one row of
//! the list interface per line. Rows are read and decoded before the clock starts.
#![allow(clippy::print_stdout)]

use std::pin::pin;
use std::time::Instant;

use anyhow::Context;
use tokio_postgres::binary_copy::BinaryCopyInWriter;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, NoTls};
use tousu::complaint::Complaint;
use tousu_wire::codes::CodeTable;
use tousu_wire::complaint_list::Row;

const COPY: &str = "copy complaints (
        shop_id, complaint_id, number, channel_type, complaint_from, complaint_type, complaint_resource_type,
        complaint_resource_id, complaint_reason, complainant_phone, complainant_user_id, complaint_time, state,
        current_step, operate_time, time_limit, operate_end_time, closed_at, closed_overtime, content_msg,
        content_object, uploaded_images, sub_mch_id, source, created_version, version
    ) from stdin (format binary)";

#[rustfmt::skip]
const TYPES: [Type; 26] = [
    Type::TEXT, Type::TEXT, Type::INT8, Type::INT8, Type::INT8, Type::INT8, Type::INT8,
    Type::TEXT, Type::TEXT, Type::TEXT, Type::TEXT, Type::INT8, Type::INT8,
    Type::INT8, Type::INT8, Type::INT8, Type::INT8, Type::INT8, Type::INT8, Type::TEXT,
    Type::TEXT, Type::TEXT, Type::TEXT, Type::TEXT, Type::INT8, Type::INT8,
];

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let database = arguments.next().context("the first argument is a database")?;
    let file = arguments.next().context("the second argument is a file")?;
    let complaints = std::fs::read_to_string(file)?
        .lines()
        .map(|line| Ok(Complaint::from_row(serde_json::from_str::<Row>(line)?)))
        .collect::<anyhow::Result<Vec<_>>>()?;

    let (client, connection) = tokio_postgres::connect(&database, NoTls).await?;
    tokio::spawn(connection);
    let shop: String = client.query_one("select shop_id from shops", &[]).await?.get(0);

    let started = Instant::now();
    copy(&client, &shop, &complaints).await?;
    println!("{:.0}", complaints.len() as f64 / started.elapsed().as_secs_f64());
    Ok(())
}

async fn copy(client: &Client, shop: &str, complaints: &[Complaint]) -> anyhow::Result<()> {
    let mut writer = pin!(BinaryCopyInWriter::new(client.copy_in(COPY).await?, &TYPES));
    for (complaint, number) in complaints.iter().zip(1_i64..) {
        writer
            .as_mut()
            .write(&[
                &shop,
                &complaint.complaint_id,
                &number,
                &complaint.channel_type.number(),
                &complaint.complaint_from.number(),
                &complaint.complaint_type.number(),
                &complaint.complaint_resource_type,
                &complaint.complaint_resource_id,
                &complaint.complaint_reason,
                &complaint.complainant_phone.whole(),
                &"",
                &complaint.complaint_time,
                &complaint.state.number(),
                &complaint.current_step.number(),
                &complaint.operate_time,
                &complaint.time_limit,
                &complaint.operate_end_time,
                &complaint.closed_at,
                &complaint.closed_overtime.map(CodeTable::number),
                &"",
                &"[]",
                &"[]",
                &None::<&str>,
                &"import",
                &1_i64,
                &1_i64,
            ])
            .await?;
    }
    writer.finish().await?;
    Ok(())
}
