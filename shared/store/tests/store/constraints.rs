//! The schema refuses what must not happen, whoever writes it.

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use tributary_testkit::ledger::bookings;

use crate::ledger::{LEASE, Ledger, SHOPPING};

/// The name of the constraint that refuses a statement; `None` where nothing does.
async fn refusal(connection: &mut PgConnection, statement: &str) -> Option<String> {
    // Deferred constraints speak at the end of the statement here.
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

/// A pending, a processing, a completed and a failed row, as the store writes them.
async fn ledger_of_every_status() -> Ledger {
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

#[tokio::test]
async fn a_transaction_cannot_be_in_an_impossible_state() {
    let ledger = ledger_of_every_status().await;
    let mut connection = ledger.database.connection().await;
    for (id, change, constraint) in [
        (PENDING, "status = 'lost', attempts = 1", "transactions_status_known"),
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
        (PENDING, "account_id = 'nobody'", "transactions_account_fkey"),
        (PENDING, "batch_id = gen_random_uuid()", "transactions_batch_fkey"),
        (PENDING, "transaction_id = 'tx_00000'", "transactions_pkey"),
    ] {
        let statement = format!("update transactions set {change} where transaction_id = '{id}'");
        let refused = refusal(&mut connection, &statement).await;
        assert_eq!(refused.as_deref(), Some(constraint), "{id}: {change}");
    }
    let harmless = "update transactions set description = 'x'";
    assert_eq!(refusal(&mut connection, harmless).await, None);
}

#[tokio::test]
async fn a_batch_its_key_and_its_debt_cannot_be_in_an_impossible_state() {
    let ledger = ledger_of_every_status().await;
    let mut connection = ledger.database.connection().await;
    let key = "insert into idempotency_keys (tenant_id, idempotency_key, body_hash, batch_id, created_at)";
    let entry = "insert into outbox (tenant_id, batch_id, entry_id, correlation_id, message_count)";
    let api_key = "insert into api_keys (tenant_id, api_key_id, name, prefix, key_hash, scopes)";
    let hash = "sha256('x')";
    for (statement, constraint) in [
        ("update batches set inserted = inserted + 1".to_owned(), "batches_counts_add_up"),
        ("update batches set inserted = 5, updated = -1".to_owned(), "batches_counts_add_up"),
        ("update batches set inserted = 0, transaction_ids = '{}'".to_owned(), "batches_not_empty"),
        (
            format!("{key} select tenant_id, 'k', 'short', batch_id, now() from batches"),
            "idempotency_keys_body_hash_is_sha256",
        ),
        (
            format!("{key} select tenant_id, 'k', {hash}, gen_random_uuid(), now() from batches"),
            "idempotency_keys_batch_fkey",
        ),
        (
            format!("{entry} select tenant_id, batch_id, gen_random_uuid(), 'c', 0 from batches"),
            "outbox_message_count_positive",
        ),
        (
            format!(
                "{entry} select tenant_id, gen_random_uuid(), gen_random_uuid(), 'c', 1 from batches"
            ),
            "outbox_batch_fkey",
        ),
        (
            format!(
                "{api_key} select tenant_id, gen_random_uuid(), 'n', 'trb_00000000', 'short', '{{admin}}' from tenants"
            ),
            "api_keys_key_hash_is_hmac_sha256",
        ),
        (
            format!(
                "{api_key} select tenant_id, gen_random_uuid(), 'n', 'trb_00000000', {hash}, '{{root}}' from tenants"
            ),
            "api_keys_scopes_known",
        ),
        (
            format!(
                "{api_key} select tenant_id, gen_random_uuid(), 'n', 'trb_00000000', {hash}, '{{}}' from tenants"
            ),
            "api_keys_scopes_not_empty",
        ),
        (
            format!(
                "{api_key} select tenant_id, gen_random_uuid(), 'n', 'trb_0000000G', {hash}, '{{admin}}' from tenants"
            ),
            "api_keys_prefix_is_plain",
        ),
        (
            format!(
                "{api_key} select tenant_id, gen_random_uuid(), '', 'trb_00000000', {hash}, '{{admin}}' from tenants"
            ),
            "api_keys_name_fits",
        ),
        (
            format!(
                "{api_key} select tenant_id, gen_random_uuid(), repeat('n', 101), 'trb_00000000', {hash}, '{{admin}}' from tenants"
            ),
            "api_keys_name_fits",
        ),
        (
            format!(
                "{api_key} select tenant_id, gen_random_uuid(), 'n', 'trb_00000000', {hash}, '{{admin}}' \
                 from tenants cross join generate_series(1, 2)"
            ),
            "api_keys_prefix_unique",
        ),
        (
            "insert into tenants values (gen_random_uuid(), 'first')".to_owned(),
            "tenants_name_unique",
        ),
    ] {
        let refused = refusal(&mut connection, &statement).await;
        assert_eq!(refused.as_deref(), Some(constraint), "{statement}");
    }
}
