//! SQL that finds other complaints of the same person, order or resource.
//!
//! A person is known by what is shown alone, the user id and the masked number: whole numbers are not compared, since
//! whoever can make complaints could find out by trying what the mask hides.

use std::collections::HashSet;

use tousu_wire::complaint_search::{Query, Row as FoundRow};
use tousu_wire::complaint_similar::{MOST_SIMILAR, Response, SameUser};

use super::complaints::Stored;
use super::{Result, ShopId, Tx, Wish};
use crate::privacy::tail;
use crate::search::Place;

/// Complaints of one user id that are looked at, the latest.
const MOST_OF_USER: i64 = 200;
/// Of those with the same last digits so many are looked at at once, and so many times: few of them have the same mask.
const PAGE: usize = 100;
const PAGES: usize = 5;
/// Of a number of which fewer last digits are shown too much is hidden to tell anything by.
const SHOWN_DIGITS: usize = 4;

impl Tx {
    /// What is similar to that complaint; `None` if the shop has it not.
    pub async fn similar(&mut self, shop: &ShopId, complaint_id: &str, now: i64) -> Result<Option<Response>> {
        let Some(stored) = self.complaint(shop, complaint_id).await? else { return Ok(None) };
        let by_user = self.of_same_person(shop, &stored, now).await?;
        let by_order = self.about_the_same(shop, &stored, now).await?;
        Ok(Some(Response { by_user, by_order }))
    }

    async fn about_the_same(&mut self, shop: &ShopId, stored: &Stored, now: i64) -> Result<Vec<FoundRow>> {
        let complaint = &stored.complaint;
        if complaint.complaint_resource_id.is_empty() {
            return Ok(Vec::new());
        }
        let query = Query {
            complaint_resource_id: Some(complaint.complaint_resource_id.clone()),
            ..Query::default()
        };
        let wish = Wish { after: None, skip: 0, size: MOST_SIMILAR + 1 };
        let found = self.search(shop, &query, wish, now).await?.rows.into_iter().map(|found| found.1);
        let mut rows: Vec<FoundRow> =
            found.filter(|found| found.row.complaint_id != complaint.complaint_id).collect();
        rows.truncate(MOST_SIMILAR);
        Ok(rows)
    }

    async fn of_same_person(&mut self, shop: &ShopId, stored: &Stored, now: i64) -> Result<Vec<SameUser>> {
        let mut found = Vec::new();
        let user_id = &stored.details.complainant_user_id;
        if !user_id.is_empty() {
            const OF_USER: &str = "select number from complaints
                 where shop_id = $1 and complainant_user_id <> '' and complainant_user_id = $2
                 order by number desc limit $3";
            let asked = [user_id.into(), MOST_OF_USER.into()];
            let numbers = self.query(shop, OF_USER, &asked, |row| row.int(0)).await?;
            self.candidates_of(shop, &numbers, |candidate| {
                found.push((candidate.place(Query::default().sort), candidate.row(now), 1));
            })
            .await?;
        }
        let known: HashSet<String> = found.iter().map(|one| one.1.row.complaint_id.clone()).collect();
        let alike = self.with_same_mask(shop, stored, now).await?;
        found.extend(
            alike
                .into_iter()
                .filter(|one| !known.contains(&one.1.row.complaint_id))
                .map(|one| (one.0, one.1, 0)),
        );
        found.retain(|one| one.1.row.complaint_id != stored.complaint.complaint_id);
        found.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        found.truncate(MOST_SIMILAR);
        Ok(found.into_iter().map(|(_, row, certain)| SameUser { row, certain }).collect())
    }

    /// The latest complaints of which the number is shown the same.
    async fn with_same_mask(
        &mut self,
        shop: &ShopId,
        stored: &Stored,
        now: i64,
    ) -> Result<Vec<(Place, FoundRow)>> {
        let shown = stored.complaint.complainant_phone.masked();
        let tail = tail(&shown);
        if tail.len() < SHOWN_DIGITS {
            return Ok(Vec::new());
        }
        let query = Query { phone_tail: Some(tail), ..Query::default() };
        let (mut alike, mut after) = (Vec::new(), None);
        for _ in 0..PAGES {
            let wish = Wish { after: after.as_ref(), skip: 0, size: PAGE };
            let found = self.search(shop, &query, wish, now).await?;
            after = found.rows.last().map(|last| last.0.clone());
            alike.extend(found.rows.into_iter().filter(|one| one.1.row.complainant_phone == shown));
            // One more than is shown: the complaint itself is among them.
            if !found.more || alike.len() > MOST_SIMILAR {
                break;
            }
        }
        Ok(alike)
    }
}
