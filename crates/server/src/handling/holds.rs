//! What somebody has, and so may give to others.

use super::Refused;

/// What whoever changes a shop's apps or members has himself.
#[derive(Clone, Copy, Debug)]
pub enum Holds<'a> {
    /// Whoever may open the database gives what he likes.
    Everything,
    /// Whoever calls for a shop gives of what he has there: these permission sets, separated by commas.
    These(&'a str),
}

impl Holds<'_> {
    /// Refuses to give what is not held: otherwise an app could get itself, through another or through a person, whatever
    /// there is.
    pub(super) fn give<'a>(self, sets: impl Iterator<Item = &'a str>) -> std::result::Result<(), Refused> {
        let Holds::These(held) = self else { return Ok(()) };
        let missing: Vec<&str> = sets.filter(|set| !held.split(',').any(|held| held == *set)).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let (zh, en) = (missing.join("、"), missing.join(", "));
        let why =
            format!("您自己没有权限集 {zh}，不能授予 ¦ you do not have {en} yourself, and cannot give it");
        Err(Refused::Impossible(why.into()))
    }
}
