//! All complaints into a file, a line of JSON each. If it is interrupted, the next run goes on where it was.

use std::error::Error;
use std::fs::{self, OpenOptions};
use std::io::{Seek, Write};

use tousu_client::wire::complaint_list::Filter;
use tousu_client::{Client, Credentials, Cursor, Pace};

#[tokio::main]
#[allow(clippy::print_stderr, reason = "a program")]
async fn main() -> Result<(), Box<dyn Error>> {
    let setting = |name: &str| std::env::var(name).map_err(|error| format!("{name}: {error}"));
    let name = std::env::args().nth(1).ok_or("usage: export FILE")?;
    let client = Client::builder()
        .base_url(setting("TOUSU_URL")?)
        .credentials(Credentials::new(
            setting("TOUSU_APP_ID")?,
            setting("TOUSU_CLIENT_ID")?,
            setting("TOUSU_SECRET_KEY")?,
        ))
        // Half of what the shop may call is left to its other programs.
        .pace(Pace::share(0.5))
        .build()?;

    let mark = format!("{name}.cursor");
    let kept = fs::read_to_string(&mark).ok();
    let (mut complaints, written) = match kept.as_deref().map(serde_json::from_str::<(Cursor, u64)>) {
        Some(kept) => kept.map(|(cursor, written)| (client.complaints_from(cursor), written))?,
        None => (client.complaints(Filter::default()), 0),
    };
    let mut file = OpenOptions::new().write(true).create(true).truncate(false).open(&name)?;
    // What was written after the mark comes again.
    file.set_len(written)?;
    file.seek(std::io::SeekFrom::End(0))?;
    while let Some(page) = complaints.next_page().await {
        for row in page? {
            serde_json::to_writer(&mut file, &row)?;
            file.write_all(b"\n")?;
        }
        file.flush()?;
        fs::write(&mark, serde_json::to_vec(&(complaints.cursor(), file.stream_position()?))?)?;
        eprintln!("{} of {}", complaints.given(), complaints.total().unwrap_or_default());
    }
    for doubt in complaints.doubts() {
        eprintln!("{doubt}");
    }
    match fs::remove_file(&mark) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}
