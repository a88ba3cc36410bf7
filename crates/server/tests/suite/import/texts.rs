//! What single fields may hold.

use serde_json::json;
use tousu::import::Report;

use super::*;

#[test]
fn control_characters_and_endless_texts_are_refused() {
    on_each_database(async |database| {
        let server = Server::start(database).await;
        let shop = server.shop("appTexts").await;
        let long = |count: usize| "退".repeat(count);
        let cases = [
            (json!({ "complaint_reason": "a\u{0}b" }), "complaint_reason 含控制字符 \\u{0}"),
            (json!({ "complainant_phone": "1\u{1b}[31m" }), "complainant_phone 含控制字符 \\u{1b}"),
            (json!({ "complaint_resource_id": "a\u{85}b" }), "complaint_resource_id 含控制字符 \\u{85}"),
            (json!({ "complaint_id": "c_\u{7f}" }), "complaint_id 含控制字符 \\u{7f}"),
            (json!({ "complaint_reason": long(20_001) }), "complaint_reason 长 20001 字符，最多 20000"),
            (json!({ "complaint_id": long(129) }), "complaint_id 长 129 字符，最多 128"),
            (
                json!({ "state": 9_223_372_036_854_775_808u64 }),
                "state 收到 \"9223372036854775808\"，应为整数",
            ),
            (json!({ "time_limit": 1.5 }), "time_limit 收到 1.5，应为整数"),
            (json!({ "complaint_reason": true }), "complaint_reason 收到 true，应为字符串"),
        ];
        let rows: Vec<Value> = cases.iter().map(|(fields, _)| row_with("c_bad", fields.clone())).collect();
        let taken = take_in(&server, &shop, "rows.json", json!(rows).to_string()).await;
        let expected: Vec<(u64, &str)> = cases.iter().map(|(_, reason)| (1, *reason)).collect();
        assert_eq!(taken.refused(), expected);
        assert_eq!(version(&server, &shop).await, 0, "nothing was written");
        let kept = [
            row_with("c_1", json!({ "complaint_reason": "一\n二\r\n\t三 \u{1f600} \u{202e}" })),
            row_with(
                "c_2",
                json!({ "complaint_reason": long(20_000), "complaint_resource_id": "x".repeat(20_000) }),
            ),
            row_with(&long(128), json!({})),
        ];
        let taken = take_in(&server, &shop, "rows.json", json!(kept).to_string()).await;
        assert_eq!(taken.report, Report { read: 3, added: 3, ..Report::default() });
        assert_eq!(listed(&server, &shop).await, shown(&kept));
    });
}

/// Codes that the page does not list, and the extremes of what a number can be.
#[test]
fn codes_are_kept_as_they_came() {
    on_each_database(async |database| {
        let server = Server::start(database).await;
        let shop = server.shop("appCodes").await;
        let all: Vec<Value> = [0, 7, 10, 210, 999, -1, i64::MAX, i64::MIN]
            .into_iter()
            .map(|code| {
                let fields = json!({
                    "channel_type": code,
                    "complaint_from": code,
                    "complaint_type": code,
                    "complaint_resource_type": code,
                    "current_step": code,
                    "state": code,
                    "time_limit": code,
                });
                row_with(&format!("c_{code}"), fields)
            })
            .chain([row_with("c_done", json!({ "state": 2, "is_overtime": 3 }))])
            .collect();
        let taken = take_in(&server, &shop, "rows.json", json!(all).to_string()).await;
        assert_eq!(taken.report, Report { read: 9, added: 9, ..Report::default() }, "{taken:?}");
        assert_eq!(listed(&server, &shop).await, shown(&all));
    });
}

/// Both sentinels, nothing and null are no date; what they leave out is filled in.
#[test]
fn no_date_in_every_form() {
    on_each_database(async |database| {
        let server = Server::start(database).await;
        let shop = server.shop("appDates").await;
        let forms =
            [json!("1970-01-02 00:00:00"), json!("0000-00-00 00:00:00"), json!(""), json!("  "), Value::Null];
        let all: Vec<Value> = forms
            .iter()
            .enumerate()
            .map(|(at, form)| {
                let mut row = row(&format!("c_{at}"));
                for name in ["closed_at", "operate_time", "operate_end_time"] {
                    row[name] = form.clone();
                }
                row["time_limit"] = json!(48);
                row
            })
            .chain([row_with(
                "c_absent",
                json!({
                    "closed_at": null, "operate_time": null, "operate_end_time": null, "time_limit": 48,
                }),
            )])
            .collect();
        let taken = take_in(&server, &shop, "rows.json", json!(all).to_string()).await;
        assert_eq!(taken.report.added, 6, "{taken:?}");
        for row in listed(&server, &shop).await {
            assert_eq!(row["closed_at"], "1970-01-02 00:00:00");
            assert_eq!(row["operate_time"], "2024-04-30 11:25:19");
            assert_eq!(row["operate_end_time"], "2024-05-02 11:25:19");
        }
        let undated: Vec<Value> = forms
            .iter()
            .map(|form| {
                let mut row = row("c_undated");
                row["complaint_time"] = form.clone();
                row
            })
            .collect();
        let taken = take_in(&server, &shop, "rows.json", json!(undated).to_string()).await;
        assert_eq!(taken.refused(), [(1, "complaint_time 缺失"); 5]);
    });
}

/// The least that a row must have, and what is made of it.
#[test]
fn what_is_left_out_is_filled_in() {
    on_each_database(async |database| {
        let server = Server::start(database).await;
        let shop = server.shop("appLeast").await;
        let least = |id: &str, state: i64, closed_at: &str| {
            json!({ "complaint_id": id, "complaint_time": "2024-04-25 11:25:19", "channel_type": "2",
                "complaint_from": 10.0, "state": state.to_string(), "closed_at": closed_at })
        };
        let all = [
            least("c_0", 0, ""),
            least("c_1", 1, ""),
            least("c_2", 2, ""),
            least("c_3_in_time", 2, "2024-04-28 11:25:19"),
            least("c_4_late", 2, "2024-04-28 11:25:20"),
        ];
        let taken = take_in(&server, &shop, "rows.json", json!(all).to_string()).await;
        assert_eq!(taken.report.added, 5, "{taken:?}");
        let filled = |id: &str, state: i64, step: i64, closed_at: &str, overtime: i64| {
            row_with(
                id,
                json!({
                    "channel_type": 2, "complaint_from": 10, "complainant_phone": "", "complaint_reason": "",
                    "complaint_resource_id": "", "complaint_time": "2024-04-25 11:25:19", "current_step": step,
                    "operate_time": "2024-04-25 11:25:19", "operate_end_time": "2024-04-28 11:25:19",
                    "state": state, "closed_at": closed_at, "is_overtime": overtime,
                }),
            )
        };
        let no = "1970-01-02 00:00:00";
        let expected = [
            filled("c_0", 0, 1, no, 2),
            filled("c_1", 1, 2, no, 2),
            filled("c_2", 2, 5, no, 1),
            filled("c_3_in_time", 2, 5, "2024-04-28 11:25:19", 1),
            filled("c_4_late", 2, 5, "2024-04-28 11:25:20", 2),
        ];
        assert_eq!(listed(&server, &shop).await, shown(&expected));
        // A week later the same rows are still the same: what was filled in does not depend on the day.
        server.clock.advance_micros(7 * 86_400 * 1_000_000);
        let again = take_in(&server, &shop, "rows.json", json!(all).to_string()).await;
        assert_eq!(again.report, Report { read: 5, unchanged: 5, ..Report::default() });
    });
}
