//! A stop: calls in flight are answered, new ones find nobody.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::net::TcpListener;
use tousu::clock::Clock;
use tousu::gateway::{self, Gateway};
use tousu::settings::Settings;
use tousu::store::Store;
use tousu_wire::Endpoint;
use tousu_wire::complaint_list::ComplaintList;

use super::raw::Raw;
use crate::support::*;

#[test]
fn a_call_in_flight_is_answered() {
    on_each_database(async |database| {
        let mut server = Server::start(database).await;
        let token = server.any_token().await;
        let body = json!({ "access_token": token }).to_string();
        let mut in_flight = Raw::begin_post(&server, &ComplaintList::path(), body.len());
        let (sent, unsent) = body.split_at(body.len() / 2);
        in_flight.send(sent);

        let address = server.url.strip_prefix("http://").unwrap().to_owned();
        let mut stopping = tokio::spawn(async move { server.stop().await });
        // The sign that the server has been told: nobody is let in any more.
        while TcpStream::connect(&address).is_ok() {}
        let stopped = tokio::time::timeout(Duration::from_millis(200), &mut stopping).await;
        assert!(stopped.is_err(), "it waits for the call, however long the caller takes");

        in_flight.send(unsent);
        let envelope = in_flight.received().envelope();
        assert_eq!(envelope["code"], 0, "{envelope}");
        stopping.await.unwrap();
        assert!(TcpStream::connect(&address).is_err());
    });
}

/// A caller that never ends its call does not keep the server for longer than the settings say.
#[test]
fn a_stop_is_not_held_up_for_ever() {
    on_sqlite(async |database| {
        let mut server = Server::start_with(database, |settings| settings.server.stop_seconds = 0).await;
        let _never_ending = Raw::begin_post(&server, "/token", 100);
        server.stop().await;
    });
}

/// While it drains, a server that was told to stop still serves, but asks everybody to turn elsewhere.
#[test]
fn a_server_that_drains_serves_and_sends_away() {
    on_sqlite(async |database| {
        let mut server = Server::start_with(database, |settings| settings.server.drain_seconds = 3600).await;
        let token = server.any_token().await;
        let (http, url) = (server.http.clone(), format!("{}/readyz", server.url));
        let readyz = async || {
            let response = http.get(&url).send().await.unwrap();
            let status = response.status().as_u16();
            (status, response.json::<Value>().await.unwrap()["stopping"].as_bool().unwrap())
        };
        assert_eq!(readyz().await, (200, false));
        assert_eq!(server.list(&token, json!({})).await.header("connection"), None);
        server.tell_to_stop();
        while readyz().await != (503, true) {}
        for _ in 0..10 {
            let answer = server.list(&token, json!({})).await;
            answer.data();
            assert_eq!(answer.header("connection"), Some("close"));
        }
    });
    on_sqlite(async |database| {
        let mut server = Server::start_with(database, |settings| settings.server.drain_seconds = 1).await;
        let told = Instant::now();
        server.stop().await;
        assert!(told.elapsed() >= Duration::from_secs(1), "it does not stop before it has drained");
    });
}

/// Whoever was connected when the stop came is answered, though nobody had let him in yet.
#[test]
fn whoever_waits_at_the_door_is_answered() {
    on_sqlite(async |database| {
        for _ in 0..4 {
            let settings = Settings::default();
            let store = Store::open(&database.url, &settings.storage).await.unwrap();
            let gateway =
                Gateway::new(store, settings, Clock::set_at(NOW), gateway::record_metrics()).unwrap();
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let waiting: Vec<TcpStream> = (0..100)
                .map(|_| {
                    let mut stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
                    stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: test\r\n\r\n").unwrap();
                    stream
                })
                .collect();
            gateway::serve(gateway, listener, std::future::ready(())).await;
            for mut stream in waiting {
                let mut answer = String::new();
                stream.read_to_string(&mut answer).unwrap();
                assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with("ok\n"), "{answer}");
            }
        }
    });
}
