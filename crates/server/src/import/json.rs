//! Rows out of JSON, in any of three forms: an array of rows, one row a line, or answers of the list
//! interface as they came (`{"code":0,"data":{"list":[…]}}`, several in a row if need be).
//!
//! The file is cut into objects by their brackets, so that it streams and that one broken row costs no
//! other; each object is then decoded by itself.

use std::io::{BufRead, BufReader, Read};

use serde_json::Value;
use tousu_wire::{Envelope, Text};

use super::{Content, RawRow};

/// The rows of a JSON text.
pub struct JsonRows<R> {
    reader: BufReader<R>,
    /// The line of the next byte, from 1.
    line: u64,
    /// The brackets that are open around the next byte, innermost last.
    around: Vec<Bracket>,
    /// The last byte that was no blank, in the rest of an answer.
    before: u8,
}

/// What an open bracket holds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Bracket {
    /// Rows.
    Rows,
    /// Members of an answer that are no rows: its total, its message, whatever else it has.
    Members,
    /// An array among them.
    Items,
}

/// An object of a file may be this large; what is larger is no row.
const LARGEST: usize = 1 << 20;
/// No answer is nested as deeply as this.
const DEEPEST: usize = 64;

impl<R: Read> JsonRows<R> {
    /// Reads rows from `file`.
    pub fn new(file: R) -> Self {
        let reader = BufReader::with_capacity(1 << 18, file);
        JsonRows { reader, line: 1, around: Vec::new(), before: b' ' }
    }

    fn next_row(&mut self) -> anyhow::Result<Option<RawRow>> {
        loop {
            match self.skip_to_object()? {
                Opening::Object => {}
                Opening::Stray(line, text) => return Ok(Some(refused(line, &text, NO_OBJECT))),
                Opening::AnswerCut => return Ok(Some(refused(self.line, b"", ANSWER_CUT))),
                Opening::End if self.around.is_empty() => return Ok(None),
                Opening::End => {
                    anyhow::bail!(
                        "文件在数组或应答结束之前中断 ¦ the file ends before its array or answer does"
                    )
                }
                Opening::TooDeep => {
                    anyhow::bail!("第 {0} 行：括号嵌套过深 ¦ line {0}: brackets nested too deeply", self.line)
                }
            }
            let line = self.line;
            match self.object()? {
                Object::Answer(start, depth) => {
                    // Its rows come next, unless it says that it failed.
                    self.around.extend((1..depth).map(|_| Bracket::Members));
                    if says_failed(&start, depth) {
                        self.around.push(Bracket::Items);
                        return Ok(Some(refused(line, &start, FAILED)));
                    }
                    self.around.push(Bracket::Rows);
                }
                Object::Whole(text) => match answer_without_rows(&text) {
                    Some(0) => {}
                    Some(_) => return Ok(Some(refused(line, &text, FAILED))),
                    None => return Ok(Some(RawRow { line, content: Content::Json(text) })),
                },
                Object::CutOff(text) => return Ok(Some(refused(line, &text, NO_OBJECT))),
                Object::TooLarge(text) => return Ok(Some(refused(line, &text, TOO_LARGE))),
            }
        }
    }

    /// Skips what stands between rows, up to the next `{` of a row, which is left in place.
    fn skip_to_object(&mut self) -> std::io::Result<Opening> {
        let mut stray = Vec::new();
        let (mut in_string, mut escaped) = (false, false);
        loop {
            // Nothing, also in the middle of files that were put together.
            if stray == BYTE_ORDER_MARK {
                stray.clear();
            }
            let Some(&byte) = self.reader.fill_buf()?.first() else {
                return Ok(if stray.is_empty() { Opening::End } else { Opening::Stray(self.line, stray) });
            };
            let innermost = self.around.last().copied();
            let among_rows = matches!(innermost, None | Some(Bracket::Rows));
            if !in_string && self.before_a_row(byte, innermost) {
                if !stray.is_empty() {
                    return Ok(Opening::Stray(self.line, stray));
                }
                if byte == b'{' && among_rows {
                    return Ok(Opening::Object);
                }
                if !among_rows {
                    self.around.clear();
                    return Ok(Opening::AnswerCut);
                }
            }
            self.reader.consume(1);
            match byte {
                b'\n' => {
                    in_string = false;
                    let line = self.line;
                    self.line += 1;
                    if !stray.is_empty() {
                        return Ok(Opening::Stray(line, stray));
                    }
                    continue;
                }
                _ if escaped => escaped = false,
                b'\\' if in_string => escaped = true,
                b'"' => in_string = !in_string,
                _ if in_string => {}
                b'[' | b'{' if stray.is_empty() => {
                    self.around.push(match (among_rows, byte) {
                        (true, _) => Bracket::Rows,
                        (false, b'[') => Bracket::Items,
                        (false, _) => Bracket::Members,
                    });
                    if self.around.len() > DEEPEST {
                        return Ok(Opening::TooDeep);
                    }
                }
                b']' | b'}' if stray.is_empty() => {
                    self.around.pop();
                }
                _ => {}
            }
            if !byte.is_ascii_whitespace() {
                self.before = byte;
            }
            let between = !in_string && matches!(byte, b',' | b'[' | b']' | b'}' | b' ' | b'\t' | b'\r');
            let nothing = !among_rows || between && stray.is_empty();
            if !nothing && stray.len() < LARGEST {
                stray.push(byte);
            }
        }
    }

    /// Whether this byte ends whatever stands before a row: among rows a bracket, and in the rest of an
    /// answer a `{` that can be no member of it, since a member follows a colon.
    fn before_a_row(&self, byte: u8, innermost: Option<Bracket>) -> bool {
        match innermost {
            None => byte == b'{',
            Some(Bracket::Rows) => matches!(byte, b'{' | b'[' | b']'),
            Some(Bracket::Members) => byte == b'{' && self.before != b':',
            Some(Bracket::Items) => false,
        }
    }

    /// Takes one object off the reader, which stands at its `{`. An object that turns out to hold an array
    /// of rows is an answer of the list interface: the reader is left behind the array's `[`.
    ///
    /// An object that was cut, on a line of its own or in the middle of a file, ends where the next begins:
    /// a `{` inside an object follows a colon, or is none of its own.
    fn object(&mut self) -> std::io::Result<Object> {
        let mut text = Vec::new();
        // The innermost bracket is the lowest bit; 1 is an object.
        let (mut depth, mut objects) = (0usize, 0u128);
        let (mut in_string, mut escaped) = (false, false);
        let mut before = b' ';
        let mut too_large = false;
        loop {
            let buffer = self.reader.fill_buf()?;
            if buffer.is_empty() {
                return Ok(Object::CutOff(text));
            }
            let mut taken = 0;
            let mut ended = None;
            for &byte in buffer {
                taken += 1;
                match byte {
                    b'\n' => {
                        self.line += 1;
                        // No string of JSON goes over the end of a line: this one was cut.
                        (in_string, escaped) = (false, false);
                    }
                    _ if escaped => escaped = false,
                    b'\\' if in_string => escaped = true,
                    b'"' => {
                        in_string = !in_string;
                        before = byte;
                    }
                    _ if in_string => {}
                    b' ' | b'\t' | b'\r' => {}
                    b'{' if depth > 0 && objects & 1 == 1 && before != b':' => {
                        taken -= 1;
                        ended = Some(Ended::Cut);
                        break;
                    }
                    b'{' | b'[' => {
                        depth += 1;
                        objects = objects << 1 | u128::from(byte == b'{');
                        before = byte;
                        if byte == b'[' && depth <= 3 && begins_rows(&text, &buffer[..taken - 1], depth) {
                            ended = Some(Ended::Answer);
                            break;
                        }
                    }
                    b'}' | b']' => {
                        depth -= 1;
                        objects >>= 1;
                        before = byte;
                        if depth == 0 {
                            ended = Some(Ended::Whole);
                            break;
                        }
                    }
                    other => before = other,
                }
            }
            let room = LARGEST.saturating_sub(text.len());
            too_large |= taken > room;
            text.extend_from_slice(&buffer[..taken.min(room)]);
            self.reader.consume(taken);
            match ended {
                Some(_) if too_large => return Ok(Object::TooLarge(text)),
                Some(Ended::Answer) => return Ok(Object::Answer(text, depth)),
                Some(Ended::Whole) => return Ok(Object::Whole(text)),
                Some(Ended::Cut) => return Ok(Object::CutOff(text)),
                None => {}
            }
        }
    }
}

enum Opening {
    Object,
    /// Text that is no object, and the line on which it stands.
    Stray(u64, Vec<u8>),
    /// The rest of an answer is missing; the next object stands where it should be.
    AnswerCut,
    End,
    TooDeep,
}

enum Ended {
    Whole,
    Answer,
    Cut,
}

enum Object {
    Whole(Vec<u8>),
    /// An answer up to its rows, and how many brackets are open there.
    Answer(Vec<u8>, usize),
    CutOff(Vec<u8>),
    TooLarge(Vec<u8>),
}

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

const NO_OBJECT: &str = "不是完整的 JSON 对象 ¦ not a whole JSON object";
const TOO_LARGE: &str = "超过 1 MiB，不是投诉 ¦ larger than 1 MiB, which no complaint is";
const ANSWER_CUT: &str = "前一个应答在此之前中断 ¦ the answer before this is cut off here";
const FAILED: &str = "这是一个失败的应答 ¦ this is the answer to a call that failed";

/// The code of an answer of the list interface that has no row at all, as the official server may give.
fn answer_without_rows(text: &[u8]) -> Option<i64> {
    let says = |key: &[u8]| text.windows(key.len()).any(|window| window == key);
    if says(b"\"complaint_id\"") || !says(b"\"data\"") {
        return None;
    }
    let answer: Envelope<Value> = serde_json::from_slice(text).ok()?;
    let list = match &answer.data {
        Value::Object(data) => data.get("list").unwrap_or(&answer.data),
        other => other,
    };
    is_nothing(list).then_some(answer.code)
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    }
}

/// Whether the `[` behind this text holds the rows of an answer: it is that of `"list"`, or of `"data"` itself.
fn begins_rows(before: &[u8], buffer: &[u8], depth: usize) -> bool {
    let ends_with = |key: &[u8]| {
        let tail = before.iter().chain(buffer).rev().filter(|byte| !byte.is_ascii_whitespace());
        tail.take(key.len()).eq(key.iter().rev())
    };
    if !(ends_with(b"\"list\":") || depth == 2 && ends_with(b"\"data\":")) {
        return false;
    }
    // A row that has such a field of its own is still a row.
    const ROW: &[u8] = b"\"complaint_id\"";
    !before.windows(ROW.len()).chain(buffer.windows(ROW.len())).any(|window| window == ROW)
}

/// Whether an answer of which this is the start, with `depth` brackets open, has a code other than 0.
fn says_failed(start: &[u8], depth: usize) -> bool {
    let mut whole = start.to_vec();
    whole.push(b']');
    whole.extend((1..depth).map(|_| b'}'));
    serde_json::from_slice::<Envelope<Value>>(&whole).is_ok_and(|answer| answer.code != 0)
}

fn refused(line: u64, text: &[u8], why: &str) -> RawRow {
    let shown = String::from_utf8_lossy(text).trim_end().to_owned();
    RawRow { line, content: Content::Broken(Text::from(why), Value::String(shown)) }
}

impl<R: Read> Iterator for JsonRows<R> {
    type Item = anyhow::Result<RawRow>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_row().transpose()
    }
}
