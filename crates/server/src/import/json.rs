//! Rows out of JSON, in any of three forms: an array of rows, one row a line, or answers of the list
//! interface as they came (`{"code":0,"data":{"list":[…]}}`, several in a row if need be).
//!
//! The file is cut into objects by their brackets, so that it streams and that one broken row costs no
//! other; each object is then decoded by itself.

use std::io::{BufRead, BufReader, Read};

use serde_json::{Map, Value};
use tousu_wire::{Text, lenient};

use super::RawRow;

/// The rows of a JSON text.
pub struct JsonRows<R> {
    reader: BufReader<R>,
    /// The line of the next byte, from 1.
    line: u64,
    within: Within,
}

/// What surrounds the next row.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Within {
    /// Nothing: one row a line.
    Lines,
    /// An array, which must end.
    Array,
    /// An answer whose list has ended: what follows is no row until the next object.
    Answer,
}

/// An object of a file may be this large; what is larger is no row.
const LARGEST: usize = 1 << 20;

impl<R: Read> JsonRows<R> {
    /// Reads rows from `file`.
    pub fn new(file: R) -> Self {
        JsonRows { reader: BufReader::with_capacity(1 << 18, file), line: 1, within: Within::Lines }
    }

    fn next_row(&mut self) -> anyhow::Result<Option<RawRow>> {
        loop {
            match self.skip_to_object()? {
                Some(Opening::Object) => {}
                Some(Opening::Other(line, text)) => return Ok(Some(refused(line, text))),
                None if self.within == Within::Array => {
                    anyhow::bail!("文件在数组结束之前中断 ¦ the file ends before its array does")
                }
                None => return Ok(None),
            }
            let line = self.line;
            match self.object()? {
                // What surrounds the rows of an answer; its rows come next.
                Object::Envelope => self.within = Within::Array,
                Object::Whole(text) => match decoded(line, text) {
                    row if is_answer_without_rows(&row) => self.within = Within::Answer,
                    row => return Ok(Some(row)),
                },
                Object::CutOff(text) => return Ok(Some(refused(line, text))),
            }
        }
    }

    /// Skips what stands between rows, up to the next `{`, which is left in place.
    fn skip_to_object(&mut self) -> std::io::Result<Option<Opening>> {
        let mut stray = Vec::new();
        let mut stray_line = self.line;
        let (mut in_string, mut escaped) = (false, false);
        loop {
            let Some(&byte) = self.reader.fill_buf()?.first() else {
                return Ok((!stray.is_empty()).then(|| Opening::Other(stray_line, stray)));
            };
            if byte == b'{' && !in_string {
                return Ok(Some(match stray.is_empty() {
                    true => Opening::Object,
                    false => Opening::Other(stray_line, stray),
                }));
            }
            self.reader.consume(1);
            match byte {
                b'\n' => {
                    self.line += 1;
                    in_string = false;
                    if !stray.is_empty() {
                        return Ok(Some(Opening::Other(stray_line, stray)));
                    }
                    continue;
                }
                _ if escaped => escaped = false,
                b'\\' if in_string => escaped = true,
                b'"' => in_string = !in_string,
                b'[' if stray.is_empty() && !in_string => {
                    self.within = Within::Array;
                    continue;
                }
                b']' if stray.is_empty() && !in_string => {
                    self.within = Within::Answer;
                    continue;
                }
                _ => {}
            }
            let between =
                matches!(byte, b',' | b'}' | b' ' | b'\t' | b'\r') || BYTE_ORDER_MARK.contains(&byte);
            if self.within == Within::Answer || (between && stray.is_empty()) {
                continue;
            }
            if stray.is_empty() {
                stray_line = self.line;
            }
            if stray.len() < LARGEST {
                stray.push(byte);
            }
        }
    }

    /// Takes one object off the reader, which stands at its `{`. An object that turns out to hold a `"list"`
    /// array is an answer of the list interface: the reader is left behind the array's `[`.
    fn object(&mut self) -> std::io::Result<Object> {
        let mut text = Vec::new();
        let (mut depth, mut in_string, mut escaped) = (0usize, false, false);
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
                    b'\n' => self.line += 1,
                    _ if escaped => escaped = false,
                    b'\\' if in_string => escaped = true,
                    b'"' => in_string = !in_string,
                    b'{' | b'[' if !in_string => {
                        depth += 1;
                        if byte == b'[' && depth <= 3 && ends_with_list_key(&text, &buffer[..taken - 1]) {
                            ended = Some(true);
                            break;
                        }
                    }
                    b'}' | b']' if !in_string => {
                        depth -= 1;
                        if depth == 0 {
                            ended = Some(false);
                            break;
                        }
                    }
                    _ => {}
                }
            }
            text.extend_from_slice(&buffer[..taken]);
            self.reader.consume(taken);
            match ended {
                Some(true) => return Ok(Object::Envelope),
                Some(false) => return Ok(Object::Whole(text)),
                None if text.len() > LARGEST => return Ok(Object::CutOff(text)),
                None => {}
            }
        }
    }
}

enum Opening {
    Object,
    /// Text that is no object, and the line on which it stands.
    Other(u64, Vec<u8>),
}

enum Object {
    Whole(Vec<u8>),
    Envelope,
    CutOff(Vec<u8>),
}

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// An answer of the list interface with code 0 and no list at all, as the official server may give.
fn is_answer_without_rows(row: &RawRow) -> bool {
    let Ok(fields) = &row.fields else { return false };
    !fields.contains_key("complaint_id")
        && fields.contains_key("data")
        && fields.get("code") == Some(&Value::from(0))
}

/// Whether the text so far ends with the key `"list":`.
fn ends_with_list_key(before: &[u8], buffer: &[u8]) -> bool {
    let mut tail = before.iter().chain(buffer).rev().copied().filter(|byte| !byte.is_ascii_whitespace());
    tail.by_ref().take(7).eq(b":\"tsil\"".iter().copied())
}

fn refused(line: u64, text: Vec<u8>) -> RawRow {
    let shown: String = String::from_utf8_lossy(&text).chars().take(2000).collect();
    RawRow {
        line, fields: Err((Text::from("不是完整的 JSON 对象 ¦ not a whole JSON object"), shown))
    }
}

fn decoded(line: u64, text: Vec<u8>) -> RawRow {
    let fields: Result<Map<String, Value>, _> = lenient::parameters(&text);
    RawRow {
        line,
        fields: fields.map_err(|why| (Text::from(why), String::from_utf8_lossy(&text).into_owned())),
    }
}

impl<R: Read> Iterator for JsonRows<R> {
    type Item = anyhow::Result<RawRow>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_row().transpose()
    }
}
