//! The code tables of the published page, as open enums: a known variant, or the number as it came.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Value, json};

use crate::lenient::{self, FromScalar, Scalar};

/// A table of numbered meanings that may grow: numbers it does not list are kept, never refused.
pub trait CodeTable: Copy + From<i64> + Into<i64> {
    /// Every listed number with its Chinese label from the page and an English one.
    const LISTED: &'static [(i64, &'static str, &'static str)];

    /// The number on the wire.
    fn number(self) -> i64 {
        self.into()
    }

    /// The Chinese and the English label, if the number is listed.
    fn label(self) -> Option<(&'static str, &'static str)> {
        let number = self.number();
        Self::LISTED.iter().find(|listed| listed.0 == number).map(|&(_, zh, en)| (zh, en))
    }
}

macro_rules! open_enum {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $number:literal, $zh:literal, $en:literal;)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name {
            $(
                #[doc = concat!("`", stringify!($number), "` ", $zh, ", ", $en)]
                $variant,
            )*
            /// A number that the page does not list.
            Other(i64),
        }

        impl From<i64> for $name {
            fn from(number: i64) -> Self {
                match number {
                    $($number => $name::$variant,)*
                    other => $name::Other(other),
                }
            }
        }

        impl From<$name> for i64 {
            fn from(code: $name) -> i64 {
                match code {
                    $($name::$variant => $number,)*
                    $name::Other(number) => number,
                }
            }
        }

        impl CodeTable for $name {
            const LISTED: &'static [(i64, &'static str, &'static str)] = &[$(($number, $zh, $en)),*];
        }

        impl FromScalar for $name {
            const EXPECTED: &'static str = i64::EXPECTED;
            fn from_scalar(scalar: Scalar<'_>) -> Option<Self> {
                i64::from_scalar(scalar).map(Self::from)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_i64(self.number())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                lenient::required(deserializer)
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }
            fn inline_schema() -> bool {
                true
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "integer", "x-codes": listed::<$name>(&[]) })
            }
        }
    };
}

/// The table as documentation shows it, with `before` in front.
fn listed<T: CodeTable>(before: &[(i64, &str, &str)]) -> Value {
    let rows = before.iter().chain(T::LISTED);
    rows.map(|(code, zh, en)| json!({ "code": code, "zh": zh, "en": en })).collect()
}

/// The schema of a filter that takes 0 (all) or one of the listed codes.
pub(crate) fn filter_schema<T: CodeTable>(all: Option<i64>) -> Schema {
    let before: Vec<_> = all.map(|code| (code, "所有", "all")).into_iter().collect();
    let codes = listed::<T>(&before);
    let allowed = before.iter().chain(T::LISTED).map(|listed| Value::from(listed.0));
    let absent = [Value::from(""), Value::Null];
    json_schema!({
        "type": ["integer", "string", "null"],
        "enum": allowed.chain(absent).collect::<Vec<_>>(),
        "x-codes": codes,
    })
}

open_enum! {
    /// `channel_type`: through which channel the complaint came `[page]`.
    ChannelType {
        Shop = 1, "店铺", "shop";
        Platform = 2, "小鹅通平台", "platform";
        WechatPay = 3, "微信支付", "WeChat Pay";
        Alipay = 4, "支付宝", "Alipay";
    }
}

open_enum! {
    /// `complaint_from`: the exact source `[page]`. 10 is printed for complaint mail, though its
    /// neighbours suggest 210; both are known and kept as they came.
    ComplaintFrom {
        H5Shop = 101, "H5店铺", "H5 shop";
        WechatMiniProgram = 102, "微信小程序", "WeChat mini-program";
        PcShop = 103, "PC店铺", "PC shop";
        LiveMiniProgram = 104, "鹅直播小程序", "live-stream mini-program";
        CommunityMiniProgram = 105, "鹅圈子小程序", "community mini-program";
        CheckInMiniProgram = 106, "鹅打卡小程序", "check-in mini-program";
        ChannelsStore = 107, "视频号卖货(小鹅通小店)", "WeChat Channels store";
        WechatPay = 201, "外部-微信支付投诉", "external: WeChat Pay";
        Alipay = 202, "外部-支付宝支付投诉", "external: Alipay";
        Hotline400 = 203, "外部-400热线/IM", "external: 400 hotline or chat";
        IndustryAndCommerce = 204, "外部-工商投诉", "external: industry and commerce office";
        Consumer315 = 205, "外部-315投诉", "external: 315";
        DouyinPay = 206, "外部-抖音支付", "external: Douyin Pay";
        BlackCat = 207, "外部-黑猫", "external: Black Cat";
        WechatPlatform = 208, "外部-微信平台", "external: WeChat platform";
        Hotline12345 = 209, "外部-12345投诉", "external: 12345 hotline";
        Mail = 10, "外部-客诉邮箱投诉", "external: complaint mail";
        Mail210 = 210, "外部-客诉邮箱投诉", "external: complaint mail";
    }
}

open_enum! {
    /// `complaint_type` `[page]`; 2 appears in the detail interface only `[public]`.
    ComplaintType {
        Trade = 1, "交易投诉", "trade";
        Content = 2, "内容投诉", "content";
        ThirdParty = 3, "第三方平台录入", "entered from a third party";
    }
}

open_enum! {
    /// `current_step` in the list's numbering `[page]`.
    CurrentStep {
        New = 1, "C端新投诉", "new from the consumer";
        MerchantReplied = 2, "商家已回复", "merchant has replied";
        EnteredByPlatform = 3, "小鹅通录入", "entered by the platform";
        CheckFailed = 4, "小鹅通核验不通过", "platform's check failed";
        ClosedByPlatform = 5, "小鹅通结单", "closed by the platform";
        Imported = 6, "第三方数据导入", "imported from a third party";
    }
}

open_enum! {
    /// `current_step` in the detail's numbering, which is another one `[public]`.
    DetailStep {
        Complained = 1, "C端投诉", "consumer complained";
        MerchantReplied = 2, "商家回复", "merchant replied";
        ConsumerReplied = 3, "C端回复", "consumer replied";
        EnteredByPlatform = 4, "小鹅通录入", "entered by the platform";
        Imported = 5, "第三方数据导入", "imported from a third party";
        ClosedByPlatform = 6, "小鹅通结单", "closed by the platform";
    }
}

impl From<CurrentStep> for DetailStep {
    /// The detail has no number for a failed check: the step before it, the merchant's reply, is
    /// shown `[ours]`. Unlisted numbers stay as they came.
    fn from(step: CurrentStep) -> Self {
        match step {
            CurrentStep::New => DetailStep::Complained,
            CurrentStep::MerchantReplied | CurrentStep::CheckFailed => DetailStep::MerchantReplied,
            CurrentStep::EnteredByPlatform => DetailStep::EnteredByPlatform,
            CurrentStep::ClosedByPlatform => DetailStep::ClosedByPlatform,
            CurrentStep::Imported => DetailStep::Imported,
            CurrentStep::Other(number) => DetailStep::Other(number),
        }
    }
}

open_enum! {
    /// `state`: how far the handling is `[page]`.
    State {
        Pending = 0, "待处理", "pending";
        InProgress = 1, "处理中", "in progress";
        Done = 2, "处理完成", "done";
    }
}

open_enum! {
    /// `is_overtime`: whether the deadline was missed `[page]`.
    Overtime {
        InTime = 1, "否", "no";
        Late = 2, "是", "yes";
    }
}
