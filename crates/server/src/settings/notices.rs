//! Settings of notices.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::notify::target::Allowed;

/// How people and programs are told of what happens.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Notices {
    /// 是否允许 http:// 的通知地址；否则须为 https:// ¦ whether targets may be http://; otherwise they are https://
    pub http: bool,
    /// 是否允许指向内网或本机的通知地址；云平台发放凭据的地址始终不允许 ¦ whether targets may lie in private networks or on this machine; where clouds hand out credentials is never allowed
    pub private_targets: bool,
    /// 控制台地址，用于通知里的「去处理」；留空则不带链接 ¦ the console's address, which notices link to; empty: no link
    pub console: String,
    /// 等待接收方应答的时限（秒） ¦ how long a target may take to answer, in seconds
    pub answer_seconds: u64,
    /// 投递记录保留天数 ¦ for how many days it is kept what became of each delivery
    pub deliveries_kept_days: u32,
}

impl Default for Notices {
    fn default() -> Self {
        Notices {
            http: false,
            private_targets: false,
            console: String::new(),
            answer_seconds: 15,
            deliveries_kept_days: 30,
        }
    }
}

impl Notices {
    /// Which addresses may be called.
    pub fn allowed(&self) -> Allowed {
        Allowed { http: self.http, private: self.private_targets }
    }

    /// The console's address, if there is one.
    pub fn console(&self) -> Option<Url> {
        Url::parse(&self.console).ok()
    }
}

/// How notices are mailed.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Mail {
    /// 发信服务器：smtps://用户:密码@主机:465、smtp://用户:密码@主机:587?tls=required，或 smtp://主机:25；留空则不发邮件 ¦ the server that takes mail: smtps://USER:PASSWORD@HOST:465, smtp://USER:PASSWORD@HOST:587?tls=required or smtp://HOST:25; empty: no mail is sent
    pub smtp: String,
    /// 发件人，如 投诉通知 <tousu@example.com> ¦ who it is from, for example Complaints <tousu@example.com>
    pub from: String,
}
