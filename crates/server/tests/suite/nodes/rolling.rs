//! `deploy/nginx.conf` as it is shipped, in front of two nodes that are killed, stopped and started again
//! while others call.

use std::fs::File;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::watch;
use tousu_wire::complaint_list::ComplaintList;
use tousu_wire::{Endpoint, PermissionSet, ReturnCode};

use super::redis::{prefix, quiet_port, redis_of_all_tests};
use crate::program::{Program, Running};
use crate::support::*;

const SHOP: &str = "appRolling";
/// Kills of each node, and then stops.
const ROUNDS: usize = 4;
/// Answered calls between two events.
const BETWEEN: u64 = 60;

/// A node, always at the same address.
struct Node {
    program: Program,
    port: u16,
    prefix: String,
    running: Option<Running>,
}

impl Node {
    fn start(database: &Database, prefix: &str) -> Self {
        let program = Program::on(database);
        let mut node = Node { program, port: quiet_port(), prefix: prefix.into(), running: None };
        node.come();
        node
    }

    /// Starts it and waits until it serves.
    fn come(&mut self) {
        let mut command = self.program.command(&["serve", "--json"]);
        for set in [
            format!("server.listen=127.0.0.1:{}", self.port),
            "server.trusted_proxies=127.0.0.1/32".into(),
            format!("limits.redis={}", redis_of_all_tests()),
            format!("limits.redis_prefix={}", self.prefix),
            "limits.calls_factor=1000".into(),
            "log.level=warn".into(),
        ] {
            command.args(["--set", &set]);
        }
        command.stderr(File::options().create(true).append(true).open(self.program.path("log")).unwrap());
        let mut running = Running::start(command);
        assert!(running.line().is_some(), "it does not start: {}", self.program.read("log"));
        self.running = Some(running);
    }

    fn kill(&mut self) {
        self.running = None;
    }

    /// Stops it as an operator does, and waits until it has.
    fn stop(&mut self) {
        let mut running = self.running.take().unwrap();
        running.signal("TERM");
        assert_eq!(running.end().0, Some(0), "{}", self.program.read("log"));
    }
}

/// The very file that is shipped, with the addresses of the test.
struct Nginx {
    master: Child,
    url: String,
    _folder: TempDir,
}

impl Nginx {
    fn start(nodes: &[Node; 2]) -> Self {
        let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/nginx.conf");
        let mut conf = std::fs::read_to_string(shipped).unwrap();
        let port = quiet_port();
        for (theirs, ours) in [
            ("listen 80;", format!("listen 127.0.0.1:{port};")),
            ("node1:8080", format!("127.0.0.1:{}", nodes[0].port)),
            ("node2:8080", format!("127.0.0.1:{}", nodes[1].port)),
        ] {
            assert_eq!(conf.matches(theirs).count(), 1, "{theirs}");
            conf = conf.replace(theirs, &ours);
        }
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        write("tousu.conf", &conf);
        write("nginx.conf", AROUND);
        let (nginx, prefix) = (nginx(), folder.path().display().to_string());
        let arguments = ["-p", &prefix, "-e", "errors", "-c", "nginx.conf"];
        let tested = Command::new(&nginx).args(arguments).arg("-t").output().unwrap();
        assert!(tested.status.success(), "{}", String::from_utf8_lossy(&tested.stderr));
        let mut command = Command::new(&nginx);
        command.args(arguments).args(["-g", "daemon off;"]).stdin(Stdio::null()).stderr(Stdio::null());
        let mut master = command.spawn().unwrap();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let ended = master.try_wait().unwrap();
            assert!(ended.is_none(), "nginx does not start: {ended:?}");
        }
        Nginx { master, url: format!("http://127.0.0.1:{port}"), _folder: folder }
    }
}

/// What a distribution's own nginx.conf does: where things go, and what is included.
const AROUND: &str = "
user root;
worker_processes 2;
pid pid;
events {}
http {
    access_log off;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    scgi_temp_path scgi;
    uwsgi_temp_path uwsgi;
    include tousu.conf;
}
";

/// Debian keeps it where only root's search path leads.
fn nginx() -> PathBuf {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let mut places = std::env::split_paths(&folders).chain(["/usr/sbin".into()]).map(|at| at.join("nginx"));
    places.find(|place| place.is_file()).expect("nginx is missing; scripts/install-tools installs it")
}

impl Drop for Nginx {
    /// Not killed: its workers would stay.
    fn drop(&mut self) {
        let _ = Command::new("kill").arg(self.master.id().to_string()).status();
        let _ = self.master.wait();
    }
}

/// What the callers see.
struct Seen {
    answered: watch::Sender<u64>,
    /// Calls that failed at first, and those that failed again when they were repeated.
    failed: Mutex<Vec<String>>,
    lost: Mutex<Vec<String>>,
}

impl Seen {
    /// Waits until so many more calls have been answered.
    async fn more(&self, calls: u64) {
        let mut answered = self.answered.subscribe();
        let enough = *answered.borrow() + calls;
        let waited = answered.wait_for(|now| *now >= enough);
        tokio::time::timeout(Duration::from_secs(20), waited).await.expect("calls are answered").unwrap();
    }
}

/// One call; anything but success is a failure.
async fn call(http: &reqwest::Client, url: &str, body: &Value) -> Result<(), String> {
    let response =
        http.post(url).body(body.to_string()).send().await.map_err(|error| format!("{error:?}"))?;
    let status = response.status();
    let text = response.text().await.map_err(|error| format!("{error:?}"))?;
    let answer: Value = serde_json::from_str(&text).map_err(|_| format!("{status} {text}"))?;
    if status == 200 && answer["code"] == 0 { Ok(()) } else { Err(format!("{status} {text}")) }
}

/// Calls for ever, each call at most twice: lists, and now and then a token.
async fn caller(seen: Arc<Seen>, url: String, token: String, credentials: Value) {
    let http = reqwest::Client::new();
    let list = (format!("{url}{}", ComplaintList::path()), json!({ "access_token": token }));
    let token = (format!("{url}/token"), credentials);
    for number in 0u64.. {
        let (url, body) = if number % 10 == 9 { &token } else { &list };
        if let Err(first) = call(&http, url, body).await {
            seen.failed.lock().push(first);
            if let Err(second) = call(&http, url, body).await {
                seen.lost.lock().push(second);
            }
        }
        seen.answered.send_modify(|answered| *answered += 1);
    }
}

#[test]
fn no_call_is_lost_while_nodes_come_and_go() {
    on_postgres(async |database| {
        let prefix = prefix();
        let mut nodes = [Node::start(database, &prefix), Node::start(database, &prefix)];
        let program = Program::on(database);
        let mut credentials = program.shop_and_app(SHOP);
        credentials["grant_type"] = json!("client_credential");
        let client_id = credentials["client_id"].as_str().unwrap();
        let made = program.json(&["token", "--shop", SHOP, "--client-id", client_id]);
        let token = made["access_token"].as_str().unwrap().to_owned();
        let nginx = Nginx::start(&nodes);

        let seen = Seen { answered: watch::Sender::new(0), failed: Mutex::default(), lost: Mutex::default() };
        let seen = Arc::new(seen);
        let calling: Vec<_> = (0..6)
            .map(|_| {
                let caller = caller(seen.clone(), nginx.url.clone(), token.clone(), credentials.clone());
                tokio::spawn(caller)
            })
            .collect();

        // A killed node may take the call with it that it was just answering: whoever repeats it is served.
        for turn in 0..2 * ROUNDS {
            let node = &mut nodes[turn % 2];
            seen.more(BETWEEN).await;
            node.kill();
            seen.more(BETWEEN).await;
            node.come();
        }
        seen.more(BETWEEN).await;
        assert_eq!(*seen.lost.lock(), [""; 0]);

        // A stopped one takes nothing with it.
        seen.failed.lock().clear();
        for turn in 0..2 * ROUNDS {
            let node = &mut nodes[turn % 2];
            seen.more(BETWEEN).await;
            node.stop();
            seen.more(BETWEEN).await;
            node.come();
        }
        seen.more(BETWEEN).await;
        assert_eq!(*seen.failed.lock(), [""; 0]);
        for caller in calling {
            caller.abort();
        }

        let http = reqwest::Client::new();
        for node in &nodes {
            let url = format!("http://127.0.0.1:{}/metrics", node.port);
            let text = http.get(url).send().await.unwrap().text().await.unwrap();
            let served = format!("tousu_requests_total{{interface=\"{}\",code=\"0\"}}", ComplaintList::NAME);
            assert!(text.contains(&served), "each has its share: {text}");
            assert!(text.contains("tousu_limiter_redis_up 1"), "{text}");
        }

        // With connections to it open and idle, too.
        let (list, body) =
            (format!("{}{}", nginx.url, ComplaintList::path()), json!({ "access_token": token }));
        for number in 0..40 {
            if number == 20 {
                nodes[0].stop();
            }
            call(&http, &list, &body).await.unwrap();
        }
        nodes[0].come();

        who_calls_is_known(&nginx, database).await;

        for (path, status) in
            [("/docs", 200), ("/readyz", 404), ("/metrics", 404), ("//api//metrics", 404), ("/healthz", 404)]
        {
            let response = http.get(format!("{}{path}", nginx.url)).send().await.unwrap();
            assert_eq!(response.status(), status, "{path}");
        }
        call(&http, &list.replace("/xe.", "//xe."), &body).await.unwrap();
        let too_large = Answer::of(http.post(&list).body(" ".repeat(1 << 20))).await;
        assert_eq!(too_large.code(), ReturnCode::InvalidParameter.number());
        for node in &mut nodes {
            node.stop();
        }
        let nobody = Answer::of(http.post(&list).body(body.to_string())).await;
        assert_eq!((nobody.code(), nobody.header("retry-after")), (ReturnCode::Busy.number(), Some("1")));
    });
}

/// The nodes believe nginx who calls, and nginx nobody.
async fn who_calls_is_known(nginx: &Nginx, database: &Database) {
    let server = Server::start(database).await;
    let shop = server.shop("appListed").await;
    let app = server.app_with(&shop, |app| app.allow_ips = "127.0.0.2".into(), PermissionSet::ALL).await;
    let body = json!({
        "app_id": app.app_id,
        "client_id": app.client_id,
        "secret_key": app.secret_key,
        "grant_type": "client_credential",
    });
    for (from, let_in) in [([127, 0, 0, 2], true), ([127, 0, 0, 3], false)] {
        let http = reqwest::Client::builder().local_address(Some(from.into())).build().unwrap();
        let request = http.post(format!("{}/token", nginx.url)).header("x-forwarded-for", "127.0.0.2");
        let code = if let_in { ReturnCode::Success } else { ReturnCode::IpNotAllowed };
        assert_eq!(Answer::of(request.body(body.to_string())).await.code(), code.number(), "{from:?}");
    }
}
