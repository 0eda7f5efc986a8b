//! The constraints of the schema reject invalid rows.

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use tributary_testkit::ledger::bookings;

use crate::ledger::{LEASE, Ledger, SHOPPING};

/// Runs a statement and rolls it back. Returns the name of the constraint that it violates.
async fn violated_constraint(connection: &mut PgConnection, statement: &str) -> Option<String> {
    // Checks deferred constraints at the end of the statement instead of at commit.
    let statement = format!("set constraints all immediate; {statement}");
    let mut tx = connection.begin().await.unwrap();
    match tx.execute(AssertSqlSafe(statement)).await {
        Ok(_) => None,
        Err(sqlx::Error::Database(error)) => {
            Some(error.constraint().unwrap_or(error.message()).to_owned())
        }
        Err(error) => panic!("{error}"),
    }
}

/// Creates a ledger with one row in each status.
async fn ledger_with_every_status() -> Ledger {
    let ledger = Ledger::new().await;
    let (batch, _) = ledger.write(&bookings(4, "-1")).await;
    let (lease, _) = ledger.claim(batch, LEASE, 3).await;
    ledger.finish(&lease, &["tx_00001"], Ok(SHOPPING)).await;
    ledger.finish(&lease, &["tx_00002"], Err("no rule")).await;
    ledger
}

const PROCESSING: &str = "tx_00000";
const COMPLETED: &str = "tx_00001";
const FAILED: &str = "tx_00002";
const PENDING: &str = "tx_00003";

/// An SQL expression of a valid hash.
const SHA256: &str = "sha256('x')";
const CONTENT_HASH: &str = r"'\x01'::bytea || sha256('x')";

#[tokio::test]
async fn transaction_cannot_be_in_an_invalid_state() {
    let ledger = ledger_with_every_status().await;
    let mut connection = ledger.database.connection().await;
    for (id, change, constraint) in [
        (PENDING, "status = 'unknown', attempts = 1", "transactions_status_known"),
        (PENDING, "attempts = -1", "transactions_attempts_counted"),
        (COMPLETED, "attempts = 0", "transactions_attempts_counted"),
        (PENDING, "currency = 'usd'", "transactions_currency_is_iso"),
        (PENDING, "currency = 'USDX'", "transactions_currency_is_iso"),
        (PROCESSING, "lease_token = null", "transactions_leased_while_processing"),
        (PROCESSING, "lease_expires_at = null", "transactions_leased_while_processing"),
        (
            PROCESSING,
            "lease_token = null, lease_expires_at = null",
            "transactions_leased_while_processing",
        ),
        (
            PENDING,
            "lease_token = gen_random_uuid(), lease_expires_at = now()",
            "transactions_leased_while_processing",
        ),
        (COMPLETED, "category = null", "transactions_categorised_when_completed"),
        (COMPLETED, "rules_version = null", "transactions_categorised_when_completed"),
        (PENDING, "category = 'Food'", "transactions_categorised_when_completed"),
        (FAILED, "failure_reason = null", "transactions_reason_when_failed"),
        (COMPLETED, "failure_reason = 'x'", "transactions_reason_when_failed"),
        (COMPLETED, "enriched_at = null", "transactions_enriched_when_done"),
        (FAILED, "enriched_at = null", "transactions_enriched_when_done"),
        (PENDING, "enriched_at = now()", "transactions_enriched_when_done"),
        (PENDING, "account_id = 'unknown'", "transactions_account_fkey"),
        (PENDING, "batch_id = gen_random_uuid()", "transactions_batch_fkey"),
        (PENDING, "transaction_id = 'tx_00000'", "transactions_pkey"),
    ] {
        let statement = format!("update transactions set {change} where transaction_id = '{id}'");
        let violated = violated_constraint(&mut connection, &statement).await;
        assert_eq!(violated.as_deref(), Some(constraint), "{id}: {change}");
    }
    let valid = "update transactions set description = 'x'";
    assert_eq!(violated_constraint(&mut connection, valid).await, None);
}

#[tokio::test]
async fn batches_idempotency_keys_and_outbox_entries_cannot_be_in_an_invalid_state() {
    let ledger = ledger_with_every_status().await;
    let mut connection = ledger.database.connection().await;
    let idempotency_key = |content_hash: &str, batch_id: &str| {
        format!(
            "insert into idempotency_keys \
             (tenant_id, idempotency_key, content_hash, batch_id, created_at) \
             select tenant_id, 'k', {content_hash}, {batch_id}, now() from batches"
        )
    };
    let outbox_entry = |batch_id: &str, message_count: i32| {
        format!(
            "insert into outbox (tenant_id, batch_id, entry_id, correlation_id, message_count) \
             select tenant_id, {batch_id}, gen_random_uuid(), 'c', {message_count} from batches"
        )
    };
    for (statement, constraint) in [
        ("update batches set inserted = inserted + 1".to_owned(), "batches_counts_add_up"),
        ("update batches set inserted = 5, updated = -1".to_owned(), "batches_counts_add_up"),
        ("update batches set inserted = 0, transaction_ids = '{}'".to_owned(), "batches_not_empty"),
        (idempotency_key("'short'", "batch_id"), "idempotency_keys_content_hash_length"),
        (idempotency_key(CONTENT_HASH, "gen_random_uuid()"), "idempotency_keys_batch_fkey"),
        (outbox_entry("batch_id", 0), "outbox_message_count_positive"),
        (outbox_entry("gen_random_uuid()", 1), "outbox_batch_fkey"),
    ] {
        let violated = violated_constraint(&mut connection, &statement).await;
        assert_eq!(violated.as_deref(), Some(constraint), "{statement}");
    }
}

#[tokio::test]
async fn tenants_and_api_keys_cannot_be_in_an_invalid_state() {
    let ledger = Ledger::new().await;
    let mut connection = ledger.database.connection().await;
    let api_key = |name: &str, prefix: &str, key_hash: &str, scopes: &str| {
        format!(
            "insert into api_keys (tenant_id, api_key_id, name, prefix, key_hash, scopes) \
             select tenant_id, gen_random_uuid(), {name}, '{prefix}', {key_hash}, '{scopes}' \
             from tenants"
        )
    };
    let prefix = "trb_00000000";
    let duplicate = api_key("'n'", prefix, SHA256, "{admin}") + " cross join generate_series(1, 2)";
    for (statement, constraint) in [
        (api_key("'n'", prefix, "'short'", "{admin}"), "api_keys_key_hash_is_hmac_sha256"),
        (api_key("'n'", prefix, SHA256, "{root}"), "api_keys_scopes_known"),
        (api_key("'n'", prefix, SHA256, "{}"), "api_keys_scopes_not_empty"),
        (api_key("'n'", "trb_0000000G", SHA256, "{admin}"), "api_keys_prefix_is_plain"),
        (api_key("''", prefix, SHA256, "{admin}"), "api_keys_name_fits"),
        (api_key("repeat('n', 101)", prefix, SHA256, "{admin}"), "api_keys_name_fits"),
        (duplicate, "api_keys_prefix_unique"),
        (
            "insert into tenants values (gen_random_uuid(), 'first')".to_owned(),
            "tenants_name_unique",
        ),
    ] {
        let violated = violated_constraint(&mut connection, &statement).await;
        assert_eq!(violated.as_deref(), Some(constraint), "{statement}");
    }
}
