//! The detail interface.

use serde_json::{Value, json};
use tousu_wire::ReturnCode;
use tousu_wire::codes::{CodeTable, CurrentStep};
use tousu_wire::complaint_info_get::ComplaintInfoGet;

use super::Run;
use super::record::{kind, shown, told_of};
use super::rows::{Holds, note_field, number};
use super::sender::{Reply, id_of};

const FIELDS: [(&str, &str, Holds); 19] = [
    ("detail.id", "id", Holds::Integer),
    ("detail.complaint_id", "complaint_id", Holds::Text),
    ("detail.app_id", "app_id", Holds::Text),
    ("detail.state", "state", Holds::Integer),
    ("detail.complainant_user_id", "complainant_user_id", Holds::Text),
    ("detail.complainant_phone", "complainant_phone", Holds::Text),
    ("detail.complaint_from", "complaint_from", Holds::Text),
    ("detail.complaint_type", "complaint_type", Holds::Integer),
    ("detail.complaint_resource_id", "complaint_resource_id", Holds::Text),
    ("detail.complaint_content_msg", "complaint_content_msg", Holds::Text),
    ("detail.complaint_content_object", "complaint_content_object", Holds::Array),
    ("detail.complaint_reason", "complaint_reason", Holds::Text),
    ("detail.complaint_time", "complaint_time", Holds::Moment),
    ("detail.uploaded_images", "uploaded_images", Holds::Array),
    ("detail.time_limit", "time_limit", Holds::Integer),
    ("detail.operate_time", "operate_time", Holds::Moment),
    ("detail.current_step", "current_step", Holds::Integer),
    ("detail.operate_end_time", "operate_end_time", Holds::Moment),
    ("detail.reply_list", "reply_list", Holds::Array),
];
/// Only WeChat complaints have it.
const WECHAT_ONLY: &str = "sub_mch_id";
const REPLY: [&str; 5] = ["complaint_id", "content", "images", "reply_from", "time"];
/// What the list has, too, by the same name and with the same meaning.
const SHARED: [&str; 11] = [
    "complaint_id",
    "complainant_phone",
    "complaint_from",
    "complaint_reason",
    "complaint_resource_id",
    "complaint_time",
    "complaint_type",
    "operate_end_time",
    "operate_time",
    "state",
    "time_limit",
];
/// What of it a report does not repeat.
const PRIVATE: [&str; 2] = ["complainant_phone", "complaint_reason"];
/// Complaints that are looked at.
const SOME: usize = 3;
const NO_COMPLAINTS: &str = "没有投诉 ¦ there are no complaints";

impl Run {
    /// Compares everything about the detail, by some of these rows.
    pub(super) async fn detail(&mut self, listed: &[Value]) {
        // Those that were replied to tell most.
        let replied =
            |row: &&Value| number(row.get("current_step")) == Some(CurrentStep::MerchantReplied.number());
        let chosen: Vec<&Value> = listed.iter().filter(replied).chain(listed).take(SOME).collect();
        for row in &chosen {
            let reply = self.ask::<ComplaintInfoGet>(json!({ "complaint_id": id_of(row) })).await;
            self.one(row, &reply);
        }
        if chosen.is_empty() {
            FIELDS.iter().for_each(|(belief, ..)| self.record.untested(belief, NO_COMPLAINTS));
        }
        let unknown =
            self.ask::<ComplaintInfoGet>(json!({ "complaint_id": "c_0000000000000_00000000" })).await;
        self.note_code("detail.unknown", &unknown, ReturnCode::NoSuchComplaint.number());
        let missing = self.ask::<ComplaintInfoGet>(json!({})).await;
        self.note_code("detail.complaint_id.missing", &missing, ReturnCode::InvalidParameter.number());
    }

    fn one(&mut self, row: &Value, reply: &Reply) {
        let id = id_of(row);
        let Some(detail) = reply.data().filter(|data| data.is_object()) else {
            return self.record.note("detail.id", false, || reply.shown());
        };
        for (belief, field, holds) in FIELDS {
            note_field(&mut self.record, belief, detail.get(field), holds);
        }
        let known = |key: &str| key == WECHAT_ONLY || FIELDS.iter().any(|(_, field, _)| *field == key);
        let keys = detail.as_object().into_iter().flat_map(|detail| detail.keys());
        let others: Vec<&String> = keys.filter(|key| !known(key)).collect();
        self.record.note("detail.other_keys", others.is_empty(), || format!("{others:?}"));
        for one in detail.get("reply_list").and_then(Value::as_array).into_iter().flatten() {
            let mut keys: Vec<&str> =
                one.as_object().map(|one| one.keys().map(String::as_str).collect()).unwrap_or_default();
            keys.sort_unstable();
            self.record.note("detail.reply", keys == REPLY, || format!("{keys:?}"));
        }
        for field in SHARED {
            // The list has numbers where the detail has texts; their types are beliefs of their own.
            let plain = |value: Option<&Value>| match value {
                Some(Value::String(text)) => text.clone(),
                other => other.map(Value::to_string).unwrap_or_default(),
            };
            let (in_list, in_detail) = (row.get(field), detail.get(field));
            self.record.note("detail.same_as_row", plain(in_list) == plain(in_detail), || {
                let told = if PRIVATE.contains(&field) { kind(in_detail) } else { shown(in_detail) };
                told_of(&format!("{id} {field}"), told)
            });
        }
    }
}
