//! The server that has the complaints, as a mirror asks it: the published interfaces, through the client, within a share of
//! their limits.

use std::pin::Pin;
use std::time::Duration;

use tousu_client::{Client, Credentials, Error, Pace};
use tousu_wire::codes::DetailStep;
use tousu_wire::complaint_info_get::{self, ComplaintInfoGet};
use tousu_wire::complaint_list::{Received, Request};
use tousu_wire::{BeijingTime, ReturnCode};

use super::proof::mark;
use super::slice::Mark;
use crate::clock::Clock;
use crate::complaint::{Complaint, Details, Reply};
use crate::import::check_texts;

/// Where a shop's complaints are, and what proves that one may read them.
#[derive(Clone, Debug)]
pub struct Upstream {
    /// The server's address.
    pub base_url: String,
    /// The app, as the server knows it.
    pub credentials: Credentials,
}

/// A page of the list, as far as it was understood.
#[derive(Clone, Debug, Default)]
pub struct Listed {
    /// The complaints, each once, in the order in which they came.
    pub complaints: Vec<Complaint>,
    /// All that came, as reading the list goes by them: those that were not understood, too.
    pub marks: Vec<Mark>,
    /// Which were not understood, and why.
    pub unreadable: Vec<(String, String)>,
    /// How many there are in all, if that was told.
    pub total: Option<i64>,
}

/// What a server says of one complaint.
#[derive(Clone, Debug)]
pub(super) enum Told {
    /// It is there.
    There(Box<complaint_info_get::Response>),
    /// There is none of that number.
    Nothing,
}

impl Upstream {
    /// A client that uses `share` percent of each interface's limit, and goes by that clock.
    pub fn client(&self, share: i64, clock: &Clock) -> Result<Client, Error> {
        let share = f64::from(i32::try_from(share.clamp(1, 100)).unwrap_or(1)) / 100.0;
        Client::builder()
            .base_url(&self.base_url)
            .credentials(self.credentials.clone())
            .pace(Pace::share(share).together())
            .clock(Timed(clock.clone()))
            .build()
    }
}

/// Asks for a page of the list, of which any row is better than none.
pub(super) async fn list(client: &Client, request: &Request) -> Result<Listed, Error> {
    match client.page(request).await {
        Ok(received) => Ok(Listed::of(received)),
        Err(Error::NoData) => Ok(Listed::default()),
        Err(error) => Err(error),
    }
}

/// Asks for one complaint's detail.
pub(super) async fn info(client: &Client, complaint_id: &str) -> Result<Told, Error> {
    let request = complaint_info_get::Request { complaint_id: Some(complaint_id.to_owned()) };
    match client.call::<ComplaintInfoGet>(&request).await {
        Ok(told) if told.complaint_id == complaint_id => Ok(Told::There(Box::new(told))),
        Ok(_) => Err(Error::Answer {
            problem: "答的是另一条投诉 ¦ the answer is about another complaint".into(),
        }),
        Err(Error::NoData) => Ok(Told::Nothing),
        Err(error) if error.is_refused(ReturnCode::NoSuchComplaint) => Ok(Told::Nothing),
        Err(error) => Err(error),
    }
}

/// Whether asking again is in vain until somebody does something: the app is unknown, or lacks what it needs. A parameter that
/// is refused may be one that is asked for less of next time.
pub(super) fn is_hopeless(error: &Error) -> bool {
    let known = error.return_code().is_some_and(|code| code != ReturnCode::InvalidParameter);
    matches!(error, Error::Setup(_)) || known && !error.is_retryable()
}

impl Listed {
    fn of(received: Received) -> Self {
        let mut listed = Listed { total: received.total, ..Listed::default() };
        let mut seen = std::collections::HashSet::new();
        for (at, row) in received.rows.into_iter().enumerate() {
            let (id, time, problem) = match row {
                Ok(row) => match check_texts(&row) {
                    Ok(()) => {
                        let complaint = Complaint::from_row(row);
                        if seen.insert(complaint.complaint_id.clone()) {
                            listed.marks.push(mark(&complaint));
                            listed.complaints.push(complaint);
                        }
                        continue;
                    }
                    Err(invalid) => {
                        let id = (invalid.name != "complaint_id").then_some(row.complaint_id);
                        (id, Some(row.complaint_time.epoch()), invalid.problem.to_string())
                    }
                },
                Err(unreadable) => {
                    let time = unreadable.row["complaint_time"].as_str();
                    let time = time.and_then(|time| time.parse::<BeijingTime>().ok());
                    (unreadable.complaint_id, time.map(BeijingTime::epoch), unreadable.problem)
                }
            };
            // It is there, and counts; where it does not say when it was made, it is taken for its neighbour's age.
            let id = id.unwrap_or_else(|| format!("?{at}"));
            let time = time.or(listed.marks.last().map(|mark| mark.time)).unwrap_or_default();
            if seen.insert(id.clone()) {
                listed.marks.push(Mark { id: id.clone(), time, state: UNREADABLE, sum: 0 });
                listed.unreadable.push((id, problem));
            }
        }
        listed
    }
}

/// The state of a row that was not understood, where days are compared.
const UNREADABLE: i64 = -1;

/// What only the detail shows.
pub(super) fn details(told: complaint_info_get::Response, complaint: &Complaint) -> Details {
    let replies = told.reply_list.into_iter().map(|reply| Reply {
        reply_from: reply.reply_from,
        content: reply.content,
        images: reply.images,
        replied_at: reply.time.map_or(0, BeijingTime::epoch),
    });
    Details {
        complainant_user_id: told.complainant_user_id,
        content_msg: told.complaint_content_msg,
        content_object: told.complaint_content_object,
        uploaded_images: told.uploaded_images,
        sub_mch_id: told.sub_mch_id,
        // Where the list has a number for it, its own says enough.
        detail_step: Some(told.current_step).filter(|step| *step != DetailStep::from(complaint.current_step)),
        replies: replies.collect(),
    }
}

/// Whether a detail is of the same moment as what the list showed.
pub(super) fn agrees(told: &complaint_info_get::Response, complaint: &Complaint) -> bool {
    told.state == complaint.state
        && told.operate_time.epoch() == complaint.operate_time
        && told.operate_end_time.epoch() == complaint.operate_end_time
        && told.time_limit == complaint.time_limit
}

/// The server's clock, as the client goes by it. One that is set is moved by whoever waits.
struct Timed(Clock);

impl tousu_client::Clock for Timed {
    fn epoch_millis(&self) -> i64 {
        self.0.epoch_millis()
    }

    fn elapsed(&self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.monotonic_micros()).unwrap_or_default())
    }

    fn sleep(&self, span: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async move {
            if self.0.is_set() {
                // Upwards: whoever waits for less than a microsecond would else wait for ever.
                let micros = span.as_nanos().div_ceil(1000);
                self.0.advance_micros(i64::try_from(micros).unwrap_or(i64::MAX));
                tokio::task::yield_now().await;
            } else {
                tokio::time::sleep(span).await;
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use tousu_client::Clock as _;

    use super::*;

    #[tokio::test]
    async fn whoever_waits_is_there_afterwards() {
        let clock = Timed(Clock::set_at(1_714_536_000));
        let until = clock.elapsed() + Duration::from_nanos(1500);
        clock.sleep(until.saturating_sub(clock.elapsed())).await;
        assert!(clock.elapsed() >= until);
    }
}
