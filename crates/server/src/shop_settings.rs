//! What a shop decides about its complaints, over the settings of the program. Pure.

use serde::{Deserialize, Serialize};
use tousu_wire::shop_settings::Template;

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
    /// Replies that are offered, in the shop's order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub templates: Vec<Template>,
    /// Tags that are offered, in the shop's order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
}

impl Default for ShopSettings {
    fn default() -> Self {
        ShopSettings {
            merchant_closes: None,
            consumer_reopens_hours: None,
            remind_hours: vec![24, 4, 1],
            deadline_rules: Vec::new(),
            templates: Vec::new(),
            tags: Vec::new(),
        }
    }
}

/// Within how many hours a deadline is near, at most, and where no reminder says so.
const SOON: i64 = 4;

impl ShopSettings {
    /// Within how many hours a deadline is near enough to be looked at first: the longest reminder of that kind.
    pub fn due_soon_hours(&self) -> i64 {
        self.remind_hours.iter().copied().filter(|hours| *hours <= SOON).max().unwrap_or(SOON)
    }

    /// As the rules take it: the shop's own, else the `program`'s.
    pub fn policy(&self, program: &Handling) -> Policy {
        let hours = self.consumer_reopens_hours.unwrap_or(i64::from(program.consumer_reopens_hours));
        Policy {
            merchant_closes: self.merchant_closes.unwrap_or(program.merchant_closes),
            consumer_reopens_within: hours.saturating_mul(3600),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_soon_is_the_longest_of_the_short_reminders() {
        let soon = |hours: &[i64]| {
            ShopSettings { remind_hours: hours.to_vec(), ..Default::default() }.due_soon_hours()
        };
        assert_eq!((soon(&[24, 4, 1]), soon(&[24, 3, 2]), soon(&[24, 5]), soon(&[])), (4, 3, 4, 4));
    }
}
