//! What holds for every interface: envelope, paths, bodies, codes.

use serde_json::{Value, json};
use tousu_wire::complaint_list::ComplaintList;
use tousu_wire::{Endpoint, ReturnCode, token};

use super::record::{Record, kind, shown};
use super::sender::Reply;
use super::{App, Run};

/// Notes what must hold for every answer.
pub(super) fn every(record: &mut Record, reply: &Reply) {
    record.note("gateway.status", reply.status == 200, || reply.shown());
    let media_type = reply.header("content-type").unwrap_or_default();
    record.note("gateway.content_type", media_type.starts_with("application/json"), || media_type.to_owned());
    let body = reply.json.as_ref();
    let is_envelope = body.and_then(Value::as_object).is_some_and(|body| {
        body.len() == 3
            && body.get("code").is_some_and(Value::is_i64)
            && body.contains_key("data")
            && body.get("msg").is_some_and(Value::is_string)
    });
    record.note("gateway.envelope", is_envelope, || match body.and_then(Value::as_object) {
        Some(body) => {
            let part = |(name, value): (&String, &Value)| format!("{name}: {}", kind(Some(value)));
            body.iter().map(part).collect::<Vec<_>>().join(", ")
        }
        None => reply.shown(),
    });
    if reply.code().is_some_and(|code| code != 0) {
        let data = reply.data();
        record.note("gateway.error_data", data == Some(&Value::Null), || shown(data));
    }
    record.note("gateway.request_id", reply.header("x-request-id").is_some(), || {
        "没有 ¦ there is none".to_owned()
    });
}

impl Run {
    /// Paths and bodies that clients in the field send, and codes of what is refused.
    pub(super) async fn gateway(&mut self, app: &App) {
        let path = ComplaintList::path();
        let json = Some("application/json");
        let body = self.sender.with_token(json!({ "page_size": 1 }));
        let token = body["access_token"].as_str().unwrap_or_default().to_owned();
        let plain = body.to_string();
        let trailing = format!("{},}}", plain.trim_end_matches('}'));
        let form = format!("page_size=1&access_token={token}");
        let unknown =
            self.sender.with_token(json!({ "page_size": 1, "timestamp": 1, "sign": "x" })).to_string();
        for (id, path, body, media_type) in [
            ("gateway.double_slash", format!("/{path}"), &plain, json),
            ("gateway.api_prefix", format!("/api{path}"), &plain, json),
            ("gateway.form", path.clone(), &form, Some("application/x-www-form-urlencoded")),
            ("gateway.trailing_comma", path.clone(), &trailing, json),
            ("gateway.no_content_type", path.clone(), &plain, None),
            ("gateway.unknown_fields", path.clone(), &unknown, json),
        ] {
            let answered = self.sender.post(&path, body.clone(), media_type).await;
            let reply = self.taken(answered);
            self.record.note(id, reply.code() == Some(0) && reply.rows().len() <= 1, || reply.shown());
        }
        let strange = json!({ "access_token": "xe_nobody_knows_this" }).to_string();
        let nowhere = "/xe.nowhere.to.be.found/1.0.0".to_owned();
        for (id, path, body, code) in [
            ("gateway.token_missing", &path, "{}".to_owned(), ReturnCode::AccessTokenMissing),
            ("gateway.token_unknown", &path, strange, ReturnCode::AccessTokenExpired),
            ("gateway.no_such_interface", &nowhere, plain.clone(), ReturnCode::NoSuchInterface),
        ] {
            let answered = self.sender.post(path, body, json).await;
            let reply = self.taken(answered);
            self.note_code(id, &reply, code.number());
        }
        let answered = self.sender.get(&path, &[("access_token", &token)]).await;
        let reply = self.taken(answered);
        self.note_code("gateway.wrong_method", &reply, ReturnCode::WrongMethod.number());

        // Without the secret: none is tried, right or wrong.
        let client_id = app.client_id.as_deref().unwrap_or_default();
        let rest = [("client_id", client_id), ("grant_type", token::GRANT_TYPE)];
        let with_app = [("app_id", app.app_id.as_str()), rest[0], rest[1]];
        for (id, query, code) in [
            ("token.app_id_missing", &rest[..], ReturnCode::AppIdMissing),
            ("token.secret_key_missing", &with_app[..], ReturnCode::SecretKeyMissing),
        ] {
            let answered = self.sender.get(token::PATH, query).await;
            let reply = self.taken(answered);
            self.note_code(id, &reply, code.number());
        }
    }
}
