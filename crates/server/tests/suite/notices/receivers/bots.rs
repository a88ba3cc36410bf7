//! Group bots as their platforms have them: they check the signature, refuse over the rate, with the published
//! codes `[public: the pages that notify/bots.rs names]`.

use std::sync::{Arc, Mutex};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use tousu::clock::Clock;
use tousu::notify::bots::Platform;
use url::Url;

use super::{Arrived, Listening, Reaction, answer};

/// The bot's own secret.
pub const SECRET: &str = "SECtest";
const HOUR: i64 = 3600;

/// What was posted, and how it was answered.
#[derive(Clone, Debug)]
pub struct Posted {
    /// Milliseconds by the test's clock.
    pub at: i64,
    /// Every text in it, one a line.
    pub text: String,
    /// Zero: it is in the group.
    pub code: i64,
}

/// A platform with one bot.
pub struct Bots {
    platform: Platform,
    listening: Listening,
    kept: Arc<Mutex<Kept>>,
}

#[derive(Default)]
struct Kept {
    posted: Vec<Posted>,
    shut_out_until: i64,
    /// What is answered in place of anything else.
    says: Option<(i64, &'static str)>,
}

impl Bots {
    /// A platform that goes by that clock.
    pub async fn start(platform: Platform, clock: Clock) -> Self {
        let kept = Arc::new(Mutex::new(Kept::default()));
        let keeping = kept.clone();
        let react = move |arrived: Arrived| {
            let mut kept = keeping.lock().unwrap();
            let millis = clock.monotonic_micros().div_euclid(1000);
            let body: Value = serde_json::from_slice(&arrived.body).unwrap_or_default();
            let judged = match kept.says {
                Some(says) => says,
                None => judged(platform, &mut kept, &arrived, &body, (clock.epoch(), millis)),
            };
            let mut text = String::new();
            texts(&body, &mut text);
            kept.posted.push(Posted { at: millis, text, code: judged.0 });
            Reaction::Answer(answer(200, written(platform, judged).to_string()))
        };
        let listening = Listening::at(None, Arc::new(react)).await;
        Bots { platform, listening, kept }
    }

    /// The bot's address, as the platform gives it out.
    pub fn url(&self) -> String {
        let path = match self.platform {
            Platform::Wecom => "/cgi-bin/webhook/send?key=KEY",
            Platform::Dingtalk => "/robot/send?access_token=KEY",
            Platform::Feishu => "/open-apis/bot/v2/hook/KEY",
        };
        format!("http://{}{path}", self.listening.address)
    }

    /// What it signs with, if it does.
    pub fn secret(&self) -> Option<&'static str> {
        (self.platform != Platform::Wecom).then_some(SECRET)
    }

    /// From now on all posts are answered with that code; without one, as the platform does.
    pub fn says(&self, says: Option<(i64, &'static str)>) {
        self.kept.lock().unwrap().says = says;
    }

    /// All that was posted.
    pub fn posted(&self) -> Vec<Posted> {
        self.kept.lock().unwrap().posted.clone()
    }

    /// What is in the group.
    pub fn in_group(&self) -> Vec<Posted> {
        self.posted().into_iter().filter(|posted| posted.code == 0).collect()
    }
}

/// The platform's answer to a post at that moment (epoch seconds, milliseconds).
fn judged(
    platform: Platform,
    kept: &mut Kept,
    arrived: &Arrived,
    body: &Value,
    (now, millis): (i64, i64),
) -> (i64, &'static str) {
    let json = arrived.headers.get("content-type").and_then(|kind| kind.to_str().ok());
    let is_json = json.is_some_and(|kind| kind.starts_with("application/json"));
    // Refused ones count where the platform says so; here all do, which is the stricter reading.
    let within = |span: i64| kept.posted.iter().filter(|posted| posted.at > millis - span).count();
    match platform {
        Platform::Wecom => {
            let content = body["markdown"]["content"].as_str().unwrap_or_default();
            match () {
                () if !arrived.path.ends_with("/send?key=KEY") => (93000, "invalid webhook url"),
                () if !is_json || body["msgtype"] != "markdown" => (40008, "invalid message type"),
                () if content.is_empty() || content.len() > 4096 => {
                    (40058, "markdown.content exceed max length 4096")
                }
                () if within(60_000) >= 20 => (45009, "api freq out of limit"),
                () => (0, "ok"),
            }
        }
        Platform::Dingtalk => {
            if millis < kept.shut_out_until {
                return (130101, "send too fast");
            }
            if within(60_000) >= 20 {
                kept.shut_out_until = millis + 600_000;
                return (130101, "send too fast, exceed 20 times per minute");
            }
            let url = Url::parse("http://host").unwrap().join(&arrived.path).unwrap();
            let query = |name: &str| {
                url.query_pairs()
                    .find(|pair| pair.0 == name)
                    .map(|pair| pair.1.into_owned())
                    .unwrap_or_default()
            };
            let at: i64 = query("timestamp").parse().unwrap_or_default();
            let right = hmac(SECRET, &format!("{at}\n{SECRET}"));
            match () {
                () if query("access_token") != "KEY" => (300001, "token is not exist"),
                () if (at / 1000 - now).abs() > HOUR => (310000, "invalid timestamp"),
                () if query("sign") != right => (310000, "sign not match"),
                () if !is_json => (43004, "无效的HTTP HEADER Content-Type"),
                () if !["markdown", "actionCard"].contains(&body["msgtype"].as_str().unwrap_or_default()) => {
                    (40035, "缺少参数 json")
                }
                () if arrived.body.len() > 20_000 => (460101, "message too long, exceed 20000 bytes"),
                () => (0, "ok"),
            }
        }
        Platform::Feishu => {
            let at: i64 = body["timestamp"].as_str().unwrap_or_default().parse().unwrap_or_default();
            let right = hmac(&format!("{at}\n{SECRET}"), "");
            match () {
                () if !arrived.path.ends_with("/hook/KEY") => {
                    (19001, "param invalid: incoming webhook access token invalid")
                }
                () if (at - now).abs() > HOUR || body["sign"] != json!(right) => {
                    (19021, "sign match fail or timestamp is not within one hour from current time")
                }
                () if within(60_000) >= 100 || within(1_000) >= 5 => {
                    (11232, "frequency limited psm[lark.oapi.app_platform_runtime]")
                }
                // Everybody's bots speak then.
                () if now.rem_euclid(1800) < 30 => {
                    (11232, "frequency limited psm[lark.oapi.app_platform_runtime]")
                }
                () if !is_json || arrived.body.len() > 20_000 || body["msg_type"] != "interactive" => {
                    (9499, "Bad Request")
                }
                () => (0, "success"),
            }
        }
    }
}

fn written(platform: Platform, (code, sentence): (i64, &str)) -> Value {
    match platform {
        Platform::Feishu => json!({ "code": code, "msg": sentence, "data": {} }),
        _ => json!({ "errcode": code, "errmsg": sentence }),
    }
}

fn hmac(key: &str, message: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).unwrap();
    mac.update(message.as_bytes());
    BASE64_STANDARD.encode(mac.finalize().into_bytes())
}

fn texts(value: &Value, into: &mut String) {
    match value {
        Value::String(text) => {
            into.push_str(text);
            into.push('\n');
        }
        Value::Array(items) => items.iter().for_each(|item| texts(item, into)),
        Value::Object(map) => map.values().for_each(|value| texts(value, into)),
        _ => {}
    }
}
