//! Checks the invariants of a live database: nothing is lost or counted twice, sums match their
//! rows, amounts are exact. The checks only read. Each rule of each tenant has a snapshot of its own, so
//! that a check of a large database does not hold back its vacuum.

mod finding;
mod rule;
pub mod stored;
mod unsettled;

use std::time::Duration;

use sqlx::PgConnection;
use tributary_domain::TenantId;

use crate::connection::{Store, end};
use crate::error::StoreError;
use crate::unnamed::unnamed;

use rule::Rule;

pub use finding::{Check, FINDINGS_MAX, Finding};
pub use unsettled::{Unsettled, unsettled};

/// What to check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Whether all work must be done: no transaction pending or processing, no slice left.
    pub settled: bool,
    /// How long an expired lease, a batch that is due to be announced or an unfinished batch without
    /// remaining work is tolerated. Must be longer than relay takes to handle them.
    pub grace: Duration,
}

/// Prepares a database transaction that has just begun for [`run`]: it reads one snapshot and
/// cannot write. Statements fail if row-level security would hide a row from them.
///
/// # Errors
/// [`StoreError`] of the statement.
pub async fn begin_snapshot(connection: &mut PgConnection) -> Result<(), StoreError> {
    sqlx::query!("set transaction isolation level repeatable read, read only")
        .execute(unnamed(connection))
        .await?;
    sqlx::query!("set local row_security = off").execute(unnamed(connection)).await?;
    Ok(())
}

/// Runs all checks over all tenants in one snapshot, for tests and small databases. Call
/// [`begin_snapshot`] first: without one, rows and their sums could change between two statements.
///
/// # Errors
/// [`StoreError`] of the statements.
pub async fn run(
    connection: &mut PgConnection,
    options: Options,
) -> Result<Vec<Check>, StoreError> {
    let mut checks = Vec::new();
    for tenant in tenants(connection).await? {
        for (index, check) in
            run_of_tenant(connection, tenant, options).await?.into_iter().enumerate()
        {
            add(&mut checks, index, check);
        }
    }
    Ok(checks)
}

/// Runs all checks for one tenant, as [`run`] does.
///
/// # Errors
/// [`StoreError`] of the statements.
pub async fn run_of_tenant(
    connection: &mut PgConnection,
    tenant: TenantId,
    options: Options,
) -> Result<Vec<Check>, StoreError> {
    let mut checks = Vec::new();
    for rule in Rule::requested(options) {
        checks.push(check(connection, tenant, rule, options).await?);
    }
    Ok(checks)
}

/// Runs all checks over all tenants, with a snapshot of its own for each rule of each tenant.
///
/// # Errors
/// [`StoreError`] of the statements.
pub async fn run_by_tenant(store: &Store, options: Options) -> Result<Vec<Check>, StoreError> {
    let mut tx = store.begin_for_all().await?;
    let listed = async {
        begin_snapshot(&mut tx).await?;
        tenants(&mut tx).await
    };
    let listed = listed.await;
    let mut checks = Vec::new();
    for tenant in end(tx, listed).await? {
        for (index, rule) in Rule::requested(options).enumerate() {
            let mut tx = store.begin_for_all().await?;
            let checked = async {
                begin_snapshot(&mut tx).await?;
                check(&mut tx, tenant, rule, options).await
            };
            let checked = checked.await;
            add(&mut checks, index, end(tx, checked).await?);
        }
    }
    Ok(checks)
}

/// Checks a rule for a tenant. It holds for a tenant that is being erased.
async fn check(
    connection: &mut PgConnection,
    tenant: TenantId,
    rule: Rule,
    options: Options,
) -> Result<Check, StoreError> {
    let check = rule.check(connection, tenant, options).await?;
    if !check.holds() && crate::tenants::is_being_erased(connection, tenant).await? {
        return Ok(check.without_findings());
    }
    Ok(check)
}

/// Adds the check of one more tenant to those of the earlier ones.
fn add(checks: &mut Vec<Check>, index: usize, check: Check) {
    match checks.get_mut(index) {
        Some(all) => all.add(check),
        None => checks.push(check),
    }
}

/// All tenants, by id, and the nil id, so that every check has a result in an empty database.
async fn tenants(connection: &mut PgConnection) -> Result<Vec<TenantId>, StoreError> {
    let tenants =
        sqlx::query_file_scalar!("src/check/tenants.sql").fetch_all(unnamed(connection)).await?;
    Ok(tenants.into_iter().map(TenantId).collect())
}
