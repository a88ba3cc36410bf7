//! Many events as few messages. Which of them is one more message's worth and which is old news by now is
//! decided here; a platform says how much one message can hold.

use std::collections::{HashMap, HashSet};

use url::Url;

use super::event::{Event, Kind, Subject, What};
use super::message::{Line, Message, Tone, channel, link};
use super::wording::{cut, left};

/// A complaint by its shop and its number.
pub type ComplaintKey<'a> = (&'a str, &'a str);

/// A message and what it tells of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The message.
    pub message: Message,
    /// Places of the events in what was handed in: told, once the message is delivered.
    pub covers: Vec<usize>,
}

/// What is to be sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Composed {
    /// The messages, the most pressing first.
    pub notices: Vec<Notice>,
    /// Places of the events that need not be told any more.
    pub dropped: Vec<usize>,
}

/// The messages for what is `waiting`, in the order in which it happened, at `now` (epoch seconds).
///
/// As many as there are `places` are sent one by one; if there are more, they become digests, in which each
/// complaint is listed once, under the most pressing of what happened to it, and whose every part `fits`.
///
/// Nothing is told of a complaint that is `closed` by now or was closed by the last of its events, but for
/// that event itself, if people were told of the complaint before: nobody needs to hear that what they
/// never heard of is over.
pub fn compose(
    waiting: &[Event],
    closed: &HashSet<ComplaintKey<'_>>,
    places: usize,
    now: i64,
    console: Option<&Url>,
    fits: &dyn Fn(&Message) -> bool,
) -> Composed {
    let (told, dropped) = still_news(waiting, closed);
    let single = |&place: &usize| {
        let message = Message::of(waiting.get(place)?, now, console);
        Some(Notice { message, covers: vec![place] })
    };
    let notices = if told.len() <= places {
        told.iter().filter_map(single).collect()
    } else {
        digests(&entries(waiting, &told), now, console, fits)
    };
    Composed { notices, dropped }
}

fn key<'a>(event: &'a Event, complaint: &'a Subject) -> ComplaintKey<'a> {
    (&event.shop.id, &complaint.complaint_id)
}

/// Places of what is to be told, and of what is not.
fn still_news(waiting: &[Event], closed: &HashSet<ComplaintKey<'_>>) -> (Vec<usize>, Vec<usize>) {
    let mut last = HashMap::new();
    let mut born_here = HashSet::new();
    for (place, event) in waiting.iter().enumerate() {
        if let Some((kind, complaint)) = event.complaint() {
            last.insert(key(event, complaint), (place, kind));
            if kind == Kind::Created {
                born_here.insert(key(event, complaint));
            }
        }
    }
    (0..waiting.len()).partition(|&place| {
        let Some((event, (_, complaint))) =
            waiting.get(place).and_then(|event| Some((event, event.complaint()?)))
        else {
            return true;
        };
        let key = key(event, complaint);
        match last.get(&key) {
            Some(&(closing, Kind::Closed)) => place == closing && !born_here.contains(&key),
            _ => !closed.contains(&key),
        }
    })
}

/// What a digest lists: one complaint, or one import.
struct Entry<'a> {
    event: &'a Event,
    group: usize,
    covers: Vec<usize>,
}

/// The groups of a digest, the most pressing first.
const GROUPS: [&str; 7] = ["已超时", "即将到期", "重新打开", "新投诉", "有新回复", "已结单", IMPORTS];
const IMPORTS: &str = "批量导入";

fn group(event: &Event) -> usize {
    match event.complaint() {
        Some((Kind::Overdue, _)) => 0,
        Some((Kind::DueSoon { .. }, _)) => 1,
        Some((Kind::Reopened, _)) => 2,
        Some((Kind::Created, _)) => 3,
        Some((Kind::Replied { .. }, _)) => 4,
        Some((Kind::Closed, _)) => 5,
        None => 6,
    }
}

/// One entry for each complaint and each import, the most pressing first, then by deadline. Of a complaint's
/// events the last knows it best; the most pressing says where it stands.
fn entries<'a>(waiting: &'a [Event], told: &[usize]) -> Vec<Entry<'a>> {
    let mut entries: Vec<Entry<'a>> = Vec::new();
    let mut known: HashMap<ComplaintKey<'a>, usize> = HashMap::new();
    for &place in told {
        let Some(event) = waiting.get(place) else { continue };
        let at = match event.complaint() {
            Some((_, complaint)) => *known.entry(key(event, complaint)).or_insert(entries.len()),
            None => entries.len(),
        };
        match entries.get_mut(at) {
            Some(entry) => {
                entry.event = event;
                entry.group = entry.group.min(group(event));
                entry.covers.push(place);
            }
            None => entries.push(Entry { event, group: group(event), covers: vec![place] }),
        }
    }
    let deadline = |event: &Event| event.complaint().map_or(0, |(_, complaint)| complaint.operate_end_time);
    entries.sort_by_key(|entry| (entry.group, deadline(entry.event)));
    entries
}

fn digests(
    entries: &[Entry<'_>],
    now: i64,
    console: Option<&Url>,
    fits: &dyn Fn(&Message) -> bool,
) -> Vec<Notice> {
    let mut parts = Vec::new();
    let mut rest = entries;
    while !rest.is_empty() {
        // Part numbers come last, so room is left for long ones.
        let fitting =
            |count: usize| fits(&part(&rest[..count], entries.len(), (99_999, 99_999), now, console));
        // At least one entry: what is too long for a message alone must not hold up the others.
        let (mut most, mut beyond) = (1, rest.len() + 1);
        while beyond - most > 1 {
            let middle = most + (beyond - most) / 2;
            if fitting(middle) { most = middle } else { beyond = middle }
        }
        let (this, after) = rest.split_at(most);
        parts.push(this);
        rest = after;
    }
    let all = parts.len();
    let notice = |(number, part_entries): (usize, &[Entry<'_>])| Notice {
        message: part(part_entries, entries.len(), (number + 1, all), now, console),
        covers: part_entries.iter().flat_map(|entry| entry.covers.iter().copied()).collect(),
    };
    parts.into_iter().enumerate().map(notice).collect()
}

fn part(
    entries: &[Entry<'_>],
    total: usize,
    (number, parts): (usize, usize),
    now: i64,
    console: Option<&Url>,
) -> Message {
    let mut lines = Vec::new();
    for (at, name) in GROUPS.iter().enumerate() {
        let of_group: Vec<_> = entries.iter().filter(|entry| entry.group == at).collect();
        if !of_group.is_empty() {
            let unit = if *name == IMPORTS { "次" } else { "件" };
            lines.push(Line::Heading(format!("{name}（{} {unit}）", of_group.len())));
            lines.extend(of_group.iter().map(|entry| Line::Item(item(entry, now))));
        }
    }
    let tone = match entries.first().map(|entry| entry.group) {
        Some(0) => Tone::Alarm,
        Some(1 | 2) => Tone::Warning,
        _ => Tone::Info,
    };
    let mut title = format!("投诉汇总（{total} 项）");
    if parts > 1 {
        title += &format!(" {number}/{parts}");
    }
    // The list of the one shop that it is about; of several there is no list.
    let shop = entries.first().map(|entry| &entry.event.shop.id);
    let one_shop = entries.iter().all(|entry| Some(&entry.event.shop.id) == shop);
    let link = console.zip(shop.filter(|_| one_shop)).and_then(|(console, shop)| link(console, shop, None));
    Message { tone, title, lines, link }
}

fn item(entry: &Entry<'_>, now: i64) -> String {
    let shop = cut(&entry.event.shop.name, 20);
    match &entry.event.what {
        What::Imported { complaints } => format!("{shop}，{complaints} 件"),
        What::Test => shop,
        What::Complaint { kind, complaint } => {
            let number = cut(&complaint.complaint_id, 128);
            let said = format!("{number}，{shop}，{}", channel(complaint));
            match kind {
                Kind::Closed => said,
                _ => format!("{said}，{}", left(complaint.operate_end_time, now)),
            }
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::life::Actor;
    use crate::notify::bots::Platform;
    use crate::notify::samples;

    fn event(sequence: i64, id: &str, kind: Kind) -> Event {
        let mut event = samples::of(kind);
        event.sequence = sequence;
        samples::subject(&mut event).complaint_id = id.into();
        event
    }

    pub(in crate::notify) fn waiting() -> Vec<Event> {
        vec![
            event(1, "c_1", Kind::Created),
            event(2, "c_2", Kind::DueSoon { hours: 4 }),
            event(3, "c_1", Kind::Replied { by: Actor::Merchant }),
            event(4, "c_3", Kind::Created),
            event(5, "c_3", Kind::Closed),
            event(6, "c_4", Kind::DueSoon { hours: 1 }),
            event(7, "c_4", Kind::Closed),
            event(8, "c_2", Kind::Overdue),
            samples::imported(),
            event(10, "c_5", Kind::Closed),
            event(11, "c_5", Kind::Reopened),
        ]
    }

    fn items(message: &Message) -> Vec<String> {
        let number = |line: &Line| match line {
            Line::Item(text) => text.split('，').next().map(str::to_owned),
            Line::Heading(text) => Some(format!("# {text}")),
            Line::Fact { .. } => None,
        };
        message.lines.iter().filter_map(number).collect()
    }

    #[test]
    fn each_complaint_once_under_what_presses_most() {
        let composed = compose(&waiting(), &HashSet::new(), 1, samples::NOW, None, &|_| true);
        assert_eq!(composed.notices.len(), 1);
        let notice = &composed.notices[0];
        assert_eq!(
            items(&notice.message),
            [
                "# 已超时（1 件）",
                "c_2",
                "# 重新打开（1 件）",
                "c_5",
                "# 新投诉（1 件）",
                "c_1",
                "# 已结单（1 件）",
                "c_4",
                "# 批量导入（1 次）",
                "演示店铺"
            ]
        );
        assert_eq!(notice.message.title, "投诉汇总（5 项）");
        assert_eq!(notice.message.tone, Tone::Alarm);
        assert_eq!(notice.covers, [1, 7, 9, 10, 0, 2, 6, 8]);
        // c_3 came and went; of c_4 only the end is news.
        assert_eq!(composed.dropped, [3, 4, 5]);
    }

    #[test]
    fn one_by_one_while_there_are_places() {
        let events = waiting();
        let composed = compose(&events, &HashSet::new(), 8, samples::NOW, None, &|_| true);
        assert_eq!(composed.notices.len(), 8);
        assert!(composed.notices.iter().all(|notice| notice.covers.len() == 1));
        assert_eq!(composed.notices[0].message, Message::of(&events[0], samples::NOW, None));
        assert_eq!(compose(&events, &HashSet::new(), 7, samples::NOW, None, &|_| true).notices.len(), 1);
        assert_eq!(compose(&[], &HashSet::new(), 0, 0, None, &|_| true), Composed::default());
    }

    #[test]
    fn what_was_closed_meanwhile_is_dropped() {
        let events = waiting();
        let closed = HashSet::from([("appDemo12345678", "c_2"), ("another", "c_1")]);
        let composed = compose(&events, &closed, 0, samples::NOW, None, &|_| true);
        assert_eq!(composed.dropped, [1, 3, 4, 5, 7]);
        assert!(!items(&composed.notices[0].message).contains(&"c_2".into()));
        assert!(items(&composed.notices[0].message).contains(&"c_1".into()));
    }

    #[test]
    fn a_digest_of_one_shop_leads_to_its_list() {
        let console = samples::console();
        let mut events = waiting();
        let link = |events: &[Event]| {
            let composed = compose(events, &HashSet::new(), 0, 0, Some(&console), &|_| true);
            composed.notices[0].message.link.clone()
        };
        assert_eq!(link(&events).as_deref(), Some("https://tousu.example.com/?app_id=appDemo12345678"));
        events[0].shop.id = "another".into();
        assert_eq!(link(&events), None);
    }

    fn kinds() -> impl Strategy<Value = Kind> {
        prop_oneof![
            4 => Just(Kind::Created),
            1 => Just(Kind::Replied { by: Actor::Consumer }),
            1 => Just(Kind::DueSoon { hours: 4 }),
            1 => Just(Kind::Overdue),
            2 => Just(Kind::Closed),
            1 => Just(Kind::Reopened),
        ]
    }

    fn platforms() -> impl Strategy<Value = Platform> {
        prop_oneof![Just(Platform::Wecom), Just(Platform::Dingtalk), Just(Platform::Feishu)]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        /// Each complaint that is open, and each closing that is news, is listed once; every part fits;
        /// each event is covered or dropped, once.
        #[test]
        fn nothing_is_lost_or_said_twice(
            script in prop::collection::vec((0usize..150, kinds()), 0..300),
            platform in platforms(),
            places in 0usize..20,
        ) {
            let id = |number: usize| format!("c_6621e41fa5e18_{number:08}");
            let made = |(at, (number, kind)): (usize, &(usize, Kind))| event(at as i64, &id(*number), *kind);
            let events: Vec<Event> = script.iter().enumerate().map(made).collect();
            let (console, fits) = (samples::console(), |message: &Message| platform.fits(message));
            let composed = compose(&events, &HashSet::new(), places, samples::NOW, Some(&console), &fits);

            let covered = composed.notices.iter().flat_map(|notice| notice.covers.clone());
            let mut seen: Vec<usize> = covered.chain(composed.dropped.clone()).collect();
            seen.sort_unstable();
            prop_assert_eq!(seen, (0..events.len()).collect::<Vec<_>>());
            prop_assert!(composed.notices.iter().all(|notice| platform.fits(&notice.message)));

            let mut expected: Vec<String> = (0..150).filter(|number| {
                let mut of_it = script.iter().filter(|step| step.0 == *number).map(|step| step.1);
                let created = of_it.clone().any(|kind| kind == Kind::Created);
                match of_it.next_back() {
                    Some(Kind::Closed) => !created,
                    last => last.is_some(),
                }
            }).map(id).collect();
            let is_digest = |notice: &Notice| matches!(notice.message.lines.first(), Some(Line::Heading(_)));
            if composed.notices.iter().all(is_digest) {
                let listed = composed.notices.iter().flat_map(|notice| items(&notice.message));
                let mut listed: Vec<String> = listed.filter(|item| !item.starts_with('#')).collect();
                listed.sort_unstable();
                expected.sort_unstable();
                prop_assert_eq!(listed, expected);
            } else {
                prop_assert!(composed.notices.len() <= places);
            }
        }

        /// Whatever the texts, a part fits: no complaint is too long to be listed.
        #[test]
        fn any_events_fit(
            events in prop::collection::vec(samples::any_event(), 1..60),
            platform in platforms(),
        ) {
            let (console, fits) = (samples::console(), |message: &Message| platform.fits(message));
            let composed = compose(&events, &HashSet::new(), 0, 0, Some(&console), &fits);
            prop_assert!(composed.notices.iter().all(|notice| platform.fits(&notice.message)));
        }
    }
}
