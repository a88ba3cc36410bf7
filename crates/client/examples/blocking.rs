//! Without async: how many complaints there are of each channel.

use std::error::Error;

use tousu_client::wire::codes::{ChannelType, CodeTable};
use tousu_client::wire::complaint_list::{ComplaintList, Request};
use tousu_client::{Client, Credentials, blocking};

#[allow(clippy::print_stdout, reason = "a program")]
fn main() -> Result<(), Box<dyn Error>> {
    let setting = |name: &str| std::env::var(name).map_err(|error| format!("{name}: {error}"));
    let credentials =
        Credentials::new(setting("TOUSU_APP_ID")?, setting("TOUSU_CLIENT_ID")?, setting("TOUSU_SECRET_KEY")?);
    let client = blocking::Client::new(Client::new(setting("TOUSU_URL")?, credentials))?;
    for (number, zh, _) in ChannelType::LISTED {
        let channel_type = Some(ChannelType::from(*number));
        let page = client.call::<ComplaintList>(&Request {
            channel_type,
            page_size: Some(1),
            ..Request::default()
        })?;
        println!("{zh}\t{}", page.total);
    }
    Ok(())
}
