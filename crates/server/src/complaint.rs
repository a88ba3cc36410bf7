//! The rules of a complaint: what it is, when it is overtime, what of it may be shown. Pure: no
//! input or output, and the time comes as an argument.

use serde_json::Value;
use tousu_wire::codes::{
    ChannelType, CodeTable, ComplaintFrom, ComplaintType, CurrentStep, DetailStep, Overtime, State,
};
use tousu_wire::written::RowRef;
use tousu_wire::{BeijingTime, complaint_info_get, complaint_list};

use crate::privacy::{masked_id, masked_text};

/// Hours to handle a complaint whose source says nothing else `[page: both examples]`.
pub const DEFAULT_TIME_LIMIT_HOURS: i64 = 72;

/// A complaint with real types: moments are epoch seconds, the phone number is whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// The complaint's number, unique within its shop.
    pub complaint_id: String,
    /// Through which channel it came.
    pub channel_type: ChannelType,
    /// The exact source.
    pub complaint_from: ComplaintFrom,
    /// Trade, content, or entered from a third party.
    pub complaint_type: ComplaintType,
    /// The kind of resource.
    pub complaint_resource_type: i64,
    /// The order or resource complained about.
    pub complaint_resource_id: String,
    /// What is complained about.
    pub complaint_reason: String,
    /// The phone number as it came, whole or already masked. Never shown as it is.
    pub complainant_phone: Phone,
    /// When the complaint was made.
    pub complaint_time: i64,
    /// Pending, in progress or done.
    pub state: State,
    /// The step taken last.
    pub current_step: CurrentStep,
    /// When the current handling window opened.
    pub operate_time: i64,
    /// The window's length in hours.
    pub time_limit: i64,
    /// When the window ends: operate_time + time_limit, or as an upstream said.
    pub operate_end_time: i64,
    /// When it was closed, if it was.
    pub closed_at: Option<i64>,
    /// Whether it was late when it was closed; a fact from then on. `None` while open.
    pub closed_overtime: Option<Overtime>,
}

/// A [`Complaint`] borrowed from where it is kept, for a list that shows many.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "the fields are those of Complaint")]
pub struct Shown<'a> {
    pub complaint_id: &'a str,
    pub channel_type: ChannelType,
    pub complaint_from: ComplaintFrom,
    pub complaint_type: ComplaintType,
    pub complaint_resource_type: i64,
    pub complaint_resource_id: &'a str,
    pub complaint_reason: &'a str,
    /// The number as it came.
    pub complainant_phone: &'a str,
    pub complaint_time: i64,
    pub state: State,
    pub current_step: CurrentStep,
    pub operate_time: i64,
    pub time_limit: i64,
    pub operate_end_time: i64,
    pub closed_at: Option<i64>,
    pub closed_overtime: Option<Overtime>,
}

impl<'a> Shown<'a> {
    /// Whether the deadline is missed at `now` (contract, section 3): for an open complaint a
    /// question of the clock, for a closed one a fact.
    pub fn overtime(&self, now: i64) -> Overtime {
        match (self.state, self.closed_overtime) {
            (State::Done, Some(fact)) => fact,
            (State::Done, None) => late(self.closed_at.unwrap_or(now), self.operate_end_time),
            _ => late(now, self.operate_end_time),
        }
    }

    /// The list's row at `now`, masked.
    pub fn row(&self, now: i64) -> RowRef<'a> {
        RowRef {
            channel_type: self.channel_type,
            closed_at: self.closed_at.map(BeijingTime::from_epoch),
            complainant_phone: masked(self.complainant_phone).into(),
            complaint_from: self.complaint_from,
            complaint_id: self.complaint_id,
            complaint_reason: masked_text(self.complaint_reason),
            complaint_resource_id: masked_id(self.complaint_resource_id),
            complaint_resource_type: self.complaint_resource_type,
            complaint_time: BeijingTime::from_epoch(self.complaint_time),
            complaint_type: self.complaint_type,
            current_step: self.current_step,
            is_overtime: self.overtime(now),
            operate_end_time: BeijingTime::from_epoch(self.operate_end_time),
            operate_time: BeijingTime::from_epoch(self.operate_time),
            state: self.state,
            time_limit: self.time_limit,
        }
    }

    /// The complaint with texts of its own.
    pub fn to_complaint(&self) -> Complaint {
        Complaint {
            complaint_id: self.complaint_id.to_owned(),
            channel_type: self.channel_type,
            complaint_from: self.complaint_from,
            complaint_type: self.complaint_type,
            complaint_resource_type: self.complaint_resource_type,
            complaint_resource_id: self.complaint_resource_id.to_owned(),
            complaint_reason: self.complaint_reason.to_owned(),
            complainant_phone: Phone(self.complainant_phone.to_owned()),
            complaint_time: self.complaint_time,
            state: self.state,
            current_step: self.current_step,
            operate_time: self.operate_time,
            time_limit: self.time_limit,
            operate_end_time: self.operate_end_time,
            closed_at: self.closed_at,
            closed_overtime: self.closed_overtime,
        }
    }
}

/// What only the detail interface shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Details {
    /// The complainant's user id.
    pub complainant_user_id: String,
    /// The complaint's content.
    pub content_msg: String,
    /// The content's parts.
    pub content_object: Vec<Value>,
    /// Addresses of pictures.
    pub uploaded_images: Vec<String>,
    /// The WeChat merchant's number.
    pub sub_mch_id: Option<String>,
    /// The step taken last in the detail's numbering, where the list has no number for it.
    pub detail_step: Option<DetailStep>,
    /// What was said, oldest first.
    pub replies: Vec<Reply>,
}

/// One reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// `merchant`, `consumer` or `platform`.
    pub reply_from: String,
    /// What was said.
    pub content: String,
    /// Addresses of pictures.
    pub images: Vec<String>,
    /// When.
    pub replied_at: i64,
}

impl Complaint {
    /// Whether the deadline is missed at `now`.
    pub fn overtime(&self, now: i64) -> Overtime {
        self.shown().overtime(now)
    }

    /// This complaint as it takes the place of `old`: what is masked does not wipe out the whole that it
    /// is the mask of.
    pub fn in_place_of(mut self, old: &Complaint) -> Self {
        if self.complainant_phone.whole() == old.complainant_phone.masked() {
            self.complainant_phone.clone_from(&old.complainant_phone);
        }
        if self.complaint_resource_id == masked_id(&old.complaint_resource_id) {
            self.complaint_resource_id.clone_from(&old.complaint_resource_id);
        }
        if self.complaint_reason == masked_text(&old.complaint_reason) {
            self.complaint_reason.clone_from(&old.complaint_reason);
        }
        self
    }

    /// What the list shows of it.
    pub fn shown(&self) -> Shown<'_> {
        let Complaint {
            complaint_id,
            channel_type,
            complaint_from,
            complaint_type,
            complaint_resource_type,
            complaint_resource_id,
            complaint_reason,
            complainant_phone,
            complaint_time,
            state,
            current_step,
            operate_time,
            time_limit,
            operate_end_time,
            closed_at,
            closed_overtime,
        } = self;
        Shown {
            complaint_id,
            channel_type: *channel_type,
            complaint_from: *complaint_from,
            complaint_type: *complaint_type,
            complaint_resource_type: *complaint_resource_type,
            complaint_resource_id,
            complaint_reason,
            complainant_phone: complainant_phone.whole(),
            complaint_time: *complaint_time,
            state: *state,
            current_step: *current_step,
            operate_time: *operate_time,
            time_limit: *time_limit,
            operate_end_time: *operate_end_time,
            closed_at: *closed_at,
            closed_overtime: *closed_overtime,
        }
    }

    /// The list's row at `now`, masked.
    pub fn to_row(&self, now: i64) -> complaint_list::Row {
        self.shown().row(now).to_row()
    }

    /// The complaint that a list row tells of.
    pub fn from_row(row: complaint_list::Row) -> Self {
        let complaint_list::Row {
            channel_type,
            closed_at,
            complainant_phone,
            complaint_from,
            complaint_id,
            complaint_reason,
            complaint_resource_id,
            complaint_resource_type,
            complaint_time,
            complaint_type,
            current_step,
            is_overtime,
            operate_end_time,
            operate_time,
            state,
            time_limit,
        } = row;
        Complaint {
            complaint_id,
            channel_type,
            complaint_from,
            complaint_type,
            complaint_resource_type,
            complaint_resource_id,
            complaint_reason,
            complainant_phone: Phone(complainant_phone),
            complaint_time: complaint_time.epoch(),
            state,
            current_step,
            operate_time: operate_time.epoch(),
            time_limit,
            operate_end_time: operate_end_time.epoch(),
            closed_at: closed_at.map(BeijingTime::epoch),
            closed_overtime: (state == State::Done).then_some(is_overtime),
        }
    }

    /// The detail interface's answer, masked.
    pub fn to_info(self, app_id: &str, id: i64, details: Details) -> complaint_info_get::Response {
        let Details {
            complainant_user_id,
            content_msg,
            content_object,
            uploaded_images,
            sub_mch_id,
            detail_step,
            replies,
        } = details;
        let reply = |reply: Reply| complaint_info_get::Reply {
            complaint_id: self.complaint_id.clone(),
            reply_from: reply.reply_from,
            content: masked_text(&reply.content).into_owned(),
            images: reply.images,
            time: Some(BeijingTime::from_epoch(reply.replied_at)),
        };
        complaint_info_get::Response {
            id,
            reply_list: replies.into_iter().map(reply).collect(),
            complaint_id: self.complaint_id,
            app_id: app_id.to_owned(),
            state: self.state,
            complainant_user_id: masked_id(&complainant_user_id).into_owned(),
            complainant_phone: self.complainant_phone.masked(),
            complaint_from: self.complaint_from.number().to_string(),
            complaint_type: self.complaint_type,
            complaint_resource_id: masked_id(&self.complaint_resource_id).into_owned(),
            complaint_content_msg: masked_text(&content_msg).into_owned(),
            complaint_content_object: content_object.into_iter().map(masked_json).collect(),
            complaint_reason: masked_text(&self.complaint_reason).into_owned(),
            complaint_time: BeijingTime::from_epoch(self.complaint_time),
            uploaded_images,
            time_limit: self.time_limit,
            operate_time: BeijingTime::from_epoch(self.operate_time),
            current_step: detail_step.unwrap_or(self.current_step.into()),
            operate_end_time: BeijingTime::from_epoch(self.operate_end_time),
            sub_mch_id: sub_mch_id.filter(|_| self.channel_type == ChannelType::WechatPay),
        }
    }
}

/// A value with the personal numbers in its texts masked.
pub fn masked_json(value: Value) -> Value {
    match value {
        Value::String(text) => masked_text(&text).into_owned().into(),
        Value::Array(items) => items.into_iter().map(masked_json).collect(),
        Value::Object(fields) => fields.into_iter().map(|(name, value)| (name, masked_json(value))).collect(),
        plain => plain,
    }
}

/// Late as soon as the deadline is behind, to the second: at the deadline itself it is still in time.
pub(crate) fn late(at: i64, deadline: i64) -> Overtime {
    if at > deadline { Overtime::Late } else { Overtime::InTime }
}

/// A window's end, `hours` after it opened at `opened` (epoch seconds).
pub fn deadline(opened: i64, hours: i64) -> i64 {
    opened.saturating_add(hours.saturating_mul(3600))
}

/// A phone number. It shows itself masked only; [`Phone::whole`] is for the store.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Phone(pub String);

impl Phone {
    /// As it came, for keeping.
    pub fn whole(&self) -> &str {
        &self.0
    }

    /// Whether it says more than is shown of it.
    pub fn is_whole(&self) -> bool {
        self.masked() != self.0
    }

    /// `188****1474` `[page]`: of eleven characters the first three and the last four are shown, of
    /// fewer a quarter and a third; the digits between become stars. Masking twice changes nothing.
    pub fn masked(&self) -> String {
        masked(&self.0)
    }
}

fn masked(phone: &str) -> String {
    // Nearly all are mobile numbers; those that came masked stay as they are.
    if phone.len() == 11 && phone.bytes().all(|byte| byte.is_ascii_digit() || byte == b'*') {
        return [&phone[..3], "****", &phone[7..]].concat();
    }
    let length = phone.chars().count();
    let (head, tail) = if length >= 11 { (3, 4) } else { (length / 4, length / 3) };
    let hidden = |at: usize, character: char| character.is_numeric() && at >= head && at < length - tail;
    let show = |(at, character)| if hidden(at, character) { '*' } else { character };
    phone.chars().enumerate().map(show).collect()
}

impl std::fmt::Debug for Phone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.masked())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phones_show_three_and_four() {
        let masked = |text: &str| Phone(text.into()).masked();
        assert_eq!(masked("18812341474"), "188****1474");
        assert_eq!(masked("188****1474"), "188****1474");
        assert_eq!(masked("+8618812341474"), "+86*******1474");
        assert_eq!(masked("010-62345678"), "010-****5678");
        assert_eq!(masked("62345678"), "62****78");
        assert_eq!(masked("1*3812345678"), "1*3*****5678");
        assert_eq!(masked("１８８１２３４１４７４"), "１８８****１４７４");
        assert_eq!(masked(""), "");
    }

    proptest::proptest! {
        #[test]
        fn masking_twice_changes_nothing(text in "[0-9+*() -]{0,20}") {
            let once = Phone(text).masked();
            proptest::prop_assert_eq!(Phone(once.clone()).masked(), once);
        }

        #[test]
        fn of_a_mobile_number_four_digits_are_never_shown(digits in "1[3-9][0-9]{9}") {
            let masked = Phone(digits.clone()).masked();
            proptest::prop_assert_eq!(&masked[3..7], "****");
            proptest::prop_assert_eq!(&masked[..3], &digits[..3]);
        }
    }
}
