//! The programs in `examples/` do what they say.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::json;
use tousu_client::wire::BeijingTime;
use tousu_client::wire::complaint_list::Request;

use super::fixture::*;

/// Where cargo put the program.
pub(crate) fn program(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let folder = test.parent().and_then(Path::parent).unwrap();
    let program = folder.join("examples").join(name);
    assert!(program.exists(), "{} is missing: cargo builds examples with all tests", program.display());
    program
}

pub(crate) fn environment(server: &Server) -> [(&'static str, &str); 5] {
    [
        ("TOUSU_URL", &server.url),
        ("TOUSU_APP_ID", APP),
        ("TOUSU_CLIENT_ID", CLIENT),
        ("TOUSU_SECRET_KEY", SECRET),
        ("NO_PROXY", "127.0.0.1"),
    ]
}

async fn ran(server: &Server, name: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new(program(name));
    command.args(arguments).envs(environment(server));
    tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap()
}

fn lines(output: &Output) -> Vec<String> {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
}

/// Three complaints, of which each state and channel has one.
fn three(seen: &Seen) -> Reply {
    let asked: Request = serde_json::from_value(seen.json()).unwrap();
    let mut rows: Vec<_> = (0..3)
        .map(|number| {
            let at = BeijingTime::from_epoch(NOW - number * 60).to_string();
            let mut row = row_of(&format!("c_{number}"), &at);
            row["state"] = json!(number);
            row["channel_type"] = json!(number + 1);
            row["operate_end_time"] =
                json!(BeijingTime::from_epoch(NOW - number * 60 + 72 * 3600).to_string());
            row
        })
        .collect();
    rows.retain(|row| {
        let is = |name: &str, asked: Option<i64>| asked.is_none_or(|asked| row[name].as_i64() == Some(asked));
        is("state", asked.state.map(i64::from))
            && is("channel_type", asked.channel_type.map(i64::from))
            && asked
                .end_time
                .is_none_or(|end| row["complaint_time"].as_str() <= Some(end.to_string().as_str()))
    });
    let total = rows.len();
    rows.truncate(asked.page_size.unwrap_or(10) as usize);
    Reply::data(json!({ "list": rows, "total": total }))
}

#[test]
fn urgent_shows_what_is_open_the_most_urgent_first() {
    run(async {
        let server = Server::start(|seen, _| three(seen)).await;
        let shown = lines(&ran(&server, "urgent", &[]).await);
        assert_eq!(shown.len(), 2);
        assert!(shown[0].contains("c_1  小鹅通平台") && shown[1].contains("c_0  店铺"), "{shown:?}");
    });
}

#[test]
fn export_goes_on_where_it_was_interrupted() {
    run(async {
        let server = Server::start(|seen, number| match number {
            // The first run does not get beyond its first page.
            1 => Reply::refusal(2052),
            _ => {
                let asked: Request = serde_json::from_value(seen.json()).unwrap();
                let mut end = asked.end_time.map_or(NOW, BeijingTime::epoch);
                let mut list = Vec::new();
                while list.len() < 1000 && end > NOW - 1500 {
                    list.push(row_of(&format!("c_{}", NOW - end), &BeijingTime::from_epoch(end).to_string()));
                    end -= 1;
                }
                let total = 1500 - asked.end_time.map_or(0, |end| NOW - end.epoch());
                Reply::data(json!({ "list": list, "total": total }))
            }
        })
        .await;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("complaints.ndjson");
        let name = file.to_str().unwrap();
        let mark = folder.path().join("complaints.ndjson.cursor");
        assert!(!ran(&server, "export", &[name]).await.status.success());
        assert!(mark.exists());
        // What was written after the mark.
        std::fs::write(&file, std::fs::read_to_string(&file).unwrap() + "{\"half").unwrap();
        lines(&ran(&server, "export", &[name]).await);
        let text = std::fs::read_to_string(&file).unwrap();
        let ids: Vec<_> = text
            .lines()
            .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["complaint_id"].clone())
            .collect();
        assert_eq!(ids, (0..1500).map(|number| json!(format!("c_{number}"))).collect::<Vec<_>>());
        assert!(!mark.exists());
    });
}

#[test]
fn arrivals_tells_of_each_once() {
    run(async {
        let server = Server::start(|seen, _| three(seen)).await;
        let told = lines(&ran(&server, "arrivals", &["1"]).await);
        assert_eq!(told.len(), 3);
        assert!(server.seen()[1].json()["start_time"].is_string());
    });
}

#[cfg(feature = "blocking")]
#[test]
fn blocking_counts_each_channel() {
    run(async {
        let server = Server::start(|seen, _| three(seen)).await;
        assert_eq!(
            lines(&ran(&server, "blocking", &[]).await),
            ["店铺\t1", "小鹅通平台\t1", "微信支付\t1", "支付宝\t0"]
        );
    });
}
