//! A thousand known numbers in every field: a crawl of everything that leaves finds none.

use std::collections::HashSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::everything_in;
use crate::gate::demo::Demo;
use crate::import::row;
use crate::program::Program;
use crate::support::*;

/// The numbers that are in no field but the phone's.
const PHONES: i64 = 200;

/// Mobile, landline, identity and card numbers, each of them right in its check digit.
pub fn numbers() -> Vec<String> {
    let mobile = |at: i64| format!("13{:09}", 600_000_007 + at * 104_729);
    let landline =
        |at: i64| format!("0{}-{:08}", ["10", "21", "571", "755"][at as usize % 4], 60_000_000 + at * 7919);
    let identity = |at: i64| {
        let front = format!("1101051980{:02}{:02}{:03}", 1 + at % 12, 1 + at % 28, at);
        let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
        let sum: u32 =
            front.chars().zip(weights).map(|(digit, weight)| digit.to_digit(10).unwrap() * weight).sum();
        format!("{front}{}", ["1", "0", "X", "9", "8", "7", "6", "5", "4", "3", "2"][sum as usize % 11])
    };
    let card = |at: i64| {
        let front = format!("622202{:012}", 123_456_789_012_i64 + at * 1_299_709);
        let sum: u32 = front
            .chars()
            .rev()
            .enumerate()
            .map(|(place, digit)| {
                let digit = digit.to_digit(10).unwrap() * if place % 2 == 0 { 2 } else { 1 };
                digit / 10 + digit % 10
            })
            .sum();
        format!("{front}{}", (10 - sum % 10) % 10)
    };
    (0..250).flat_map(|at| [mobile(at), landline(at), identity(at), card(at)]).collect()
}

fn phone_only(at: i64) -> String {
    format!("159{:08}", 11 + at * 499_979)
}

/// Looks for numbers, whatever stands around them.
pub struct Sought {
    numbers: HashSet<String>,
    lengths: Vec<usize>,
}

impl Sought {
    pub fn of(numbers: impl IntoIterator<Item = String>) -> Self {
        let numbers: HashSet<String> = numbers.into_iter().collect();
        let lengths: HashSet<usize> = numbers.iter().map(String::len).collect();
        Sought { numbers, lengths: lengths.into_iter().collect() }
    }

    fn in_text<'a>(&self, text: &'a [u8]) -> Option<&'a str> {
        for at in (0..text.len()).filter(|at| text[*at].is_ascii_digit()) {
            for length in &self.lengths {
                if let Some(Ok(found)) = text.get(at..at + length).map(std::str::from_utf8)
                    && self.numbers.contains(found)
                {
                    return Some(found);
                }
            }
        }
        None
    }

    pub fn not_in(&self, what: &str, text: &str) {
        if let Some(found) = self.in_text(text.as_bytes()) {
            let at = text.find(found).unwrap();
            let from = (0..=at.saturating_sub(120)).rev().find(|from| text.is_char_boundary(*from)).unwrap();
            panic!("{found} in {what}: {}", text[from..].chars().take(260).collect::<String>());
        }
    }
}

#[test]
fn no_number_leaves() {
    let numbers = numbers();
    let sought = Sought::of(numbers.iter().cloned().chain((0..PHONES).map(phone_only)));
    assert_eq!((numbers.len(), sought.numbers.len()), (1000, 1000 + PHONES as usize));
    on_each_database(async |database| {
        let demo = Demo::serve_with(database, &["--set", "limits.calls_factor=1000"]);
        let mut seen = Vec::new();
        let call = async |path: &str, mut body: Value| {
            body["access_token"] = json!(demo.access_token);
            let path = if path.contains('.') {
                format!("/{path}/1.0.0")
            } else {
                format!("/tousu.complaint.{path}/1.0.0")
            };
            demo.post(&path, &body).await
        };
        // Each number in each field of a new complaint, and in what is done with it.
        let mut ids: Vec<String> = Vec::new();
        for (at, number) in numbers.iter().enumerate() {
            let created = call("create", json!({
                "complaint_reason": format!("联系 {number}"), "complaint_content_msg": number,
                "complainant_phone": number, "complainant_user_id": number, "complaint_resource_id": number,
                "source_number": format!("{number}-{at}"), "complaint_from": 101, "operator": number,
                "idempotency_key": number,
            })).await;
            ids.push(created.data()["complaint"]["complaint_id"].as_str().unwrap().to_owned());
            seen.push(("create", created.text));
        }
        for (chunk, id) in numbers.chunks(10).zip(&ids) {
            let text = chunk.join("，");
            for (name, body) in [
                ("reply", json!({ "content": text, "operator": chunk[0] })),
                ("consumer_reply", json!({ "content": text, "operator": chunk[1] })),
                ("check_failed", json!({ "content": text, "operator": chunk[2] })),
                ("note", json!({ "content": text, "operator": chunk[3], "idempotency_key": chunk[0] })),
                ("tag", json!({ "add": chunk, "operator": chunk[4] })),
                ("tag", json!({ "add": [], "remove": [chunk[0]] })),
                ("close", json!({ "content": text, "by": "platform" })),
                ("reopen", json!({ "content": text, "by": "platform" })),
                ("reveal", json!({ "reason": chunk[..5].join("，"), "idempotency_key": "x" })),
            ] {
                let mut body = body;
                body["complaint_id"] = json!(id);
                let answer = call(name, body).await;
                // The one that may show one.
                if name != "reveal" {
                    seen.push((name, answer.text));
                }
            }
            for number in chunk {
                let answer = call("assign", json!({ "complaint_id": id, "assignee": number })).await;
                seen.push(("assign", answer.text));
            }
            let batch =
                json!({ "action": "note", "complaint_ids": [id], "content": text, "operator": chunk[5] });
            seen.push(("batch", call("batch", batch).await.text));
        }
        // In each form of an import, whole numbers of the phone field alone among them.
        let program = Program::on(database);
        let shop = &demo.app_id;
        let rows: Vec<Value> = (0..1000)
            .map(|at| {
                let mut row = row(&format!("c_import_{at}"));
                let phone = if (at as i64) < PHONES { phone_only(at as i64) } else { numbers[at].clone() };
                row["complainant_phone"] = json!(phone);
                row["complaint_reason"] = json!(format!("请打{}，谢谢", numbers[at]));
                row["complaint_resource_id"] = json!(numbers[at]);
                row
            })
            .collect();
        program.write("rows.json", json!(rows).to_string());
        let mut csv = String::from(
            "complaint_id,channel_type,complaint_from,complaint_type,complaint_time,state,complainant_phone,complaint_reason\n",
        );
        for (at, number) in numbers.iter().enumerate() {
            csv.push_str(&format!("c_csv_{at},1,101,1,2024-04-30 11:25:19,0,{number},{number}\n"));
        }
        // Refused, with what was received in the message.
        for number in &numbers[..8] {
            csv.push_str(&format!("c_bad_{},1,101,1,{number},0,{number},{number}\n", number.len()));
        }
        program.write("rows.csv", &csv);
        for arguments in
            [&["import", "--shop", shop, "rows.json"][..], &["import", "--shop", shop, "rows.csv"]]
        {
            let ran = program.run(arguments);
            seen.push(("import", ran.out));
            seen.push(("import", ran.err));
        }

        // Everything that is served.
        let mut page = 1;
        loop {
            let answer = call(
                "xe.pay_through.complaint_record.xe.b_complaints.list",
                json!({ "page": page, "page_size": 100 }),
            )
            .await;
            let done = answer.ids().is_empty();
            seen.push(("list", answer.text));
            page += 1;
            if done {
                break;
            }
        }
        assert!(page > 5);
        for (name, size) in [("search", 100), ("changes", 1000)] {
            let mut body = json!({ "page_size": size });
            for _ in 0..60 {
                let answer = call(name, body.clone()).await;
                let next = answer.data()["next_cursor"].clone();
                seen.push((name, answer.text));
                if next.as_str().is_none_or(str::is_empty) || body["cursor"] == next {
                    break;
                }
                body["cursor"] = next;
            }
        }
        for id in ids.iter().step_by(9).chain(&ids[..100]) {
            for name in ["xe.complaint.info.get", "get", "history", "tousu.deadline.explain"] {
                seen.push((name, call(name, json!({ "complaint_id": id })).await.text));
            }
        }
        for id in &ids[..100] {
            seen.push((
                "bundle",
                call("bundle", json!({ "complaint_id": id, "operator": numbers[7] })).await.text,
            ));
        }
        for name in ["tousu.stats.get", "tousu.queue.get", "tousu.app.list", "tousu.settings.get"] {
            seen.push((name, call(name, json!({})).await.text));
        }
        for id in ids.iter().step_by(7) {
            seen.push(("similar", call("similar", json!({ "complaint_id": id })).await.text));
        }
        for chunk in numbers.chunks(50) {
            let app = call("tousu.app.create", json!({ "name": chunk[0], "operator": chunk[1] })).await;
            let rename = json!({ "client_id": app.data()["app"]["client_id"], "name": chunk[2] });
            seen.push(("app", app.text));
            seen.push(("app", call("tousu.app.update", rename).await.text));
            for body in [
                json!({ "templates": [{ "name": chunk[3], "text": chunk[4] }] }),
                json!({ "templates": [{ "name": "x", "text": format!("{{{{{}}}}}", chunk[5]) }] }),
                json!({ "tags": chunk }),
            ] {
                seen.push(("settings", call("tousu.settings.set", body).await.text));
            }
        }
        seen.push(("app", call("tousu.app.list", json!({})).await.text));
        // What a file has is shown masked, and why a row is refused as well. The refused rows themselves go back to whoever has
        // just brought them, in a form in which nothing else is.
        let table = json!({ "file_name": "rows.csv", "content": STANDARD.encode(&csv) });
        let headed = csv.replacen("complaint_id,channel_type", &format!("{},{}", numbers[0], numbers[1]), 1);
        for content in [&csv, &headed] {
            let table = json!({ "file_name": "rows.csv", "content": STANDARD.encode(content) });
            seen.push(("import", call("tousu.import.preview", table).await.text));
        }
        let answer = call("tousu.import.run", table).await;
        let mut shown = answer.data().clone();
        assert!(shown["rejected_total"].as_i64().is_some_and(|refused| refused > 0));
        shown["rejects_csv"] = json!(null);
        seen.push(("import", shown.to_string()));
        for format in ["csv", "ndjson"] {
            let body = json!({ "access_token": demo.access_token, "format": format, "operator": numbers[8] });
            let request = demo.http.post(format!("{}/tousu.complaint.export/1.0.0", demo.url));
            let file = request.body(body.to_string()).send().await.unwrap().text().await.unwrap();
            assert!(file.lines().count() > 3000, "{file}");
            seen.push(("export", file));
        }
        for entry in 1..40 {
            seen.push(("export", call("tousu.export.get", json!({ "export_id": entry })).await.text));
        }
        // What is wrong, with a number in it.
        for number in numbers.iter().step_by(37) {
            for name in
                ["complaint_id", "page", "page_size", "state", "start_time", "channel_type", "is_overtime"]
            {
                let list = "xe.pay_through.complaint_record.xe.b_complaints.list";
                for path in
                    [list, "xe.complaint.info.get", "get", "history", "search", "changes", "reply", "reveal"]
                {
                    seen.push((path, call(path, json!({ name: number })).await.text));
                }
            }
            for body in [
                json!({ "by": number, "complaint_reason": "x" }),
                json!({ "complaint_time": number, "complaint_reason": "x" }),
                json!({ "uploaded_images": [number], "complaint_reason": "x" }),
                json!({ "complaint_reason": { "x": number } }),
            ] {
                seen.push(("create", call("create", body).await.text));
            }
            seen.push(("token", demo.token(number, number, number).await.text));
            seen.push(("path", demo.post(&format!("/{number}/1.0.0"), &json!({})).await.text));
            seen.push((
                "erase",
                call("erase", json!({ "complainant_phone": number, "reason": number, "dry_run": 1 }))
                    .await
                    .text,
            ));
            let page = demo.http.get(format!("{}/docs/{number}", demo.url)).header("x-request-id", number);
            let page = page.send().await.unwrap();
            seen.push(("header", format!("{:?}", page.headers())));
        }
        for path in ["/docs", "/openapi.json", "/metrics", "/readyz"] {
            let text =
                demo.http.get(format!("{}{path}", demo.url)).send().await.unwrap().text().await.unwrap();
            seen.push((path, text));
        }
        // What the commands print.
        let in_shop = ["--shop", shop];
        for id in &ids[..8] {
            for (what, json) in [("show", false), ("show", true), ("history", false), ("history", true)] {
                let mut arguments = vec!["complaint", what, id];
                arguments.extend(in_shop);
                arguments.extend(json.then_some("--json"));
                let ran = program.run(&arguments);
                assert_eq!(ran.code, Some(0), "{ran:?}");
                seen.push((what, ran.out + &ran.err));
            }
        }
        for arguments in [
            &["complaint", "show", &numbers[0]][..],
            &["complaint", "search", "--text", "联系"],
            &["complaint", "changes"],
            &["complaint", "reveal", &numbers[3], "--reason", &numbers[2]],
            &["complaint", "erase", "--phone", &numbers[0], "--dry-run", "--reason", "x"],
        ] {
            let ran = program.run(&[arguments, &in_shop].concat());
            seen.push(("command", ran.out + &ran.err));
        }
        for file in ["all.csv", "all.ndjson", "c.html"] {
            let arguments = match file {
                "c.html" => vec!["complaint", "bundle", &ids[0], "--output", file],
                _ => vec!["export", file],
            };
            let ran = program.run(&[&arguments[..], &in_shop].concat());
            assert_eq!(ran.code, Some(0), "{ran:?}");
            seen.extend([("command", ran.out + &ran.err), (file, program.read(file))]);
        }
        for arguments in
            [&["doctor"][..], &["config"], &["audit", "verify"], &["shop", "list", "--database", &numbers[0]]]
        {
            let ran = program.run(arguments);
            seen.push(("command", ran.out + &ran.err));
        }
        assert!(seen.len() > 5000, "{}", seen.len());
        for (what, text) in &seen {
            sought.not_in(what, text);
        }
        sought.not_in("the log", &demo.end());
        // Of the phone field's numbers nothing lies in the database.
        let phones = Sought::of((0..PHONES).map(phone_only));
        assert_eq!(phones.in_text(&everything_in(database).await), None);
    });
}
