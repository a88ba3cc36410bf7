//! Whether a file is a bundle as it was made.

use serde::de::DeserializeOwned;

use super::file::{Embedded, Part, Unfit, checked, entry_name};
use super::{About, Bundle, Evidence, PROGRAM};
use crate::store::ShopId;

/// What a file proves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proven {
    /// What it is.
    pub about: About,
    /// Its entries of the history, oldest first.
    pub history: Vec<Evidence>,
    /// Those whose hash cannot be worked out without what was masked.
    pub masked: Vec<i64>,
    /// Whether the page was held against the data, which only the version that made it can do.
    pub page_is_of_data: bool,
    /// The digest over all of it.
    pub digest: String,
}

/// What the file proves, or the first thing in it that does not fit.
pub fn verify(file: &str) -> Result<Proven, Unfit> {
    let (Embedded { parts, digest, .. }, page) = checked(file)?;
    let mut parts = parts.iter();
    let about: About = read(parts.next(), "about")?;
    let (complaint, deadlines) = (parts.next(), parts.next());
    let complaint: tousu_wire::complaint_get::Response = read(complaint, "complaint")?;
    let deadlines: tousu_wire::deadline_explain::Response = read(deadlines, "deadlines")?;
    let told = [&complaint.standing.complaint_id, &complaint.info.complaint_id, &deadlines.complaint_id];
    if told.iter().any(|id| **id != about.complaint_id) {
        return Err(Unfit::Part("complaint".into()));
    }
    let shop = ShopId::parse(&about.app_id).ok_or_else(|| Unfit::Part("about".into()))?;
    let (mut history, mut masked) = (Vec::<Evidence>::new(), Vec::new());
    for part in parts {
        let evidence: Evidence = read(Some(part), &part.name)?;
        let number = evidence.entry;
        if part.name != entry_name(number) {
            return Err(Unfit::Parts(part.name.clone()));
        }
        let follows = match history.last() {
            Some(last) if last.entry + 1 == number => last.hash == evidence.hash_before,
            Some(last) => last.entry < number,
            None => number > 0 && (number == 1) == evidence.hash_before.is_empty(),
        };
        let is_last = number == about.entries;
        let ends = number < about.entries || is_last && evidence.hash == about.last_hash;
        match evidence.is_proven(&shop, &about.complaint_id) {
            Some(false) => return Err(Unfit::Entry(number)),
            _ if !follows || !ends => return Err(Unfit::Entry(number)),
            Some(true) => {}
            None => masked.push(number),
        }
        history.push(evidence);
    }
    let page_is_of_data = about.program == PROGRAM;
    let bundle = Bundle { about, complaint, deadlines, history };
    if page_is_of_data && bundle.page() != page {
        return Err(Unfit::Page);
    }
    let Bundle { about, history, .. } = bundle;
    Ok(Proven { about, history, masked, page_is_of_data, digest })
}

fn read<T: DeserializeOwned>(part: Option<&Part>, name: &str) -> Result<T, Unfit> {
    let part = part.filter(|part| part.name == name).ok_or_else(|| Unfit::Parts(name.to_owned()))?;
    serde_json::from_str(part.data.get()).map_err(|error| Unfit::Unreadable(format!("{name}: {error}")))
}
