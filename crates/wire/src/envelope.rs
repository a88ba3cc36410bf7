//! What surrounds every answer, and the codes in it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Lang, Text};

/// `{"code": …, "data": …, "msg": …}`: the body of every answer, always with HTTP status 200 `[public]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Envelope<T> {
    /// 0 for success, otherwise a return code.
    #[serde(deserialize_with = "crate::lenient::required")]
    pub code: i64,
    /// The answer; `null` on every error.
    pub data: T,
    /// A sentence for people. Programs decide by `code`.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub msg: String,
}

macro_rules! return_codes {
    ($($variant:ident = $code:literal, $text:literal;)*) => {
        /// The gateway's return codes `[public]`; from 3001 on `[ours]`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum ReturnCode {
            $(
                #[doc = concat!("`", stringify!($code), "` ", $text)]
                $variant = $code,
            )*
        }

        impl ReturnCode {
            /// Every code, in order.
            pub const ALL: &'static [ReturnCode] = &[$(ReturnCode::$variant),*];

            /// What the code means (`中文 ¦ English`).
            pub const fn meaning(self) -> &'static str {
                match self {
                    $(ReturnCode::$variant => $text,)*
                }
            }
        }
    };
}

return_codes! {
    Success = 0, "成功 ¦ success";
    Busy = 1001, "系统繁忙，请稍后重试 ¦ the system is busy, try again later";
    AppIdMissing = 2001, "缺少 app_id 参数 ¦ app_id is missing";
    AppIdWrong = 2002, "app_id 错误 ¦ app_id is wrong";
    SecretKeyMissing = 2003, "缺少 secret_key 参数 ¦ secret_key is missing";
    SecretKeyWrong = 2004, "secret_key 错误 ¦ secret_key is wrong";
    GrantTypeMissing = 2005, "缺少 grant_type 参数 ¦ grant_type is missing";
    GrantTypeWrong = 2006, "grant_type 错误 ¦ grant_type is wrong";
    AccessTokenMissing = 2007, "缺少 access_token 参数 ¦ access_token is missing";
    AccessTokenExpired = 2008, "access_token 已过期或不存在 ¦ access_token is expired or unknown";
    NotPermitted = 2017, "应用没有该接口的权限集 ¦ the app lacks the interface's permission set";
    ClientIdWrong = 2020, "client_id 缺失或无效 ¦ client_id is missing or wrong";
    IpNotAllowed = 2051, "IP 不在应用的白名单中 ¦ the IP is not on the app's allow list";
    NoSuchInterface = 2052, "没有该接口或版本 ¦ no such interface or version";
    LimitReached = 2053, "接口调用次数达到上限 ¦ the interface's rate limit is reached";
    WrongMethod = 2055, "请求方式错误 ¦ wrong HTTP method";
    InvalidParameter = 3001, "参数错误 ¦ a parameter is invalid";
    NoSuchComplaint = 3002, "投诉单不存在 ¦ the complaint does not exist";
    NotAllowed = 3003, "当前不允许该操作 ¦ this is not allowed now";
    ChangedMeanwhile = 3004, "投诉单已被他人更改 ¦ the complaint was changed meanwhile";
    KeyTaken = 3005, "幂等键已用于另一调用 ¦ the idempotency key belongs to another call";
    NoSuchSubscription = 3007, "订阅不存在 ¦ the subscription does not exist";
    PhoneNotKept = 3008, "没有保存完整号码 ¦ the whole number is not kept";
    NoSuchExport = 3009, "没有该次导出 ¦ there is no such export";
    SignInFailed = 3010, "登录名或密码错误 ¦ the login or the password is wrong";
    OtpNeeded = 3011, "需要动态口令 ¦ a one-time password is needed";
    OtpWrong = 3012, "动态口令错误 ¦ the one-time password is wrong";
    NotSignedIn = 3013, "未登录或登录已失效 ¦ not signed in, or no longer";
    CsrfTokenWrong = 3014, "请求头 x-csrf-token 缺失或错误 ¦ the header x-csrf-token is missing or wrong";
    NoSuchMember = 3015, "没有该成员 ¦ there is no such member";
    NoSuchApp = 3020, "应用不存在 ¦ the application does not exist";
}

/// 2054: too many calls at once. The official gateway tells it from 2053, ours does not `[public]`.
pub const BURST: i64 = 2054;
/// 1002: what stands behind the official gateway gave no answer that it understands, mostly since it did not
/// understand the parameters `[public]`.
pub const BACKEND_CONFUSED: i64 = 1002;

/// What a code means (`中文 ¦ English`), whether our gateway gives it or only the official one.
///
/// ```
/// assert_eq!(tousu_wire::meaning(2054), Some("调用短时间突增 ¦ too many calls at once"));
/// assert_eq!(tousu_wire::meaning(77), None);
/// ```
pub fn meaning(code: i64) -> Option<&'static str> {
    match code {
        BURST => Some("调用短时间突增 ¦ too many calls at once"),
        BACKEND_CONFUSED => {
            Some("业务接口返回值格式错误 ¦ the interface behind the gateway answered nonsense")
        }
        other => ReturnCode::from_number(other).map(ReturnCode::meaning),
    }
}

impl ReturnCode {
    /// The number on the wire.
    pub const fn number(self) -> i64 {
        self as i64
    }

    /// The code of that number, if it is one of ours.
    pub fn from_number(number: i64) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.number() == number)
    }

    /// What the code means, in one language.
    pub fn label(self, lang: Lang) -> String {
        Text::from(self.meaning()).pick(lang).to_owned()
    }
}
