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
    let batch = ledger.write_in_slices(&bookings(4, "-1"), 3).await;
    let (lease, claimed) = ledger.claim(batch, LEASE).await;
    let result_of = |id: &str| if id == COMPLETED { Ok(SHOPPING) } else { Err("no rule") };
    ledger.finish_as(&lease, &claimed[1..], result_of).await;
    ledger
}

const COMPLETED: &str = "tx_00001";
const FAILED: &str = "tx_00002";
const PENDING: &str = "tx_00003";

/// Marks a batch as finished.
const FINISHED: &str = "announce_at = null, finished_at = now()";
/// An SQL expression of a valid hash.
const SHA256: &str = "sha256('x')";

#[tokio::test]
async fn transaction_cannot_be_in_an_invalid_state() {
    let ledger = ledger_with_every_status().await;
    let mut connection = ledger.database.connection().await;
    for (id, change, constraint) in [
        (PENDING, "status = 'unknown', attempts = 1", "transactions_status_known"),
        (PENDING, "status = 'processing', attempts = 1", "transactions_status_known"),
        (PENDING, "attempts = -1", "transactions_attempts_counted"),
        (COMPLETED, "attempts = 0", "transactions_attempts_counted"),
        (PENDING, "currency = ''", "transactions_currency_is_a_code"),
        (PENDING, "currency = 'US D'", "transactions_currency_is_a_code"),
        (PENDING, "currency = E'USD\\n'", "transactions_currency_is_a_code"),
        (PENDING, "currency = '₿'", "transactions_currency_is_a_code"),
        (PENDING, "currency = '1234567890123'", "transactions_currency_is_a_code"),
        (COMPLETED, "category = null", "transactions_categorised_when_completed"),
        (COMPLETED, "rules_version = null", "transactions_categorised_when_completed"),
        (PENDING, "category = 'Food'", "transactions_categorised_when_completed"),
        (FAILED, "failure_reason = null", "transactions_reason_when_failed"),
        (COMPLETED, "failure_reason = 'x'", "transactions_reason_when_failed"),
        (COMPLETED, "enriched_at = null", "transactions_enriched_when_done"),
        (FAILED, "enriched_at = null", "transactions_enriched_when_done"),
        (PENDING, "enriched_at = now()", "transactions_enriched_when_done"),
        (PENDING, "account_id = 'unknown'", "transactions_account_fkey"),
        (PENDING, "transaction_id = 'tx_00000'", "transactions_pkey"),
    ] {
        let statement = format!("update transactions set {change} where transaction_id = '{id}'");
        let violated = violated_constraint(&mut connection, &statement).await;
        assert_eq!(violated.as_deref(), Some(constraint), "{id}: {change}");
    }
    for valid in ["description = 'x'", "currency = '123456789012'", "currency = '!~'"] {
        let statement = format!("update transactions set {valid}");
        assert_eq!(violated_constraint(&mut connection, &statement).await, None, "{valid}");
    }
}

#[tokio::test]
async fn batches_and_slices_cannot_be_in_an_invalid_state() {
    let ledger = ledger_with_every_status().await;
    let mut connection = ledger.database.connection().await;
    let key = |content_hash: &str| {
        format!("update batches set idempotency_key = 'k', content_hash = {content_hash}")
    };
    let batch = |change: &str| format!("update batches set {change}");
    let slice = |change: &str| format!("update slices set {change}");
    for (statement, constraint) in [
        (batch("inserted = inserted + 1"), "batches_counts_add_up"),
        (batch("inserted = 5, updated = -1"), "batches_counts_add_up"),
        (batch("removed = -1"), "batches_counts_add_up"),
        (batch("transaction_ids = null"), "batches_members_until_finished"),
        (batch("erased = 1"), "batches_erased_counted"),
        (batch("erased = -1"), "batches_erased_counted"),
        (
            batch(&format!("erased = 5, {FINISHED}, transaction_ids = null")),
            "batches_erased_counted",
        ),
        (
            batch("transaction_ids = array_remove(transaction_ids, 'tx_00001')"),
            "batches_counts_add_up",
        ),
        (
            batch("erased = 1, transaction_ids = array[null, null] || transaction_ids[3:]"),
            "batches_erased_counted",
        ),
        (batch("message_count = 0"), "batches_message_count_positive"),
        (batch("announce_at = null"), "batches_announced_until_finished"),
        (batch("finished_at = now()"), "batches_announced_until_finished"),
        (key("'short'"), "batches_content_hash_length"),
        (key("null"), "batches_content_hash_with_key"),
        (slice("last_position = first_position - 1"), "slices_not_empty"),
        (slice("attempts = -1"), "slices_attempts_counted"),
        (slice("token = gen_random_uuid(), expires_at = null"), "slices_leased_until"),
        (slice("token = null, expires_at = now()"), "slices_leased_until"),
        (slice("batch_id = gen_random_uuid()"), "slices_batch_fkey"),
    ] {
        let violated = violated_constraint(&mut connection, &statement).await;
        assert_eq!(violated.as_deref(), Some(constraint), "{statement}");
    }
    for valid in [
        key("'\\x01'::bytea || sha256('x')"),
        batch("erased = 1, transaction_ids = array_replace(transaction_ids, 'tx_00001', null)"),
        batch(&format!("erased = 4, {FINISHED}, transaction_ids = null")),
    ] {
        assert_eq!(violated_constraint(&mut connection, &valid).await, None, "{valid}");
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
