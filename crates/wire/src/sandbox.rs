//! `tousu.sandbox.*`: what a sandbox is, its clock, and its way back to the beginning `[ours]`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::checks::{flag, missing, within};
use crate::shop_settings::Nothing;
use crate::{BeijingTime, Example, InvalidParameter, SandboxEndpoint, lenient};

/// The header by which one call asks for faults.
pub const FAULT_HEADER: &str = "x-tousu-fault";
/// What that header says if the call is to have none, whatever the rules are.
pub const NO_FAULT: &str = "none";
/// The header that names what was done to an answer.
pub const QUIRK_HEADER: &str = "x-tousu-quirk";
/// Complaints at most.
pub const MOST_COMPLAINTS: i64 = 10_000_000;

/// 获取沙箱
#[derive(Clone, Copy, Debug)]
pub enum SandboxGet {}

impl SandboxEndpoint for SandboxGet {
    const NAME: &'static str = "tousu.sandbox.get";
    const TITLE: &'static str = "获取沙箱的种子、时钟与账号 ¦ Get the sandbox's seed, clock and accounts";
    type Request = Nothing;
    type Response = Sandbox;

    fn example() -> Example {
        Example { request: json!({}), response: example_sandbox() }
    }
}

/// 沙箱复原
#[derive(Clone, Copy, Debug)]
pub enum SandboxReset {}

impl SandboxEndpoint for SandboxReset {
    const NAME: &'static str = "tousu.sandbox.reset";
    const TITLE: &'static str = "沙箱复原：投诉、账号、令牌、时钟与调用序号 ¦ Reset the sandbox: complaints, accounts, tokens, clock and call numbers";
    type Request = Reset;
    type Response = Sandbox;

    fn example() -> Example {
        Example { request: json!({ "seed": 7, "complaints": 28 }), response: example_sandbox() }
    }
}

/// 获取沙箱时钟
#[derive(Clone, Copy, Debug)]
pub enum ClockGet {}

impl SandboxEndpoint for ClockGet {
    const NAME: &'static str = "tousu.sandbox.clock.get";
    const TITLE: &'static str = "获取沙箱时钟 ¦ Get the sandbox's clock";
    type Request = Nothing;
    type Response = Clock;

    fn example() -> Example {
        Example { request: json!({}), response: example_clock() }
    }
}

/// 设置沙箱时钟
#[derive(Clone, Copy, Debug)]
pub enum ClockSet {}

impl SandboxEndpoint for ClockSet {
    const NAME: &'static str = "tousu.sandbox.clock.set";
    const TITLE: &'static str = "设置沙箱时钟，停走或走动 ¦ Set the sandbox's clock, stop it, or let it run";
    type Request = SetClock;
    type Response = Clock;

    fn example() -> Example {
        Example { request: json!({ "now": "2024-05-01 12:00:00", "runs": 0 }), response: example_clock() }
    }
}

/// 拨快沙箱时钟
#[derive(Clone, Copy, Debug)]
pub enum ClockAdvance {}

impl SandboxEndpoint for ClockAdvance {
    const NAME: &'static str = "tousu.sandbox.clock.advance";
    const TITLE: &'static str = "拨快沙箱时钟 ¦ Move the sandbox's clock on";
    const REQUIRED: &'static [&'static str] = &["seconds"];
    type Request = AdvanceClock;
    type Response = Clock;

    fn example() -> Example {
        Example { request: json!({ "seconds": 3600 }), response: example_clock() }
    }
}

fn example_clock() -> serde_json::Value {
    json!({ "now": "2024-05-01 13:00:00", "epoch": 1_714_539_600, "runs": 0 })
}

fn example_sandbox() -> serde_json::Value {
    json!({
        "seed": 7,
        "complaints": 28,
        "clock": example_clock(),
        "accounts": [{
            "app_id": "appSandbox00001",
            "client_id": "xopSandboxMain1",
            "secret_key": "xxxxx",
            "title": "全部权限",
        }],
    })
}

/// To which beginning; what is absent stays as it was.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(rename = "SandboxResetRequest")]
pub struct Reset {
    /// The seed.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "种子，不小于 0；默认不变")]
    pub seed: Option<i64>,
    /// Complaints of the first shop, 0 to 10,000,000.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "第一个店铺的投诉条数，0 到 10000000；默认不变")]
    pub complaints: Option<i64>,
}

impl Reset {
    /// Seed and complaints, as far as given.
    pub fn checked(&self) -> Result<(Option<u64>, Option<usize>), InvalidParameter> {
        let seed = self.seed.map(|seed| within("seed", seed, 0..=i64::MAX)).transpose()?;
        let complaints =
            self.complaints.map(|count| within("complaints", count, 0..=MOST_COMPLAINTS)).transpose()?;
        Ok((seed.map(i64::unsigned_abs), complaints.map(|count| count.unsigned_abs() as usize)))
    }
}

/// What the clock is set to; what is absent stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(rename = "SandboxClockSetRequest")]
pub struct SetClock {
    /// The moment, Beijing time, be that in the past.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "时刻，北京时间，可早于现在；默认不变", with = "Option<String>")]
    pub now: Option<BeijingTime>,
    /// 1: time passes by itself; 0: it stands still.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "是否走动：0=停走,1=走动；默认不变")]
    pub runs: Option<i64>,
}

impl SetClock {
    /// The moment, and whether time passes by itself.
    pub fn checked(&self) -> Result<(Option<BeijingTime>, Option<bool>), InvalidParameter> {
        let runs = self.runs.map(|_| flag("runs", self.runs)).transpose()?;
        Ok((self.now, runs))
    }
}

/// By how much the clock is moved on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(rename = "SandboxClockAdvanceRequest")]
pub struct AdvanceClock {
    /// Seconds, 0 to 10 years.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "秒数，0 到十年")]
    pub seconds: Option<i64>,
}

impl AdvanceClock {
    /// The seconds.
    pub fn checked(&self) -> Result<i64, InvalidParameter> {
        let seconds = self.seconds.ok_or_else(|| missing("seconds"))?;
        within("seconds", seconds, 0..=10 * 366 * 86_400)
    }
}

/// The sandbox's clock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "SandboxClock")]
pub struct Clock {
    /// What time it is, Beijing time.
    #[schemars(title = "现在，北京时间")]
    pub now: BeijingTime,
    /// The same in seconds since 1970.
    #[schemars(title = "现在，自 1970 年起的秒数")]
    pub epoch: i64,
    /// 1 if time passes by itself.
    #[schemars(title = "是否走动：0=停走,1=走动")]
    pub runs: i64,
}

/// A sandbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Sandbox")]
pub struct Sandbox {
    /// From which everything in it is made.
    #[schemars(title = "种子")]
    pub seed: u64,
    /// How many complaints the first shop begins with.
    #[schemars(title = "第一个店铺最初的投诉条数")]
    pub complaints: u64,
    /// Its clock.
    #[schemars(title = "时钟")]
    pub clock: Clock,
    /// Who may call it.
    #[schemars(title = "账号")]
    pub accounts: Vec<Account>,
}

/// Credentials, all made up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "SandboxAccount")]
pub struct Account {
    /// The shop.
    #[schemars(title = "店铺 id")]
    pub app_id: String,
    /// The app.
    #[schemars(title = "应用 id")]
    pub client_id: String,
    /// Its secret.
    #[schemars(title = "应用密钥")]
    pub secret_key: String,
    /// What is particular about it.
    #[schemars(title = "说明")]
    pub title: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_out_of_bounds_is_refused_by_name() {
        let reset = |seed, complaints| Reset { seed, complaints }.checked();
        assert_eq!(reset(None, Some(0)), Ok((None, Some(0))));
        assert_eq!(reset(Some(i64::MAX), None), Ok((Some(i64::MAX.unsigned_abs()), None)));
        assert_eq!(reset(Some(-1), None).unwrap_err().name, "seed");
        assert_eq!(reset(None, Some(MOST_COMPLAINTS + 1)).unwrap_err().name, "complaints");
        let set = SetClock { now: None, runs: Some(2) };
        assert_eq!(set.checked().unwrap_err().name, "runs");
        assert_eq!(AdvanceClock::default().checked().unwrap_err().name, "seconds");
        assert_eq!(AdvanceClock { seconds: Some(-1) }.checked().unwrap_err().name, "seconds");
    }
}
