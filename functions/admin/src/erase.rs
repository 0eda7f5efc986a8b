//! `erase`: deletes all rows of a tenant, or of one account of a tenant that goes on working. It can
//! be interrupted at any time and continued by repeating the operation.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep};
use tracing::info;
use tributary_domain::TenantId;
use tributary_store::erasure::{self, AccountStep, TenantStep, Turn};
use tributary_store::{Store, StoreError, Tx, tenants};

use crate::context::Admin;
use crate::error::AdminError;
use crate::migrate;
use crate::operation::Operation;

/// The most rows that one database transaction deletes.
const ROWS_MAX: i64 = 2_000;
/// How long one invocation begins further database transactions. The function has 300 s.
const BUDGET: Duration = Duration::from_secs(240);
/// How long to wait for rows that other database transactions have locked.
const LOCKED_DELAY: Duration = Duration::from_millis(100);

/// Erase a tenant or an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Erase {
    /// The tenant's name.
    pub tenant: String,
    /// The account; `None` for the whole tenant.
    #[serde(default)]
    pub account: Option<String>,
    /// Whether an earlier invocation returned `is_done: false`. Then it is no error if there is
    /// nothing left.
    #[serde(default)]
    pub is_continued: bool,
}

/// The progress of an erasure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Erased {
    /// The number of rows that this invocation deleted, and of batches that it changed.
    pub rows: u64,
    /// Whether nothing is left. Else the operation must be repeated.
    pub is_done: bool,
}

impl Operation for Erase {
    const NAME: &'static str = "erase";
    type Output = Erased;

    async fn run(self, admin: &Admin) -> Result<Erased, AdminError> {
        migrate::require_all(admin).await?;
        let store = admin.store()?;
        let mut tx = store.begin_for_all().await?;
        let tenant = tenants::find(&mut tx, &self.tenant).await;
        let Some(tenant) = tributary_store::end(tx, tenant).await? else {
            return self.nothing_left("tenant", "unknown tenant");
        };
        let mut work = Work { store, tenant, stop_at: Instant::now() + BUDGET, rows: 0 };
        let is_done = match &self.account {
            None => work.erase_tenant().await?,
            Some(account_id) => {
                let mut tx = store.begin(tenant).await?;
                let is_known = erasure::begin_account(&mut tx, tenant, account_id).await;
                if !tributary_store::end(tx, is_known).await? {
                    return self.nothing_left("account", "the tenant has no such account");
                }
                work.erase_account(account_id).await?
            }
        };
        info!(tenant_id = %tenant, rows = work.rows, is_done, "erasure ended");
        Ok(Erased { rows: work.rows, is_done })
    }
}

impl Erase {
    const fn nothing_left(
        &self,
        place: &'static str,
        reason: &'static str,
    ) -> Result<Erased, AdminError> {
        if self.is_continued {
            return Ok(Erased { rows: 0, is_done: true });
        }
        Err(AdminError::Rejected { place, reason })
    }
}

/// The work of one invocation.
struct Work<'s> {
    store: &'s Store,
    tenant: TenantId,
    stop_at: Instant,
    rows: u64,
}

impl Work<'_> {
    /// Returns whether nothing is left.
    async fn erase_tenant(&mut self) -> Result<bool, StoreError> {
        let mut tx = self.begin().await?;
        let begun = erasure::begin_tenant(&mut tx, self.tenant).await;
        tributary_store::end(tx, begun).await?;
        while self.is_time_left() {
            for step in TenantStep::ALL {
                loop {
                    let mut tx = self.begin().await?;
                    let turn = step.run(&mut tx, self.tenant, ROWS_MAX).await;
                    if !self.goes_on(tributary_store::end(tx, turn).await?).await {
                        break;
                    }
                }
            }
            let mut tx = self.begin().await?;
            let finished = erasure::finish_tenant(&mut tx, self.tenant).await;
            if tributary_store::end(tx, finished).await? {
                return Ok(true);
            }
            sleep(LOCKED_DELAY).await;
        }
        Ok(false)
    }

    /// Returns whether nothing is left of a marked account.
    async fn erase_account(&mut self, account_id: &str) -> Result<bool, StoreError> {
        if !self.wait_for_writers().await? {
            return Ok(false);
        }
        while self.is_time_left() {
            for step in AccountStep::ALL {
                loop {
                    let mut tx = self.begin().await?;
                    let turn = step.run(&mut tx, self.tenant, account_id, ROWS_MAX).await;
                    if !self.goes_on(tributary_store::end(tx, turn).await?).await {
                        break;
                    }
                }
                // The lists must be searched before the transactions are deleted.
                if !self.is_time_left() {
                    return Ok(false);
                }
            }
            let mut tx = self.begin().await?;
            let finished = erasure::finish_account(&mut tx, self.tenant, account_id).await;
            if tributary_store::end(tx, finished).await? {
                return Ok(true);
            }
            sleep(LOCKED_DELAY).await;
        }
        Ok(false)
    }

    /// Waits for the database transactions that may have read the account before it was marked.
    async fn wait_for_writers(&self) -> Result<bool, StoreError> {
        let mut tx = self.begin().await?;
        let boundary = erasure::account_boundary(&mut tx).await;
        let boundary = tributary_store::end(tx, boundary).await?;
        while self.is_time_left() {
            let mut tx = self.begin().await?;
            let is_passed = boundary.is_passed(&mut tx).await;
            if tributary_store::end(tx, is_passed).await? {
                return Ok(true);
            }
            sleep(LOCKED_DELAY).await;
        }
        Ok(false)
    }

    /// Counts a turn. Returns whether the same step has another one.
    async fn goes_on(&mut self, turn: Turn) -> bool {
        self.rows += turn.done;
        if turn.is_blocked {
            sleep(LOCKED_DELAY).await;
        }
        turn.is_more && self.is_time_left()
    }

    fn is_time_left(&self) -> bool {
        Instant::now() < self.stop_at
    }

    async fn begin(&self) -> Result<Tx, StoreError> {
        self.store.begin(self.tenant).await
    }
}
