//! What happened, as data. Written as JSON it is the body of a webhook; names, once published, stay.
//!
//! ```json
//! {
//!   "type": "complaint.due_soon",
//!   "timestamp": "2024-04-21T11:25:19+08:00",
//!   "data": {
//!     "sequence": 17,
//!     "app_id": "appDemo12345678",
//!     "shop_name": "演示店铺",
//!     "complaint_id": "c_6621e41fa5e18_dA0idHLY",
//!     "channel_type": 1,
//!     "complaint_from": 101,
//!     "complainant_phone": "188****1474",
//!     "complaint_reason": "要退款",
//!     "state": 0,
//!     "current_step": 1,
//!     "operate_end_time": "2024-04-22 11:25:19",
//!     "assignee": "张三",
//!     "hours_left": 24
//!   }
//! }
//! ```
//!
//! `type`, `timestamp` and `data` are those of Standard Webhooks `[public]`; what the published interfaces
//! have a name for keeps it, with the list's numbering and its form of times `[page]`, as `reply_from` (in `replied`
//! alone: `merchant`, `consumer` or `platform`); `sequence`, `shop_name`, `assignee` (null while there is none), `hours_left` (in `due_soon` alone) and `complaints`
//! (in `imported` alone, in place of all that belongs to one complaint) are `[ours]`. `subscription.test`, which
//! tells of nothing, has the first three alone.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use serde_json::{Value, json};
use tousu_wire::BeijingTime;
use tousu_wire::codes::{ChannelType, CodeTable, ComplaintFrom, CurrentStep, State};

use crate::life::Actor;

/// Something that people or programs may want to be told of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Rises with what happens in a shop: the number of its entry in the history.
    pub sequence: i64,
    /// Whose event it is.
    pub shop: Shop,
    /// When it happened, epoch seconds.
    pub occurred_at: i64,
    /// What happened.
    pub what: What,
}

/// The shop as a notice names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shop {
    /// `app_id` of the published interfaces.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// Something happened to one complaint.
    Complaint {
        /// What.
        kind: Kind,
        /// The complaint as it was after that.
        complaint: Box<Subject>,
    },
    /// Complaints came in from a file, all at once.
    Imported {
        /// How many.
        complaints: i64,
    },
    /// Nothing: somebody wants to see whether notices arrive.
    Test,
}

/// What can happen to a complaint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `complaint.created`: it is new.
    Created,
    /// `complaint.replied`: somebody replied; the platform, that its check failed.
    Replied {
        /// Who.
        by: Actor,
    },
    /// `complaint.due_soon`: its deadline is near.
    DueSoon {
        /// How many hours before the deadline this was to be said.
        hours: i64,
    },
    /// `complaint.overdue`: its deadline has passed.
    Overdue,
    /// `complaint.closed`: it was closed.
    Closed,
    /// `complaint.reopened`: it was closed and is open again.
    Reopened,
}

/// A complaint, as far as a notice tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// The complaint's number.
    pub complaint_id: String,
    /// Through which channel it came.
    pub channel_type: ChannelType,
    /// The exact source.
    pub complaint_from: ComplaintFrom,
    /// The phone number, already masked.
    pub complainant_phone: String,
    /// What is complained about, in the complainant's words.
    pub complaint_reason: String,
    /// Pending, in progress or done.
    pub state: State,
    /// The step that was taken last, in the list's numbering.
    pub current_step: CurrentStep,
    /// When the current handling window ends, epoch seconds.
    pub operate_end_time: i64,
    /// Who handles it.
    pub assignee: Option<String>,
}

/// `type` of what concerns no single complaint.
const IMPORTED: &str = "complaint.imported";
const TEST: &str = "subscription.test";

/// Every `type` that can be subscribed to.
pub const NAMES: [&str; 7] = [
    "complaint.created",
    "complaint.replied",
    "complaint.due_soon",
    "complaint.overdue",
    "complaint.closed",
    "complaint.reopened",
    IMPORTED,
];

impl Kind {
    /// The event's `type`.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Created => "complaint.created",
            Kind::Replied { .. } => "complaint.replied",
            Kind::DueSoon { .. } => "complaint.due_soon",
            Kind::Overdue => "complaint.overdue",
            Kind::Closed => "complaint.closed",
            Kind::Reopened => "complaint.reopened",
        }
    }
}

impl Event {
    /// The event's `type`.
    pub fn name(&self) -> &'static str {
        match &self.what {
            What::Complaint { kind, .. } => kind.name(),
            What::Imported { .. } => IMPORTED,
            What::Test => TEST,
        }
    }

    /// `webhook-id`: the same at every attempt, so that a receiver can tell a repetition `[public]`.
    pub fn id(&self) -> String {
        id(&self.shop.id, self.sequence, self.name())
    }

    /// The kind and the complaint, if it concerns one.
    pub fn complaint(&self) -> Option<(Kind, &Subject)> {
        match &self.what {
            What::Complaint { kind, complaint } => Some((*kind, complaint)),
            What::Imported { .. } | What::Test => None,
        }
    }

    /// The webhook's body.
    pub fn body(&self) -> Value {
        let mut data = match &self.what {
            What::Complaint { complaint, .. } => self.complaint_data(complaint),
            What::Imported { complaints } => json!({
                "sequence": self.sequence,
                "app_id": self.shop.id,
                "shop_name": self.shop.name,
                "complaints": complaints,
            }),
            What::Test => json!({
                "sequence": self.sequence,
                "app_id": self.shop.id,
                "shop_name": self.shop.name,
            }),
        };
        if let What::Complaint { kind: Kind::DueSoon { hours }, .. } = &self.what {
            data["hours_left"] = (*hours).into();
        }
        if let What::Complaint { kind: Kind::Replied { by }, .. } = &self.what {
            data["reply_from"] = by.name().into();
        }
        json!({ "type": self.name(), "timestamp": rfc3339(self.occurred_at), "data": data })
    }

    fn complaint_data(&self, complaint: &Subject) -> Value {
        let Subject {
            complaint_id,
            channel_type,
            complaint_from,
            complainant_phone,
            complaint_reason,
            state,
            current_step,
            operate_end_time,
            assignee,
        } = complaint;
        json!({
            "sequence": self.sequence,
            "app_id": self.shop.id,
            "shop_name": self.shop.name,
            "complaint_id": complaint_id,
            "channel_type": channel_type.number(),
            "complaint_from": complaint_from.number(),
            "complainant_phone": complainant_phone,
            "complaint_reason": complaint_reason,
            "state": state.number(),
            "current_step": current_step.number(),
            "operate_end_time": BeijingTime::from_epoch(*operate_end_time).to_string(),
            "assignee": assignee,
        })
    }
}

/// The id of a shop's event: two events may share a sequence number, as those of a last reply do, which is a reply and a
/// closing. Without a full stop, which separates it from the rest when it is signed.
pub fn id(shop: &str, sequence: i64, name: &str) -> String {
    let kind = name.rsplit('.').next().unwrap_or_default();
    format!("evt_{}_{sequence}_{kind}", shop.replace('.', "_"))
}

/// `2024-04-19T11:25:19+08:00`.
fn rfc3339(epoch: i64) -> String {
    BeijingTime::from_epoch(epoch).to_string().replacen(' ', "T", 1) + "+08:00"
}

impl Serialize for Event {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.body().serialize(serializer)
    }
}

/// The body as it is read back, by a program of ours from its outbox.
#[derive(Deserialize)]
struct Body {
    #[serde(rename = "type")]
    name: String,
    timestamp: String,
    data: Value,
}

#[derive(Deserialize)]
struct Common {
    sequence: i64,
    app_id: String,
    shop_name: String,
    hours_left: Option<i64>,
    reply_from: Option<String>,
    complaints: Option<i64>,
}

#[derive(Deserialize)]
struct ComplaintData {
    complaint_id: String,
    channel_type: ChannelType,
    complaint_from: ComplaintFrom,
    complainant_phone: String,
    complaint_reason: String,
    state: State,
    current_step: CurrentStep,
    operate_end_time: BeijingTime,
    assignee: Option<String>,
}

impl<'de> Deserialize<'de> for Event {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Body { name, timestamp, data } = Body::deserialize(deserializer)?;
        let common = Common::deserialize(&data).map_err(D::Error::custom)?;
        let happened: jiff::Timestamp = timestamp.parse().map_err(D::Error::custom)?;
        let absent = |field: &str| D::Error::custom(format!("{field} 缺失 ¦ {field} is missing"));
        let kind = match name.as_str() {
            IMPORTED | TEST => None,
            "complaint.created" => Some(Kind::Created),
            "complaint.replied" => {
                let by = common.reply_from.ok_or_else(|| absent("reply_from"))?;
                let by = Actor::named(&by).ok_or_else(|| D::Error::custom("reply_from"))?;
                Some(Kind::Replied { by })
            }
            "complaint.due_soon" => {
                Some(Kind::DueSoon { hours: common.hours_left.ok_or_else(|| absent("hours_left"))? })
            }
            "complaint.overdue" => Some(Kind::Overdue),
            "complaint.closed" => Some(Kind::Closed),
            "complaint.reopened" => Some(Kind::Reopened),
            _ => {
                let shown = tousu_wire::lenient::quoted(&name);
                return Err(D::Error::custom(format!(
                    "未知的事件类型 {shown} ¦ {shown} is no type of event"
                )));
            }
        };
        let what = match kind {
            None if name == TEST => What::Test,
            None => What::Imported { complaints: common.complaints.ok_or_else(|| absent("complaints"))? },
            Some(kind) => {
                let complaint = ComplaintData::deserialize(&data).map_err(D::Error::custom)?;
                What::Complaint { kind, complaint: Box::new(complaint.into()) }
            }
        };
        let shop = Shop { id: common.app_id, name: common.shop_name };
        Ok(Event { sequence: common.sequence, shop, occurred_at: happened.as_second(), what })
    }
}

impl From<ComplaintData> for Subject {
    fn from(data: ComplaintData) -> Self {
        Subject {
            complaint_id: data.complaint_id,
            channel_type: data.channel_type,
            complaint_from: data.complaint_from,
            complainant_phone: data.complainant_phone,
            complaint_reason: data.complaint_reason,
            state: data.state,
            current_step: data.current_step,
            operate_end_time: data.operate_end_time.epoch(),
            assignee: data.assignee,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::samples::{self, golden};

    #[test]
    fn bodies_are_as_published() {
        let bodies: Vec<Value> = samples::events().iter().map(Event::body).collect();
        golden("webhook.json", &Value::from(bodies));
    }

    #[test]
    fn what_was_written_is_read() {
        for event in samples::events() {
            let text = serde_json::to_string(&event).unwrap();
            assert_eq!(serde_json::from_str::<Event>(&text).unwrap(), event, "{text}");
        }
    }

    #[test]
    fn what_is_missing_or_unknown_is_named() {
        let error = |change: &dyn Fn(&mut Value)| {
            let mut body = samples::created().body();
            change(&mut body);
            serde_json::from_value::<Event>(body).unwrap_err().to_string()
        };
        let unknown = error(&|body| body["type"] = "complaint.sold".into());
        assert_eq!(unknown, "未知的事件类型 \"complaint.sold\" ¦ \"complaint.sold\" is no type of event");
        let hours = error(&|body| body["type"] = "complaint.due_soon".into());
        assert_eq!(hours, "hours_left 缺失 ¦ hours_left is missing");
        let id = error(&|body| {
            body["data"].as_object_mut().unwrap().remove("complaint_id");
        });
        assert!(id.contains("complaint_id"), "{id}");
    }

    #[test]
    fn ids_hold_no_full_stop_and_tell_kinds_apart() {
        let mut event = samples::created();
        assert_eq!(event.id(), "evt_appDemo12345678_17_created");
        event.shop.id = "a.b".into();
        assert_eq!(event.id(), "evt_a_b_17_created");
    }

    proptest::proptest! {
        #[test]
        fn any_event_survives(event in samples::any_event()) {
            let text = serde_json::to_string(&event).unwrap();
            proptest::prop_assert_eq!(serde_json::from_str::<Event>(&text).unwrap(), event);
        }
    }
}
