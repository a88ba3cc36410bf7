//! Until when complaints are to be settled: the program's rules, the shop's own over them, and the calendar.

use std::borrow::Cow;

use anyhow::Context;
use tousu_wire::codes::{ChannelType, ComplaintFrom};

use crate::complaint::DEFAULT_TIME_LIMIT_HOURS;
use crate::deadline::{self, Calendar, Kind, Rule, Rules, RulesError, Stage};
use crate::life::{Ruled, Window, Windows};
use crate::settings::Handling;

/// The rules and the calendar of the program.
pub struct Deadlines {
    shipped: Rules,
    calendar: Calendar,
}

impl Deadlines {
    /// By the rules that come with the program, and the calendar that the settings name, or else the one that comes with it.
    pub fn load(settings: &Handling) -> anyhow::Result<Self> {
        let file = &settings.calendar;
        let unread = || format!("日历文件 {0} 无法读取 ¦ the calendar {0} cannot be read", file.display());
        let calendar = match file.as_os_str().is_empty() {
            true => Calendar::shipped()?,
            false => {
                Calendar::parse(&std::fs::read_to_string(file).with_context(unread)?).with_context(unread)?
            }
        };
        Ok(Deadlines { shipped: Rules::shipped()?, calendar })
    }

    /// Every day's kind.
    pub fn calendar(&self) -> &Calendar {
        &self.calendar
    }

    /// The program's rules, those of other times included.
    pub fn standard(&self) -> impl Iterator<Item = &Rule> {
        self.shipped.all()
    }

    /// A shop's `own` rules over those of the program.
    pub fn rules(&self, own: &[Rule]) -> Result<Cow<'_, Rules>, RulesError> {
        if own.is_empty() {
            return Ok(Cow::Borrowed(&self.shipped));
        }
        Rules::over(self.shipped.all().cloned().collect(), own.to_vec()).map(Cow::Owned)
    }

    /// The windows that open at `opened` (epoch seconds) for complaints of that channel and source, by a shop's `own`
    /// rules. What was kept of them has been checked; should it not fit any more, the program's rules hold `[ours]`.
    pub fn windows(&self, own: &[Rule], channel: ChannelType, source: ComplaintFrom, opened: i64) -> Windows {
        let rules = self.rules(own).unwrap_or_else(|error| {
            tracing::error!(%error, "a shop's deadline rules do not fit");
            Cow::Borrowed(&self.shipped)
        });
        let first_reply = rules.choose(channel, source, Stage::FirstReply, opened);
        Windows {
            first_reply: first_reply.map(|rule| self.ruled(rule, opened)),
            settlement: self.ruled(rules.settlement(channel, source, opened), opened),
        }
    }

    /// The window that a rule gives. Where the calendar does not reach far enough, it is that of a source without a
    /// rule of its own `[ours]`.
    fn ruled(&self, rule: &Rule, opened: i64) -> Ruled {
        let ruled =
            |window: Window, kind: Kind| Ruled { window, rule: rule.id.clone(), version: rule.version, kind };
        let counted = |kind| {
            let window = deadline::window(kind, opened, &self.calendar)?;
            Ok(Window { opened: window.opens, hours: window.time_limit, ends: window.ends })
        };
        match counted(rule.kind) {
            Ok(window) => ruled(window, rule.kind),
            Err(error) => {
                let error: deadline::DeadlineError = error;
                tracing::warn!(%error, rule = rule.id, "a deadline could not be counted");
                let hours = DEFAULT_TIME_LIMIT_HOURS;
                let ends = opened.saturating_add(hours.saturating_mul(3600));
                ruled(Window { opened, hours, ends }, Kind::Hours(hours))
            }
        }
    }
}
