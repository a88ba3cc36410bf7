//! A server that answers to the byte what a test says, and remembers what it was asked.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tousu_client::wire::Endpoint;
use tousu_client::wire::complaint_list::ComplaintList;
use tousu_client::{Builder, Client, Credentials, Retry, SetClock};

pub(crate) const NOW: i64 = 1_714_536_000;
pub(crate) const APP: &str = "appFixture";
pub(crate) const CLIENT: &str = "xopFixture";
pub(crate) const SECRET: &str = "SecretOfTheFixture000";

/// What was asked.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) method: String,
    /// With its query.
    pub(crate) path: String,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Seen {
    pub(crate) fn is_token(&self) -> bool {
        self.path.contains("/token")
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }

    pub(crate) fn token(&self) -> String {
        self.json()["access_token"].as_str().unwrap_or_default().to_owned()
    }
}

/// What becomes of a request.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// These bytes, and the connection stays open for more.
    Bytes(Vec<u8>),
    /// These bytes, then the end of the connection.
    Cut(Vec<u8>),
    /// These bytes, and then the last of them again and again.
    Endless(Vec<u8>),
    /// Nothing, for as long as the client has patience.
    Silence,
}

impl Reply {
    /// An answer with that status, media type and body.
    pub(crate) fn of(status: &str, media_type: &str, body: impl AsRef<[u8]>) -> Self {
        Reply::with(status, &format!("content-type: {media_type}"), body)
    }

    /// An answer with that status, header lines and body.
    pub(crate) fn with(status: &str, headers: &str, body: impl AsRef<[u8]>) -> Self {
        let body = body.as_ref();
        let mut bytes =
            format!("HTTP/1.1 {status}\r\n{headers}\r\ncontent-length: {}\r\n\r\n", body.len()).into_bytes();
        bytes.extend_from_slice(body);
        Reply::Bytes(bytes)
    }

    /// That body, as JSON.
    pub(crate) fn json(body: impl AsRef<[u8]>) -> Self {
        Reply::of("200 OK", "application/json", body)
    }

    /// Success with that `data`.
    pub(crate) fn data(data: impl std::fmt::Display) -> Self {
        Reply::json(format!(r#"{{"code":0,"data":{data},"msg":"操作成功"}}"#))
    }

    /// A refusal.
    pub(crate) fn refusal(code: i64) -> Self {
        Reply::json(format!(r#"{{"code":{code},"data":null,"msg":"不行"}}"#))
    }

    /// The token of that number, good for two hours.
    pub(crate) fn token(number: usize) -> Self {
        Reply::data(json!({ "access_token": format!("token-{number}"), "expires_in": 7200 }))
    }
}

type Answers = dyn Fn(&Seen) -> Reply + Send + Sync;

/// A running fixture.
pub(crate) struct Server {
    pub(crate) url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Server {
    /// Answers all as said.
    pub(crate) async fn answering(answers: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Self {
        Server::on(TcpListener::bind("127.0.0.1:0").await.unwrap(), answers, None).await
    }

    /// Answers calls as said; the number says which call it is, from 0. Tokens are to be had, each another one.
    pub(crate) async fn start(answers: impl Fn(&Seen, usize) -> Reply + Send + Sync + 'static) -> Self {
        let numbers = Mutex::new((0, 0));
        Server::answering(move |seen| {
            let mut numbers = numbers.lock().unwrap();
            let number = if seen.is_token() { &mut numbers.0 } else { &mut numbers.1 };
            *number += 1;
            let number = *number - 1;
            if seen.is_token() { Reply::token(number) } else { answers(seen, number) }
        })
        .await
    }

    /// Answers each call the same.
    pub(crate) async fn always(reply: Reply) -> Self {
        Server::start(move |_, _| reply.clone()).await
    }

    /// Answers the first calls by these, and later ones by the last of them.
    pub(crate) async fn script(replies: Vec<Reply>) -> Self {
        Server::start(move |_, number| replies[number.min(replies.len() - 1)].clone()).await
    }

    pub(crate) async fn on(
        listener: TcpListener,
        answers: impl Fn(&Seen) -> Reply + Send + Sync + 'static,
        tls: Option<tokio_rustls::TlsAcceptor>,
    ) -> Self {
        let scheme = if tls.is_some() { "https" } else { "http" };
        let url = format!("{scheme}://{}", listener.local_addr().unwrap()).replace(
            "127.0.0.1",
            match tls {
                Some(_) => "localhost",
                None => "127.0.0.1",
            },
        );
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (answers, kept): (Arc<Answers>, _) = (Arc::new(answers), seen.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (answers, seen, tls) = (answers.clone(), kept.clone(), tls.clone());
                tokio::spawn(async move {
                    match tls {
                        None => serve(stream, &*answers, &seen).await,
                        Some(tls) => match tls.accept(stream).await {
                            Ok(stream) => serve(stream, &*answers, &seen).await,
                            Err(_) => None,
                        },
                    }
                });
            }
        });
        Server { url, seen }
    }

    /// All that was asked so far.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// How many tokens were fetched, and how many calls came.
    pub(crate) fn counts(&self) -> (usize, usize) {
        let seen = self.seen();
        let tokens = seen.iter().filter(|seen| seen.is_token()).count();
        (tokens, seen.len() - tokens)
    }

    /// A client on a set clock, whose chance is none.
    pub(crate) fn builder(&self) -> Builder {
        Client::builder()
            .base_url(&self.url)
            .credentials(Credentials::new(APP, CLIENT, SECRET))
            .no_proxy()
            .clock(SetClock::at(NOW))
            .random(|| 0.5)
    }

    pub(crate) fn client(&self) -> Client {
        self.builder().build().unwrap()
    }

    /// A client that tells each failure at once.
    pub(crate) fn hasty(&self) -> Client {
        self.builder().retry(Retry::NEVER).build().unwrap()
    }
}

/// Serves one connection; the end of it is no error.
async fn serve(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    answers: &Answers,
    kept: &Mutex<Vec<Seen>>,
) -> Option<()> {
    let mut bytes = Vec::new();
    loop {
        let head = loop {
            if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
                break String::from_utf8(bytes.drain(..end + 4).collect()).ok()?;
            }
            if stream.read_buf(&mut bytes).await.ok()? == 0 {
                return None;
            }
        };
        let head_lower = head.to_lowercase();
        let length = head_lower
            .split("content-length:")
            .nth(1)
            .map_or(0, |rest| rest.lines().next().unwrap_or_default().trim().parse().unwrap_or(0));
        while bytes.len() < length {
            if stream.read_buf(&mut bytes).await.ok()? == 0 {
                return None;
            }
        }
        let body = String::from_utf8(bytes.drain(..length).collect()).ok()?;
        let mut words = head.split(' ').map(str::to_owned);
        let (method, path) = (words.next()?, words.next()?);
        let seen = Seen { method, path, head: head_lower, body };
        kept.lock().unwrap().push(seen.clone());
        match answers(&seen) {
            Reply::Bytes(reply) => stream.write_all(&reply).await.ok()?,
            Reply::Cut(reply) => {
                stream.write_all(&reply).await.ok()?;
                stream.shutdown().await.ok()?;
                return None;
            }
            Reply::Endless(reply) => {
                stream.write_all(&reply).await.ok()?;
                let more = vec![*reply.last()?; 64 << 10];
                loop {
                    stream.write_all(&more).await.ok()?;
                }
            }
            Reply::Silence => {
                // Until the client goes.
                while stream.read_buf(&mut bytes).await.ok()? > 0 {}
                return None;
            }
        }
    }
}

/// The page's example row.
pub(crate) fn row() -> Value {
    ComplaintList::example().response["list"][0].clone()
}

/// A row of that number and time.
pub(crate) fn row_of(id: &str, time: &str) -> Value {
    let mut row = row();
    row["complaint_id"] = json!(id);
    row["complaint_time"] = json!(time);
    row
}

/// Runs a test as a program runs: on several threads.
pub(crate) fn run<T>(test: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(test)
}
