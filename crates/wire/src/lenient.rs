//! Every tolerance of the wire, in one place. Each is here because a program in the field needs it.
//!
//! - A number may come as a string and a string as a number `[public]`: PHP and form clients.
//! - `""` and `null` mean absent `[page]`: the page's own example sends `"state": ""`.
//! - A comma may trail the last member `[page]`: the page's own example has one.
//! - What answers of servers in the field need beyond that is in [`answers`].
//! - A form body is read like a JSON object of strings `[public]`: some clients send nothing else.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{self, Deserialize, DeserializeOwned, Deserializer, Visitor};
use serde_json::{Map, Value};

use crate::InvalidParameter;

pub mod answers;

/// A value that is present: what is left of the wire's forms once absence is taken out.
#[derive(Clone, Debug, PartialEq)]
pub enum Scalar<'a> {
    /// A JSON integer, or a number without a fraction (`2.0`).
    Int(i64),
    /// A string that is not blank, without blanks around it.
    Text(Cow<'a, str>),
}

/// A type that one wire value can carry, whichever of the tolerated forms it comes in.
pub trait FromScalar: Sized {
    /// What a caller should have sent, for the error message (`中文 ¦ English`).
    const EXPECTED: &'static str;

    /// The value, or none if it does not fit.
    fn from_scalar(scalar: Scalar<'_>) -> Option<Self>;
}

impl FromScalar for i64 {
    const EXPECTED: &'static str = "整数 ¦ an integer";

    fn from_scalar(scalar: Scalar<'_>) -> Option<Self> {
        match scalar {
            Scalar::Int(value) => Some(value),
            Scalar::Text(text) => text.parse().ok().or_else(|| whole(text.parse().ok()?)),
        }
    }
}

impl FromScalar for String {
    const EXPECTED: &'static str = "字符串 ¦ a string";

    fn from_scalar(scalar: Scalar<'_>) -> Option<Self> {
        Some(match scalar {
            Scalar::Int(value) => value.to_string(),
            Scalar::Text(text) => text.into_owned(),
        })
    }
}

/// The integer that a float stands for, if it has no fraction and is exact.
fn whole(value: f64) -> Option<i64> {
    (value.fract() == 0.0 && value.abs() < 9.0e15).then_some(value as i64)
}

/// Deserializes a value that may be absent (`""`, `null`, or no key together with `#[serde(default)]`).
pub fn optional<'de, T: FromScalar, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    deserializer.deserialize_any(Scalars(PhantomData))
}

/// Deserializes a value that must be there.
pub fn required<'de, T: FromScalar, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    optional(deserializer)?.ok_or_else(|| unfit::<T, D::Error>("空 ¦ nothing"))
}

/// Deserializes a text that may be empty: absent and `""` are the empty text.
pub fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(optional(deserializer)?.unwrap_or_default())
}

/// Deserializes an array in which `null`, `""` and `{}` mean empty.
pub fn array<'de, T: DeserializeOwned, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::Array(items) => {
            items.into_iter().map(|item| serde_json::from_value(item).map_err(de::Error::custom)).collect()
        }
        Value::Null => Ok(Vec::new()),
        Value::String(text) if text.is_empty() => Ok(Vec::new()),
        Value::Object(map) if map.is_empty() => Ok(Vec::new()),
        other => Err(mismatch(&received(&other), "数组 ¦ an array")),
    }
}

/// Deserializes an array that may be absent: `null` and `""` mean that, while an empty array is one.
pub fn optional_array<'de, T: DeserializeOwned, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Vec<T>>, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::Null => Ok(None),
        Value::String(text) if text.is_empty() => Ok(None),
        there => array(there).map(Some).map_err(de::Error::custom),
    }
}

/// Deserializes several values: an array, one value alone, or numbers with commas between `[ours]`: a form has no arrays.
/// What is empty or null is no value.
pub fn several<'de, T: FromScalar, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    let one = |value: Value| optional::<T, _>(value).map_err(de::Error::custom);
    match Value::deserialize(deserializer)? {
        Value::Array(items) => items.into_iter().filter_map(|item| one(item).transpose()).collect(),
        Value::String(text) if is_numbers(&text) => {
            text.split(',').filter_map(|part| one(part.into()).transpose()).collect()
        }
        alone => Ok(one(alone)?.into_iter().collect()),
    }
}

fn is_numbers(text: &str) -> bool {
    text.contains(',') && text.chars().all(|character| character.is_ascii_digit() || ", ".contains(character))
}

/// "received X, expected Y", in both languages; `received` and `expected` may themselves be bilingual.
fn mismatch<E: de::Error>(received: &str, expected: &str) -> E {
    let (got, want) = (crate::Text::from(received), crate::Text::from(expected));
    let (zh, en) = (crate::Lang::Zh, crate::Lang::En);
    E::custom(format_args!(
        "收到 {}，应为{} ¦ received {}, expected {}",
        got.pick(zh),
        want.pick(zh),
        got.pick(en),
        want.pick(en)
    ))
}

fn unfit<T: FromScalar, E: de::Error>(received: &str) -> E {
    mismatch(received, T::EXPECTED)
}

/// A received value as an error message may repeat it: short, on one line.
pub fn received(value: &Value) -> String {
    match value {
        Value::Object(_) => "对象 ¦ an object".into(),
        Value::Array(_) => "数组 ¦ an array".into(),
        Value::String(text) => quoted(text),
        other => other.to_string(),
    }
}

/// A received text in quotes, cut to 40 characters.
pub fn quoted(text: &str) -> String {
    let mut shown: String = text.chars().take(40).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    // The separator of the two languages must not be smuggled in by a caller.
    Value::String(shown.replace('¦', "|")).to_string()
}

struct Scalars<T>(PhantomData<T>);

impl<'de, T: FromScalar> Visitor<'de> for Scalars<T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::EXPECTED)
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Self::Value, E> {
        match T::from_scalar(Scalar::Int(value)) {
            Some(fit) => Ok(Some(fit)),
            None => Err(unfit::<T, E>(&value.to_string())),
        }
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Self::Value, E> {
        match i64::try_from(value) {
            Ok(value) => self.visit_i64(value),
            Err(_) => self.visit_str(&value.to_string()),
        }
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Self::Value, E> {
        match whole(value) {
            Some(value) => self.visit_i64(value),
            None => Err(unfit::<T, E>(&value.to_string())),
        }
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        let trimmed = text.trim();
        if trimmed.is_empty() {
            return Ok(None);
        }
        match T::from_scalar(Scalar::Text(Cow::Borrowed(trimmed))) {
            Some(fit) => Ok(Some(fit)),
            None => Err(unfit::<T, E>(&quoted(text))),
        }
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Self::Value, E> {
        Err(unfit::<T, E>(&value.to_string()))
    }

    fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_none<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        while seq.next_element::<de::IgnoredAny>()?.is_some() {}
        Err(unfit::<T, A::Error>("数组 ¦ an array"))
    }

    fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<de::IgnoredAny, de::IgnoredAny>()?.is_some() {}
        Err(unfit::<T, A::Error>("对象 ¦ an object"))
    }
}

/// Reads a body as an object of parameters, whatever its content type says: a JSON object, with
/// trailing commas if need be, or else a form. An empty body has no parameters.
///
/// Errors say (`中文 ¦ English`) why it is neither.
pub fn parameters(body: &[u8]) -> Result<Map<String, Value>, String> {
    let text = std::str::from_utf8(body)
        .map_err(|_| "请求体不是 UTF-8 文本 ¦ the body is not UTF-8 text".to_owned())?
        .trim_start_matches('\u{feff}')
        .trim();
    match text.as_bytes().first() {
        None => Ok(Map::new()),
        Some(b'{') => json_object(text),
        Some(b'[' | b'"') => Err("请求体应为 JSON 对象 ¦ the body must be a JSON object".into()),
        Some(_) => form(text),
    }
}

fn json_object(text: &str) -> Result<Map<String, Value>, String> {
    serde_json::from_str(text).or_else(|strict| {
        let without = without_trailing_commas(text);
        match without == text {
            true => Err(strict),
            false => serde_json::from_str(&without),
        }
        .map_err(|error| format!("请求体不是合法的 JSON：{error} ¦ the body is not valid JSON: {error}"))
    })
}

/// The text without the commas that are followed by nothing but blanks and a closing bracket.
fn without_trailing_commas(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let (mut in_string, mut escaped) = (false, false);
    for (at, character) in text.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' if in_string => escaped = true,
            '"' => in_string = !in_string,
            ',' if !in_string && text[at + 1..].trim_start().starts_with(['}', ']']) => continue,
            _ => {}
        }
        out.push(character);
    }
    out
}

fn form(text: &str) -> Result<Map<String, Value>, String> {
    if !text.contains('=') {
        return Err("请求体既不是 JSON 对象也不是表单 ¦ the body is neither a JSON object nor a form".into());
    }
    Ok(query(text))
}

/// Reads a query string (or a form, which is written the same way) as parameters.
pub fn query(text: &str) -> Map<String, Value> {
    form_urlencoded::parse(text.as_bytes())
        .map(|(name, value)| (name.into_owned(), Value::String(value.into_owned())))
        .collect()
}

/// An id to look for. One with a NUL in it is refused here: no id has one, and a PostgreSQL text cannot.
pub(crate) fn id(name: &str, text: String) -> Result<String, InvalidParameter> {
    if !text.contains('\0') {
        return Ok(text);
    }
    let shown = quoted(&text);
    let problem = format!("收到 {shown}，不能含有 NUL 字符 ¦ received {shown}, which must not contain NUL");
    Err(InvalidParameter::new(name, problem))
}

/// Decodes the parameters of a request; an error names the parameter it belongs to.
pub fn request<T: DeserializeOwned>(parameters: Map<String, Value>) -> Result<T, InvalidParameter> {
    serde_path_to_error::deserialize(Value::Object(parameters)).map_err(|error| {
        let name = error.path().to_string();
        InvalidParameter { name, problem: error.into_inner().to_string().into() }
    })
}
