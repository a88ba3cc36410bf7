//! SQL by which a shop's complaints become what its upstream shows: the same writes as for any change, each with its entry
//! in the history.

use serde_json::{Value as Json, json};
use tousu_wire::codes::State;

use super::acting::Written;
use super::complaints::{from_json, to_json};
use super::handled::Handled;
use super::history::{Chain, Entry, NOTHING_SAID, kept_by};
use super::intake::{Change as Replaced, statements};
use super::mirrored::{NAMES, names, padded};
use super::phones::{There, Whole};
use super::{Brought, Doer, Incoming, Result, ShopId, Store, StoreError, Taken, Tx};
use crate::complaint::{Complaint, Details};
use crate::privacy::tail;
use crate::reconcile::{self, Shown};

/// Who brought complaints that were fetched.
pub const UPSTREAM: &str = "upstream";
/// The event of a complaint that is another upstream than it was here.
pub const CHANGED_UPSTREAM: &str = "changed_upstream";
/// Where such an entry has, in `after`, what must have happened: names of [`crate::life::Event`]s.
pub const HAPPENED_UPSTREAM: &str = "upstream";

/// A complaint as its upstream shows it.
#[derive(Clone, Debug)]
pub struct FromUpstream {
    /// Its number.
    pub complaint_id: String,
    /// What the list shows of it; `None`: only its details were asked for.
    pub complaint: Option<Complaint>,
    /// What the detail shows besides; `None`: not known, and due.
    pub details: Option<Details>,
}

/// How much was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mirrored {
    /// Complaints that were not there.
    pub added: u64,
    /// Complaints that changed, their details included; not those of which details came for the first time.
    pub changed: u64,
}

/// A complaint that is there, with all that a mirror compares.
struct Held {
    there: There,
    handled: Handled,
    details: Details,
    /// Whether the details are what the upstream said once.
    details_known: bool,
}

/// Notes that a complaint is the upstream's, and what is known of its details.
const NOTE: &str = "insert into mirrored (shop_id, number, details_at, details_due, failures)
     values ($1, $2, $3, $4, 0) on conflict (shop_id, number) do update
     set details_at = excluded.details_at, details_due = excluded.details_due, failures = 0";

impl Store {
    /// Makes the shop's complaints what the upstream shows, in one transaction. What changes nothing takes no version.
    /// `None` if there is no such shop.
    pub async fn mirror(
        &self,
        shop: &ShopId,
        doer: &Doer,
        batch: &[FromUpstream],
    ) -> Result<Option<Mirrored>> {
        let begun = self.write_asking(shop, None, |_| Ok(())).await?;
        let Some((mut tx, Taken { version, mut chain, .. }, _)) = begun else { return Ok(None) };
        let (mut done, mut notes, mut quietly) = (Mirrored::default(), Vec::new(), Vec::new());
        for shown in batch {
            let number = match tx.held(shop, &shown.complaint_id).await? {
                None => {
                    let Some(number) = tx.add_from_upstream(shop, version, &mut chain, doer, shown).await?
                    else {
                        continue;
                    };
                    done.added += 1;
                    number
                }
                Some(held) => {
                    let number = held.there.number;
                    let changed =
                        tx.change_from_upstream(shop, version, &mut chain, doer, held, shown).await?;
                    done.changed += u64::from(changed == Changes::Told);
                    if changed == Changes::Quietly {
                        quietly.push(number);
                    }
                    number
                }
            };
            // Those of a complaint that changed are not known any more, until they are fetched.
            let known = shown.details.is_some().then_some(doer.now);
            let due = shown.details.is_none().then_some(doer.now);
            notes.push((NOTE, vec![number.into(), known.into(), due.into()]));
        }
        if !quietly.is_empty() {
            let said = json!({ "added": 0, "first_number": 0, "last_number": -1, "changed": quietly });
            let entry = doer.entry(version, "", "imported_in_bulk", ["{}", "{}", &said.to_string()]);
            let kept = chain.add(shop, entry);
            tx.execute_all(shop, &kept_by(&kept, &chain)).await?;
        }
        if done == Mirrored::default() && quietly.is_empty() {
            drop(tx);
            tx = self.begin_write().await?;
        }
        tx.execute_all(shop, &notes).await?;
        tx.commit().await?;
        Ok(Some(done))
    }

    /// Notes that these complaints are the upstream's, and that their details are due.
    pub async fn adopt(&self, shop: &ShopId, ids: &[&str], now: i64) -> Result<()> {
        let sql = format!(
            "insert into mirrored (shop_id, number, details_at, details_due, failures)
             select shop_id, number, cast(null as bigint), ${}, 0 from complaints
             where shop_id = $1 and complaint_id in ({}) on conflict (shop_id, number) do nothing",
            NAMES + 2,
            names()
        );
        let mut tx = self.begin_write().await?;
        for chunk in ids.chunks(NAMES) {
            let mut values = padded(chunk);
            values.push(now.into());
            tx.execute(shop, &sql, &values).await?;
        }
        tx.commit().await
    }

    /// Takes away complaints that are gone upstream; how many there were.
    pub async fn remove_gone(&self, shop: &ShopId, doer: &Doer, ids: &[&str]) -> Result<u64> {
        let begun = self.write_asking(shop, None, |_| Ok(())).await?;
        let Some((mut tx, Taken { version, mut chain, .. }, _)) = begun else { return Ok(0) };
        let mut removed = 0;
        for id in ids {
            let Some(Held { there, handled, .. }) = tx.held(shop, id).await? else { continue };
            let written = Written::of(&handled, &handled, version)?;
            let said = json!({ "reason": "gone upstream" }).to_string();
            let entry = Entry { after: "{}".into(), ..written.entry("removed", &said, doer) };
            let kept = chain.add(shop, entry);
            const MIRRORED: &str = "delete from mirrored where shop_id = $1 and number = $2";
            tx.execute(shop, MIRRORED, &[there.number.into()]).await?;
            removed += tx.take_one_away(shop, version, id).await?;
            tx.execute_all(shop, &kept_by(&kept, &chain)).await?;
        }
        if removed > 0 {
            tx.commit().await?;
        }
        Ok(removed)
    }

    /// Notes that a complaint's details could not be fetched, and when it is tried again.
    pub async fn details_failed(&self, shop: &ShopId, complaint_id: &str, again_at: i64) -> Result<()> {
        const FAILED: &str = "update mirrored set details_due = $3, failures = failures + 1
             where shop_id = $1 and number = (select number from complaints where shop_id = $1 and complaint_id = $2)";
        let mut tx = self.begin_write().await?;
        tx.execute(shop, FAILED, &[complaint_id.into(), again_at.into()]).await?;
        tx.commit().await
    }

    /// Has the details of all that is open fetched once more: a reply need not change what the list shows.
    pub async fn refresh_open_details(&self, shop: &ShopId, now: i64) -> Result<()> {
        const OPEN: &str = "update mirrored set details_due = $2 where shop_id = $1 and details_due is null
             and number in (select number from complaints where shop_id = $1 and state <> 2)";
        let mut tx = self.begin_write().await?;
        tx.execute(shop, OPEN, &[now.into()]).await?;
        tx.commit().await
    }
}

/// What became of a complaint that was there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Changes {
    Nothing,
    /// Only details came that were not known before: nothing happened by that.
    Quietly,
    Told,
}

impl Tx {
    async fn held(&mut self, shop: &ShopId, complaint_id: &str) -> Result<Option<Held>> {
        let Some(handled) = self.handled(shop, complaint_id).await? else { return Ok(None) };
        let there = self.there(shop, &[complaint_id]).await?.remove(complaint_id);
        let stored = self.complaint(shop, complaint_id).await?;
        let (Some(there), Some(stored)) = (there, stored) else { return Ok(None) };
        const KNOWN: &str = "select details_at from mirrored where shop_id = $1 and number = $2";
        let known = self.query(shop, KNOWN, &[there.number.into()], |row| row.optional_int(0)).await?;
        let details_known = known.first().copied().flatten().is_some();
        Ok(Some(Held { there, handled, details: stored.details, details_known }))
    }

    async fn add_from_upstream(
        &mut self,
        shop: &ShopId,
        version: i64,
        chain: &mut Chain,
        doer: &Doer,
        shown: &FromUpstream,
    ) -> Result<Option<i64>> {
        let Some(complaint) = &shown.complaint else { return Ok(None) };
        let incoming =
            Incoming { complaint: complaint.clone(), details: shown.details.clone().unwrap_or_default() };
        let brought = Brought { by: UPSTREAM, doer: None, at: doer.now };
        if !self.take_in_one(shop, version, brought, &incoming).await? {
            return Err(StoreError::Value("a new complaint was not added".into()));
        }
        self.set_detail_step(shop, &shown.complaint_id, &incoming.details).await?;
        let missing = || StoreError::Value("a complaint is gone".into());
        let Held { there, handled, .. } = self.held(shop, &shown.complaint_id).await?.ok_or_else(missing)?;
        let (event, actor) = reconcile::beginning(complaint);
        let written = Written::of(&handled, &handled, version)?;
        let doer = Doer { actor, ..doer.clone() };
        let entry = written.entry(event.name(), NOTHING_SAID, &doer);
        let kept = chain.add(shop, Entry { before: "{}".into(), ..entry });
        self.execute_all(shop, &kept_by(&kept, chain)).await?;
        Ok(Some(there.number))
    }

    async fn set_detail_step(&mut self, shop: &ShopId, complaint_id: &str, details: &Details) -> Result<()> {
        const STEP: &str = "update complaints set detail_step = $3 where shop_id = $1 and complaint_id = $2";
        let step = details.detail_step.map(i64::from);
        self.execute(shop, STEP, &[complaint_id.into(), step.into()]).await.map(drop)
    }

    async fn change_from_upstream(
        &mut self,
        shop: &ShopId,
        version: i64,
        chain: &mut Chain,
        doer: &Doer,
        held: Held,
        shown: &FromUpstream,
    ) -> Result<Changes> {
        let Held { mut there, handled: before, details: old_details, details_known } = held;
        let old = there.complaint.clone();
        let number = there.number;
        let vault = self.vault.clone();
        let given = shown.complaint.clone().unwrap_or_else(|| old.clone());
        let phone_given = given.complainant_phone.clone();
        let (new, whole) = there.replaced(vault.as_deref(), shop, given);
        // What was erased does not come back.
        let details = shown.details.clone().filter(|_| !there.is_erased());
        let now_shown = Shown { complaint: &new, details: details.as_ref() };
        let Some(change) =
            reconcile::change(Shown { complaint: &old, details: Some(&old_details) }, now_shown)
        else {
            return Ok(Changes::Nothing);
        };
        let row_changed = old != new || whole != Whole::Stays;
        let brought = Brought { by: UPSTREAM, doer: None, at: doer.now };
        let is_other_phone = new.complainant_phone != old.complainant_phone || whole != Whole::Stays;
        let phone_tail = is_other_phone.then(|| tail(phone_given.whole()));
        let replaced = [Replaced { old: old.clone(), new: new.clone(), whole, phone_tail, number }];
        self.execute_all(shop, &statements(&replaced, version, brought)).await?;
        let details = details.unwrap_or_else(|| Details {
            // Of a step that the list has no number for nothing is known any more, once it moved on.
            detail_step: old_details.detail_step.filter(|_| old.current_step == new.current_step),
            ..old_details.clone()
        });
        self.replace_details(shop, number, &new.complaint_id, &old_details, &details).await?;
        let is_closed = new.closed_at.is_some() || new.state == State::Done;
        let was_open = old.state != State::Done;
        let step_before_closing = match (was_open, is_closed) {
            (true, true) => Some(old.current_step),
            (false, true) => before.step_before_closing,
            (_, false) => None,
        };
        const REST: &str = "update complaints set step_before_closing = $3, windows = null
             where shop_id = $1 and number = $2";
        let step = step_before_closing.map(i64::from);
        self.execute(shop, REST, &[number.into(), step.into()]).await?;
        let is_first = !row_changed && !details_known;
        if is_first && details.detail_step == old_details.detail_step {
            return Ok(Changes::Quietly);
        }
        let after = Handled {
            complaint: new,
            version,
            detail_step: details.detail_step,
            step_before_closing,
            windows: None,
            ..before.clone()
        };
        let mut written = Written::of(&before, &after, version)?;
        // Details that come for the first time tell of the past.
        let happened: Vec<&str> = match is_first {
            true => Vec::new(),
            false => change.happened.iter().map(|event| event.name()).collect(),
        };
        let mut shown_after: Json = from_json(&written.after)?;
        if let Json::Object(after) = &mut shown_after {
            after.insert(HAPPENED_UPSTREAM.into(), json!(happened));
        }
        written.after = to_json(&shown_after)?;
        let said = json!({ "changed": change.fields }).to_string();
        let doer = Doer { actor: change.actor, ..doer.clone() };
        let kept = chain.add(shop, written.entry(CHANGED_UPSTREAM, &said, &doer));
        self.execute_all(shop, &kept_by(&kept, chain)).await?;
        Ok(Changes::Told)
    }

    async fn replace_details(
        &mut self,
        shop: &ShopId,
        number: i64,
        complaint_id: &str,
        old: &Details,
        new: &Details,
    ) -> Result<()> {
        const DETAILS: &str =
            "update complaints set complainant_user_id = $3, content_msg = $4, content_object = $5,
                 uploaded_images = $6, sub_mch_id = $7, detail_step = $8
             where shop_id = $1 and number = $2";
        let Details { complainant_user_id, content_msg, content_object, uploaded_images, sub_mch_id, .. } =
            new;
        let (content_object, uploaded_images) = (to_json(content_object)?, to_json(uploaded_images)?);
        let values = [
            number.into(),
            complainant_user_id.into(),
            content_msg.into(),
            (&content_object).into(),
            (&uploaded_images).into(),
            sub_mch_id.as_ref().into(),
            new.detail_step.map(i64::from).into(),
        ];
        self.execute(shop, DETAILS, &values).await?;
        if old.replies != new.replies {
            const FORGET: &str = "delete from replies where shop_id = $1 and complaint_id = $2";
            self.execute(shop, FORGET, &[complaint_id.into()]).await?;
            self.add_replies(shop, complaint_id, &new.replies).await?;
        }
        Ok(())
    }
}
