//! What an import takes, what it refuses, and what it says of it.

mod forms;
mod interface;
mod json;
mod repeated;
mod table;
mod texts;

use serde_json::{Value, json};
use tousu::import::{self, Format, Manner, Reject, Report};
use tousu::store::ShopId;

use crate::support::*;

/// A row with all of the page's keys.
pub fn row(id: &str) -> Value {
    json!({
        "channel_type": 1,
        "closed_at": "1970-01-02 00:00:00",
        "complainant_phone": "18812341474",
        "complaint_from": 101,
        "complaint_id": id,
        "complaint_reason": "要退款",
        "complaint_resource_id": "E20240417180801783546V2",
        "complaint_resource_type": 0,
        "complaint_time": "2024-04-30 11:25:19",
        "complaint_type": 1,
        "current_step": 1,
        "is_overtime": 1,
        "operate_end_time": "2024-05-03 11:25:19",
        "operate_time": "2024-04-30 11:25:19",
        "state": 0,
        "time_limit": 72,
    })
}

/// The row with some fields as given; `null` removes one.
pub fn row_with(id: &str, fields: Value) -> Value {
    let mut row = row(id);
    for (name, value) in fields.as_object().unwrap() {
        match value {
            Value::Null => row.as_object_mut().unwrap().shift_remove(name),
            value => row.as_object_mut().unwrap().insert(name.clone(), value.clone()),
        };
    }
    row
}

/// How an import went.
#[derive(Debug)]
pub struct Taken {
    pub report: Report,
    pub rejects: Vec<Reject>,
    pub cut_short: Option<String>,
}

impl Taken {
    /// Line and Chinese reason of what was refused.
    pub fn refused(&self) -> Vec<(u64, &str)> {
        self.rejects.iter().map(|reject| (reject.line, reject.reason.split(" ¦ ").next().unwrap())).collect()
    }
}

/// Imports a file of that name, whose ending tells its form.
pub async fn take_in(server: &Server, shop: &ShopId, name: &str, content: impl AsRef<[u8]>) -> Taken {
    take_in_batches(server, shop, name, content, import::BATCH).await
}

pub async fn take_in_batches(
    server: &Server,
    shop: &ShopId,
    name: &str,
    content: impl AsRef<[u8]>,
    batch: usize,
) -> Taken {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(name);
    std::fs::write(&file, content).unwrap();
    let mut rejects = Vec::new();
    let manner = Manner { batch, ..Manner::default() };
    let kept = |_: &Report, refused: &[Reject]| {
        rejects.extend_from_slice(refused);
        Ok(())
    };
    let (report, cut_short) = match import::open(&file, Format::of(&file).unwrap(), |_| ()) {
        Ok(rows) => {
            let ended = import::import(
                &server.store,
                shop,
                &server.clock,
                rows,
                manner,
                kept,
                std::future::pending(),
            )
            .await;
            (ended.report, ended.cut_short)
        }
        Err(error) => (Report::default(), Some(error)),
    };
    assert_eq!(report.read, report.added + report.changed + report.unchanged + report.refused);
    assert_eq!(report.refused, rejects.len() as u64);
    Taken { report, rejects, cut_short: cut_short.map(|error| format!("{error:#}")) }
}

/// Everything the list interface gives of a shop, checked against its total.
pub async fn listed(server: &Server, shop: &ShopId) -> Vec<Value> {
    let credentials = server.app(shop).await;
    let token = server.token_for(shop, &credentials, 7200).await;
    let answer = server.list(&token, json!({ "page_size": 1000 })).await;
    let rows = answer.data()["list"].as_array().unwrap().clone();
    assert_eq!(answer.total(), rows.len() as i64);
    rows
}

/// The shop's version.
pub async fn version(server: &Server, shop: &ShopId) -> i64 {
    let shops = server.store.read().await.unwrap().shops().await.unwrap();
    shops.into_iter().find(|row| row.app_id == shop.as_str()).unwrap().version
}

/// What the list shows of a row: newest first, the phone masked, overtime as of [`NOW`].
pub fn shown(rows: &[Value]) -> Vec<Value> {
    let mut rows = rows.to_vec();
    for row in &mut rows {
        let phone = tousu::complaint::Phone(row["complainant_phone"].as_str().unwrap().to_owned());
        row["complainant_phone"] = json!(phone.masked());
        if row["state"] != 2 {
            let now = tousu_wire::BeijingTime::from_epoch(NOW).to_string();
            let late = row["operate_end_time"].as_str().unwrap() < now.as_str();
            row["is_overtime"] = json!(if late { 2 } else { 1 });
        }
    }
    let key = |row: &Value| {
        let text = |name: &str| row[name].as_str().unwrap().to_owned();
        (text("complaint_time"), text("complaint_id"))
    };
    rows.sort_by_key(|row| std::cmp::Reverse(key(row)));
    rows
}
