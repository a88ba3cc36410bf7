//! HTTP by hand, for what no HTTP library would send.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

use crate::support::Server;

/// One connection. It blocks the test's own thread; the server has threads of its own.
pub struct Raw(TcpStream);

/// What came until the server closed the connection.
#[derive(Debug)]
pub struct Received(String);

impl Raw {
    pub fn connect(server: &Server) -> Self {
        let stream = TcpStream::connect(server.url.strip_prefix("http://").unwrap()).unwrap();
        // A server that neither answers nor closes fails the test.
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        Raw(stream)
    }

    /// Sends as much as the server takes: it may have answered and closed before the end.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let _ = self.0.write_all(bytes.as_ref());
    }

    /// Begins a POST of `length` bytes and waits until the server wants to read them: from then on the call
    /// is in flight.
    pub fn begin_post(server: &Server, path: &str, length: usize) -> Self {
        Raw::begin_post_with(server, path, length, "")
    }

    /// The same with more headers, each with its line end.
    pub fn begin_post_with(server: &Server, path: &str, length: usize, headers: &str) -> Self {
        let mut raw = Raw::connect(server);
        raw.send(head(path, &format!("Content-Length: {length}\r\nExpect: 100-continue\r\n{headers}")));
        const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";
        let mut read = [0; CONTINUE.len()];
        raw.0.read_exact(&mut read).unwrap();
        assert_eq!(read, CONTINUE);
        raw
    }

    /// Says that nothing more will be sent.
    pub fn end(&mut self) {
        let _ = self.0.shutdown(std::net::Shutdown::Write);
    }

    /// Sends `drop` again and again until the server answers or closes.
    pub fn dribble(mut self, drop: &str) -> Received {
        self.0.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
        let mut first = [0];
        for _ in 0..200 {
            self.send(drop);
            match self.0.read(&mut first) {
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                Ok(1) => {
                    let Received(rest) = self.received();
                    return Received(format!("{}{rest}", char::from(first[0])));
                }
                _ => return Received(String::new()),
            }
        }
        panic!("the server bears being dribbled at for ever");
    }

    /// Everything until the server closes the connection.
    pub fn received(mut self) -> Received {
        self.0.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let mut bytes = Vec::new();
        match self.0.read_to_end(&mut bytes) {
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                panic!("the server neither answers nor closes; it said {:?}", String::from_utf8_lossy(&bytes))
            }
            // A reset closes as well.
            _ => Received(String::from_utf8(bytes).unwrap()),
        }
    }
}

/// A POST's head, after whose answer the connection ends.
pub fn head(path: &str, headers: &str) -> String {
    format!("POST {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n{headers}\r\n")
}

impl Received {
    /// Closed without a word.
    pub fn is_nothing(&self) -> bool {
        self.0.is_empty()
    }

    /// The code in the envelope of the one answer that came.
    pub fn code(&self) -> i64 {
        self.envelope()["code"].as_i64().unwrap()
    }

    pub fn envelope(&self) -> Value {
        let (head, body) = self.0.split_once("\r\n\r\n").expect("an answer");
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
        serde_json::from_str(body).expect("JSON")
    }
}
