//! The same client without async.

use std::io::Read;

use serde_json::json;
use tousu_client::blocking::Client;
use tousu_client::wire::complaint_export::ComplaintExport;
use tousu_client::wire::complaint_list::{ComplaintList, Filter, Request};
use tousu_client::{Client as Waiting, Error};

use super::fixture::*;

#[test]
fn it_calls_walks_and_reads_files() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let server = runtime.block_on(Server::start(|seen, _| match seen.path.contains("export") {
        true => Reply::with(
            "200 OK",
            "content-type: text/csv; charset=utf-8\r\nx-export-id: 12",
            "a,b\r\n".repeat(50_000),
        ),
        false => Reply::data(json!({ "list": [row()], "total": 1 })),
    }));
    let client = Client::new(server.client()).unwrap();
    assert_eq!(client.call::<ComplaintList>(&Request::default()).unwrap().total, 1);
    assert_eq!(client.call_raw("xe.user.batch.get", "2.0.0", &json!({})).unwrap().code(), Some(0));
    assert_eq!(client.access_token().unwrap().reveal(), "token-0");
    assert_eq!(client.fetch_token().unwrap().access_token, "token-1");
    let mut all = client.complaints(Filter::default()).page_size(10);
    assert_eq!(all.by_ref().map(Result::unwrap).count(), 1);
    assert_eq!((all.total(), all.given(), all.doubts().len()), (Some(1), 1, 0));
    // Asked again from its end, it has nothing more; the server is asked all the same.
    assert_eq!(client.complaints_from(all.cursor()).count(), 0);

    let mut file = client.download::<ComplaintExport>(&Default::default()).unwrap();
    assert_eq!((file.export_id(), file.media_type()), (Some(12), Some("text/csv; charset=utf-8")));
    let mut text = String::new();
    file.read_to_string(&mut text).unwrap();
    assert_eq!(text.len(), 250_000);

    let error = runtime.block_on(async { client.call::<ComplaintList>(&Request::default()).unwrap_err() });
    assert!(matches!(error, Error::Setup(_)), "a thread that must not wait does not: {error}");
}

#[test]
fn a_file_that_breaks_off_is_an_error() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let cut = b"HTTP/1.1 200 OK\r\ncontent-type: text/csv\r\ncontent-length: 100\r\n\r\na,b\r\n".to_vec();
    let server = runtime.block_on(Server::always(Reply::Cut(cut)));
    let client = Client::new(server.client()).unwrap();
    let mut file = client.download::<ComplaintExport>(&Default::default()).unwrap();
    assert!(file.read_to_end(&mut Vec::new()).is_err());

    // A refusal in the place of a file is one, and a success that is no file is none.
    for (reply, code) in [(Reply::refusal(2017), Some(2017)), (Reply::data("{}"), None)] {
        let server = runtime.block_on(Server::always(reply));
        let error = Client::new(server.client())
            .unwrap()
            .download::<ComplaintExport>(&Default::default())
            .unwrap_err();
        assert_eq!(error.code(), code);
    }
    let waiting: Waiting = server.client();
    runtime.block_on(async {
        // To end it there does not wait either.
        drop(client);
        let mut file = waiting.download::<ComplaintExport>(&Default::default()).await.unwrap();
        assert_eq!(file.piece().await.unwrap().unwrap(), b"a,b\r\n");
        assert!(file.piece().await.unwrap_err().is_retryable());
    });
}
