//! What servers in the field answer. Requests are read by the stricter rules of [`super`]: a server refuses what it
//! does not understand, while a client has to live with it.
//!
//! - An empty list is `[]`, `null`, `""` or `{}` `[public]`: PHP has one empty array for both.
//! - A list is an object with the keys 0, 1, 2 … `[ours]`: what PHP makes of an array with a gap.
//! - A list or an object is a text with JSON in it `[public]`.
//! - There is no date where there is none: `""`, `null` or one of two sentinels `[public]`.

use serde::de::{DeserializeOwned, Deserializer, Error};
use serde_json::{Map, Value};

use crate::BeijingTime;

/// Deserializes a list, whichever of the forms it comes in.
pub fn list<'de, T: DeserializeOwned, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    let value: Value = serde::Deserialize::deserialize(deserializer)?;
    let items = items(value)
        .map_err(|other| super::mismatch::<D::Error>(&super::received(&other), "数组 ¦ an array"))?;
    items.into_iter().map(|item| serde_json::from_value(item).map_err(D::Error::custom)).collect()
}

/// The items of a list, or the value back, if it is none.
pub(crate) fn items(value: Value) -> Result<Vec<Value>, Value> {
    match value {
        Value::Array(items) => Ok(items),
        Value::Null => Ok(Vec::new()),
        Value::Object(fields) if is_numbered(&fields) => {
            Ok(fields.into_iter().map(|(_, item)| item).collect())
        }
        Value::String(text) if text.trim().is_empty() => Ok(Vec::new()),
        Value::String(text) => match serde_json::from_str(&text) {
            Ok(inner @ (Value::Array(_) | Value::Object(_))) => items(inner),
            _ => Err(Value::String(text)),
        },
        other => Err(other),
    }
}

/// Whether the fields are those of a list that has become an object; an empty one may be.
pub(crate) fn is_numbered(fields: &Map<String, Value>) -> bool {
    fields.keys().all(|key| !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Fills in the two times of the handling window, where a complaint comes without: it opens with the complaint, and ends
/// after its length in hours. A complaint without one is still a complaint.
pub(crate) fn fill_window(complaint: &mut Map<String, Value>) {
    if date(complaint, "operate_time").is_none()
        && let Some(complained) = date(complaint, "complaint_time")
    {
        complaint.insert("operate_time".into(), complained.to_string().into());
    }
    if date(complaint, "operate_end_time").is_none()
        && let Some(opened) = date(complaint, "operate_time")
        && let Some(hours) = complaint.get("time_limit").and_then(number)
    {
        let end = opened.epoch().saturating_add(hours.saturating_mul(3600));
        complaint.insert("operate_end_time".into(), BeijingTime::from_epoch(end).to_string().into());
    }
}

/// The time in a field, if there is one.
fn date(fields: &Map<String, Value>, name: &str) -> Option<BeijingTime> {
    crate::optional_time(fields.get(name)?).ok().flatten()
}

/// The integer that a value stands for.
pub(crate) fn number(value: &Value) -> Option<i64> {
    super::optional::<i64, _>(value).ok().flatten()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn lists_come_in_many_forms() {
        let read = |value: Value| list::<i64, _>(value).ok();
        for empty in [json!([]), json!(null), json!({}), json!(""), json!(" "), json!("[]"), json!("{}")] {
            assert_eq!(read(empty.clone()), Some(Vec::new()), "{empty}");
        }
        for full in [json!([7, 9]), json!({ "0": 7, "2": 9 }), json!("[7, 9]")] {
            assert_eq!(read(full.clone()), Some(vec![7, 9]), "{full}");
        }
        for other in [json!(7), json!("seven"), json!({ "list": [7] }), json!({ "": 7 }), json!(true)] {
            assert_eq!(read(other.clone()), None, "{other}");
        }
    }

    #[test]
    fn a_window_is_filled_in_only_where_it_is_missing() {
        let filled = |mut complaint: Value| {
            fill_window(complaint.as_object_mut().unwrap());
            complaint
        };
        let complained = "2024-04-19 11:25:19";
        for none in [json!(null), json!(""), json!("0000-00-00 00:00:00"), json!("1970-01-02 00:00:00")] {
            let complaint = json!({ "complaint_time": complained, "operate_time": none, "operate_end_time": none,
                "time_limit": "72" });
            let complaint = filled(complaint);
            assert_eq!(complaint["operate_time"], complained);
            assert_eq!(complaint["operate_end_time"], "2024-04-22 11:25:19");
        }
        let whole = json!({ "complaint_time": complained, "operate_time": "2024-04-20 00:00:00",
            "operate_end_time": "2024-04-21 00:00:00", "time_limit": 72 });
        assert_eq!(filled(whole.clone()), whole);
        let hopeless = json!({ "complaint_time": "yesterday", "time_limit": null });
        assert_eq!(filled(hopeless.clone()), hopeless);
    }
}
