//! What a client must survive from the official server: each by its name.

use serde_json::{Value, json};
use tousu_client::wire::codes::{ChannelType, ComplaintFrom, DetailStep, State};
use tousu_client::wire::complaint_info_get::{self, ComplaintInfoGet};
use tousu_client::wire::complaint_list::{ComplaintList, Filter, Request, Response};
use tousu_client::wire::{Endpoint, ReturnCode};
use tousu_client::{Client, Error};

use super::fixture::*;

async fn list(client: &Client) -> Result<Response, Error> {
    client.call::<ComplaintList>(&Request::default()).await
}

/// What a server with that `data` is understood to answer.
async fn of_data(data: impl std::fmt::Display) -> Response {
    list(&Server::always(Reply::data(data)).await.hasty()).await.unwrap()
}

/// The numbers of all complaints that a walk gives.
async fn walked(client: &Client) -> Vec<String> {
    let mut all = client.complaints(Filter::default());
    let mut ids = Vec::new();
    while let Some(row) = all.next().await {
        ids.push(row.unwrap().complaint_id);
    }
    ids
}

#[test]
fn code_decides_and_msg_never() {
    run(async {
        let page = json!({ "list": [row()], "total": 1 });
        for msg in ["\"success\"", "\"ok\"", "\"系统繁忙\"", "\"\"", "null", "7"] {
            let body = format!(r#"{{"code":0,"data":{page},"msg":{msg}}}"#);
            let answer = list(&Server::always(Reply::json(body)).await.hasty()).await.unwrap();
            assert_eq!(answer.total, 1, "{msg}");
            let body = format!(r#"{{"code":2017,"data":{page},"msg":{msg}}}"#);
            let error = list(&Server::always(Reply::json(body)).await.hasty()).await.unwrap_err();
            assert!(error.is_refused(ReturnCode::NotPermitted), "{msg} {error}");
        }
        let without = Server::always(Reply::json(format!(r#"{{"code":0,"data":{page}}}"#))).await;
        assert_eq!(list(&without.hasty()).await.unwrap().total, 1);
        // A refusal's code counts whatever the status; success with a failure's status is none.
        let busy = Reply::of(
            "503 Service Unavailable",
            "application/json",
            r#"{"code":1001,"data":null,"msg":"忙"}"#,
        );
        assert!(list(&Server::always(busy).await.hasty()).await.unwrap_err().is_refused(ReturnCode::Busy));
        let odd = Reply::of("502 Bad Gateway", "application/json", r#"{"code":0,"data":{},"msg":""}"#);
        let error = list(&Server::always(odd).await.hasty()).await.unwrap_err();
        assert!(matches!(error, Error::NotAnEnvelope { status: 502, .. }), "{error}");
    });
}

#[test]
fn numbers_come_as_strings_and_strings_as_numbers_code_included() {
    run(async {
        let mut as_strings = row();
        for value in as_strings.as_object_mut().unwrap().values_mut() {
            if value.is_number() {
                *value = json!(value.to_string());
            }
        }
        let page = json!({ "list": [as_strings], "total": "1" });
        let body = format!(r#"{{"code":"0","data":{page},"msg":"操作成功"}}"#);
        let answer = list(&Server::always(Reply::json(body)).await.hasty()).await.unwrap();
        assert_eq!(serde_json::to_value(&answer.list[0]).unwrap(), row());

        let mut as_numbers = row();
        as_numbers["complaint_id"] = json!(20_000_018);
        as_numbers["complaint_resource_id"] = json!(17);
        as_numbers["time_limit"] = json!(72.0);
        let answer = of_data(json!({ "list": [as_numbers], "total": 1.0 })).await;
        assert_eq!(answer.list[0].complaint_id, "20000018");
        assert_eq!((answer.list[0].complaint_resource_id.as_str(), answer.list[0].time_limit), ("17", 72));

        let refused = Server::always(Reply::json(r#"{"code":"2017","data":null,"msg":"不行"}"#)).await;
        assert!(list(&refused.hasty()).await.unwrap_err().is_refused(ReturnCode::NotPermitted));

        let token = Server::answering(|seen| match seen.is_token() {
            true => Reply::json(r#"{"code":"0","data":{"access_token":"t","expires_in":"7200"},"msg":null}"#),
            false => Reply::data(r#"{"list":[],"total":0}"#),
        })
        .await;
        assert_eq!(list(&token.hasty()).await.unwrap().total, 0);
    });
}

#[test]
fn data_is_null_or_an_empty_object_or_an_empty_array_or_a_bare_list() {
    run(async {
        for nothing in ["null", "{}", "[]", "\"\""] {
            assert_eq!(of_data(nothing).await, Response { list: Vec::new(), total: 0 }, "{nothing}");
        }
        let missing = Server::always(Reply::json(r#"{"code":0,"msg":"操作成功"}"#)).await;
        assert_eq!(list(&missing.hasty()).await.unwrap().total, 0);
        let answer = of_data(json!([row(), row_of("c_2", "2024-04-19 11:25:19")])).await;
        assert_eq!((answer.list.len(), answer.total), (2, 2), "who tells no total has as many as came");
        // What an array becomes once an item was taken out of it.
        assert_eq!(
            of_data(json!({ "0": row(), "2": row_of("c_2", "2024-04-19 11:25:19") })).await.list.len(),
            2
        );

        let detail = Server::always(Reply::data("[]")).await.hasty();
        let error =
            detail.call::<ComplaintInfoGet>(&complaint_info_get::Request::default()).await.unwrap_err();
        assert!(matches!(error, Error::NoData), "{error}: where one object is owed, nothing is no answer");
        assert!(error.hint().is_some());
    });
}

#[test]
fn list_is_null_or_an_empty_object() {
    run(async {
        for nothing in ["null", "{}", "\"\"", "[]"] {
            let answer = of_data(format!(r#"{{"list":{nothing},"total":0}}"#)).await;
            assert_eq!(answer, Response { list: Vec::new(), total: 0 }, "{nothing}");
        }
        assert_eq!(of_data(r#"{"total":0}"#).await.list, []);
    });
}

#[test]
fn total_is_wrong_or_a_string_or_missing() {
    run(async {
        assert_eq!(of_data(json!({ "list": [row()], "total": "28" })).await.total, 28);
        for nonsense in [json!("many"), json!(null), json!(-1), json!([]), json!("")] {
            assert_eq!(of_data(json!({ "list": [row()], "total": nonsense })).await.total, 1, "{nonsense}");
        }
        for lie in [json!(0), json!("3"), json!(1_000_000), json!("?"), json!(null)] {
            let told = lie.clone();
            let server = Server::start(move |seen, _| Reply::data(page_of(seen, 25, &told))).await;
            let mut all = server.client().complaints(Filter::default()).page_size(10);
            let mut ids = Vec::new();
            while let Some(row) = all.next().await {
                ids.push(row.unwrap().complaint_id);
            }
            assert_eq!(ids.len(), 25, "{lie}");
            assert!(!all.doubts().is_empty(), "{lie} is a reason for doubt");
            assert!(server.counts().1 < 15, "{lie} costs {} calls", server.counts().1);
        }
    });
}

/// A page out of that many complaints, one a second, with a total from elsewhere.
fn page_of(seen: &Seen, complaints: i64, total: &Value) -> Value {
    let asked: Request = serde_json::from_value(seen.json()).unwrap();
    let rows = (0..complaints).map(|number| {
        let time = tousu_client::wire::BeijingTime::from_epoch(NOW - number);
        (time, row_of(&format!("c_{number}"), &time.to_string()))
    });
    let within = rows.filter(|(time, _)| asked.end_time.is_none_or(|end| *time <= end)).map(|(_, row)| row);
    let (page, size) = (asked.page.unwrap() as usize, asked.page_size.unwrap() as usize);
    json!({ "list": within.skip((page - 1) * size).take(size).collect::<Vec<_>>(), "total": total })
}

#[test]
fn no_date_is_either_sentinel_or_empty_or_null() {
    run(async {
        for none in [json!("1970-01-02 00:00:00"), json!("0000-00-00 00:00:00"), json!(""), json!(null)] {
            let mut open = row();
            for field in ["closed_at", "operate_time", "operate_end_time"] {
                open[field] = none.clone();
            }
            let answer = of_data(json!({ "list": [open], "total": 1 })).await;
            let row = &answer.list[0];
            assert_eq!(row.closed_at, None, "{none}");
            assert_eq!(row.operate_time, row.complaint_time, "the window opens with the complaint");
            assert_eq!(row.operate_end_time.epoch() - row.operate_time.epoch(), 72 * 3600);

            let mut detail = ComplaintInfoGet::example().response;
            detail["operate_time"] = none.clone();
            detail["reply_list"][0]["time"] = none.clone();
            let server = Server::always(Reply::data(&detail)).await.hasty();
            let detail =
                server.call::<ComplaintInfoGet>(&complaint_info_get::Request::default()).await.unwrap();
            assert_eq!((detail.operate_time, detail.reply_list[0].time), (detail.complaint_time, None));
        }
        let mut missing = row();
        missing.as_object_mut().unwrap().remove("closed_at");
        assert_eq!(of_data(json!({ "list": [missing], "total": 1 })).await.list[0].closed_at, None);
    });
}

#[test]
fn unknown_keys_and_codes_are_no_trouble() {
    run(async {
        let mut new = row();
        new["channel_type"] = json!(5);
        new["complaint_from"] = json!(999);
        new["state"] = json!("-3");
        new["something_new"] = json!({ "deep": [1, 2] });
        let body =
            json!({ "code": 0, "data": { "list": [new], "total": 1, "page": 1 }, "msg": "ok", "trace": [] });
        let answer = list(&Server::always(Reply::json(body.to_string())).await.hasty()).await.unwrap();
        let row = &answer.list[0];
        assert_eq!(row.channel_type, ChannelType::Other(5));
        assert_eq!((row.complaint_from, row.state), (ComplaintFrom::Other(999), State::Other(-3)));

        let mut detail = ComplaintInfoGet::example().response;
        detail["current_step"] = json!("77");
        detail["complaint_from"] = json!(101);
        detail["reply_list"] =
            json!([{ "complaint_id": "c_1", "reply_from": 2, "reply_content": "好", "who": null }]);
        let server = Server::always(Reply::data(&detail)).await.hasty();
        let detail = server.call::<ComplaintInfoGet>(&complaint_info_get::Request::default()).await.unwrap();
        assert_eq!((detail.current_step, detail.complaint_from.as_str()), (DetailStep::Other(77), "101"));
        assert_eq!(
            (detail.reply_list[0].reply_from.as_str(), detail.reply_list[0].content.as_str()),
            ("2", "好")
        );

        for code in [-1, 77, 10_102, i64::MAX] {
            let error = list(&Server::always(Reply::refusal(code)).await.client()).await.unwrap_err();
            assert_eq!((error.code(), error.return_code()), (Some(code), None));
        }
    });
}

#[test]
fn a_row_that_cannot_be_understood_does_not_cost_the_others() {
    run(async {
        let mut rows = [
            row_of("c_1", "2024-04-19 11:25:19"),
            row_of("c_2", "2024-04-19 11:25:18"),
            row_of("c_3", "2024-04-19 11:25:17"),
        ];
        rows[1]["complaint_time"] = json!("yesterday");
        let server = Server::always(Reply::data(json!({ "list": rows, "total": 3 }))).await;
        let mut all = server.client().complaints(Filter::default());
        assert_eq!(all.next().await.unwrap().unwrap().complaint_id, "c_1");
        let error = all.next().await.unwrap().unwrap_err();
        match &error {
            Error::Row(unreadable) => {
                assert_eq!(unreadable.complaint_id.as_deref(), Some("c_2"));
                assert!(
                    error.to_string().contains("complaint_time") && error.to_string().contains("yesterday")
                );
            }
            other => panic!("{other}"),
        }
        assert_eq!(all.next().await.unwrap().unwrap().complaint_id, "c_3");
        assert!(all.next().await.is_none());
        assert_eq!(all.given(), 3);
    });
}

#[test]
fn rows_that_shift_between_pages_come_once() {
    run(async {
        // Before each answer a complaint arrives, and the newest goes away.
        let server = Server::start(|seen, number| {
            let asked: Request = serde_json::from_value(seen.json()).unwrap();
            let rows = (0..30).filter(|at| *at >= number as i64).map(|at| (format!("c_{at}"), NOW - at));
            let mut rows: Vec<_> = rows.chain([(format!("c_new_{number}"), NOW + number as i64)]).collect();
            rows.sort_by_key(|(_, time)| -time);
            let time = tousu_client::wire::BeijingTime::from_epoch;
            rows.retain(|(_, at)| asked.end_time.is_none_or(|end| time(*at) <= end));
            let (page, size) = (asked.page.unwrap() as usize, asked.page_size.unwrap() as usize);
            let total = rows.len();
            let shown = rows.iter().skip((page - 1) * size).take(size);
            let list: Vec<_> = shown.map(|(id, at)| row_of(id, &time(*at).to_string())).collect();
            Reply::data(json!({ "list": list, "total": total }))
        })
        .await;
        let mut all = server.client().complaints(Filter::default()).page_size(7);
        let mut ids = Vec::new();
        while let Some(row) = all.next().await {
            ids.push(row.unwrap().complaint_id);
        }
        // The first that arrived is as old as the newest; what came after the first answer is none of this walk.
        let mut expected: Vec<_> = (0..30).map(|at| format!("c_{at}")).collect();
        expected.insert(1, "c_new_0".to_owned());
        assert_eq!(ids, expected);
        assert_eq!(all.doubts(), []);
    });
}

#[test]
fn a_walk_goes_on_where_an_error_ended_it() {
    run(async {
        let server = Server::start(|seen, number| match number {
            1 | 2 => Reply::refusal(2052),
            _ => Reply::data(page_of(seen, 25, &json!(null))),
        })
        .await;
        let client = server.client();
        let mut all = client.complaints(Filter::default()).page_size(10);
        let mut ids = Vec::new();
        while let Some(row) = all.next().await {
            match row {
                Ok(row) => ids.push(row.complaint_id),
                Err(error) => {
                    assert_eq!(error.code(), Some(2052));
                    assert!(all.next().await.is_none(), "an error is the end");
                    let kept = serde_json::to_string(&all.cursor()).unwrap();
                    assert!(kept.len() < 600, "{kept}");
                    all = client.complaints_from(serde_json::from_str(&kept).unwrap()).page_size(10);
                }
            }
        }
        assert_eq!(ids, (0..25).map(|number| format!("c_{number}")).collect::<Vec<_>>());
        assert_eq!(all.given(), 25);
        let fewer = Server::start(|seen, _| Reply::data(page_of(seen, 25, &json!(25)))).await;
        assert_eq!(walked(&fewer.client()).await.len(), 25);
    });
}
