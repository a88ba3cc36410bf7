//! How a bundle is written, and read again.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use tousu_wire::Lang;

use super::{Bundle, page};
use crate::secrets::hex;

/// What the data says that it is.
const FORMAT: &str = "tousu-bundle/1";
/// What stands around the data in the page. Nothing else in the page is written so: every `<` of a text is escaped.
const OPEN: &str = "<pre id=\"tousu-bundle\" hidden>";
const CLOSE: &str = "</pre>";

/// The data of a bundle.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Embedded {
    format: String,
    pub(super) parts: Vec<Part>,
    page_sha256: String,
    pub(super) digest: String,
}

/// Some of it, with its hash.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Part {
    pub(super) name: String,
    sha256: String,
    pub(super) data: Box<RawValue>,
}

/// Where a file is not what was written: the first thing that does not fit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// There is no bundle in it.
    #[error("文件中没有存证数据 ¦ there is no bundle in the file")]
    NoData,
    /// The data cannot be read.
    #[error("存证数据无法读取：{0} ¦ the data cannot be read: {0}")]
    Unreadable(String),
    /// A newer program made it.
    #[error("存证格式 {0} 无法识别，请升级 tousu ¦ the format {0} is not known: upgrade tousu")]
    Format(String),
    /// A part was changed.
    #[error("「{0}」部分被改动 ¦ the part \"{0}\" was changed")]
    Part(String),
    /// A hash, or the digest itself, was changed, or a part is missing.
    #[error("摘要不符 ¦ the digest does not fit")]
    Digest,
    /// What people read was changed.
    #[error("页面文字被改动 ¦ the page around the data was changed")]
    Page,
    /// The data is right, but is not written as it was.
    #[error("存证数据的写法被改动 ¦ the data is not written as it was")]
    Written,
    /// A part that should be there is not, or one that should not is.
    #[error("缺少或多出「{0}」部分 ¦ the part \"{0}\" is missing or in excess")]
    Parts(String),
    /// An entry's hash does not follow from what it says and the hash before it.
    #[error("历史第 {0} 条的哈希不符 ¦ the hash of entry {0} does not fit")]
    Entry(i64),
    /// The database has another entry there.
    #[error("历史第 {0} 条与数据库中的不同 ¦ entry {0} is not the one in the database")]
    Kept(i64),
    /// The database has an entry that is not in the file.
    #[error("文件缺少历史第 {0} 条 ¦ entry {0} is missing in the file")]
    LeftOut(i64),
    /// The database does not know of the bundle.
    #[error("数据库没有这份存证的记录 ¦ the database knows of no such bundle")]
    Unknown,
}

impl Bundle {
    /// The whole file, and its digest.
    pub fn to_html(&self) -> Result<(String, String), serde_json::Error> {
        let mut parts = vec![
            part("about", &self.about)?,
            part("complaint", &self.complaint)?,
            part("deadlines", &self.deadlines)?,
        ];
        for evidence in &self.history {
            parts.push(part(&entry_name(evidence.entry), evidence)?);
        }
        let [before, after] = self.page();
        let page_sha256 = digest_of(&[&before, &after]);
        let digest = whole(&parts, &page_sha256);
        let embedded = Embedded { format: FORMAT.into(), parts, page_sha256, digest: digest.clone() };
        let data = serde_json::to_string(&embedded)?;
        Ok((format!("{before}{OPEN}{data}{CLOSE}{after}"), digest))
    }
}

impl Bundle {
    /// What stands before and behind the data.
    pub(super) fn page(&self) -> [String; 2] {
        page::around(self, Lang::Zh).into()
    }
}

/// What an entry's part is called.
pub(super) fn entry_name(entry: i64) -> String {
    format!("entry {entry}")
}

fn part(name: &str, data: &impl Serialize) -> Result<Part, serde_json::Error> {
    // They stand in strings alone, where JSON has another way to write them: HTML then has none to read.
    let text =
        serde_json::to_string(data)?.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026");
    let sha256 = hex(&Sha256::digest(text.as_bytes()));
    Ok(Part { name: name.to_owned(), sha256, data: RawValue::from_string(text)? })
}

/// SHA-256 over texts, each with its length in front.
pub fn digest_of(texts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for text in texts {
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text.as_bytes());
    }
    hex(&hash.finalize())
}

fn whole(parts: &[Part], page_sha256: &str) -> String {
    let mut texts = vec![FORMAT];
    texts.extend(parts.iter().flat_map(|part| [part.name.as_str(), part.sha256.as_str()]));
    texts.push(page_sha256);
    digest_of(&texts)
}

/// The data in a file, as text: JSON.
pub fn parse(file: &str) -> Result<(&str, [&str; 2]), Unfit> {
    let (before, rest) = file.split_once(OPEN).ok_or(Unfit::NoData)?;
    let (data, after) = rest.split_once(CLOSE).ok_or(Unfit::NoData)?;
    Ok((data, [before, after]))
}

/// The data of a file whose hashes fit, and what stands around it.
pub(super) fn checked(file: &str) -> Result<(Embedded, [&str; 2]), Unfit> {
    let (data, around) = parse(file)?;
    let embedded: Embedded =
        serde_json::from_str(data).map_err(|error| Unfit::Unreadable(error.to_string()))?;
    if embedded.format != FORMAT {
        return Err(Unfit::Format(embedded.format.clone()));
    }
    let is_changed = |part: &&Part| hex(&Sha256::digest(part.data.get().as_bytes())) != part.sha256;
    if let Some(part) = embedded.parts.iter().find(is_changed) {
        return Err(Unfit::Part(part.name.clone()));
    }
    if whole(&embedded.parts, &embedded.page_sha256) != embedded.digest {
        return Err(Unfit::Digest);
    }
    if digest_of(&around) != embedded.page_sha256 {
        return Err(Unfit::Page);
    }
    match serde_json::to_string(&embedded) {
        Ok(written) if written == data => Ok((embedded, around)),
        _ => Err(Unfit::Written),
    }
}
