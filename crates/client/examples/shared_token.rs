//! Several processes with one token: start it more than once, and the server is asked for one token in all.

use std::error::Error;

use tousu_client::wire::complaint_list::{ComplaintList, Request};
use tousu_client::{Client, Credentials};

#[tokio::main]
#[allow(clippy::print_stdout, reason = "a program")]
async fn main() -> Result<(), Box<dyn Error>> {
    let setting = |name: &str| std::env::var(name).map_err(|error| format!("{name}: {error}"));
    let cache = std::env::args().nth(1).ok_or("usage: shared_token CACHE")?;
    let secret = setting("TOUSU_SECRET_KEY");
    let client = Client::builder()
        .base_url(setting("TOUSU_URL")?)
        .credentials(Credentials::new(setting("TOUSU_APP_ID")?, setting("TOUSU_CLIENT_ID")?, ""))
        // Asked only by the process that fetches.
        .secret_from(move || secret.clone())
        .token_cache(cache)
        .build()?;
    let page = client.call::<ComplaintList>(&Request { page_size: Some(1), ..Request::default() }).await?;
    println!("{} complaints, token good until {}", page.total, client.access_token().await?.expires_at());
    Ok(())
}
