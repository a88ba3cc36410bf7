//! `tousu.sandbox.complaint.*`: what becomes of a sandbox's complaints while a client watches `[ours]`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::checks::{missing, within};
use crate::codes::{CodeTable, State};
use crate::{Example, InvalidParameter, SandboxEndpoint, lenient};

/// Complaints of one call, at most.
pub const MOST_AT_ONCE: i64 = 1000;

/// 沙箱新增投诉
#[derive(Clone, Copy, Debug)]
pub enum ComplaintAdd {}

impl SandboxEndpoint for ComplaintAdd {
    const NAME: &'static str = "tousu.sandbox.complaint.add";
    const TITLE: &'static str = "沙箱新增投诉，投诉时间为现在 ¦ Complaints arrive in the sandbox, made now";
    type Request = Add;
    type Response = Changed;

    fn example() -> Example {
        Example { request: json!({ "count": 2 }), response: example() }
    }
}

/// 沙箱投诉变更状态
#[derive(Clone, Copy, Debug)]
pub enum ComplaintMove {}

impl SandboxEndpoint for ComplaintMove {
    const NAME: &'static str = "tousu.sandbox.complaint.move";
    const TITLE: &'static str = "沙箱投诉变更状态：回复、完成或重新打开 ¦ The sandbox's complaints move to another state: replied to, done, or reopened";
    const REQUIRED: &'static [&'static str] = &["state"];
    type Request = Move;
    type Response = Changed;

    fn example() -> Example {
        Example { request: json!({ "state": 2, "count": 2 }), response: example() }
    }
}

/// 沙箱投诉消失
#[derive(Clone, Copy, Debug)]
pub enum ComplaintRemove {}

impl SandboxEndpoint for ComplaintRemove {
    const NAME: &'static str = "tousu.sandbox.complaint.remove";
    const TITLE: &'static str = "沙箱投诉消失 ¦ Complaints vanish from the sandbox";
    type Request = Which;
    type Response = Changed;

    fn example() -> Example {
        Example { request: json!({ "complaint_id": "c_6631bec012af9_Wq8sK2mZ" }), response: example() }
    }
}

fn example() -> serde_json::Value {
    json!({ "complaint_ids": ["c_6631bec012af9_Wq8sK2mZ"] })
}

/// How many arrive, where.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(rename = "SandboxAddRequest")]
pub struct Add {
    /// The shop; default: the sandbox's first.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "店铺 id；默认为沙箱的第一个店铺")]
    pub app_id: Option<String>,
    /// How many, 1 to 1000; default 1.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "条数，1 到 1000；默认 1")]
    pub count: Option<i64>,
}

/// Which complaints: one by its number, or so many by the seed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(rename = "SandboxWhichRequest")]
pub struct Which {
    /// The shop; default: the sandbox's first.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "店铺 id；默认为沙箱的第一个店铺")]
    pub app_id: Option<String>,
    /// Exactly this one.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "投诉单号；不填则按种子选取 count 条")]
    pub complaint_id: Option<String>,
    /// Without a number: how many, 1 to 1000; default 1.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "条数，1 到 1000；默认 1")]
    pub count: Option<i64>,
}

/// Which complaints move, and to which state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(rename = "SandboxMoveRequest")]
pub struct Move {
    /// The shop; default: the sandbox's first.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "店铺 id；默认为沙箱的第一个店铺")]
    pub app_id: Option<String>,
    /// Exactly this one.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "投诉单号；不填则按种子选取 count 条")]
    pub complaint_id: Option<String>,
    /// Without a number: how many, 1 to 1000; default 1.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "条数，1 到 1000；默认 1")]
    pub count: Option<i64>,
    /// 1: a pending one is replied to, a done one reopened; 2: an open one is done.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "变为：1=处理中(回复待处理的、重新打开已完成的),2=处理完成")]
    pub state: Option<State>,
}

/// Which complaints changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "SandboxChanged")]
pub struct Changed {
    /// Their numbers, in the order of the changes; fewer than asked for where there were no more.
    #[schemars(title = "投诉单号，按变更的先后；不够时少于所求")]
    pub complaint_ids: Vec<String>,
}

/// One complaint, or so many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Meant {
    /// That one.
    One(String),
    /// So many, by the seed.
    Some(usize),
}

impl Add {
    /// How many.
    pub fn checked(&self) -> Result<usize, InvalidParameter> {
        count(self.count)
    }
}

impl Which {
    /// Which are meant.
    pub fn checked(&self) -> Result<Meant, InvalidParameter> {
        match &self.complaint_id {
            Some(id) => Ok(Meant::One(lenient::id("complaint_id", id.clone())?)),
            None => Ok(Meant::Some(count(self.count)?)),
        }
    }
}

impl Move {
    /// Which are meant, and to which state they move.
    pub fn checked(&self) -> Result<(Meant, State), InvalidParameter> {
        let Move { app_id, complaint_id, count, state } = self.clone();
        let meant = Which { app_id, complaint_id, count }.checked()?;
        match state.ok_or_else(|| missing("state"))? {
            to @ (State::InProgress | State::Done) => Ok((meant, to)),
            other => {
                let received = other.number();
                let problem = format!(
                    "收到 {received}，应为 1 或 2：投诉不会变回待处理 ¦ received {received}, expected 1 or 2: no complaint becomes pending again"
                );
                Err(InvalidParameter::new("state", problem))
            }
        }
    }
}

fn count(given: Option<i64>) -> Result<usize, InvalidParameter> {
    within("count", given.unwrap_or(1), 1..=MOST_AT_ONCE).map(|count| count.unsigned_abs() as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_out_of_bounds_is_refused_by_name() {
        assert_eq!(Add::default().checked(), Ok(1));
        assert_eq!(Add { count: Some(0), ..Add::default() }.checked().unwrap_err().name, "count");
        assert_eq!(Add { count: Some(1001), ..Add::default() }.checked().unwrap_err().name, "count");
        let moved = |state| Move { state, count: Some(3), ..Move::default() }.checked();
        assert_eq!(moved(Some(State::Done)), Ok((Meant::Some(3), State::Done)));
        assert_eq!(moved(Some(State::Pending)).unwrap_err().name, "state");
        assert_eq!(moved(None).unwrap_err().name, "state");
        let one = Which { complaint_id: Some("c_1".into()), ..Which::default() };
        assert_eq!(one.checked(), Ok(Meant::One("c_1".into())));
    }
}
