//! What is wrong with what an answer says, done to its JSON. Pure.

use serde_json::{Map, Value, json};
use tousu_wire::{NO_DATE, NO_DATE_ELSEWHERE};

use super::fault::Fault;

/// A code that no table lists.
const UNKNOWN: i64 = 999;
/// The fields whose codes a row's reader may not know.
const CODES: [&str; 2] = ["complaint_from", "current_step"];

/// Does it to the answer, or to the rows of one complaint in it.
pub(super) fn distort(answer: &mut Value, fault: &Fault, complaint: Option<&str>) {
    match complaint {
        Some(id) if fault.is_of_rows() => rows(answer, |row| {
            if row["complaint_id"] == id {
                of_values(row, fault);
            }
        }),
        _ => of_answer(answer, fault),
    }
}

/// Whether the answer shows that complaint.
pub(super) fn shows(answer: &Value, complaint: &str) -> bool {
    let data = &answer["data"];
    let list = data["list"].as_array().into_iter().flatten();
    list.chain([data]).any(|row| row["complaint_id"] == complaint)
}

/// Whether it is a page without rows.
pub(super) fn is_empty_page(answer: &Value) -> bool {
    answer["data"]["list"].as_array().is_some_and(Vec::is_empty)
}

fn of_answer(answer: &mut Value, fault: &Fault) {
    let Some(code) = answer.get("code").cloned() else { return };
    let data = &mut answer["data"];
    match fault {
        Fault::TotalBy(more) => {
            if let Some(total) = data["total"].as_i64() {
                data["total"] = json!(total.saturating_add(*more).max(0));
            }
        }
        Fault::TotalIs(total) if data["total"].is_number() => data["total"] = json!(total),
        Fault::ShortPage => {
            data.get_mut("list").and_then(Value::as_array_mut).and_then(Vec::pop);
        }
        Fault::DataNull => *data = Value::Null,
        Fault::DataList => *data = json!([]),
        Fault::DataObject => *data = json!({}),
        Fault::BareList if data["list"].is_array() => *data = data["list"].take(),
        Fault::ListNull if data["list"].is_array() => data["list"] = Value::Null,
        Fault::ListObject if data["list"].is_array() => data["list"] = json!({}),
        Fault::CodeAsString => answer["code"] = json!(text(&code)),
        _ if !data.is_null() => of_values(data, fault),
        _ => {}
    }
}

fn of_values(value: &mut Value, fault: &Fault) {
    match fault {
        Fault::NumbersAsStrings => each(value, &|value| {
            if value.is_number() {
                *value = json!(text(value));
            }
        }),
        Fault::StringsAsNumbers => each(value, &|value| {
            let number = value.as_str().and_then(|text| text.parse::<i64>().ok());
            // What would not come back as it was is no number.
            if let Some(number) = number.filter(|number| *value == json!(number.to_string())) {
                *value = json!(number);
            }
        }),
        Fault::DatesZero => no_dates(value, json!(NO_DATE_ELSEWHERE)),
        Fault::DatesEmpty => no_dates(value, json!("")),
        Fault::DatesNull => no_dates(value, Value::Null),
        Fault::UnknownKeys => objects(value, &|object| {
            object.insert("x_unknown".into(), json!({ "nested": [1, "2", null] }));
            object.insert("new_field".into(), json!("…"));
        }),
        Fault::UnknownCodes => objects(value, &|object| {
            for name in CODES {
                if let Some(code) = object.get_mut(name) {
                    *code = if code.is_string() { json!(UNKNOWN.to_string()) } else { json!(UNKNOWN) };
                }
            }
        }),
        _ => {}
    }
}

/// The rows of a page, or the one complaint that is shown.
fn rows(answer: &mut Value, mut change: impl FnMut(&mut Value)) {
    let Some(data) = answer.get_mut("data").filter(|data| data.is_object()) else { return };
    match data.get_mut("list").and_then(Value::as_array_mut) {
        Some(list) => list.iter_mut().for_each(change),
        None => change(data),
    }
}

fn no_dates(value: &mut Value, none: Value) {
    each(value, &|value| {
        if *value == NO_DATE {
            *value = none.clone();
        }
    });
}

/// Every value that is neither object nor array.
fn each(value: &mut Value, change: &impl Fn(&mut Value)) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| each(item, change)),
        Value::Object(members) => members.values_mut().for_each(|member| each(member, change)),
        scalar => change(scalar),
    }
}

/// Every object, the inner ones first.
fn objects(value: &mut Value, change: &impl Fn(&mut Map<String, Value>)) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| objects(item, change)),
        Value::Object(members) => {
            members.values_mut().for_each(|member| objects(member, change));
            change(members);
        }
        _ => {}
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::super::fault::Named;
    use super::*;

    fn page() -> Value {
        json!({
            "code": 0,
            "data": {
                "list": [
                    { "complaint_id": "c_1", "closed_at": "1970-01-02 00:00:00", "state": 0, "complaint_from": 101 },
                    { "complaint_id": "c_2", "closed_at": "2024-04-29 11:21:38", "state": 2, "complaint_from": 101 },
                ],
                "total": 28,
            },
            "msg": "操作成功",
        })
    }

    fn done(said: &str, complaint: Option<&str>, mut answer: Value) -> Value {
        distort(&mut answer, &Named::parse(said).unwrap().fault, complaint);
        answer
    }

    fn data(said: &str) -> Value {
        done(said, None, page())["data"].clone()
    }

    #[test]
    fn each_fault_does_what_its_name_says() {
        assert_eq!(data("total=+5")["total"], 33);
        assert_eq!(data("total=-30")["total"], 0);
        assert_eq!(data("total=9")["total"], 9);
        assert_eq!(data("short-page")["list"].as_array().unwrap().len(), 1);
        assert_eq!(data("data-null"), Value::Null);
        assert_eq!(data("data-list"), json!([]));
        assert_eq!(data("data-object"), json!({}));
        assert_eq!(data("data-bare-list"), page()["data"]["list"]);
        assert_eq!(data("list-null"), json!({ "list": null, "total": 28 }));
        assert_eq!(data("list-object"), json!({ "list": {}, "total": 28 }));
        assert_eq!(done("code-as-string", None, page())["code"], "0");
        for (said, none) in [
            ("dates-zero", json!(NO_DATE_ELSEWHERE)),
            ("dates-empty", json!("")),
            ("dates-null", Value::Null),
        ] {
            assert_eq!(data(said)["list"][0]["closed_at"], none);
            assert_eq!(data(said)["list"][1], page()["data"]["list"][1], "a date stays one");
        }
        let strings = data("numbers-as-strings");
        assert_eq!((&strings["total"], &strings["list"][1]["state"]), (&json!("28"), &json!("2")));
        assert_eq!(
            done("strings-as-numbers", None, json!({ "code": 0, "data": strings }))["data"],
            page()["data"]
        );
        assert_eq!(data("unknown-codes")["list"][0]["complaint_from"], UNKNOWN);
        let more = data("unknown-keys");
        assert!(more["new_field"].is_string() && more["list"][0]["x_unknown"].is_object());
    }

    #[test]
    fn one_complaint_alone() {
        let answer = done("numbers-as-strings", Some("c_2"), page());
        assert_eq!(answer["data"]["list"][0], page()["data"]["list"][0]);
        assert_eq!(answer["data"]["list"][1]["state"], "2");
        assert_eq!(answer["data"]["total"], 28);
        let detail =
            json!({ "code": 0, "data": { "complaint_id": "c_1", "complaint_from": "101", "state": 1 } });
        assert_eq!(done("unknown-codes", Some("c_1"), detail.clone())["data"]["complaint_from"], "999");
        assert!(shows(&detail, "c_1") && shows(&page(), "c_2") && !shows(&page(), "c_3"));
    }

    #[test]
    fn a_refusal_stays_one() {
        let refusal = json!({ "code": 2008, "data": null, "msg": "…" });
        for said in
            ["numbers-as-strings", "unknown-keys", "short-page", "total=5", "list-null", "data-bare-list"]
        {
            assert_eq!(done(said, None, refusal.clone()), refusal, "{said}");
        }
        assert_eq!(done("data-list", None, refusal.clone())["data"], json!([]));
        assert_eq!(done("code-as-string", None, refusal)["code"], "2008");
        assert!(
            is_empty_page(&json!({ "code": 0, "data": { "list": [], "total": 0 } }))
                && !is_empty_page(&page())
        );
    }
}
