//! A mail server that takes what is sent, or refuses it.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use mail_parser::MessageParser;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinSet};

/// What arrived.
#[derive(Clone, Debug)]
pub struct Letter {
    pub from: String,
    pub to: Vec<String>,
    /// As the recipient's program shows it.
    pub subject: String,
    pub text: String,
    pub html: String,
}

/// A mail server.
pub struct Mailbox {
    address: SocketAddr,
    kept: Arc<Mutex<Kept>>,
    task: AbortHandle,
}

#[derive(Default)]
struct Kept {
    letters: Vec<Letter>,
    refusals: Vec<&'static str>,
}

impl Mailbox {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let kept = Arc::new(Mutex::new(Kept::default()));
        let keeping = kept.clone();
        let task = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(converse(stream, keeping.clone()));
            }
        });
        Mailbox { address, kept, task: task.abort_handle() }
    }

    /// As the settings have it.
    pub fn url(&self) -> String {
        format!("smtp://{}", self.address)
    }

    /// How the next letters are refused once their recipient is named, for example `450 try later`.
    pub fn refuse(&self, refusals: impl IntoIterator<Item = &'static str>) {
        self.kept.lock().unwrap().refusals.extend(refusals);
    }

    pub fn letters(&self) -> Vec<Letter> {
        self.kept.lock().unwrap().letters.clone()
    }
}

impl Drop for Mailbox {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// One connection, by as much of RFC 5321 as a client that is in order needs.
async fn converse(stream: TcpStream, kept: Arc<Mutex<Kept>>) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 mailbox\r\n").await?;
    let (mut from, mut to) = (String::new(), Vec::new());
    let mut line = String::new();
    loop {
        line.clear();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let verb = line.get(..4).unwrap_or_default().to_ascii_uppercase();
        let address = || {
            let start = line.find('<').map_or(0, |at| at + 1);
            let end = line.find('>').unwrap_or(start);
            line.get(start..end).unwrap_or_default().to_owned()
        };
        let reply = match verb.as_str() {
            "EHLO" => "250-mailbox\r\n250-8BITMIME\r\n250 SMTPUTF8".to_owned(),
            "MAIL" => {
                (from, to) = (address(), Vec::new());
                "250 fine".into()
            }
            "RCPT" => {
                to.push(address());
                let mut kept = kept.lock().unwrap();
                if kept.refusals.is_empty() { "250 fine".into() } else { kept.refusals.remove(0).into() }
            }
            "DATA" => {
                stream.write_all(b"354 go on\r\n").await?;
                let raw = data(&mut stream).await?;
                let letter = letter(&from, &to, &raw);
                kept.lock().unwrap().letters.push(letter);
                "250 taken".into()
            }
            "QUIT" => "221 bye".into(),
            "RSET" | "NOOP" => "250 fine".into(),
            _ => "502 what?".into(),
        };
        stream.write_all(format!("{reply}\r\n").as_bytes()).await?;
        if verb == "QUIT" {
            return Ok(());
        }
    }
}

async fn data(stream: &mut BufReader<TcpStream>) -> std::io::Result<String> {
    let mut raw = String::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 || line == ".\r\n" {
            return Ok(raw);
        }
        raw.push_str(line.strip_prefix('.').unwrap_or(&line));
    }
}

fn letter(from: &str, to: &[String], raw: &str) -> Letter {
    let message = MessageParser::default().parse(raw.as_bytes()).unwrap();
    Letter {
        from: from.into(),
        to: to.to_vec(),
        subject: message.subject().unwrap_or_default().into(),
        text: message.body_text(0).unwrap_or_default().into_owned(),
        html: message.body_html(0).unwrap_or_default().into_owned(),
    }
}
