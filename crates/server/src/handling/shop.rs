//! What a shop decides, and what that does to deadlines that run.

use serde_json::{Value, json};
use tousu_wire::shop_settings::{Change, Changed, Moved, ShopSettings as Shown};
use tousu_wire::{BeijingTime, InvalidParameter, Lang, lenient};

use super::{Caller, Deadlines, Refused, answered, doer, hash};
use crate::deadline::Rule;
use crate::life::{Actor, Windows};
use crate::privacy::masked_text;
use crate::settings::Handling;
use crate::shop_settings::ShopSettings;
use crate::store::{Handled, Result, ShopId, Store};

/// What holds for a shop: what it decided, else what the program does.
pub fn shown(settings: &ShopSettings, program: &Handling, deadlines: &Deadlines) -> Shown {
    let policy = settings.policy(program);
    Shown {
        merchant_closes: policy.merchant_closes.into(),
        consumer_reopens_hours: policy.consumer_reopens_within / 3600,
        remind_hours: settings.remind_hours.clone(),
        deadline_rules: settings.deadline_rules.iter().map(|rule| json!(rule)).collect(),
        standard_rules: deadlines.standard().map(|rule| json!(rule)).collect(),
        templates: settings.templates.clone(),
        tags: settings.tags.clone(),
    }
}

/// Templates and tags go out as they are: what would be masked on the way out cannot be kept.
fn check_personal(request: &Change) -> std::result::Result<(), InvalidParameter> {
    let templates = request.templates.iter().flatten().flat_map(|template| [&template.name, &template.text]);
    let tags = request.tags.iter().flatten();
    for (name, text) in templates.map(|text| ("templates", text)).chain(tags.map(|tag| ("tags", tag))) {
        let masked = masked_text(text);
        if masked != *text {
            let shown = lenient::quoted(&masked);
            let problem = format!(
                "{shown} 含手机号、身份证号或卡号，不能保存 ¦ {shown} has a phone, identity or card number in it, which cannot be kept"
            );
            return Err(InvalidParameter::new(name, problem));
        }
    }
    Ok(())
}

/// Changes what a shop decided, and moves the deadlines that run if that is asked for; with `dry_run` it only says
/// what would be.
pub async fn change_settings(
    store: &Store,
    shop: &ShopId,
    caller: &Caller<'_>,
    request: Change,
) -> Result<std::result::Result<Changed, Refused>> {
    let asked = hash("Settings", &Change { idempotency_key: None, ..request.clone() });
    let checked = request.checked().and_then(|request| {
        check_personal(&request)?;
        let rules = request.deadline_rules.as_deref().map(read_rules).transpose()?;
        if let Some(rules) = &rules {
            caller
                .deadlines
                .rules(rules)
                .map_err(|error| InvalidParameter::new("deadline_rules", error.to_string()))?;
        }
        Ok((request, rules))
    });
    let (request, rules) = match checked {
        Ok(checked) => checked,
        Err(invalid) => return Ok(Err(invalid.into())),
    };
    let doer =
        doer(caller, Actor::Merchant, request.operator.as_deref(), request.idempotency_key.as_deref(), asked);
    let (moves, dry) = (request.move_running == Some(1), request.dry_run == Some(1));
    let decide = |before: &ShopSettings, running: Vec<Handled>| {
        let mut settings = before.clone();
        settings.merchant_closes = request.merchant_closes.map(|flag| flag == 1).or(settings.merchant_closes);
        settings.consumer_reopens_hours = request.consumer_reopens_hours.or(settings.consumer_reopens_hours);
        if let Some(hours) = &request.remind_hours {
            settings.remind_hours.clone_from(hours);
        }
        if let Some(rules) = rules {
            settings.deadline_rules = rules;
        }
        if let Some(templates) = &request.templates {
            settings.templates.clone_from(templates);
        }
        if let Some(tags) = &request.tags {
            settings.tags.clone_from(tags);
        }
        let pairs: Vec<_> = running
            .into_iter()
            .filter_map(|before| Some((moved(&before, &settings, caller.deadlines)?, before)))
            .collect();
        let moved = pairs.iter().map(|(after, before)| told(before, after)).collect();
        let answer = Changed { settings: shown(&settings, caller.handling, caller.deadlines), moved };
        (settings, pairs, json!(answer).to_string())
    };
    Ok(match store.change_settings::<Refused>(shop, &doer, moves, dry, decide).await? {
        None => Err(Refused::NoShop),
        Some(done) => answered(done)?,
    })
}

fn read_rules(values: &[Value]) -> std::result::Result<Vec<Rule>, InvalidParameter> {
    let read = |(at, value): (usize, &Value)| {
        serde_json::from_value(value.clone()).map_err(|error| {
            // What the rule itself says is in two languages already.
            let text = tousu_wire::Text::from(error.to_string());
            let (zh, en, at) = (text.pick(Lang::Zh), text.pick(Lang::En), at + 1);
            InvalidParameter::new("deadline_rules", format!("第 {at} 条：{zh} ¦ rule {at}: {en}"))
        })
    };
    values.iter().enumerate().map(read).collect()
}

/// A complaint with its windows counted anew by the rules that the settings have, from when they opened; `None` if
/// that is when they end already.
fn moved(before: &Handled, settings: &ShopSettings, deadlines: &Deadlines) -> Option<Handled> {
    let old = before.windows.as_ref()?;
    let (channel, source) = (before.complaint.channel_type, before.complaint.complaint_from);
    let counted = |opened| deadlines.windows(&settings.deadline_rules, channel, source, opened);
    // A first reply that was given needs no window.
    let first_reply = old.first_reply.as_ref().and_then(|ruled| counted(ruled.window.opened).first_reply);
    let new = Windows { first_reply, settlement: counted(old.settlement.window.opened).settlement };
    let ends = |windows: &Windows| {
        (windows.first_reply.as_ref().map(|ruled| ruled.window.ends), windows.settlement.window.ends)
    };
    if ends(old) == ends(&new) {
        return None;
    }
    let mut standing = before.standing();
    standing.run(new);
    Some(before.clone().standing_as(standing))
}

fn told(before: &Handled, after: &Handled) -> Moved {
    let counting = after.windows.as_ref().map(Windows::counting);
    Moved {
        complaint_id: before.complaint.complaint_id.clone(),
        before: BeijingTime::from_epoch(before.complaint.operate_end_time),
        after: BeijingTime::from_epoch(after.complaint.operate_end_time),
        rule: counting.map(|ruled| ruled.rule.clone()).unwrap_or_default(),
        rule_version: counting.map_or(0, |ruled| ruled.version),
    }
}
