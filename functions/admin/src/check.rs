//! `check`: proves on the database that nothing is lost, doubled or miscounted. Changes nothing.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tributary_domain::TenantId;
use tributary_store::{StoreError, check};

use crate::admin::Admin;
use crate::error::AdminError;
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

/// A rule, and where the database breaks it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// The check's name, such as `batch-members`.
    pub name: String,
    /// The rule, in one sentence.
    pub rule: String,
    /// How often it is broken.
    pub broken: i64,
    /// The first of those.
    pub findings: Vec<Finding>,
}

/// One place where a rule is broken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Whose it is.
    pub tenant: TenantId,
    /// What it is, with its id.
    pub subject: String,
    /// What is wrong with it.
    pub detail: String,
}

impl Verdict {
    /// The rule holds.
    #[must_use]
    pub const fn holds(&self) -> bool {
        self.broken == 0
    }
}

impl Operation for Check {
    const NAME: &'static str = "check";
    type Answer = Checked;

    async fn run(self, admin: &Admin) -> Result<Checked, AdminError> {
        migrate::require_all(admin).await?;
        let mut transaction = admin.store()?.begin_for_all().await?;
        check::freeze(&mut transaction).await?;
        let grace = Duration::from_secs(self.grace_s);
        let held_to = check::Options { settled: self.settled, grace };
        let checks = check::run(&mut transaction, held_to).await?;
        transaction.rollback().await.map_err(StoreError::from)?;
        Ok(Checked { checks: checks.into_iter().map(Verdict::from).collect() })
    }
}

impl From<check::Check> for Verdict {
    fn from(check: check::Check) -> Self {
        let findings = check.findings.into_iter().map(|finding| Finding {
            tenant: finding.tenant,
            subject: finding.subject,
            detail: finding.detail,
        });
        Self {
            name: check.name.to_owned(),
            rule: check.rule.to_owned(),
            broken: check.broken,
            findings: findings.collect(),
        }
    }
}
