//! Proves on a live database what must always hold: nothing lost, nothing counted twice, sums that are
//! those of their rows, exact amounts. It reads alone, over all tenants, one moment of the database; it
//! repairs nothing.

mod batches;
mod rows;
mod settled;
pub mod stored;
mod sums;

use std::borrow::Cow;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use tributary_domain::TenantId;
use uuid::Uuid;

use crate::error::StoreError;
use crate::interval::millis;
use crate::unnamed::unnamed;

pub use settled::{Unsettled, unsettled};

/// How many findings of one check are named; all are counted.
pub const FINDINGS_MAX: i64 = 20;

/// What to hold a database to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// All work is said to be done: nothing may be pending, processing or entry.
    pub settled: bool,
    /// How long a lease may have run out, an outbox entry be unsent or a batch wait for its end before that
    /// counts as wrong: longer than relay takes to mind it.
    pub grace: Duration,
}

/// A rule, and where the database breaks it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// Its name, such as `batch-members`.
    pub name: Cow<'static, str>,
    /// The rule, in one sentence.
    pub rule: Cow<'static, str>,
    /// How often it is broken.
    pub broken: i64,
    /// The first of those, at most [`FINDINGS_MAX`].
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

/// A finding as a statement gives it, with the count of all of its check.
struct Row {
    tenant_id: Uuid,
    subject: String,
    detail: String,
    broken: i64,
}

impl Check {
    fn of(name: &'static str, rule: &'static str, rows: Vec<Row>) -> Self {
        let broken = rows.first().map_or(0, |row| row.broken);
        let findings = rows.into_iter().map(|row| Finding {
            tenant: TenantId(row.tenant_id),
            subject: row.subject,
            detail: row.detail,
        });
        Self { name: name.into(), rule: rule.into(), broken, findings: findings.collect() }
    }

    /// The rule holds.
    #[must_use]
    pub const fn holds(&self) -> bool {
        self.broken == 0
    }
}

/// Makes a transaction that has just begun see one moment of the database, and write nothing. Where
/// row-level security would hide a row, statements fail from now on: a check must not pass for not seeing.
///
/// # Errors
/// [`StoreError`] of the statement.
pub async fn freeze(connection: &mut PgConnection) -> Result<(), StoreError> {
    sqlx::query!("set transaction isolation level repeatable read, read only")
        .execute(unnamed(connection))
        .await?;
    sqlx::query!("set local row_security = off").execute(unnamed(connection)).await?;
    Ok(())
}

/// Asks every check, in a transaction that is [frozen](freeze): between two moments rows move, and
/// their sums with them.
///
/// # Errors
/// [`StoreError`] of the statements.
pub async fn run(
    connection: &mut PgConnection,
    options: Options,
) -> Result<Vec<Check>, StoreError> {
    let grace_ms = millis(options.grace);
    let mut checks = batches::run(connection, grace_ms).await?;
    checks.extend(rows::run(connection, grace_ms).await?);
    checks.extend(sums::run(connection).await?);
    if options.settled {
        checks.extend(settled::run(connection).await?);
    }
    Ok(checks)
}
