//! A yardstick for `make bench`: answers every request with the same bytes from memory.
//!
//! `fixed_bytes ADDRESS FILE`, where the file holds the bytes.

use anyhow::Context;
use axum::Router;
use axum::body::Bytes;
use axum::http::header::CONTENT_TYPE;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let address = arguments.next().context("the first argument is an address")?;
    let file = arguments.next().context("the second argument is a file")?;
    let answer = Bytes::from(std::fs::read(file)?);
    let app = Router::new().fallback(move |_request: Bytes| {
        let answer = answer.clone();
        async { ([(CONTENT_TYPE, "application/json")], answer) }
    });
    axum::serve(tokio::net::TcpListener::bind(address).await?, app).await?;
    Ok(())
}
