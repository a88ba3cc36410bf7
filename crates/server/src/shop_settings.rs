//! What a shop decides about its complaints, over the settings of the program. Pure.

use serde::{Deserialize, Serialize};

use crate::deadline::Rule;
use crate::life::Policy;
use crate::settings::Handling;

/// What a shop decided; what it did not decide is the program's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ShopSettings {
    /// Whether the merchant may close complaints itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub merchant_closes: Option<bool>,
    /// For how many hours after the closing the consumer may have a complaint reopened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consumer_reopens_hours: Option<i64>,
    /// How many hours before a deadline somebody is to be told of it, longest first.
    pub remind_hours: Vec<i64>,
    /// Deadline rules over those that come with the program.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub deadline_rules: Vec<Rule>,
}

impl Default for ShopSettings {
    fn default() -> Self {
        ShopSettings {
            merchant_closes: None,
            consumer_reopens_hours: None,
            remind_hours: vec![24, 4, 1],
            deadline_rules: Vec::new(),
        }
    }
}

impl ShopSettings {
    /// As the rules take it: the shop's own, else the `program`'s.
    pub fn policy(&self, program: &Handling) -> Policy {
        let hours = self.consumer_reopens_hours.unwrap_or(i64::from(program.consumer_reopens_hours));
        Policy {
            merchant_closes: self.merchant_closes.unwrap_or(program.merchant_closes),
            consumer_reopens_within: hours.saturating_mul(3600),
        }
    }
}
