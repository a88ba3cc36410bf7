//! Settings of personal data.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How personal data is kept.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Privacy {
    /// 加密手机号所用的密钥，每个写作 编号:密钥（由 tousu key new 生成），第一个用于加密，其余仅用于解密。留空时 SQLite 用数据库旁的 .key 文件，PostgreSQL 只保存脱敏号码 ¦ the keys under which phone numbers are kept, each as ID:KEY (tousu key new makes one); the first seals, all of them open. Empty: SQLite uses the .key file beside the database, PostgreSQL keeps masked numbers only
    pub keys: Keys,
}

/// Keys that are not to be shown: their Debug output has their ids only.
#[derive(Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Keys(pub Vec<String>);

impl Keys {
    /// The ids of the keys, each with stars for its key.
    pub(super) fn redacted(&self) -> Keys {
        let id = |key: &String| match key.split_once(':') {
            Some((id, _)) if id.len() <= 16 => format!("{}:***", id.trim()),
            _ => "***".into(),
        };
        Keys(self.0.iter().map(id).collect())
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.redacted().0).finish()
    }
}
