//! What a search means: which complaints it lets through, in what order they stand, and where a page ends. Pure, but for
//! the job in `following` that keeps the index of words near.

pub mod following;
pub mod words;

use std::borrow::Cow;
use std::cmp::Ordering;

use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};
use tousu_wire::codes::{DetailStep, State};
use tousu_wire::complaint_search::{Query, Row, Sort};
use tousu_wire::{BeijingTime, InvalidParameter};

use crate::complaint::Shown;
use crate::privacy::{masked_text, tail};
use crate::secrets;
use crate::store::ShopId;

/// A complaint as a search sees it, borrowed from where it is kept.
#[derive(Clone, Debug)]
pub struct Candidate<'a> {
    /// What the list shows of it.
    pub shown: Shown<'a>,
    /// `id` of the detail interface.
    pub number: i64,
    /// Whose work it is.
    pub assignee: Option<&'a str>,
    /// Its tags (JSON array), if it has any.
    pub tags: Option<&'a str>,
    /// The step taken last in the detail's numbering, where the list has no number for it.
    pub detail_step: Option<DetailStep>,
    /// The shop's version of its last change.
    pub version: i64,
    /// When it was last changed, or came (epoch seconds).
    pub changed_at: i64,
    /// The last four digits of the phone number; `None` if they were not kept when it came.
    pub phone_tail: Option<&'a str>,
}

impl<'a> Candidate<'a> {
    /// The last four digits of the phone number.
    pub fn tail(&self) -> Cow<'a, str> {
        match self.phone_tail {
            Some(tail) => tail.into(),
            None => tail(self.shown.complainant_phone).into(),
        }
    }

    /// The tags. What is no list of tags has none.
    pub fn tags(&self) -> Vec<String> {
        self.tags.and_then(|tags| serde_json::from_str(tags).ok()).unwrap_or_default()
    }

    /// The reason as it is searched: as it is shown, so that nothing can be found out about what is masked, with
    /// ASCII letters in lower case.
    pub fn text(&self) -> String {
        masked_text(self.shown.complaint_reason).to_ascii_lowercase()
    }

    /// Where it stands in that order.
    pub fn place(&self, sort: Sort) -> Place {
        let Shown { complaint_time, operate_end_time, .. } = self.shown;
        match sort {
            Sort::Time => Place::Time(complaint_time, self.shown.complaint_id.to_owned()),
            Sort::Deadline => Place::Deadline(operate_end_time, complaint_time, self.number),
            Sort::Changed => Place::Changed(self.changed_at, self.number),
        }
    }

    /// The row at `now`, masked.
    pub fn row(&self, now: i64) -> Row {
        Row {
            row: self.shown.row(now).to_row(),
            // Programs of before kept them as they came.
            assignee: masked_text(self.assignee.unwrap_or_default()).into_owned(),
            tags: self.tags().iter().map(|tag| masked_text(tag).into_owned()).collect(),
            detail_step: self.detail_step.unwrap_or(self.shown.current_step.into()),
            version: self.version,
            changed_at: BeijingTime::from_epoch(self.changed_at),
        }
    }

    /// Whether the query lets it through at `now`.
    pub fn is_meant(&self, query: &Query, now: i64) -> bool {
        let Query {
            channel_type,
            state,
            is_overtime,
            complaint_from,
            current_step,
            assignee,
            unassigned,
            tag,
            start_time,
            end_time,
            hour,
            due_after,
            due_before,
            changed_since,
            text,
            complaint_resource_id,
            phone_tail,
            sort,
        } = query;
        let shown = &self.shown;
        let must_be_open = due_after.is_some() || due_before.is_some() || *sort == Sort::Deadline;
        let after = |from: &Option<BeijingTime>, at: i64| from.is_none_or(|from| at >= from.epoch());
        let before = |to: &Option<BeijingTime>, at: i64| to.is_none_or(|to| at <= to.epoch());
        // The dear ones last.
        one_of(channel_type, &shown.channel_type)
            && one_of(state, &shown.state)
            && is_overtime.is_none_or(|wanted| shown.overtime(now) == wanted)
            && one_of(complaint_from, &shown.complaint_from)
            && one_of(current_step, &shown.current_step)
            && after(start_time, shown.complaint_time)
            && before(end_time, shown.complaint_time)
            && one_of(hour, &BeijingTime::from_epoch(shown.complaint_time).hour())
            && (!must_be_open || shown.state != State::Done)
            && after(due_after, shown.operate_end_time)
            && before(due_before, shown.operate_end_time)
            && after(changed_since, self.changed_at)
            && self.is_assigned_as(assignee, *unassigned)
            && complaint_resource_id.as_ref().is_none_or(|order| order == shown.complaint_resource_id)
            && phone_tail.as_ref().is_none_or(|digits| *digits == self.tail())
            && (tag.is_empty() || self.tags().iter().any(|one| tag.contains(one)))
            && text.as_ref().is_none_or(|text| self.text().contains(text.as_str()))
    }
}

impl Candidate<'_> {
    /// Whether it is the work of one of those; with `or_nobody`, nobody's as well. Without either, whosever.
    fn is_assigned_as(&self, assignee: &[String], or_nobody: bool) -> bool {
        match self.assignee.filter(|name| !name.is_empty()) {
            None => or_nobody || assignee.is_empty(),
            Some(_) if assignee.is_empty() => !or_nobody,
            Some(name) => assignee.iter().any(|one| one == name),
        }
    }
}

fn one_of<T: PartialEq>(wanted: &[T], has: &T) -> bool {
    wanted.is_empty() || wanted.contains(has)
}

/// A place in one of the orders; of two, the smaller stands first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Place {
    /// Complaint time and complaint id, from the largest down.
    #[serde(rename = "t")]
    Time(i64, String),
    /// Deadline, complaint time and number, from the smallest up.
    #[serde(rename = "d")]
    Deadline(i64, i64, i64),
    /// Time of the last change and number, from the largest down.
    #[serde(rename = "c")]
    Changed(i64, i64),
}

impl Place {
    fn sort(&self) -> Sort {
        match self {
            Place::Time(..) => Sort::Time,
            Place::Deadline(..) => Sort::Deadline,
            Place::Changed(..) => Sort::Changed,
        }
    }

    /// The cursor that goes on behind this place in that search, in that shop.
    pub fn cursor(&self, shop: &ShopId, query: &Query) -> String {
        let place = json!(self).to_string();
        secrets::hex(&[&seal(shop, query, place.as_bytes())[..], place.as_bytes()].concat())
    }

    /// The place that a cursor of this very search points to. Refused are cursors of another one, and damaged ones.
    pub fn of_cursor(cursor: &str, shop: &ShopId, query: &Query) -> Result<Self, InvalidParameter> {
        let read = || {
            let bytes = unhex(cursor)?;
            let (sealed, place) = bytes.split_at_checked(SEAL)?;
            let place_read: Place = serde_json::from_slice(place).ok()?;
            (*sealed == seal(shop, query, place) && place_read.sort() == query.sort).then_some(place_read)
        };
        read().ok_or_else(|| {
            let problem = "不是此条件与排序的游标，请从第一页重新开始 ¦ \
                 is no cursor of this filter and order: begin with the first page again";
            InvalidParameter::new("cursor", problem)
        })
    }
}

impl PartialOrd for Place {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Place {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Place::Time(time, id), Place::Time(other_time, other_id)) => {
                (other_time, other_id).cmp(&(time, id))
            }
            (Place::Deadline(a, b, c), Place::Deadline(d, e, f)) => (a, b, c).cmp(&(d, e, f)),
            (Place::Changed(at, number), Place::Changed(other_at, other_number)) => {
                (other_at, other_number).cmp(&(at, number))
            }
            (one, other) => (one.sort() as u8).cmp(&(other.sort() as u8)),
        }
    }
}

/// Bytes of the hash that ties a cursor to its search.
const SEAL: usize = 8;

/// No secret: whoever makes a cursor up sees nothing but what the search lets through.
fn seal(shop: &ShopId, query: &Query, place: &[u8]) -> [u8; SEAL] {
    let search = json!([shop.as_str(), query]).to_string();
    let hash = Sha256::new().chain_update(search).chain_update([0]).chain_update(place).finalize();
    std::array::from_fn(|at| hash[at])
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).filter(|_| !byte.is_ascii_uppercase());
    let pair = |pair: &[u8]| match pair {
        [high, low] => u8::try_from(digit(*high)? << 4 | digit(*low)?).ok(),
        _ => None,
    };
    text.as_bytes().chunks(2).map(pair).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn places() -> impl Strategy<Value = Place> {
        prop_oneof![
            (0i64..5, "[a-c]{1,2}").prop_map(|(time, id)| Place::Time(time, id)),
            (0i64..5, 0i64..5, 0i64..5).prop_map(|(a, b, c)| Place::Deadline(a, b, c)),
            (0i64..5, 0i64..5).prop_map(|(at, number)| Place::Changed(at, number)),
        ]
    }

    proptest! {
        #[test]
        fn a_cursor_leads_to_its_place_and_only_in_its_search(place in places(), at in any::<usize>(), bit in 0u8..8) {
            let shop = ShopId::parse("appA").unwrap();
            let query = Query { sort: place.sort(), ..Query::default() };
            let cursor = place.cursor(&shop, &query);
            prop_assert_eq!(Place::of_cursor(&cursor, &shop, &query).unwrap(), place);
            let other_shop = ShopId::parse("appB").unwrap();
            prop_assert!(Place::of_cursor(&cursor, &other_shop, &query).is_err());
            let other = Query { text: Some("退款".into()), ..query.clone() };
            prop_assert!(Place::of_cursor(&cursor, &shop, &other).is_err());
            let mut damaged = cursor.clone().into_bytes();
            let at = at % damaged.len();
            damaged[at] ^= 1 << bit;
            let damaged = String::from_utf8_lossy(&damaged);
            prop_assert!(Place::of_cursor(&damaged, &shop, &query).is_err());
            prop_assert!(Place::of_cursor(&cursor[..cursor.len() - 1], &shop, &query).is_err());
            prop_assert!(Place::of_cursor("", &shop, &query).is_err());
        }
    }
}
