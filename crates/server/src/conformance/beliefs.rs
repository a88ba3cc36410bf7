//! What this project believes of a server: one table. What is undocumented and was decided here is `Ours`: a server that
//! does otherwise is not wrong, but teaches something.

/// Where a belief comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// The published page of the interface.
    Page,
    /// Other public pages, or the official SDKs.
    Public,
    /// Undocumented, decided here.
    Ours,
}

/// Something that is believed.
#[derive(Clone, Copy, Debug)]
pub struct Belief {
    /// By what it is known in reports.
    pub id: &'static str,
    /// Where it comes from.
    pub source: Source,
    /// What is expected (`中文 ¦ English`).
    pub expected: &'static str,
}

const fn page(id: &'static str, expected: &'static str) -> Belief {
    Belief { id, source: Source::Page, expected }
}

const fn public(id: &'static str, expected: &'static str) -> Belief {
    Belief { id, source: Source::Public, expected }
}

const fn ours(id: &'static str, expected: &'static str) -> Belief {
    Belief { id, source: Source::Ours, expected }
}

const INTEGER: &str = "整数 ¦ an integer";
const TEXT: &str = "字符串 ¦ a string";
const MOMENT: &str = "yyyy-MM-dd HH:mm:ss ¦ yyyy-MM-dd HH:mm:ss";
const ARRAY: &str = "数组 ¦ an array";
const REFUSED: &str = "返回码 3001 ¦ code 3001";

/// All of them, in the order of a report.
pub const BELIEFS: &[Belief] = &[
    public("gateway.status", "每个答复的 HTTP 状态都是 200 ¦ every answer has HTTP status 200"),
    public("gateway.content_type", "每个答复都是 application/json ¦ every answer is application/json"),
    public(
        "gateway.envelope",
        "每个答复都是 {code 整数, data, msg 字符串} ¦ every answer is {code: integer, data, msg: string}",
    ),
    ours("gateway.error_data", "出错时 data 为 null ¦ data is null on an error"),
    ours("gateway.request_id", "每个答复都有 X-Request-Id ¦ every answer has X-Request-Id"),
    ours(
        "gateway.limits",
        "列表的答复有 RateLimit-Limit、-Remaining、-Reset ¦ the list's answers have RateLimit-Limit, -Remaining, -Reset",
    ),
    public("gateway.double_slash", "双斜杠路径可用 ¦ a doubled slash in the path works"),
    public("gateway.api_prefix", "/api/ 前缀可用 ¦ the prefix /api/ works"),
    public("gateway.form", "表单请求体可用 ¦ a form body works"),
    page("gateway.trailing_comma", "页面示例的尾逗号可用 ¦ the trailing comma of the page's example works"),
    public("gateway.no_content_type", "没有 Content-Type 也可用 ¦ no Content-Type works"),
    public("gateway.unknown_fields", "忽略未知参数 ¦ unknown parameters are ignored"),
    public("gateway.token_missing", "缺少令牌：2007 ¦ no token: 2007"),
    public("gateway.token_unknown", "未知令牌：2008 ¦ an unknown token: 2008"),
    public("gateway.no_such_interface", "没有的接口：2052 ¦ an interface that does not exist: 2052"),
    public("gateway.wrong_method", "GET 调用：2055 ¦ called by GET: 2055"),
    public("token.app_id_missing", "/token 缺少 app_id：2001 ¦ /token without app_id: 2001"),
    public("token.secret_key_missing", "/token 缺少 secret_key：2003 ¦ /token without secret_key: 2003"),
    page("list.msg", "msg 为 操作成功 ¦ msg is 操作成功"),
    page("list.data", "data 为 {list 数组, total 整数} ¦ data is {list: array, total: integer}"),
    page("row.keys", "每行恰有页面的 16 个键 ¦ each row has the page's 16 keys and no others"),
    page("row.key_order", "键的顺序同页面示例 ¦ the keys are in the order of the page's example"),
    page("row.channel_type", "整数，列出的编号 ¦ an integer that is listed"),
    page("row.closed_at", MOMENT),
    page("row.complainant_phone", TEXT),
    page("row.complaint_from", "整数，列出的编号 ¦ an integer that is listed"),
    page("row.complaint_id", TEXT),
    page("row.complaint_reason", TEXT),
    page("row.complaint_resource_id", TEXT),
    page("row.complaint_resource_type", INTEGER),
    page("row.complaint_time", MOMENT),
    page("row.complaint_type", "整数，列出的编号 ¦ an integer that is listed"),
    page("row.current_step", "整数，列出的编号 ¦ an integer that is listed"),
    page("row.is_overtime", "整数，列出的编号 ¦ an integer that is listed"),
    page("row.operate_end_time", MOMENT),
    page("row.operate_time", MOMENT),
    page("row.state", "整数，列出的编号 ¦ an integer that is listed"),
    page("row.time_limit", INTEGER),
    ours(
        "row.complaint_id.form",
        "c_、13 位十六进制、_、8 位字母数字 ¦ c_, 13 hex digits, _, 8 letters or digits",
    ),
    page("row.complainant_phone.masked", "手机号已脱敏 ¦ the phone number is masked"),
    page("row.closed_at.open", "未结单时为 1970-01-02 00:00:00 ¦ 1970-01-02 00:00:00 while open"),
    page(
        "row.deadline",
        "time_limit 为 operate_time 到 operate_end_time 的小时数 ¦ time_limit is the hours from operate_time to operate_end_time",
    ),
    ours(
        "row.overtime",
        "未结单：过时限即 2；已结单：晚于时限结单为 2 ¦ open: 2 once the deadline has passed; closed: 2 if closed after it",
    ),
    page("list.default_page_size", "默认每页 10 条 ¦ 10 rows a page by default"),
    ours("list.order", "按投诉时间从新到旧 ¦ the newest complaint first"),
    ours("list.ties", "时间相同按投诉单号倒序 ¦ ties by complaint id, descending"),
    page("list.pages", "各页相接，无重无漏 ¦ pages follow each other without a gap or a repetition"),
    ours("list.past_the_end", "超出末页：空列表，总数不变 ¦ past the end: an empty list, and the same total"),
    ours("list.total", "total 等于符合条件的条数 ¦ total is the number of complaints that match"),
    page(
        "list.empty_is_absent",
        "空字符串与 0 表示不筛选，同页面示例 ¦ empty strings and 0 ask for all, as in the page's example",
    ),
    ours("list.null_is_absent", "null 表示不筛选 ¦ null asks for all"),
    public("list.numbers_as_strings", "数字可写成字符串 ¦ numbers may come as strings"),
    page("list.complaint_id", "complaint_id 精确匹配 ¦ complaint_id matches exactly"),
    ours("list.complaint_id.unknown", "没有的投诉单号：空列表 ¦ an unknown complaint_id: an empty list"),
    page("list.channel_type", "channel_type 只留该渠道 ¦ channel_type leaves that channel only"),
    page(
        "list.is_overtime",
        "is_overtime 只留超时或未超时的 ¦ is_overtime leaves those in time, or those not",
    ),
    page("list.state", "state 只留该状态，0 也是筛选 ¦ state leaves that state only, 0 too"),
    ours(
        "list.sums",
        "各状态、各是否超时之和等于总数 ¦ the totals of all states, and of both kinds of overtime, add up",
    ),
    page("list.start_time", "start_time 单独可用 ¦ start_time works alone"),
    ours("list.start_time.inclusive", "start_time 含该时刻 ¦ start_time is inclusive"),
    page("list.end_time", "end_time 单独可用 ¦ end_time works alone"),
    ours("list.end_time.inclusive", "end_time 含该时刻 ¦ end_time is inclusive"),
    ours("list.page_size.1000", "page_size 可到 1000 ¦ page_size may be 1000"),
    ours("list.page_size.1001", REFUSED),
    ours("list.page_size.0", REFUSED),
    ours("list.page.0", REFUSED),
    ours("list.state.unlisted", REFUSED),
    ours("list.channel_type.unlisted", REFUSED),
    ours("list.is_overtime.unlisted", REFUSED),
    ours("list.start_time.malformed", REFUSED),
    ours("list.start_after_end", REFUSED),
    public("detail.id", INTEGER),
    public("detail.complaint_id", TEXT),
    public("detail.app_id", TEXT),
    public("detail.state", INTEGER),
    public("detail.complainant_user_id", TEXT),
    public("detail.complainant_phone", TEXT),
    public("detail.complaint_from", TEXT),
    public("detail.complaint_type", INTEGER),
    public("detail.complaint_resource_id", TEXT),
    public("detail.complaint_content_msg", TEXT),
    public("detail.complaint_content_object", ARRAY),
    public("detail.complaint_reason", TEXT),
    public("detail.complaint_time", MOMENT),
    public("detail.uploaded_images", ARRAY),
    public("detail.time_limit", INTEGER),
    public("detail.operate_time", MOMENT),
    public("detail.current_step", INTEGER),
    public("detail.operate_end_time", MOMENT),
    public("detail.reply_list", ARRAY),
    ours(
        "detail.other_keys",
        "没有其他键，微信投诉的 sub_mch_id 除外 ¦ no other keys, but sub_mch_id of a WeChat complaint",
    ),
    ours(
        "detail.reply",
        "回复为 {complaint_id, reply_from, content, images, time} ¦ a reply is {complaint_id, reply_from, content, images, time}",
    ),
    ours("detail.same_as_row", "与列表的同名字段相同 ¦ the same as the list in the fields that both have"),
    ours("detail.unknown", "没有的投诉单号：3002 ¦ an unknown complaint_id: 3002"),
    ours("detail.complaint_id.missing", "缺少投诉单号：3001 ¦ complaint_id missing: 3001"),
];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use tousu_wire::{Lang, Text};

    use super::*;

    #[test]
    fn each_is_named_once_and_in_both_languages() {
        let ids: HashSet<&str> = BELIEFS.iter().map(|belief| belief.id).collect();
        assert_eq!(ids.len(), BELIEFS.len());
        for Belief { expected, .. } in BELIEFS {
            let text = Text::from(*expected);
            assert!(expected.contains(" ¦ ") && !text.pick(Lang::En).is_empty(), "{expected}");
        }
    }
}
