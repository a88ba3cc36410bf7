//! What events and actors are called, and why something may not happen.

use tousu_wire::codes::{CodeTable, State};
use tousu_wire::{BeijingTime, Lang, Text};

use super::Actor::{self, Consumer, Merchant, Platform, ThirdParty};
use super::{Event, NotAllowed, rule_of};

impl Event {
    /// Its stable name.
    pub fn name(self) -> &'static str {
        self.names().0
    }

    /// What people call it (`中文 ¦ English`).
    pub fn title(self) -> &'static str {
        self.names().1
    }

    fn names(self) -> (&'static str, &'static str) {
        match self {
            Event::Submitted => ("submitted", "消费者投诉 ¦ submitted"),
            Event::Entered => ("entered", "平台录入 ¦ entered by the platform"),
            Event::Imported => ("imported", "第三方导入 ¦ imported"),
            Event::MerchantReplied => ("merchant_replied", "商家回复 ¦ merchant's reply"),
            Event::MerchantFinished => ("merchant_finished", "商家回复并完成 ¦ merchant's final reply"),
            Event::ConsumerReplied => ("consumer_replied", "消费者回复 ¦ consumer's reply"),
            Event::CheckFailed => ("check_failed", "核验不通过 ¦ failed check"),
            Event::Closed => ("closed", "结单 ¦ closing"),
            Event::Reopened => ("reopened", "重新打开 ¦ reopening"),
            Event::Noted => ("noted", "备注 ¦ note"),
            Event::Assigned => ("assigned", "分派 ¦ assignment"),
            Event::Tagged => ("tagged", "标签 ¦ tagging"),
        }
    }

    /// What people call an event of that name, those that are about a whole shop included (`中文 ¦ English`).
    pub fn title_of(name: &str) -> &'static str {
        const OTHERS: &[(&str, &str)] = &[
            ("imported_in_bulk", "批量导入 ¦ imported in bulk"),
            ("import_ended", "导入结束 ¦ an import ended"),
            ("export_begun", "开始导出 ¦ export begun"),
            ("exported", "导出 ¦ exported"),
            ("bundled", "制作存证 ¦ bundled"),
            ("removed", "移除 ¦ removed"),
            ("changed_upstream", "上游变更 ¦ changed upstream"),
            ("settings_changed", "店铺设置变更 ¦ settings changed"),
            ("member_changed", "成员变更 ¦ member changed"),
            ("revealed", "查看完整号码 ¦ number revealed"),
            ("erased", "清除个人信息 ¦ personal data erased"),
            ("deadline_moved", "时限调整 ¦ deadline moved"),
            ("due_soon", "即将到期 ¦ due soon"),
            ("overdue", "已超时 ¦ overdue"),
            ("app_created", "新建应用 ¦ application made"),
            ("app_changed", "应用变更 ¦ application changed"),
            ("app_secret_rotated", "更换应用密钥 ¦ application's secret changed"),
            ("subscription_created", "新建通知 ¦ subscription made"),
            ("subscription_changed", "通知变更 ¦ subscription changed"),
            ("subscription_deleted", "删除通知 ¦ subscription deleted"),
            ("subscription_secret_rotated", "更换签名密钥 ¦ signing secret changed"),
        ];
        let known = Event::all().map(Event::names).find(|names| names.0 == name);
        known.or_else(|| OTHERS.iter().find(|names| names.0 == name).copied()).map_or("", |names| names.1)
    }
}

impl Actor {
    /// The actor of that name.
    pub fn named(name: &str) -> Option<Self> {
        [Consumer, Merchant, Platform, ThirdParty].into_iter().find(|actor| actor.name() == name)
    }

    /// Its stable name, which is also what `reply_from` says.
    pub fn name(self) -> &'static str {
        match self {
            Consumer => "consumer",
            Merchant => "merchant",
            Platform => "platform",
            ThirdParty => "third_party",
        }
    }

    /// What people call it (`中文 ¦ English`).
    fn title(self) -> &'static str {
        match self {
            Consumer => "消费者 ¦ the consumer",
            Merchant => "商家 ¦ the merchant",
            Platform => "平台 ¦ the platform",
            ThirdParty => "第三方 ¦ a third party",
        }
    }
}

impl NotAllowed {
    /// What the caller's people read: what is the case, and what is allowed (`中文 ¦ English`).
    pub fn text(&self) -> Text {
        let both = |text: &str| {
            let text = Text::from(text);
            (text.pick(Lang::Zh).to_owned(), text.pick(Lang::En).to_owned())
        };
        let states = |states: &[State]| {
            let names: Vec<String> = states.iter().map(|state| named(*state)).collect();
            let named: Vec<_> = names.iter().map(|name| both(name)).collect();
            let join = |each: Vec<&str>, with: &str| each.join(with);
            (
                join(named.iter().map(|name| name.0.as_str()).collect(), "、"),
                join(named.iter().map(|name| name.1.as_str()).collect(), ", "),
            )
        };
        match self {
            NotAllowed::State(event, state) => {
                let (event_zh, event_en) = both(event.title());
                let (is_zh, is_en) = both(&named(*state));
                let (may_zh, may_en) = states(rule_of(*event).from);
                format!(
                    "投诉单{is_zh}，「{event_zh}」只可用于：{may_zh} ¦ the complaint is {is_en}; {event_en} is allowed when it is: {may_en}"
                )
                .into()
            }
            NotAllowed::Actor(event, by) => {
                let ((event_zh, event_en), (by_zh, by_en)) = (both(event.title()), both(by.title()));
                let may: Vec<_> = rule_of(*event).by.iter().map(|by| both(by.title())).collect();
                let may_zh = may.iter().map(|may| may.0.as_str()).collect::<Vec<_>>().join("、");
                let may_en = may.iter().map(|may| may.1.as_str()).collect::<Vec<_>>().join(", ");
                format!(
                    "{by_zh}不能进行「{event_zh}」，可由：{may_zh} ¦ {event_en} is not for {by_en}, but for: {may_en}"
                )
                .into()
            }
            NotAllowed::MerchantCloses => {
                "店铺设置不允许商家结单，可回复并完成 ¦ the shop does not let the merchant close complaints; a final reply does it".into()
            }
            NotAllowed::TooLate(until) => {
                let until = BeijingTime::from_epoch(*until);
                format!("消费者重新打开的期限已过：{until} ¦ the consumer could have it reopened until {until}").into()
            }
        }
    }
}

/// A state's name (`中文 ¦ English`).
fn named(state: State) -> String {
    match state.label() {
        Some((zh, en)) => format!("{zh} ¦ {en}"),
        None => format!("状态 {0} ¦ in state {0}", state.number()),
    }
}
