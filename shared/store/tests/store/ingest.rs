//! Writes of a batch's transactions: inserted, unchanged or updated.

use serde_json::{Value, json};
use tributary_domain::{BatchId, Transaction};
use tributary_store::transactions::{self, Conflicts, WriteOutcome, Written};
use tributary_testkit::ledger::{booking, bookings, day, instant, money, write_in};
use uuid::Uuid;

use crate::ledger::Ledger;

#[tokio::test]
async fn new_transactions_are_inserted_as_pending_in_request_order() {
    let ledger = Ledger::new().await;
    let (batch, written) = ledger.write(&bookings(3, "-1.10")).await;
    assert_eq!(written, Written { inserted: 3, updated: 0, unchanged: 0, ..Written::default() });

    let mut connection = ledger.database.connection().await;
    let rows: Vec<(String, i32, String, i32, i32, String)> = sqlx::query_as(
        "select transaction_id, batch_position, status, revision, attempts, amount::text \
         from transactions where batch_id = $1 order by batch_position",
    )
    .bind(batch.0)
    .fetch_all(&mut connection)
    .await
    .unwrap();
    let expected = [("tx_00000", 0), ("tx_00001", 1), ("tx_00002", 2)].map(|(id, position)| {
        (id.to_owned(), position, "pending".to_owned(), 1, 0, "-1.10".to_owned())
    });
    assert_eq!(rows, expected);
}

#[tokio::test]
async fn known_transaction_with_the_same_content_is_not_written() {
    let ledger = Ledger::new().await;
    let (first, _) = ledger.write(&bookings(2, "-1.10")).await;
    ledger.complete(first).await;
    let before = all_rows(&ledger).await;

    let (second, written) = ledger.write(&bookings(2, "-1.1")).await;
    assert_eq!(written, Written { inserted: 0, updated: 0, unchanged: 2, ..Written::default() });
    assert_eq!(all_rows(&ledger).await, before);
    let progress = ledger.progress(second).await;
    assert_eq!(progress.counts.completed, 2, "the unchanged transactions count as well");
    assert!(progress.finished_at.is_some(), "a batch without changes is finished at once");
}

#[tokio::test]
async fn known_transaction_with_other_content_is_revised_and_pending_again() {
    let ledger = Ledger::new().await;
    let (first, _) = ledger.write(&[booking("a", "-1.10"), booking("b", "-2.20")]).await;
    ledger.complete(first).await;

    let changed = booking("a", "-1.11");
    let (second, written) =
        ledger.write(&[booking("c", "5"), changed, booking("b", "-2.20")]).await;
    assert_eq!(written, Written { inserted: 1, updated: 1, unchanged: 1, ..Written::default() });

    let row = row(&ledger, "a").await;
    assert_eq!(row["amount"], json!(-1.11));
    assert_eq!(row["batch_id"], json!(second.to_string()));
    assert_eq!((&row["batch_position"], &row["revision"]), (&json!(1), &json!(2)));
    assert_eq!((&row["status"], &row["attempts"]), (&json!("pending"), &json!(0)));
    for column in ["category", "primary_code", "detailed_code", "confidence", "rule"] {
        assert_eq!(row[column], Value::Null, "{column}");
    }
    for column in ["rules_version", "failure_reason", "enriched_at"] {
        assert_eq!(row[column], Value::Null, "{column}");
    }

    let (revision, batch, content) = revision(&ledger, "a").await;
    assert_eq!((revision, batch), (1, first.0));
    assert_eq!(content["amount"], json!("-1.10"));
    assert_eq!(content["description"], "AMZN Mktp US*2K4");

    ledger.complete(second).await;
    assert_eq!(ledger.progress(second).await.counts.completed, 3);
}

#[tokio::test]
async fn change_of_any_field_is_a_revision() {
    let ledger = Ledger::new().await;
    let base = booking("tx", "-1.10");
    let changes: Vec<Transaction> = vec![
        Transaction { money: money("-1.11", "USD"), ..base.clone() },
        Transaction { money: money("-1.10", "EUR"), ..base.clone() },
        Transaction {
            booked_on: day("2025-10-30"),
            booked_at: Some(instant("2025-10-30T08:00:00.000001Z")),
            ..base.clone()
        },
        Transaction { authorized_on: None, ..base.clone() },
        Transaction { description: "AMZN".to_owned(), ..base.clone() },
        Transaction { merchant_name: None, ..base.clone() },
        Transaction { payment_channel: Some("in store".to_owned()), ..base.clone() },
        Transaction { merchant_category_code: None, ..base.clone() },
        Transaction { bank_category: Some("TRAVEL_FLIGHTS".to_owned()), ..base.clone() },
        Transaction { booked_on: day("2025-10-29"), booked_at: None, ..base.clone() },
        Transaction { pending_transaction_id: Some("p".to_owned()), ..base.clone() },
    ];
    ledger.write(std::slice::from_ref(&base)).await;
    let one_updated = Written { inserted: 0, updated: 1, unchanged: 0, ..Written::default() };
    for (index, changed) in changes.iter().enumerate() {
        let (_, written) = ledger.write(std::slice::from_ref(changed)).await;
        assert_eq!(written, one_updated, "change {index}");
        let (_, written) = ledger.write(std::slice::from_ref(&base)).await;
        assert_eq!(written, one_updated, "change {index} reverted");
    }
    let row = row(&ledger, "tx").await;
    assert_eq!(row["revision"], json!(1 + 2 * changes.len()));
}

#[tokio::test]
async fn transaction_that_is_stored_under_another_account_is_reported_by_position() {
    let ledger = Ledger::new().await;
    let of_other = |id: &str| Transaction { account_id: "other".to_owned(), ..booking(id, "1") };
    ledger.write(&[booking("a", "1"), booking("b", "1"), of_other("c")]).await;
    let before = all_rows(&ledger).await;
    let sent = [of_other("new"), of_other("b"), booking("a", "2"), booking("c", "1")];
    let mut tx = ledger.begin().await;
    let batch = BatchId(Uuid::now_v7());
    let outcome =
        transactions::write(&mut tx, ledger.tenant, batch, &sent, &[], false).await.unwrap();
    let conflicts = Conflicts { other_account: vec![1, 3], ..Conflicts::default() };
    assert_eq!(outcome, WriteOutcome::Conflicts(conflicts));
    tx.rollback().await.unwrap();
    assert_eq!(all_rows(&ledger).await, before);
}

#[tokio::test]
async fn rolled_back_batch_writes_nothing() {
    let ledger = Ledger::new().await;
    let (first, _) = ledger.write(&bookings(2, "-1")).await;
    ledger.complete(first).await;
    let before = all_rows(&ledger).await;
    let batch = BatchId(Uuid::now_v7());
    let sent = bookings(4, "-2");
    let mut tx = ledger.begin().await;
    write_in(&mut tx, ledger.tenant, batch, &sent, false).await.unwrap();
    drop(tx);
    assert_eq!(all_rows(&ledger).await, before);
}

/// All rows that a batch can change, as JSON, except `batches`.
async fn all_rows(ledger: &Ledger) -> Vec<Value> {
    sqlx::query_scalar(
        "select to_jsonb(t) from transactions t \
         union all select to_jsonb(r) from transaction_revisions r \
         union all select to_jsonb(p) from report_packs p \
         union all select to_jsonb(d) from report_days d \
         order by 1",
    )
    .fetch_all(&mut ledger.database.connection().await)
    .await
    .unwrap()
}

async fn row(ledger: &Ledger, transaction_id: &str) -> Value {
    sqlx::query_scalar("select to_jsonb(t) from transactions t where transaction_id = $1")
        .bind(transaction_id)
        .fetch_one(&mut ledger.database.connection().await)
        .await
        .unwrap()
}

async fn revision(ledger: &Ledger, transaction_id: &str) -> (i32, Uuid, Value) {
    sqlx::query_as(
        "select revision, batch_id, content from transaction_revisions where transaction_id = $1",
    )
    .bind(transaction_id)
    .fetch_one(&mut ledger.database.connection().await)
    .await
    .unwrap()
}
