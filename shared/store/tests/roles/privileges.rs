//! Runs every statement of the table in `docs/roles.md` as every role and compares the outcome.

use std::time::Duration;

use sqlx::{AssertSqlSafe, Executor};
use tributary_domain::api_key::{ApiKeySecret, Pepper};
use tributary_domain::{Scope, TenantId};
use tributary_store::api_keys::{self, ApiKey, NewApiKey};
use tributary_store::role::FUNCTIONS;
use tributary_store::{Store, report, retention};
use tributary_testkit::ledger::{bookings, write};
use uuid::Uuid;

use crate::ledger::{LEASE, Ledger, SHOPPING};
use crate::server::{as_function, sqlstate};

const DOCUMENT: &str = include_str!("../../../../docs/roles.md");

/// A statement of the table, and which roles may run it, in the order of [`FUNCTIONS`].
struct Line {
    statement: String,
    is_allowed: Vec<bool>,
}

fn lines() -> Vec<Line> {
    let mut rows = DOCUMENT.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
    let columns: Vec<_> = rows.next().unwrap().split(" | ").skip(1).collect();
    assert_eq!(columns, FUNCTIONS, "the columns are the functions");
    let line = |row: &str| {
        let (statement, cells) = row.strip_prefix('`')?.split_once("` | ")?;
        let is_allowed = cells.split(" | ").map(|cell| match cell {
            "yes" => true,
            "no" => false,
            other => panic!("{statement}: {other}"),
        });
        Some(Line { statement: statement.to_owned(), is_allowed: is_allowed.collect() })
    };
    rows.skip(1).map(|row| line(row).unwrap_or_else(|| panic!("{row}"))).collect()
}

/// Creates a ledger with rows in every table that the functions write to.
async fn ledger_with_rows_in_all_tables() -> Ledger {
    let ledger = Ledger::new().await;
    let batch = ledger.write_in_slices(&bookings(3, "-1"), 1).await;
    let (lease, claimed) = ledger.claim(batch, LEASE).await;
    ledger.finish(&lease, &claimed, Ok(SHOPPING)).await;
    ledger.claim(batch, LEASE).await;
    let mut tx = ledger.begin().await;
    report::fold(&mut tx, 1).await.unwrap();
    tx.commit().await.unwrap();
    ledger.write(&bookings(1, "-2")).await;
    let new = NewApiKey {
        key: ApiKey {
            tenant: ledger.tenant,
            api_key_id: Uuid::now_v7(),
            scopes: vec![Scope::Report],
        },
        name: "key",
    };
    let pepper = Pepper::new(&"p".repeat(Pepper::LENGTH_MIN)).unwrap();
    let mut tx = ledger.begin().await;
    let entropy = || [1; ApiKeySecret::ENTROPY_BYTES];
    api_keys::create(&mut tx, &new, &pepper, entropy).await.unwrap();
    tx.commit().await.unwrap();
    ledger
}

/// Runs a statement for a tenant and rolls it back. Returns the SQLSTATE of an error.
async fn outcome(store: &Store, tenant: TenantId, statement: &str) -> Result<(), String> {
    let mut tx = store.begin(tenant).await.unwrap();
    tx.execute("set constraints all immediate").await.unwrap();
    let result = tx.execute(AssertSqlSafe(statement.to_owned())).await;
    let outcome = result.map(drop).map_err(|error| sqlstate(&error));
    tx.rollback().await.unwrap();
    outcome
}

#[tokio::test]
async fn roles_have_exactly_the_documented_privileges() {
    let ledger = ledger_with_rows_in_all_tables().await;
    let stores = FUNCTIONS.map(|function| as_function(ledger.database.store(), function));
    let mut differences = Vec::new();
    let lines = lines();
    assert!(lines.len() > 50, "only {} statements in the table", lines.len());
    for Line { statement, is_allowed } in &lines {
        assert_eq!(is_allowed.len(), FUNCTIONS.len(), "{statement}");
        for ((function, store), is_allowed) in FUNCTIONS.iter().zip(&stores).zip(is_allowed) {
            let expected = if *is_allowed { Ok(()) } else { Err("42501".to_owned()) };
            let found = outcome(store, ledger.tenant, statement).await;
            if found != expected {
                differences
                    .push(format!("{function}: {statement}: {found:?}, expected {expected:?}"));
            }
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// Also covers tables that a later migration creates.
#[tokio::test]
async fn every_table_has_row_level_security_and_is_documented() {
    let ledger = Ledger::new().await;
    let mut connection = ledger.database.connection().await;
    let tables: Vec<(String, bool)> = sqlx::query_as(
        "select relname::text, relrowsecurity from pg_class \
         where relkind in ('r', 'p') and relnamespace = 'public'::regnamespace \
         and relname <> '_sqlx_migrations' order by 1",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    assert!(tables.len() >= 9, "{tables:?}");
    for (table, has_row_level_security) in tables {
        assert!(has_row_level_security, "{table} has no row-level security");
        for verb in ["select", "update", "delete"] {
            let of_table = |line: &Line| {
                line.statement.starts_with(verb)
                    && line.statement.split_whitespace().any(|word| word == table)
            };
            assert!(lines().iter().any(of_table), "docs/roles.md has no {verb} of {table}");
        }
    }
}

#[tokio::test]
async fn roles_suffice_to_write_batches_and_for_retention() {
    let ledger = ledger_with_rows_in_all_tables().await;
    let ingest = as_function(ledger.database.store(), "ingest");
    let (batch, _) = write(&ingest, ledger.tenant, &bookings(5, "-3")).await.unwrap();
    ledger.complete(batch).await;
    ledger.finish_if_done(batch).await;
    ledger
        .execute(
            "update batches set finished_at = now() - interval '91 days' \
             where finished_at is not null; \
             insert into batches (tenant_id, batch_id, correlation_id, inserted, erased, \
             message_count, finished_at) select tenant_id, gen_random_uuid(), 'old', 1, 1, 1, \
             now() - interval '91 days' from tenants; \
             update transaction_revisions set replaced_at = now() - interval '91 days'",
        )
        .await;
    let relay = as_function(ledger.database.store(), "relay");
    let mut tx = relay.begin_for_all().await.unwrap();
    assert_eq!(retention::drop_members(&mut tx, 90, 10, 100).await.unwrap().done, 1);
    assert_eq!(retention::delete_batches(&mut tx, 90, 10).await.unwrap().done, 1);
    assert!(retention::delete_revisions(&mut tx, 90, 10).await.unwrap() > 0);
    let deleted = retention::delete_transactions(&mut tx, 1, 10, 10, Duration::ZERO).await.unwrap();
    assert_eq!(deleted.done, 5);
    assert_eq!(retention::delete_records(&mut tx, 0, 10).await.unwrap(), 0, "they are of now");
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn no_role_can_log_in_or_bypass_row_level_security() {
    let ledger = Ledger::new().await;
    let privileged: Vec<String> = sqlx::query_scalar(
        "select rolname::text from pg_roles where rolname like 'tributary\\_%' \
         and rolname <> current_user and (rolcanlogin or rolsuper or rolbypassrls or rolcreaterole \
         or rolcreatedb or rolreplication)",
    )
    .fetch_all(&mut ledger.database.connection().await)
    .await
    .unwrap();
    assert!(privileged.is_empty(), "{privileged:?}");
}
