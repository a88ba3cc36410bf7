//! Every setting, in one struct: a TOML file, the environment and flags fill it, in rising order.
//!
//! Field docs are written `中文 ¦ English`: `tousu config` prints them.

mod notices;
mod people;
mod privacy;

use std::path::{Path, PathBuf};

use config::{Config, Environment, File, FileFormat};
use ipnet::IpNet;
use redis::IntoConnectionInfo;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tousu_wire::Lang;

pub use self::notices::{Mail, Notices};
pub use self::people::{Oidc, Sessions};
pub use self::privacy::{Keys, Privacy};
use crate::privacy::Vault;

/// What can be set. Durations are in seconds.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// 数据库地址：sqlite:文件 或 postgres://用户@主机/库，后者可列多个主机（只用其中的主库），可加 ?sslmode=verify-full&sslrootcert=文件 ¦ the database: sqlite:FILE or postgres://USER@HOST/NAME, which may list several hosts (the primary among them is used) and end in ?sslmode=verify-full&sslrootcert=FILE
    pub database: Database,
    /// 界面、命令行与错误信息的语言：zh 或 en ¦ the language of messages: zh or en
    pub lang: Lang,
    /// 监听与请求 ¦ listening and requests
    pub server: Server,
    /// 访问令牌 ¦ access tokens
    pub token: Token,
    /// 频率限制 ¦ rate limits
    pub limits: Limits,
    /// 投诉处理 ¦ handling complaints
    pub handling: Handling,
    /// 个人信息 ¦ personal data
    pub privacy: Privacy,
    /// 通知：Webhook、群机器人、邮件 ¦ notices: webhooks, group bots, mail
    pub notices: Notices,
    /// 邮件通知的发送 ¦ how notices are mailed
    pub mail: Mail,
    /// 控制台的登录 ¦ how people sign in to the console
    pub sessions: Sessions,
    /// 以企业账号登录（OpenID Connect） ¦ how people sign in through a provider (OpenID Connect)
    pub oidc: Oidc,
    /// 存储 ¦ storage
    pub storage: Storage,
    /// 日志 ¦ the log
    pub log: Log,
}

/// The database's address.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Database(pub String);

impl Default for Database {
    fn default() -> Self {
        Database("sqlite:tousu.db".into())
    }
}

/// How requests are taken.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Server {
    /// 监听地址 ¦ the address to listen on
    pub listen: String,
    /// 可信代理的网段；仅来自它们的 X-Forwarded-For 有效 ¦ networks of proxies whose X-Forwarded-For counts
    #[schemars(with = "Vec<String>")]
    pub trusted_proxies: Vec<IpNet>,
    /// 请求体上限（字节） ¦ the largest request body, in bytes
    pub max_body_bytes: usize,
    /// 导入接口所收文件的上限（字节） ¦ the largest file that the interface for imports takes, in bytes
    pub max_import_bytes: usize,
    /// 同时导入的文件数，超出即答 1001 ¦ files imported at once; more are answered 1001
    pub max_imports: usize,
    /// 等待对方的时限：发来请求头、请求体，或收取应答；空闲连接逾时即断开 ¦ how long the other side may take: for headers, for the body, for taking on an answer; a connection idle for longer is closed
    pub receive_seconds: u64,
    /// 处理一个请求的时限 ¦ how long an answer may take
    pub answer_seconds: u64,
    /// 同时处理的请求数，超出即答 1001 ¦ requests at once; more are answered 1001
    pub max_requests: usize,
    /// 同时进行的导出数，超出即答 1001 ¦ exports at once; more are answered 1001
    pub max_exports: usize,
    /// 一次导出或导入的时限，超出即中断 ¦ how long an export or an import may take before it is broken off
    pub export_seconds: u64,
    /// 停止前继续服务的时间，其间 /readyz 答 503、每个回答之后断开连接，供负载均衡器改道 ¦ how long a stop goes on serving first, with /readyz at 503 and connections closed after each answer, so that a balancer turns elsewhere
    pub drain_seconds: u64,
    /// 停止时等待进行中请求的时限 ¦ how long a stop waits for requests in flight
    pub stop_seconds: u64,
}

impl Default for Server {
    fn default() -> Self {
        Server {
            listen: "127.0.0.1:8080".into(),
            trusted_proxies: Vec::new(),
            max_body_bytes: 64 * 1024,
            max_import_bytes: 16 << 20,
            max_imports: 2,
            receive_seconds: 10,
            answer_seconds: 30,
            max_requests: 1024,
            max_exports: 2,
            export_seconds: 3600,
            drain_seconds: 0,
            stop_seconds: 30,
        }
    }
}

/// How long tokens live.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Token {
    /// 有效期 ¦ a token's life
    pub lifetime_seconds: i64,
    /// 剩余时间多于此值时重复获取得到同一令牌 ¦ with more than this left, asking again gives the same token
    pub reuse_above_seconds: i64,
    /// 换发新令牌后旧令牌继续有效的时间 ¦ how long the old token goes on working beside a new one
    pub overlap_seconds: i64,
}

impl Default for Token {
    fn default() -> Self {
        Token { lifetime_seconds: 7200, reuse_above_seconds: 1800, overlap_seconds: 300 }
    }
}

/// How much is served.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// 各接口频率限制的倍数，压测时可调大 ¦ multiplies every published limit; for load tests
    pub calls_factor: u32,
    /// 每个 IP 十分钟内允许的获取令牌失败次数 ¦ failed token requests per IP in ten minutes
    pub token_failures: u32,
    /// 多节点共享频率限制所用的 Redis（redis://… 或 rediss://…，5.0 或更新）；留空则各节点各自计数 ¦ the Redis (redis://… or rediss://…, 5.0 or newer) through which nodes share their limits; empty: each node counts for itself
    pub redis: String,
    /// Redis 中键名的前缀 ¦ how our keys in Redis begin
    pub redis_prefix: String,
    /// Redis 不可用时：open 由各节点各自计数（限频是为了保护服务，不应让服务因它中断），closed 一律答 1001 ¦ without its Redis: open, each node counts for itself (limits are there to protect the service, which should not stop for want of them), or closed, every call is answered 1001
    pub redis_gone: WhenGone,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            calls_factor: 1,
            token_failures: 100,
            redis: String::new(),
            redis_prefix: "tousu:".into(),
            redis_gone: WhenGone::Open,
        }
    }
}

/// Who may do what with complaints.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Handling {
    /// 商家可否自行结单；否则由平台结单，或以「回复并完成」完成 ¦ whether the merchant may close complaints; otherwise the platform does, or a final reply
    pub merchant_closes: bool,
    /// 结单后消费者可重新打开的小时数 ¦ for how many hours after the closing the consumer may have it reopened
    pub consumer_reopens_hours: u32,
    /// 节假日与调休日历文件（CSV，格式同自带的 holidays.csv）；留空则用自带的 ¦ the file of holidays and make-up working days (CSV, as the holidays.csv that comes with the program); empty: that one
    pub calendar: PathBuf,
}

impl Default for Handling {
    fn default() -> Self {
        Handling { merchant_closes: false, consumer_reopens_hours: 168, calendar: PathBuf::new() }
    }
}

/// What becomes of calls that cannot be counted for all nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum WhenGone {
    /// Each node counts for itself.
    Open,
    /// They are refused.
    Closed,
}

/// How things are kept.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Storage {
    /// 数据库连接数上限 ¦ connections to the database at most
    pub connections: usize,
    /// SQLite 落盘方式：full 断电不丢，normal 仅进程被杀不丢 ¦ full survives a power cut, normal a killed process
    pub sqlite_synchronous: Synchronous,
    /// PostgreSQL 单条语句的时限；导入、检查与迁移不受限 ¦ how long a statement may take on PostgreSQL; imports, doctor and migrations take as long as they need
    pub postgres_statement_seconds: u64,
    /// 记住的令牌数与总数条数上限 ¦ tokens, and totals, remembered at most
    pub remembered_entries: usize,
    /// 记住的列表页所占字节数 ¦ bytes of list pages remembered
    pub remembered_pages_bytes: usize,
    /// 内存索引所占字节数上限，每条投诉约 10 字节；0 为不用 ¦ bytes of indexes in memory at most, about 10 per complaint; 0 for none
    pub index_bytes: usize,
    /// 变更日志保留店铺最近多少个版本 ¦ for how many of a shop's latest versions its log of changes is kept
    pub changes_kept: u32,
    /// 搜索索引每隔多少秒跟上一次变更；0 为不跟，搜索照样准确，只是较慢 ¦ seconds between two steps by which the search index follows; 0 for never: searches are as exact, and slower
    pub search_follow_seconds: u32,
}

impl Default for Storage {
    fn default() -> Self {
        Storage {
            connections: 16,
            sqlite_synchronous: Synchronous::Full,
            postgres_statement_seconds: 30,
            remembered_entries: 10_000,
            remembered_pages_bytes: 8 << 20,
            index_bytes: 512 << 20,
            changes_kept: 100_000,
            search_follow_seconds: 2,
        }
    }
}

/// When SQLite waits for the disk.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Synchronous {
    /// At every commit.
    Full,
    /// At checkpoints only.
    Normal,
}

impl Synchronous {
    pub(crate) fn pragma(self) -> &'static str {
        match self {
            Synchronous::Full => "full",
            Synchronous::Normal => "normal",
        }
    }
}

/// What is logged.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// 级别或过滤式，例如 info、tousu=debug ¦ a level or filter, for example info or tousu=debug
    pub level: String,
    /// 格式：auto（终端为文本，否则 JSON）、text、json ¦ auto (text on a terminal, else JSON), text or json
    pub format: LogFormat,
}

impl Default for Log {
    fn default() -> Self {
        Log { level: "info".into(), format: LogFormat::Auto }
    }
}

/// How a log line looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// Text on a terminal, JSON otherwise.
    Auto,
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// The file that is read if it is there and no other is named.
pub const DEFAULT_FILE: &str = "tousu.toml";

impl Settings {
    /// Reads defaults, then `file` (or `tousu.toml` if it is there), then `TOUSU_…` from the environment
    /// (`TOUSU_SERVER__LISTEN` is `server.listen`), then `overrides` (`server.listen` and its value).
    pub fn load(file: Option<&Path>, overrides: &[(String, String)]) -> Result<Self, config::ConfigError> {
        let file = match file {
            Some(path) => File::from(path.to_owned()).required(true),
            None => File::new(DEFAULT_FILE, FileFormat::Toml).required(false),
        };
        let environment = Environment::with_prefix("TOUSU")
            .prefix_separator("_")
            .separator("__")
            .ignore_empty(true)
            .try_parsing(true)
            .list_separator(",")
            .with_list_parse_key("server.trusted_proxies")
            .with_list_parse_key("privacy.keys")
            .source(Some(
                // Only names that are settings: TOUSU_CONFIG and what tests use are none.
                std::env::vars().filter(|(name, _)| is_setting(name)).collect(),
            ));
        let mut builder = Config::builder().add_source(file).add_source(environment);
        for (key, value) in overrides {
            builder = match key.as_str() {
                "server.trusted_proxies" | "privacy.keys" => {
                    builder.set_override(key, value.split(',').map(str::to_owned).collect::<Vec<_>>())?
                }
                _ => builder.set_override(key, value.as_str())?,
            };
        }
        builder.build()?.try_deserialize()
    }

    /// What cannot work, each as a sentence (`中文 ¦ English`).
    pub fn problems(&self) -> Vec<String> {
        let Token { lifetime_seconds: lifetime, reuse_above_seconds: reuse, overlap_seconds: overlap } =
            self.token;
        let checks = [
            (
                (1..=7200).contains(&lifetime),
                format!(
                    "token.lifetime_seconds 为 {lifetime}，应为 1 到 7200 ¦ token.lifetime_seconds is {lifetime}, allowed is 1 to 7200"
                ),
            ),
            (
                (0..=lifetime).contains(&reuse),
                format!(
                    "token.reuse_above_seconds 为 {reuse}，应为 0 到 {lifetime} ¦ token.reuse_above_seconds is {reuse}, allowed is 0 to {lifetime}"
                ),
            ),
            (
                (0..=lifetime).contains(&overlap),
                format!(
                    "token.overlap_seconds 为 {overlap}，应为 0 到 {lifetime} ¦ token.overlap_seconds is {overlap}, allowed is 0 to {lifetime}"
                ),
            ),
            (
                self.limits.calls_factor >= 1,
                "limits.calls_factor 应不小于 1 ¦ limits.calls_factor must be at least 1".into(),
            ),
            (
                self.limits.redis.is_empty() || is_redis_url(&self.limits.redis),
                "limits.redis 应写作 redis://… 或 rediss://… ¦ limits.redis is written redis://… or rediss://…".into(),
            ),
            (
                self.server.max_requests >= 1,
                "server.max_requests 应不小于 1 ¦ server.max_requests must be at least 1".into(),
            ),
            (
                self.storage.connections >= 2,
                "storage.connections 应不小于 2 ¦ storage.connections must be at least 2".into(),
            ),
            (
                (1..=86_400).contains(&self.storage.postgres_statement_seconds),
                format!(
                    "storage.postgres_statement_seconds 为 {0}，应为 1 到 86400 ¦ storage.postgres_statement_seconds is {0}, allowed is 1 to 86400",
                    self.storage.postgres_statement_seconds
                ),
            ),
        ];
        let notices = [
            (
                self.notices.console.is_empty() || self.notices.console().is_some_and(|url| url.has_host()),
                "notices.console 应为网址 ¦ notices.console is a URL",
            ),
            (
                (1..=60).contains(&self.notices.answer_seconds),
                "notices.answer_seconds 应为 1 到 60 ¦ notices.answer_seconds must be 1 to 60",
            ),
            (
                self.mail.smtp.is_empty() || !self.mail.from.is_empty(),
                "设置了 mail.smtp 就须设置 mail.from ¦ with mail.smtp, mail.from is needed",
            ),
        ];
        let people = self.sessions.problems().into_iter().chain(self.oidc.problems());
        let checks = checks.into_iter().chain(notices.map(|(right, problem)| (right, problem.to_owned())));
        let checks = checks.chain(people.map(|problem| (false, problem.to_owned())));
        let keys = &self.privacy.keys.0;
        let bad_key = (!keys.is_empty()).then(|| Vault::new(keys).err()).flatten();
        let wrong = checks.filter(|check| !check.0).map(|check| check.1);
        wrong.chain(bad_key.map(|error| error.to_string())).collect()
    }

    /// The settings with what is secret taken out.
    pub fn redacted(&self) -> Self {
        let mut shown = self.clone();
        shown.database.0 = redacted_url(&shown.database.0);
        shown.limits.redis = redacted_url(&shown.limits.redis);
        shown.privacy.keys = shown.privacy.keys.redacted();
        shown.mail.smtp = redacted_url(&shown.mail.smtp);
        if !shown.oidc.client_secret.is_empty() {
            shown.oidc.client_secret = "***".into();
        }
        shown
    }
}

fn is_setting(name: &str) -> bool {
    matches!(name, "TOUSU_DATABASE" | "TOUSU_LANG") || (name.starts_with("TOUSU_") && name.contains("__"))
}

fn is_redis_url(url: &str) -> bool {
    let schemes = ["redis://", "rediss://"];
    schemes.iter().any(|scheme| url.starts_with(scheme)) && url.into_connection_info().is_ok()
}

/// The address without its password, which may stand before the host or among the parameters.
pub(crate) fn redacted_url(url: &str) -> String {
    const PARAMETER: &str = "password=";
    let url = match url.find(PARAMETER) {
        Some(at) => {
            let (before, password) = url.split_at(at + PARAMETER.len());
            let rest = password.find('&').map_or("", |end| &password[end..]);
            format!("{before}***{rest}")
        }
        None => url.to_owned(),
    };
    match (url.find("://"), url.rfind('@')) {
        (Some(scheme), Some(at)) if scheme + 3 <= at => match url[scheme + 3..at].split_once(':') {
            Some((user, _)) => format!("{}://{user}:***{}", &url[..scheme], &url[at..]),
            None => url,
        },
        _ => url,
    }
}
