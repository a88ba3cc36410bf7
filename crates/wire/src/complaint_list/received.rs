//! A page of the list as servers in the field send it: read row by row, so that one row that cannot be understood does
//! not cost the others.

use serde::de::Error;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::{Response, Row};
use crate::lenient::{self, answers};

/// What came in the place of [`Response`].
///
/// ```
/// use tousu_wire::complaint_list::Received;
///
/// for empty in ["null", "[]", "{}", r#"{"list": null, "total": "0"}"#] {
///     let page: Received = serde_json::from_str(empty).unwrap();
///     assert!(page.rows.is_empty());
/// }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Received {
    /// The rows, in the order in which they came.
    pub rows: Vec<Result<Row, UnreadableRow>>,
    /// The total, where one was told.
    pub total: Option<i64>,
}

/// A row that cannot be understood.
#[derive(Clone, Debug, PartialEq)]
pub struct UnreadableRow {
    /// The complaint's number, where at least that was there.
    pub complaint_id: Option<String>,
    /// Which field is how wrong (`中文 ¦ English`).
    pub problem: String,
    /// The row as it came.
    pub row: Value,
}

impl Received {
    fn of(data: Value) -> Result<Self, Value> {
        let (list, total) = match data {
            Value::Object(mut page) if page.contains_key("list") || !answers::is_numbered(&page) => {
                (page.remove("list").unwrap_or(Value::Null), page.remove("total"))
            }
            bare => (bare, None),
        };
        Ok(Received {
            rows: answers::items(list)?.into_iter().map(row).collect(),
            total: total.as_ref().and_then(answers::number).filter(|total| *total >= 0),
        })
    }
}

impl<'de> Deserialize<'de> for Received {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Received::of(Value::deserialize(deserializer)?).map_err(|other| {
            let other = lenient::received(&other);
            D::Error::custom(format_args!(
                "收到 {other}，应为投诉列表 ¦ received {other}, expected a list of complaints"
            ))
        })
    }
}

impl TryFrom<Received> for Response {
    type Error = UnreadableRow;

    /// All rows, or the first that cannot be understood. A total that was not told is the number of rows.
    fn try_from(received: Received) -> Result<Self, UnreadableRow> {
        let list = received.rows.into_iter().collect::<Result<Vec<_>, _>>()?;
        let total = received.total.unwrap_or(i64::try_from(list.len()).unwrap_or(i64::MAX));
        Ok(Response { list, total })
    }
}

impl std::fmt::Display for UnreadableRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let id = self.complaint_id.as_deref().unwrap_or("?");
        let problem = crate::Text::from(self.problem.as_str());
        let (zh, en) = (problem.pick(crate::Lang::Zh), problem.pick(crate::Lang::En));
        write!(f, "投诉单 {id} 无法读取：{zh} ¦ complaint {id} cannot be read: {en}")
    }
}

impl std::error::Error for UnreadableRow {}

fn row(value: Value) -> Result<Row, UnreadableRow> {
    let mut fields = match &value {
        Value::Object(fields) => fields.clone(),
        // Becomes the error that it is not an object.
        _ => Map::new(),
    };
    answers::fill_window(&mut fields);
    // The page gives it no meaning, so that nothing is lost with it.
    if fields.get("complaint_resource_type").is_none_or(|given| given.is_null() || given == "") {
        fields.insert("complaint_resource_type".into(), 0.into());
    }
    let complaint_id =
        fields.get("complaint_id").and_then(|id| lenient::optional::<String, _>(id).ok()).flatten();
    lenient::request(fields).map_err(|invalid| {
        let (zh, en) = (invalid.problem.pick(crate::Lang::Zh), invalid.problem.pick(crate::Lang::En));
        let problem = format!("{name}：{zh} ¦ {name}: {en}", name = invalid.name);
        UnreadableRow { complaint_id, problem, row: value }
    })
}
