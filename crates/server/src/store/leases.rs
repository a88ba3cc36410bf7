//! SQL about leases: who does a job that one node at a time may do; and what else is of a moment for all shops.

use super::{Result, Store};

impl Store {
    /// Takes the lease of that name for `seconds` from `now`, or renews it; `false` while it is another's.
    /// Whoever stops renewing it loses it when its time is over.
    pub async fn claim(&self, name: &str, holder: &str, now: i64, seconds: i64) -> Result<bool> {
        const CLAIM: &str = "insert into leases (name, holder, until) values ($1, $2, $3)
             on conflict (name) do update set holder = excluded.holder, until = excluded.until
             where leases.until <= $4 or leases.holder = $2 returning until";
        let values = [name.into(), holder.into(), (now + seconds).into(), now.into()];
        let mut tx = self.begin_write().await?;
        let claimed = tx.query_all_shops(CLAIM, &values, |_| Ok(())).await?;
        tx.commit().await?;
        Ok(!claimed.is_empty())
    }

    /// Forgets until when leases are held, up to when deadlines were looked for, and who tried to sign in: a sandbox's clock
    /// goes back to before all that.
    pub async fn forget_moments(&self) -> Result<()> {
        let mut tx = self.begin_write().await?;
        for table in ["leases", "alarm_marks", "sign_in_attempts"] {
            tx.query_all_shops(&format!("delete from {table}"), &[], |_| Ok(())).await?;
        }
        tx.commit().await
    }

    /// Gives a lease back before its time is over.
    pub async fn release(&self, name: &str, holder: &str) -> Result<()> {
        const RELEASE: &str = "delete from leases where name = $1 and holder = $2";
        let mut tx = self.begin_write().await?;
        tx.query_all_shops(RELEASE, &[name.into(), holder.into()], |_| Ok(())).await?;
        tx.commit().await
    }
}
