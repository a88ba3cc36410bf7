//! A stop: calls in flight are answered, new ones find nobody.

use std::net::TcpStream;
use std::time::Duration;

use serde_json::json;
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
