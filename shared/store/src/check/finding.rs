//! A rule, and the places where a database breaks it.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use tributary_domain::TenantId;
use uuid::Uuid;

/// The maximum number of findings that a check returns. It counts all of them.
pub const FINDINGS_MAX: i64 = 20;

/// The result of one check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// The name of the check, such as `batch-members`.
    pub name: Cow<'static, str>,
    /// The rule, in one sentence.
    pub rule: Cow<'static, str>,
    /// How often the rule is broken.
    pub broken: i64,
    /// The first findings, at most [`FINDINGS_MAX`].
    pub findings: Vec<Finding>,
}

/// One place where a rule is broken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The tenant whose row it is.
    pub tenant: TenantId,
    /// The type and id of the row.
    pub subject: String,
    /// What is wrong with the row.
    pub detail: String,
}

/// A row that the statement of a check returns.
pub(super) struct Row {
    pub tenant_id: Uuid,
    pub subject: String,
    pub detail: String,
    /// The number of all findings of the check.
    pub broken: i64,
}

impl Check {
    /// `file` is the path of the statement, which gives the check its name.
    pub(super) fn new(file: &'static str, rule: &'static str, rows: Vec<Row>) -> Self {
        let name = file.trim_start_matches("src/check/").trim_end_matches(".sql");
        let broken = rows.first().map_or(0, |row| row.broken);
        let findings = rows.into_iter().map(|row| Finding {
            tenant: TenantId(row.tenant_id),
            subject: row.subject,
            detail: row.detail,
        });
        Self { name: name.into(), rule: rule.into(), broken, findings: findings.collect() }
    }

    /// Adds the findings of another tenant.
    pub(super) fn add(&mut self, other: Self) {
        self.broken += other.broken;
        self.findings.extend(other.findings);
        self.findings.truncate(usize::try_from(FINDINGS_MAX).unwrap_or(usize::MAX));
    }

    pub(super) fn without_findings(self) -> Self {
        Self { broken: 0, findings: Vec::new(), ..self }
    }

    /// Whether the rule holds.
    #[must_use]
    pub const fn holds(&self) -> bool {
        self.broken == 0
    }
}
