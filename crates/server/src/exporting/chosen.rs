//! Which complaints an export has, and how they are read, some at a time.

use tousu_wire::InvalidParameter;
use tousu_wire::complaint_export::Request;
use tousu_wire::complaint_list::Filter;
use tousu_wire::complaint_search::{Query, Row as FoundRow};

use crate::export::{self, Row, Writer};
use crate::remembered::filters_of;
use crate::search::Place;
use crate::store::{Exported, ShopId, StoreError, Tx, Wish};

/// Complaints that are read at once: few, since a text may have tens of thousands of characters.
const CHUNK: usize = 100;

/// Which complaints are exported, in the order of the list.
#[derive(Clone, Debug)]
pub enum Chosen {
    /// By what the list can be filtered by.
    Listed(Filter),
    /// By more than that.
    Searched(Box<Query>),
}

/// Some of the complaints that are exported.
pub(super) enum Chunk {
    Listed(Vec<Exported>),
    Searched(Vec<(Place, FoundRow)>),
}

/// Behind which complaint the next chunk begins.
pub(super) enum Behind {
    Listed(i64, String),
    Searched(Place),
}

impl Chosen {
    pub(super) fn of(request: &Request) -> Result<Self, InvalidParameter> {
        let (complaint_id, query) = request.chosen()?;
        let filters = filters_of(&query).unwrap_or_default();
        match (<[Filter; 1]>::try_from(filters), complaint_id) {
            (Ok([filter]), complaint_id) => Ok(Chosen::Listed(Filter { complaint_id, ..filter })),
            (Err(_), None) => Ok(Chosen::Searched(query.into())),
            (Err(_), Some(_)) => {
                let problem =
                    "只能与列表接口的条件同用 ¦ can be given together with the list's conditions only";
                Err(InvalidParameter::new("complaint_id", problem))
            }
        }
    }

    pub(super) async fn read(
        &self,
        tx: &mut Tx,
        shop: &ShopId,
        behind: Option<&Behind>,
        now: i64,
    ) -> Result<Chunk, StoreError> {
        match self {
            Chosen::Listed(filter) => {
                let from = match behind {
                    Some(Behind::Listed(time, id)) => Some((*time, id.as_str())),
                    _ => None,
                };
                tx.exported(shop, filter, now, from, CHUNK).await.map(Chunk::Listed)
            }
            Chosen::Searched(query) => {
                let after = match behind {
                    Some(Behind::Searched(place)) => Some(place),
                    _ => None,
                };
                let found = tx.search(shop, query, Wish { after, skip: 0, size: CHUNK }, now).await?;
                Ok(Chunk::Searched(found.rows))
            }
        }
    }
}

impl Chunk {
    /// Whether nothing is behind it.
    pub(super) fn is_last(&self) -> bool {
        let rows = match self {
            Chunk::Listed(rows) => rows.len(),
            Chunk::Searched(rows) => rows.len(),
        };
        rows < CHUNK
    }

    pub(super) fn write(&self, writer: &mut Writer, now: i64) -> Result<(), export::Error> {
        match self {
            Chunk::Listed(rows) => rows.iter().try_for_each(|row| {
                let listed = row.complaint.shown().row(now);
                writer.push(&Row { listed, handler: &row.assignee, tags: &row.tags })
            }),
            Chunk::Searched(rows) => rows.iter().try_for_each(|(_, found)| {
                let FoundRow { row, assignee, tags, .. } = found;
                writer.push(&Row { listed: row.borrowed(), handler: assignee, tags })
            }),
        }
    }

    pub(super) fn end(self) -> Option<Behind> {
        match self {
            Chunk::Listed(mut rows) => {
                let last = rows.pop()?.complaint;
                Some(Behind::Listed(last.complaint_time, last.complaint_id))
            }
            Chunk::Searched(mut rows) => Some(Behind::Searched(rows.pop()?.0)),
        }
    }
}
