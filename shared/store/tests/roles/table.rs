//! Runs every statement of the table in `docs/roles.md` as every role and compares the outcome.

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use tributary_store::role::FUNCTIONS;
use tributary_store::{Role, idempotency, outbox, report};
use tributary_testkit::ledger::{bookings, outbox_entry};

use crate::ledger::{LEASE, Ledger, SHOPPING};

const DOCUMENT: &str = include_str!("../../../../docs/roles.md");

/// A statement of the document, and who may run it, in the order of [`FUNCTIONS`].
struct Line {
    statement: String,
    is_allowed: Vec<bool>,
}

fn lines() -> Vec<Line> {
    let mut rows = DOCUMENT.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
    let heads: Vec<_> = rows.next().unwrap().split(" | ").skip(1).collect();
    assert_eq!(heads, FUNCTIONS, "a column for each function");
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

/// A ledger with rows in every table that functions write to.
async fn ledger_with_everything() -> Ledger {
    let ledger = Ledger::new().await;
    let (batch, _) = ledger.write(&bookings(3, "-1")).await;
    let (lease, _) = ledger.claim(batch, LEASE, 2).await;
    ledger.finish(&lease, &["tx_00000"], Ok(SHOPPING)).await;
    let mut tx = ledger.begin().await;
    report::fold(&mut tx, 1).await.unwrap();
    idempotency::insert(&mut tx, ledger.tenant, "key", &[0; 32], batch).await.unwrap();
    let entry = outbox_entry(ledger.tenant, batch);
    outbox::insert(&mut tx, &entry).await.unwrap();
    tx.commit().await.unwrap();
    ledger.write(&bookings(1, "-2")).await;
    ledger
}

/// Runs a statement as a role and rolls it back. Returns the SQLSTATE of an error.
async fn outcome(
    connection: &mut PgConnection,
    ledger: &Ledger,
    function: &str,
    statement: &str,
) -> Result<(), String> {
    let role = Role::of_function(function).unwrap();
    let mut tx = connection.begin().await.unwrap();
    let begin = format!(
        "set local role {role}; set local tributary.tenant_id = '{}'; set constraints all immediate",
        ledger.tenant
    );
    tx.execute(AssertSqlSafe(begin)).await.unwrap();
    let done = tx.execute(AssertSqlSafe(statement.to_owned())).await;
    let outcome = match done {
        Ok(_) => Ok(()),
        Err(sqlx::Error::Database(error)) => Err(error.code().unwrap_or_default().into_owned()),
        Err(error) => panic!("{function}: {statement}: {error}"),
    };
    tx.rollback().await.unwrap();
    outcome
}

#[tokio::test]
async fn roles_have_exactly_the_documented_privileges() {
    let ledger = ledger_with_everything().await;
    let mut connection = ledger.database.connection().await;
    let mut differences = Vec::new();
    let lines = lines();
    assert!(lines.len() > 50, "the table is read: {}", lines.len());
    for Line { statement, is_allowed } in &lines {
        assert_eq!(is_allowed.len(), FUNCTIONS.len(), "{statement}");
        for (function, is_allowed) in FUNCTIONS.iter().zip(is_allowed) {
            let expected = if *is_allowed { Ok(()) } else { Err("42501".to_owned()) };
            let found = outcome(&mut connection, &ledger, function, statement).await;
            if found != expected {
                differences.push(format!("{function}: {statement}: {found:?}, not {expected:?}"));
            }
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// Covers tables that are added later.
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
    assert!(tables.len() >= 10, "{tables:?}");
    for (table, is_secured) in tables {
        assert!(is_secured, "{table} has no row-level security");
        for verb in ["select", "update", "delete"] {
            let of_table = |line: &Line| {
                line.statement.starts_with(verb)
                    && line.statement.split_whitespace().any(|word| word == table)
            };
            assert!(lines().iter().any(of_table), "the document has no {verb} of {table}");
        }
    }
}

#[tokio::test]
async fn no_role_can_log_in_or_bypass_row_level_security() {
    let ledger = Ledger::new().await;
    let strong: Vec<String> = sqlx::query_scalar(
        "select rolname::text from pg_roles where rolname like 'tributary\\_%' \
         and rolname <> current_user and (rolcanlogin or rolsuper or rolbypassrls or rolcreaterole \
         or rolcreatedb or rolreplication)",
    )
    .fetch_all(&mut ledger.database.connection().await)
    .await
    .unwrap();
    assert!(strong.is_empty(), "{strong:?}");
}
