//! An index against a recount: a difference is a bug.

use std::sync::Arc;

use tousu_wire::codes::{ChannelType, CodeTable, Overtime, State};
use tousu_wire::complaint_list::{Filter, Page};

use super::{Indexes, Lookup};
use crate::remembered::Moment;
use crate::store::{Result, ShopId, Tx};

impl Indexes {
    /// Every total of a filter by channel, state and overtime, and a few pages, as the index has them and as the
    /// database counts them in the same snapshot: what differs, in words. Asks about a shop that is in memory, or
    /// small enough to be read at once; reads it whole if `anyway`.
    pub async fn differences(
        self: &Arc<Self>,
        tx: &mut Tx,
        shop: &ShopId,
        moment: Moment,
        anyway: bool,
    ) -> Result<Vec<String>> {
        if anyway {
            self.read_now(tx, shop, moment.now).await?;
        }
        let groups = tx.groups(shop, moment.now).await?;
        let mut differences = Vec::new();
        for filter in filters() {
            let matching = groups.iter().filter(|group| {
                filter.channel_type.is_none_or(|wanted| wanted == group.channel_type)
                    && filter.state.is_none_or(|wanted| wanted == group.state)
                    && filter.is_overtime.is_none_or(|wanted| Some(wanted) == group.overtime)
            });
            let counted: i64 = matching.map(|group| group.complaints).sum();
            let mut offsets = vec![0];
            // Finding a page by counting is slow, so that few are looked at.
            if filter.channel_type.is_none() || filter.state.is_none() && filter.is_overtime.is_none() {
                offsets.extend([counted / 2, (counted - PAGE).max(0)]);
            }
            for offset in offsets {
                let page = Page { offset, size: PAGE };
                let Lookup::Found(found) = self.find(tx, shop, moment, &filter, page).await? else {
                    return Ok(vec![format!("{shop} {filter:?}: the index does not answer")]);
                };
                if found.total != counted {
                    differences.push(format!("{shop} {filter:?}: {} instead of {counted}", found.total));
                }
                let mut expected = Vec::new();
                tx.page(shop, &filter, page, moment.now, |number, _| expected.push(number)).await?;
                if found.numbers != expected {
                    differences.push(format!("{shop} {filter:?}: another page at {offset}"));
                }
            }
        }
        Ok(differences)
    }
}

const PAGE: i64 = 10;

fn filters() -> impl Iterator<Item = Filter> {
    fn each<T: CodeTable>() -> impl Iterator<Item = Option<T>> {
        std::iter::once(None).chain(T::LISTED.iter().map(|listed| Some(T::from(listed.0))))
    }
    each::<ChannelType>().flat_map(|channel_type| {
        each::<State>().flat_map(move |state| {
            each::<Overtime>().map(move |is_overtime| Filter {
                channel_type,
                state,
                is_overtime,
                ..Filter::default()
            })
        })
    })
}
