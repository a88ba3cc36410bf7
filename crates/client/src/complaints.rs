//! All complaints that match, each once.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_core::Stream;
use serde::{Deserialize, Serialize};
use tousu_wire::complaint_list::{Filter, Received, Request, Row};
use tousu_wire::{BACKEND_CONFUSED, ReturnCode};

use crate::{Client, Error};

mod walk;

use walk::{Item, Position, Walk};

/// A walk over the complaints that match, newest first: see [`Client::complaints`]. As a stream, or by
/// [`Complaints::next`] and [`Complaints::next_page`].
///
/// A complaint that was there and matched all the while comes once, whatever comes and goes meanwhile; one that came or went
/// meanwhile comes once or not at all. [`Complaints::doubts`] says where the server did not let that be sure.
///
/// An error ends the walk, and [`Client::complaints_from`] goes on where it was; but [`Error::Row`] is about one row that
/// cannot be understood, and after it come the others.
///
/// ```no_run
/// # async fn example(client: tousu_client::Client) -> Result<(), tousu_client::Error> {
/// use tousu_client::{Error, wire::complaint_list::Filter};
///
/// let mut all = client.complaints(Filter::default());
/// while let Some(row) = all.next().await {
///     match row {
///         Ok(row) => println!("{} of {:?}: {}", all.given(), all.total(), row.complaint_id),
///         Err(Error::Row(unreadable)) => eprintln!("{unreadable}"),
///         Err(error) => return Err(error),
///     }
/// }
/// for doubt in all.doubts() {
///     eprintln!("{doubt}");
/// }
/// # Ok(())
/// # }
/// ```
pub struct Complaints {
    client: Client,
    /// Out of hand while an answer is awaited.
    walk: Walk,
    /// After the last row that was given.
    given: Position,
    waiting: VecDeque<Item>,
    asking: Option<Asking>,
    at_most: Option<u64>,
    ended: bool,
}

type Asking = Pin<Box<dyn Future<Output = Result<Received, Error>> + Send>>;

impl fmt::Debug for Complaints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Complaints")
            .field("client", &self.client)
            .field("given", &self.given.given)
            .field("ended", &self.ended)
            .finish_non_exhaustive()
    }
}

/// Where a walk was: after a certain row. A few hundred bytes, and as JSON (by serde) to be kept in a file.
///
/// ```
/// use tousu_client::{Client, Credentials, Cursor, wire::complaint_list::Filter};
///
/// let client = Client::new("http://127.0.0.1:8080", Credentials::new("app…", "xop…", "…"));
/// let cursor = client.complaints(Filter::default()).cursor();
/// let kept = serde_json::to_string(&cursor).unwrap();
/// assert_eq!(serde_json::from_str::<Cursor>(&kept).unwrap(), cursor);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cursor(Position);

impl Cursor {
    /// What the walk is over.
    pub fn filter(&self) -> Filter {
        let Request { complaint_id, channel_type, is_overtime, state, start_time, end_time, .. } =
            self.0.filter.clone();
        Filter { complaint_id, channel_type, is_overtime, state, start_time, end_time }
    }

    /// How many rows were given.
    pub fn given(&self) -> u64 {
        self.0.given
    }

    /// How many there were in all, as first told.
    pub fn total(&self) -> Option<i64> {
        self.0.total
    }
}

/// Why a walk may have missed something, or ended too soon.
///
/// ```
/// use tousu_client::Doubt;
/// use tousu_client::wire::{Lang, Text};
///
/// let doubt = Doubt::TotalDisagrees { told: 28, seen: 27 };
/// assert!(Text::from(doubt.to_string()).pick(Lang::En).contains("28"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Doubt {
    /// No total was told with the last rows, so that nothing says that they are the last.
    #[error("应答没有总数，无从核对 ¦ no total was told that could be compared")]
    NoTotal,
    /// The total is not that of the rows, even when asked again.
    #[error("总数 {told} 与实际 {seen} 行不符 ¦ the total is {told}, but {seen} rows came")]
    TotalDisagrees {
        /// The total.
        told: i64,
        /// The rows that came.
        seen: i64,
    },
    /// The list is not newest first: it was read page by page, by pages that overlap.
    #[error("列表不是从新到旧，改为逐页读取 ¦ the list is not newest first, and was read page by page")]
    OrderUnknown,
    /// The list was asked for older complaints, and had newer ones, too: it was read page by page.
    #[error(
        "时间条件未生效，改为逐页读取 ¦ the times that were asked for had no effect, and the list was read page by page"
    )]
    TimesIgnored,
    /// More rows than overlapping pages reach, in one second or in an unknown order: some may have been missed.
    #[error("同一秒内的投诉过多，可能遗漏 ¦ too many complaints in one second: some may be missing")]
    TooManyAtOnce,
    /// Rows shifted each time that pages were read again: some may have been missed.
    #[error("读取期间列表不断变动，可能遗漏 ¦ the list kept shifting: some may be missing")]
    KeptShifting,
}

/// Rows that are believed to be there whatever the total says: nobody has more complaints.
const PLENTY: u64 = 1_000_000;
/// Before a page is read again that does not agree with what was told.
const MOMENT: Duration = Duration::from_millis(200);

impl Complaints {
    pub(crate) fn begin(client: Client, filter: Filter) -> Self {
        Complaints::resume(client, Cursor(Position::before(filter)))
    }

    pub(crate) fn resume(client: Client, Cursor(given): Cursor) -> Self {
        let walk = Walk::from(given.clone());
        Complaints {
            client,
            walk,
            given,
            waiting: VecDeque::new(),
            asking: None,
            at_most: None,
            ended: false,
        }
    }

    /// How many rows to ask for at once; by default 1000, as many as a page may have. A server that refuses that is asked
    /// for fewer. What is less than 1 is taken for that.
    pub fn page_size(mut self, rows: i64) -> Self {
        self.walk.set_page_size(rows);
        self
    }

    /// Ends with [`Error::Endless`] after that many rows. By default after 1,000,000 and ten times the largest total that was
    /// told, since a server may make up rows forever.
    pub fn at_most(mut self, rows: u64) -> Self {
        self.at_most = Some(rows);
        self
    }

    /// The next complaint; `None` at the end.
    pub async fn next(&mut self) -> Option<Result<Row, Error>> {
        std::future::poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }

    /// The next complaints: what one answer brought that is new. `None` at the end. If one row of it cannot be understood,
    /// the rows before it come first, then [`Error::Row`], then those after it.
    pub async fn next_page(&mut self) -> Option<Result<Vec<Row>, Error>> {
        let mut page = match self.next().await? {
            Ok(row) => vec![row],
            Err(error) => return Some(Err(error)),
        };
        while matches!(self.waiting.front(), Some(Ok(_))) {
            match self.give() {
                Some(Ok(row)) => page.push(row),
                _ => break,
            }
        }
        Some(Ok(page))
    }

    /// How many complaints match, as the server first told; before its first answer, `None`.
    pub fn total(&self) -> Option<i64> {
        self.walk.at.total
    }

    /// How many rows were given, those before a resumption and those that cannot be understood included.
    pub fn given(&self) -> u64 {
        self.given.given
    }

    /// Where the walk is: after the last row that was given.
    pub fn cursor(&self) -> Cursor {
        let Position { newest_first, end_is_outside, total, largest, .. } = self.walk.at;
        Cursor(Position { newest_first, end_is_outside, total, largest, ..self.given.clone() })
    }

    /// What there is to doubt, complete once the walk has ended. If nothing, then what was there all the while was given.
    pub fn doubts(&self) -> &[Doubt] {
        &self.walk.doubts
    }

    /// Gives the next row that waits.
    fn give(&mut self) -> Option<Result<Row, Error>> {
        let item = self.waiting.pop_front()?;
        self.given.newest_first = self.walk.at.newest_first;
        self.given.give(&item);
        let allowed = self.at_most.unwrap_or_else(|| {
            PLENTY.saturating_add(u64::try_from(self.walk.at.largest).unwrap_or(0).saturating_mul(10))
        });
        if self.given.given > allowed {
            self.ended = true;
            self.waiting.clear();
            return Some(Err(Error::Endless { rows: allowed }));
        }
        Some(item.map_err(|unreadable| Error::Row(Arc::new(unreadable))))
    }

    fn ask(&self) -> Asking {
        let (client, request, again) = (self.client.clone(), self.walk.request(), self.walk.reads_again());
        Box::pin(async move {
            if again {
                client.inner().clock.sleep(MOMENT).await;
            }
            client.page(&request).await
        })
    }
}

impl Stream for Complaints {
    type Item = Result<Row, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        loop {
            if let Some(row) = this.give() {
                return Poll::Ready(Some(row));
            }
            if this.ended || this.walk.ended {
                return Poll::Ready(None);
            }
            let mut asking = this.asking.take().unwrap_or_else(|| this.ask());
            let Poll::Ready(answer) = asking.as_mut().poll(context) else {
                this.asking = Some(asking);
                return Poll::Pending;
            };
            match answer {
                Ok(received) => this.waiting.extend(this.walk.take(received)),
                Err(error) if is_about_page_size(&error) && this.walk.shrink() => {}
                Err(error) => {
                    this.ended = true;
                    return Poll::Ready(Some(Err(error)));
                }
            }
        }
    }
}

/// Whether a refusal may be about the page size: what is allowed the page does not say, nor which code tells it.
fn is_about_page_size(error: &Error) -> bool {
    error.code().is_some_and(|code| {
        code == BACKEND_CONFUSED
            || code == ReturnCode::InvalidParameter.number()
            || tousu_wire::meaning(code).is_none()
    })
}
