//! What an interface of the gateway is.

use std::fmt;

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::Text;

/// One interface of the gateway, `POST /NAME/VERSION`: everything about it that is known before a call.
pub trait Endpoint: 'static {
    /// The published name, for example `xe.complaint.info.get`.
    const NAME: &'static str;
    /// The published version: so far there is one of each.
    const VERSION: &'static str = "1.0.0";
    /// What it is called on its page (`中文 ¦ English`).
    const TITLE: &'static str;
    /// The set that an app needs to call it.
    const PERMISSION_SET: PermissionSet;
    /// How often one app may call it.
    const LIMIT: RateLimit;
    /// The parameters that must be there, `access_token` aside.
    const REQUIRED: &'static [&'static str] = &[];
    /// Those of the request's parameters that it takes, where it shares the request with others.
    const TAKES: Option<&'static [&'static str]> = None;
    /// The media types of the answer, where it is a file: there is no envelope then but around a refusal.
    const FILES: &'static [&'static str] = &[];
    /// Whether a file comes with the request, which may be larger than others then.
    const CARRIES_FILE: bool = false;
    /// The parameters, `access_token` aside, which belongs to the gateway.
    type Request: Serialize + DeserializeOwned + JsonSchema + Clone + Send + Sync;
    /// What `data` holds in an answer with code 0.
    type Response: Serialize + DeserializeOwned + JsonSchema + Send;

    /// A request and the answer to it, as the documentation shows them.
    fn example() -> Example;

    /// The path under which it is served.
    fn path() -> String {
        format!("/{}/{}", Self::NAME, Self::VERSION)
    }

    /// Reads `data` of an answer with code 0 as servers in the field send it; `null` stands for none, too. What is
    /// tolerated is said in [`crate::lenient`].
    fn read(data: &RawValue) -> Result<Self::Response, serde_json::Error> {
        serde_json::from_str(data.get())
    }
}

/// The last words of the names of interfaces that only read.
const READS: [&str; 12] = [
    "changes",
    "deliveries",
    "detail",
    "explain",
    "get",
    "history",
    "list",
    "names",
    "preview",
    "search",
    "similar",
    "usage",
];

/// Whether the interface of that name only reads, so that a call to it may be repeated without a second effect.
/// The name tells, for the vendor's other interfaces, too.
///
/// ```
/// use tousu_wire::is_read;
/// assert!(is_read("xe.complaint.info.get") && is_read("xe.ecommerce.order.list"));
/// assert!(!is_read("tousu.complaint.reply") && !is_read("xe.user.register"));
/// ```
pub fn is_read(name: &str) -> bool {
    name.rsplit('.').next().is_some_and(|last| READS.contains(&last))
}

/// An interface that people call for themselves, `POST /NAME/1.0.0`: to sign in, and what they need to before they
/// chose a shop. It takes no token.
pub trait PersonalEndpoint: 'static {
    /// The name, for example `tousu.session.open`.
    const NAME: &'static str;
    /// What it is called on its page (`中文 ¦ English`).
    const TITLE: &'static str;
    /// How often it may be called from one address.
    const LIMIT: RateLimit;
    /// The parameters that must be there.
    const REQUIRED: &'static [&'static str] = &[];
    /// Whether only whoever is signed in may call it.
    const SIGNED_IN: bool;
    /// Whether the header that goes with the session's cookie must be there.
    const CSRF: bool = true;
    /// The parameters.
    type Request: Serialize + DeserializeOwned + JsonSchema + Send;
    /// What `data` holds in an answer with code 0.
    type Response: Serialize + DeserializeOwned + JsonSchema + Send;

    /// A request and the answer to it, as the documentation shows them.
    fn example() -> Example;

    /// The path under which it is served.
    fn path() -> String {
        format!("/{}/1.0.0", Self::NAME)
    }
}

/// An interface by which a sandbox is steered, `POST /NAME/1.0.0`: it takes no token, has no limit, and is there in a
/// sandbox only `[ours]`.
pub trait SandboxEndpoint: 'static {
    /// The name, for example `tousu.sandbox.reset`.
    const NAME: &'static str;
    /// What it is called on its page (`中文 ¦ English`).
    const TITLE: &'static str;
    /// The parameters that must be there.
    const REQUIRED: &'static [&'static str] = &[];
    /// The parameters.
    type Request: Serialize + DeserializeOwned + JsonSchema + Send;
    /// What `data` holds in an answer with code 0.
    type Response: Serialize + DeserializeOwned + JsonSchema + Send;

    /// A request and the answer to it, as the documentation shows them.
    fn example() -> Example;

    /// The path under which it is served.
    fn path() -> String {
        format!("/{}/1.0.0", Self::NAME)
    }
}

/// A documented call.
pub struct Example {
    /// The body of the request, `access_token` included where it takes one.
    pub request: Value,
    /// `data` of the answer.
    pub response: Value,
}

/// A permission set: what an app is granted, and what an interface asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PermissionSet {
    /// 投诉管理-查询: read complaints `[page]`.
    ComplaintsQuery,
    /// 投诉管理-处理: handle complaints as the merchant does, and bring what consumers say `[ours]`.
    ComplaintsHandle,
    /// 投诉管理-平台: do what the platform does `[ours]`.
    Platform,
    /// 应用管理: decide what holds for the shop `[ours]`.
    Apps,
    /// 投诉管理-敏感信息: see and erase what is personal `[ours]`.
    Sensitive,
}

impl PermissionSet {
    /// Every set that exists.
    pub const ALL: &'static [PermissionSet] = &[
        PermissionSet::ComplaintsQuery,
        PermissionSet::ComplaintsHandle,
        PermissionSet::Platform,
        PermissionSet::Apps,
        PermissionSet::Sensitive,
    ];

    /// The published name.
    pub fn name(self) -> &'static str {
        match self {
            PermissionSet::ComplaintsQuery => "投诉管理-查询",
            PermissionSet::ComplaintsHandle => "投诉管理-处理",
            PermissionSet::Platform => "投诉管理-平台",
            PermissionSet::Apps => "应用管理",
            PermissionSet::Sensitive => "投诉管理-敏感信息",
        }
    }

    /// The set of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|set| set.name() == name)
    }
}

impl fmt::Display for PermissionSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// At most `calls` in any span of `seconds`, per app and interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    /// How many calls are served within one span.
    pub calls: u32,
    /// The length of the span in seconds.
    pub seconds: u32,
}

impl fmt::Display for RateLimit {
    /// As the published pages write it, for example `10s500次`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}s{}次", self.seconds, self.calls)
    }
}

/// A parameter that cannot be accepted: answered with code 3001.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidParameter {
    /// The parameter's name, or `.` for the body as a whole.
    pub name: String,
    /// What was received and what is allowed.
    pub problem: Text,
}

impl InvalidParameter {
    /// `problem` is `中文 ¦ English`.
    pub fn new(name: &str, problem: impl Into<Text>) -> Self {
        InvalidParameter { name: name.into(), problem: problem.into() }
    }
}
