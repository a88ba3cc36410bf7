//! What parameters of several interfaces must be.

use crate::{BeijingTime, InvalidParameter};

/// Characters of a name, a tag or a key, at most.
pub(crate) const NAME_CHARACTERS: usize = 64;
/// Values of one parameter, at most.
pub(crate) const MOST_VALUES: usize = 50;

/// Why a call without that parameter is not served.
pub(crate) fn missing(name: &str) -> InvalidParameter {
    InvalidParameter::new(name, "缺少该必填参数 ¦ this required parameter is missing")
}

/// A number within bounds.
pub(crate) fn within(
    name: &str,
    value: i64,
    allowed: std::ops::RangeInclusive<i64>,
) -> Result<i64, InvalidParameter> {
    if allowed.contains(&value) {
        return Ok(value);
    }
    let (least, most) = allowed.into_inner();
    let problem =
        format!("收到 {value}，应为 {least} 到 {most} ¦ received {value}, allowed is {least} to {most}");
    Err(InvalidParameter::new(name, problem))
}

/// A text from strangers: no longer than that, and without control characters but line breaks and tabs.
pub(crate) fn check_text(name: &str, text: &str, most: usize) -> Result<(), InvalidParameter> {
    let length = text.chars().count();
    if length > most {
        let problem =
            format!("有 {length} 字，最多 {most} 字 ¦ has {length} characters, at most {most} are allowed");
        return Err(InvalidParameter::new(name, problem));
    }
    match text.chars().find(|character| character.is_control() && !matches!(character, '\n' | '\r' | '\t')) {
        Some(control) => {
            let code = u32::from(control);
            let problem = format!(
                "含有控制字符 U+{code:04X} ¦ has the control character U+{code:04X}, which is not allowed"
            );
            Err(InvalidParameter::new(name, problem))
        }
        None => Ok(()),
    }
}

/// A yes or no; absent is no.
pub(crate) fn flag(name: &str, given: Option<i64>) -> Result<bool, InvalidParameter> {
    match given.unwrap_or(0) {
        flag @ 0..=1 => Ok(flag == 1),
        other => {
            let problem = format!("收到 {other}，应为 0 或 1 ¦ received {other}, expected 0 or 1");
            Err(InvalidParameter::new(name, problem))
        }
    }
}

pub(crate) fn flag_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({ "type": ["integer", "string", "null"], "enum": [0, 1, "0", "1", "", null] })
}

/// Refuses a range that ends before it begins; it goes by its beginning's name.
pub(crate) fn in_order(
    name: &str,
    from: Option<BeijingTime>,
    to: Option<BeijingTime>,
) -> Result<(), InvalidParameter> {
    match (from, to) {
        (Some(from), Some(to)) if from > to => {
            let problem = format!("开始 {from} 晚于结束 {to} ¦ the start {from} is after the end {to}");
            Err(InvalidParameter::new(name, problem))
        }
        _ => Ok(()),
    }
}

/// Each value once, in the order of first mention.
pub(crate) fn values<T: PartialEq>(name: &str, given: Vec<T>) -> Result<Vec<T>, InvalidParameter> {
    let mut values = Vec::with_capacity(given.len().min(MOST_VALUES));
    for value in given {
        if !values.contains(&value) {
            values.push(value);
        }
        if values.len() > MOST_VALUES {
            let problem = format!("最多 {MOST_VALUES} 个值 ¦ at most {MOST_VALUES} values");
            return Err(InvalidParameter::new(name, problem));
        }
    }
    Ok(values)
}
