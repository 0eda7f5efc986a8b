//! `check`: checks that the database has lost, duplicated or miscounted nothing. It is read-only.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tributary_store::check;
pub use tributary_store::check::{Check as Verdict, Finding};

use crate::context::Admin;
use crate::error::AdminError;
use crate::migrate;
use crate::operation::Operation;

/// The default of [`Check::grace_s`]: longer than relay needs to process such a row.
pub const GRACE_S_DEFAULT: u64 = 1_200;

/// Run every check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Check {
    /// Also check that no work is left.
    pub settled: bool,
    /// How long ago, in seconds, a lease may have expired or a batch been due before
    /// the check fails.
    pub grace_s: u64,
}

impl Default for Check {
    fn default() -> Self {
        Self { settled: false, grace_s: GRACE_S_DEFAULT }
    }
}

/// The results of all checks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checked {
    /// In the order in which they ran.
    pub checks: Vec<Verdict>,
}

impl Operation for Check {
    const NAME: &'static str = "check";
    type Output = Checked;

    async fn run(self, admin: &Admin) -> Result<Checked, AdminError> {
        migrate::require_all(admin).await?;
        let grace = Duration::from_secs(self.grace_s);
        let options = check::Options { settled: self.settled, grace };
        Ok(Checked { checks: check::run_by_tenant(admin.store()?, options).await? })
    }
}
