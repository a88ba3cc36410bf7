//! `tousu.complaint.reply` and the like: what happens to one complaint `[ours]`. It is asked for in one form,
//! [`Act`], of which each interface takes a part.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::checks::{NAME_CHARACTERS, check_text, flag, missing};
use crate::codes::{CurrentStep, DetailStep, Overtime, State};
use crate::{BeijingTime, Endpoint, Example, InvalidParameter, PermissionSet, RateLimit, lenient};

const LIMIT: RateLimit = RateLimit { calls: 500, seconds: 10 };
/// Characters of what is said, at most.
pub const SAID_CHARACTERS: usize = 2000;
/// Pictures of one reply, at most.
pub const MOST_IMAGES: usize = 9;
/// Tags of one complaint, at most.
pub const MOST_TAGS: usize = 20;
const ADDRESS_CHARACTERS: usize = 1000;

/// An interface by which something happens to one complaint.
pub trait ActEndpoint: Endpoint<Request = Act, Response = Standing> {}

/// What is to happen to a complaint, as sent; [`Act::checked`] checks it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Act {
    /// The complaint's number.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "投诉单号", extend("example" = "c_661a9d66b6733_qTRys2mU"))]
    pub complaint_id: Option<String>,
    /// What is said, up to 2000 characters.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "内容，不超过 2000 字")]
    pub content: Option<String>,
    /// Addresses of up to 9 pictures, https.
    #[serde(deserialize_with = "lenient::array", skip_serializing_if = "Vec::is_empty")]
    #[schemars(title = "图片地址，https，不超过 9 张")]
    pub images: Vec<String>,
    /// 1: the reply finishes the complaint; 0 or absent: it goes on.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "回复后是否处理完成：0=否,1=是(默认否)")]
    pub finish: Option<i64>,
    /// In which role: `merchant` (default), `consumer` or `platform`.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "操作方：merchant 商家，consumer 消费者，platform 平台(需 投诉管理-平台)")]
    pub by: Option<String>,
    /// Whose work it becomes; empty: nobody's.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "处理人；空为不分派")]
    pub assignee: Option<String>,
    /// Tags to add.
    #[serde(deserialize_with = "lenient::array", skip_serializing_if = "Vec::is_empty")]
    #[schemars(title = "要加的标签")]
    pub add: Vec<String>,
    /// Tags to take away.
    #[serde(deserialize_with = "lenient::array", skip_serializing_if = "Vec::is_empty")]
    #[schemars(title = "要去的标签")]
    pub remove: Vec<String>,
    /// Who does it, for the history; default: the app.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "操作人，记入历史；默认为应用")]
    pub operator: Option<String>,
    /// The version of the complaint that the caller saw: if it has changed since, nothing happens.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "看到的版本；投诉单此后有变则不操作")]
    pub version: Option<i64>,
    /// The same call with the same key again does nothing and gets the same answer, for 24 hours.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "幂等键：24 小时内相同的调用只生效一次")]
    pub idempotency_key: Option<String>,
}

/// How a complaint stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Standing {
    /// The complaint's number.
    #[schemars(title = "投诉单号")]
    pub complaint_id: String,
    /// Rises with every change; to be given back as `version`.
    #[schemars(title = "版本")]
    pub version: i64,
    /// Pending, in progress or done.
    #[schemars(title = "处理状态")]
    pub state: State,
    /// The step taken last, in the list's numbering.
    #[schemars(title = "当前所属步骤，编号同列表")]
    pub current_step: CurrentStep,
    /// The same in the detail's numbering.
    #[schemars(title = "当前所属步骤，编号同详情")]
    pub detail_step: DetailStep,
    /// Whether the deadline is missed.
    #[schemars(title = "是否超时:1=否,2=是")]
    pub is_overtime: Overtime,
    /// When the current handling window opened.
    #[schemars(title = "操作时间")]
    pub operate_time: BeijingTime,
    /// The window's length in hours.
    #[schemars(title = "处理时限:小时")]
    pub time_limit: i64,
    /// When it ends.
    #[schemars(title = "处理最后时限")]
    pub operate_end_time: BeijingTime,
    /// Until when the merchant is to reply first; null where no rule asks for it, or once it has.
    #[serde(default)]
    #[schemars(title = "首次回复时限；无此要求或已回复为 null", with = "Option<String>")]
    pub first_reply_end_time: Option<BeijingTime>,
    /// Until when it is to be settled by the rule that was kept; null where the source set the deadline.
    #[serde(default)]
    #[schemars(title = "处理完结时限；期限由来源给出时为 null", with = "Option<String>")]
    pub settlement_end_time: Option<BeijingTime>,
    /// When it was closed; `1970-01-02 00:00:00` while it is open.
    #[serde(default, deserialize_with = "crate::optional_time", serialize_with = "crate::closed_at")]
    #[schemars(title = "结单时间", with = "String")]
    pub closed_at: Option<BeijingTime>,
    /// Whose work it is; empty: nobody's.
    #[schemars(title = "处理人")]
    pub assignee: String,
    /// Its tags, sorted.
    #[schemars(title = "标签")]
    pub tags: Vec<String>,
}

impl Act {
    /// The complaint that is meant.
    pub fn complaint_id(&self) -> Result<String, InvalidParameter> {
        let id = self.complaint_id.clone().ok_or_else(|| missing("complaint_id"))?;
        lenient::id("complaint_id", id)
    }

    /// What is said, which must be there.
    pub fn content(&self) -> Result<&str, InvalidParameter> {
        self.content.as_deref().ok_or_else(|| missing("content"))
    }

    /// The request, if no part of it is out of bounds.
    pub fn checked(self) -> Result<Self, InvalidParameter> {
        let texts = [
            ("content", &self.content, SAID_CHARACTERS),
            ("assignee", &self.assignee, NAME_CHARACTERS),
            ("operator", &self.operator, NAME_CHARACTERS),
            ("idempotency_key", &self.idempotency_key, NAME_CHARACTERS),
        ];
        for (name, text, most) in texts {
            text.as_deref().map_or(Ok(()), |text| check_text(name, text, most))?;
        }
        flag("finish", self.finish)?;
        check_images("images", &self.images)?;
        for (name, tags) in [("add", &self.add), ("remove", &self.remove)] {
            if tags.len() > MOST_TAGS {
                let problem = format!("最多 {MOST_TAGS} 个 ¦ at most {MOST_TAGS}");
                return Err(InvalidParameter::new(name, problem));
            }
            tags.iter().try_for_each(|tag| check_text(name, tag, NAME_CHARACTERS))?;
        }
        Ok(self)
    }
}

/// Addresses of pictures: https, and not too many.
pub fn check_images(name: &str, images: &[String]) -> Result<(), InvalidParameter> {
    if images.len() > MOST_IMAGES {
        let received = images.len();
        let problem =
            format!("收到 {received} 个，最多 {MOST_IMAGES} 个 ¦ received {received}, at most {MOST_IMAGES}");
        return Err(InvalidParameter::new(name, problem));
    }
    for image in images {
        check_text(name, image, ADDRESS_CHARACTERS)?;
        let is_address = image.strip_prefix("https://").is_some_and(|rest| {
            !rest.starts_with('/')
                && !rest.is_empty()
                && !image.contains(|c: char| c.is_whitespace() || c == '"' || c == '<' || c == '>')
        });
        if !is_address {
            let shown = lenient::quoted(image);
            let problem =
                format!("收到 {shown}，应为 https:// 地址 ¦ received {shown}, expected an https:// address");
            return Err(InvalidParameter::new(name, problem));
        }
    }
    Ok(())
}

/// What every act takes, beside its own.
const ALWAYS: [&str; 4] = ["complaint_id", "operator", "version", "idempotency_key"];

fn act_example(asked: Value) -> Example {
    let mut request = json!({ "access_token": "xxxxx", "complaint_id": "c_661a9d66b6733_qTRys2mU" });
    for (name, value) in asked.as_object().into_iter().flatten() {
        request[name] = value.clone();
    }
    Example {
        request,
        response: json!({
            "complaint_id": "c_661a9d66b6733_qTRys2mU",
            "version": 7,
            "state": 1,
            "current_step": 2,
            "detail_step": 2,
            "is_overtime": 1,
            "operate_time": "2024-04-13 22:57:42",
            "time_limit": 72,
            "operate_end_time": "2024-04-16 22:57:42",
            "first_reply_end_time": null,
            "settlement_end_time": "2024-04-16 22:57:42",
            "closed_at": "1970-01-02 00:00:00",
            "assignee": "小李",
            "tags": ["退款"],
        }),
    }
}

/// 商家回复
#[derive(Clone, Copy, Debug)]
pub enum Reply {}

impl Endpoint for Reply {
    const NAME: &'static str = "tousu.complaint.reply";
    const TITLE: &'static str = "商家回复 ¦ The merchant replies";
    const PERMISSION_SET: PermissionSet = PermissionSet::ComplaintsHandle;
    const LIMIT: RateLimit = LIMIT;
    const REQUIRED: &'static [&'static str] = &["complaint_id", "content"];
    const TAKES: Option<&'static [&'static str]> =
        Some(&[ALWAYS[0], "content", "images", "finish", ALWAYS[1], ALWAYS[2], ALWAYS[3]]);
    type Request = Act;
    type Response = Standing;

    fn example() -> Example {
        act_example(json!({ "content": "您好，已为您提交退款。", "finish": 0, "idempotency_key": "reply-1" }))
    }
}

impl ActEndpoint for Reply {}

/// 消费者回复
#[derive(Clone, Copy, Debug)]
pub enum ConsumerReply {}

impl Endpoint for ConsumerReply {
    const NAME: &'static str = "tousu.complaint.consumer_reply";
    const TITLE: &'static str = "消费者回复 ¦ The consumer replies";
    const PERMISSION_SET: PermissionSet = PermissionSet::ComplaintsHandle;
    const LIMIT: RateLimit = LIMIT;
    const REQUIRED: &'static [&'static str] = &["complaint_id", "content"];
    const TAKES: Option<&'static [&'static str]> =
        Some(&[ALWAYS[0], "content", "images", ALWAYS[1], ALWAYS[2], ALWAYS[3]]);
    type Request = Act;
    type Response = Standing;

    fn example() -> Example {
        act_example(json!({ "content": "还没有收到退款。" }))
    }
}

impl ActEndpoint for ConsumerReply {}

/// 核验不通过
#[derive(Clone, Copy, Debug)]
pub enum CheckFailed {}

impl Endpoint for CheckFailed {
    const NAME: &'static str = "tousu.complaint.check_failed";
    const TITLE: &'static str = "平台核验不通过 ¦ The platform's check fails";
    const PERMISSION_SET: PermissionSet = PermissionSet::Platform;
    const LIMIT: RateLimit = LIMIT;
    const REQUIRED: &'static [&'static str] = &["complaint_id"];
    const TAKES: Option<&'static [&'static str]> =
        Some(&[ALWAYS[0], "content", ALWAYS[1], ALWAYS[2], ALWAYS[3]]);
    type Request = Act;
    type Response = Standing;

    fn example() -> Example {
        act_example(json!({ "content": "退款凭证不清晰" }))
    }
}

impl ActEndpoint for CheckFailed {}

/// 结单
#[derive(Clone, Copy, Debug)]
pub enum Close {}

impl Endpoint for Close {
    const NAME: &'static str = "tousu.complaint.close";
    const TITLE: &'static str = "结单 ¦ Close a complaint";
    const PERMISSION_SET: PermissionSet = PermissionSet::ComplaintsHandle;
    const LIMIT: RateLimit = LIMIT;
    const REQUIRED: &'static [&'static str] = &["complaint_id"];
    const TAKES: Option<&'static [&'static str]> =
        Some(&[ALWAYS[0], "by", "content", ALWAYS[1], ALWAYS[2], ALWAYS[3]]);
    type Request = Act;
    type Response = Standing;

    fn example() -> Example {
        act_example(json!({ "by": "merchant", "content": "已退款" }))
    }
}

impl ActEndpoint for Close {}

/// 重新打开
#[derive(Clone, Copy, Debug)]
pub enum Reopen {}

impl Endpoint for Reopen {
    const NAME: &'static str = "tousu.complaint.reopen";
    const TITLE: &'static str = "重新打开 ¦ Reopen a complaint";
    const PERMISSION_SET: PermissionSet = PermissionSet::ComplaintsHandle;
    const LIMIT: RateLimit = LIMIT;
    const REQUIRED: &'static [&'static str] = &["complaint_id", "by"];
    const TAKES: Option<&'static [&'static str]> =
        Some(&[ALWAYS[0], "by", "content", ALWAYS[1], ALWAYS[2], ALWAYS[3]]);
    type Request = Act;
    type Response = Standing;

    fn example() -> Example {
        act_example(json!({ "by": "consumer", "content": "问题没有解决" }))
    }
}

impl ActEndpoint for Reopen {}

/// 备注
#[derive(Clone, Copy, Debug)]
pub enum Note {}

impl Endpoint for Note {
    const NAME: &'static str = "tousu.complaint.note";
    const TITLE: &'static str = "备注，仅内部可见 ¦ Note something for colleagues";
    const PERMISSION_SET: PermissionSet = PermissionSet::ComplaintsHandle;
    const LIMIT: RateLimit = LIMIT;
    const REQUIRED: &'static [&'static str] = &["complaint_id", "content"];
    const TAKES: Option<&'static [&'static str]> =
        Some(&[ALWAYS[0], "by", "content", ALWAYS[1], ALWAYS[2], ALWAYS[3]]);
    type Request = Act;
    type Response = Standing;

    fn example() -> Example {
        act_example(json!({ "content": "已电话联系，等待回复" }))
    }
}

impl ActEndpoint for Note {}

/// 分派
#[derive(Clone, Copy, Debug)]
pub enum Assign {}

impl Endpoint for Assign {
    const NAME: &'static str = "tousu.complaint.assign";
    const TITLE: &'static str = "分派 ¦ Assign a complaint";
    const PERMISSION_SET: PermissionSet = PermissionSet::ComplaintsHandle;
    const LIMIT: RateLimit = LIMIT;
    const REQUIRED: &'static [&'static str] = &["complaint_id"];
    const TAKES: Option<&'static [&'static str]> =
        Some(&[ALWAYS[0], "by", "assignee", ALWAYS[1], ALWAYS[2], ALWAYS[3]]);
    type Request = Act;
    type Response = Standing;

    fn example() -> Example {
        act_example(json!({ "assignee": "小李" }))
    }
}

impl ActEndpoint for Assign {}

/// 加减标签
#[derive(Clone, Copy, Debug)]
pub enum Tag {}

impl Endpoint for Tag {
    const NAME: &'static str = "tousu.complaint.tag";
    const TITLE: &'static str = "加减标签 ¦ Tag a complaint";
    const PERMISSION_SET: PermissionSet = PermissionSet::ComplaintsHandle;
    const LIMIT: RateLimit = LIMIT;
    const REQUIRED: &'static [&'static str] = &["complaint_id"];
    const TAKES: Option<&'static [&'static str]> =
        Some(&[ALWAYS[0], "by", "add", "remove", ALWAYS[1], ALWAYS[2], ALWAYS[3]]);
    type Request = Act;
    type Response = Standing;

    fn example() -> Example {
        act_example(json!({ "add": ["退款"], "remove": [] }))
    }
}

impl ActEndpoint for Tag {}
