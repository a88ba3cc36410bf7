//! `tousu.mirror.get/1.0.0`: whether a shop's complaints are fetched from elsewhere, and how far that is `[ours]`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::codes::State;
use crate::shop_settings::Nothing;
use crate::{BeijingTime, Endpoint, Example, PermissionSet, RateLimit};

/// The endpoint.
#[derive(Clone, Copy, Debug)]
pub enum MirrorGet {}

impl Endpoint for MirrorGet {
    const NAME: &'static str = "tousu.mirror.get";
    const VERSION: &'static str = "1.0.0";
    const TITLE: &'static str = "获取官方数据同步状态 ¦ Get how the mirror of an upstream stands";
    const PERMISSION_SET: PermissionSet = PermissionSet::ComplaintsQuery;
    const LIMIT: RateLimit = RateLimit { calls: 500, seconds: 10 };
    type Request = Nothing;
    type Response = Response;

    fn example() -> Example {
        Example {
            request: json!({ "access_token": "xxxxx" }),
            response: json!({
                "mirror": {
                    "base_url": "https://api.xiaoe-tech.com",
                    "app_id": "appDemo12345678",
                    "every_seconds": 60,
                    "share_percent": 20,
                    "enabled": 1,
                    "as_of": "2024-05-01 12:00:00",
                    "fresh_as_of": "2024-05-01 11:59:41",
                    "lag_seconds": 19,
                    "tried_at": "2024-05-01 11:59:43",
                    "succeeded_at": "2024-05-01 11:59:43",
                    "problem": null,
                    "complaints": 28,
                    "details_due": 0,
                    "missing": [],
                    "proof": {
                        "pass": 3,
                        "began": "2024-05-01 06:00:00",
                        "ended": "2024-05-01 06:00:09",
                        "complaints": 28,
                        "checksum": "4f1c0d2b9a3e8871",
                        "certain": 1,
                        "days": 9,
                        "certain_days": 9,
                        "uncertain": [],
                        "uncertain_total": 0,
                    },
                    "days": [{
                        "day": "2024-04-30",
                        "state": 0,
                        "here": 3,
                        "there": 3,
                        "here_checksum": "0c8a5f7712de4490",
                        "there_checksum": "0c8a5f7712de4490",
                        "certain": 1,
                    }],
                },
            }),
        }
    }
}

/// How the shop's mirror stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "MirrorAnswer")]
pub struct Response {
    /// The mirror; null where complaints are not fetched from elsewhere.
    #[schemars(title = "同步；未设置时为 null")]
    pub mirror: Option<Mirror>,
}

/// A shop's mirror of an upstream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Mirror {
    /// Where the upstream is.
    #[schemars(title = "上游地址")]
    pub base_url: String,
    /// The shop's id there.
    #[schemars(title = "上游的店铺 id")]
    pub app_id: String,
    /// Seconds between two looks at what is new or open.
    #[schemars(title = "每隔多少秒读取新增与未完成的投诉")]
    pub every_seconds: i64,
    /// How much of the upstream's limits may be used.
    #[schemars(title = "至多使用上游频率限制的百分之几")]
    pub share_percent: i64,
    /// 1: servers fetch it; 0: a command does, when it is run.
    #[schemars(title = "1 由服务端持续同步，0 由命令执行时同步")]
    pub enabled: i64,
    /// At which moment this was so.
    #[schemars(title = "此状态的时刻")]
    pub as_of: BeijingTime,
    /// What happened upstream before is here; null before the first whole look.
    #[schemars(title = "此前上游的变更均已同步")]
    pub fresh_as_of: Option<BeijingTime>,
    /// How long ago that is.
    #[schemars(title = "落后秒数")]
    pub lag_seconds: Option<i64>,
    /// When the upstream was last asked.
    #[schemars(title = "最近一次访问上游的时间")]
    pub tried_at: Option<BeijingTime>,
    /// When it last answered.
    #[schemars(title = "最近一次成功的时间")]
    pub succeeded_at: Option<BeijingTime>,
    /// Why it does not get on.
    #[schemars(title = "问题")]
    pub problem: Option<String>,
    /// How many complaints the upstream has, as far as is known.
    #[schemars(title = "已同步的投诉数")]
    pub complaints: i64,
    /// How many complaints' details are still to be fetched.
    #[schemars(title = "待获取详情的投诉数")]
    pub details_due: i64,
    /// Complaints that should be there upstream and are not, the first 100.
    #[schemars(title = "在上游查不到的投诉，至多 100 条")]
    pub missing: Vec<String>,
    /// What the last pass over everything proved; null before its end.
    #[schemars(title = "最近一次全量核对的结论")]
    pub proof: Option<Proof>,
    /// What that pass found on both sides, the latest days first, at most 1,000 lines.
    #[schemars(title = "按日期与状态的核对结果，至多 1000 行")]
    pub days: Vec<Day>,
}

/// What a pass over everything proved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "MirrorProof")]
pub struct Proof {
    /// Which pass, from 1.
    #[schemars(title = "第几次全量核对")]
    pub pass: i64,
    /// When it began.
    #[schemars(title = "开始时间")]
    pub began: BeijingTime,
    /// When it ended.
    #[schemars(title = "结束时间")]
    pub ended: BeijingTime,
    /// How many complaints there were here, each counted when its part was compared.
    #[schemars(title = "投诉数")]
    pub complaints: i64,
    /// The sum of their rows' checksums.
    #[schemars(title = "校验和")]
    pub checksum: String,
    /// 1: both sides had the same, and nothing is in doubt.
    #[schemars(title = "1 两边一致且无疑问")]
    pub certain: i64,
    /// Days with complaints.
    #[schemars(title = "有投诉的天数")]
    pub days: i64,
    /// Those of which both sides are known to have the same.
    #[schemars(title = "其中确定一致的天数")]
    pub certain_days: i64,
    /// What is not certain, the first 100.
    #[schemars(title = "不确定之处，至多 100 项")]
    pub uncertain: Vec<Uncertain>,
    /// How many such things there are.
    #[schemars(title = "不确定之处总数")]
    pub uncertain_total: i64,
}

/// Something that is not certain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "MirrorUncertain")]
pub struct Uncertain {
    /// The day, where it is about one.
    #[schemars(title = "日期")]
    pub day: Option<String>,
    /// The complaint, where it is about one.
    #[schemars(title = "投诉单号")]
    pub complaint_id: Option<String>,
    /// Why.
    #[schemars(title = "原因")]
    pub why: String,
}

/// What both sides had of a day's complaints in one state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "MirrorDay")]
pub struct Day {
    /// The Beijing day of complaint.
    #[schemars(title = "投诉日期")]
    pub day: String,
    /// The state.
    #[schemars(title = "处理状态")]
    pub state: State,
    /// How many were here.
    #[schemars(title = "本地条数")]
    pub here: i64,
    /// How many were upstream.
    #[schemars(title = "上游条数")]
    pub there: i64,
    /// The sum of the rows' checksums here.
    #[schemars(title = "本地校验和")]
    pub here_checksum: String,
    /// The same upstream.
    #[schemars(title = "上游校验和")]
    pub there_checksum: String,
    /// 1: both sides are known to have the same.
    #[schemars(title = "1 确定一致")]
    pub certain: i64,
}
