//! `check`: proves on the database that nothing is lost, doubled or miscounted. Changes nothing.

use std::time::Duration;

use serde::{Deserialize, Serialize};
pub use tributary_store::check::{Check as Verdict, Finding};
use tributary_store::{StoreError, check};

use crate::error::AdminError;
use crate::handler::Admin;
use crate::migrate;
use crate::operation::Operation;

/// How long, in seconds, a lease may have run out or a message be owed before that is wrong, where
/// nobody says: longer than relay takes to mind it.
pub const GRACE_S_DEFAULT: u64 = 1_200;

/// Ask every check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Check {
    /// Hold the database also to having no work left.
    pub settled: bool,
    /// How long, in seconds, a lease may have run out or a message be owed before that is wrong.
    pub grace_s: u64,
}

impl Default for Check {
    fn default() -> Self {
        Self { settled: false, grace_s: GRACE_S_DEFAULT }
    }
}

/// What every check found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checked {
    /// In the order in which they were asked.
    pub checks: Vec<Verdict>,
}

impl Operation for Check {
    const NAME: &'static str = "check";
    type Answer = Checked;

    async fn run(self, admin: &Admin) -> Result<Checked, AdminError> {
        migrate::require_all(admin).await?;
        let mut tx = admin.store()?.begin_for_all().await?;
        check::begin_snapshot(&mut tx).await?;
        let grace = Duration::from_secs(self.grace_s);
        let held_to = check::Options { settled: self.settled, grace };
        let checks = check::run(&mut tx, held_to).await?;
        tx.rollback().await.map_err(StoreError::from)?;
        Ok(Checked { checks })
    }
}
