//! Accounts: insert, update and look up.

use chrono::{DateTime, Utc};
use tributary_domain::Account;
use tributary_store::{Store, accounts};
use tributary_testkit::ledger::account;

use crate::ledger::Ledger;

type Row = (String, String, Option<String>, Option<String>, DateTime<Utc>);

async fn upsert(ledger: &Ledger, sent: &[Account], referenced: &[&str]) -> Vec<String> {
    let referenced: Vec<_> = referenced.iter().map(|id| (*id).to_owned()).collect();
    let mut tx = ledger.begin().await;
    let unknown =
        accounts::upsert(&mut tx, ledger.tenant, sent, &referenced, false).await.unwrap().unknown;
    tx.commit().await.unwrap();
    unknown
}

async fn row(ledger: &Ledger, account_id: &str) -> Row {
    sqlx::query_as(
        "select name, account_type, subtype, mask, updated_at from accounts where account_id = $1",
    )
    .bind(account_id)
    .fetch_one(&mut ledger.database.connection().await)
    .await
    .unwrap()
}

#[tokio::test]
async fn unknown_account_is_inserted() {
    let ledger = Ledger::new().await;
    assert_eq!(upsert(&ledger, &[account("a")], &[]).await, [] as [String; 0]);
    let (name, account_type, subtype, mask, _) = row(&ledger, "a").await;
    assert_eq!((name.as_str(), account_type.as_str()), ("Business Checking", "depository"));
    assert_eq!((subtype.as_deref(), mask.as_deref()), (Some("checking"), Some("1111")));
}

#[tokio::test]
async fn changed_account_is_updated_and_unchanged_account_is_not_written() {
    let ledger = Ledger::new().await;
    upsert(&ledger, &[account("a"), account("b")], &[]).await;
    let before = row(&ledger, "b").await;

    let renamed = Account { name: "Savings".to_owned(), mask: None, ..account("a") };
    upsert(&ledger, &[renamed, account("b")], &[]).await;
    let (name, _, subtype, mask, _) = row(&ledger, "a").await;
    assert_eq!((name.as_str(), subtype.as_deref(), mask), ("Savings", Some("checking"), None));
    assert_eq!(row(&ledger, "b").await, before);
}

#[tokio::test]
async fn account_that_is_being_erased_is_reported() {
    let ledger = Ledger::new().await;
    upsert(&ledger, &[account("erased"), account("other")], &[]).await;
    ledger.execute("update accounts set erasing_at = now() where account_id = 'erased'").await;
    for (sent, referenced, is_being_erased) in [
        (vec![account("erased")], vec![], true),
        (vec![], vec!["erased".to_owned()], true),
        (vec![account("other")], vec!["unknown".to_owned()], false),
    ] {
        let mut tx = ledger.begin_on_new_connection().await;
        let upserted = accounts::upsert(&mut tx, ledger.tenant, &sent, &referenced, true).await;
        assert_eq!(upserted.unwrap().is_being_erased, is_being_erased, "{sent:?}");
    }
}

/// The lock waits, so what the statement has read of the account may be old.
#[tokio::test]
async fn locking_a_referenced_account_does_not_undo_a_concurrent_change_of_it() {
    let ledger = Ledger::new().await;
    upsert(&ledger, &[account("a")], &[]).await;
    let mut changing = ledger.begin_on_new_connection().await;
    let renamed = Account { name: "Savings".to_owned(), ..account("a") };
    accounts::upsert(&mut changing, ledger.tenant, &[renamed], &[], false).await.unwrap();
    let mut locking = ledger.begin().await;
    let referenced = ["a".to_owned()];
    let (locked, ()) = tokio::join!(
        accounts::upsert(&mut locking, ledger.tenant, &[], &referenced, true),
        async {
            ledger.wait_for_blocked_connection().await;
            changing.commit().await.unwrap();
        }
    );
    locked.unwrap();
    locking.commit().await.unwrap();
    assert_eq!(row(&ledger, "a").await.0, "Savings");
}

#[tokio::test]
async fn unknown_referenced_accounts_are_returned_in_order() {
    let ledger = Ledger::new().await;
    upsert(&ledger, &[account("known")], &[]).await;
    let unknown = upsert(&ledger, &[account("new")], &["z", "known", "a"]).await;
    assert_eq!(unknown, ["a", "z"]);
}

#[tokio::test]
async fn concurrent_batches_with_the_same_accounts_do_not_deadlock() {
    let ledger = Ledger::new().await;
    let other = ledger.database.store();
    for round in 0..40 {
        // Half of the accounts are new, half are stored with another name.
        let accounts = |name: &str| -> Vec<_> {
            let new = (0..20).map(|index| format!("new_{round}_{index}"));
            let known = (0..20).map(|index| format!("known_{index}"));
            let named = |id: String| Account { name: format!("{name} {round}"), ..account(&id) };
            new.chain(known).map(named).collect()
        };
        let (forward, mut backward) = (accounts("forward"), accounts("backward"));
        backward.reverse();
        let write = async |store: &Store, accounts: &[Account]| {
            let mut tx = store.begin(ledger.tenant).await.unwrap();
            accounts::upsert(&mut tx, ledger.tenant, accounts, &[], false).await.unwrap();
            tx.commit().await.unwrap();
        };
        tokio::join!(write(&ledger.store, &forward), write(&other, &backward));
    }
    assert_eq!(ledger.count("select count(*) from accounts").await, 40 * 20 + 20);
}

#[tokio::test]
async fn later_of_two_batches_that_insert_an_account_at_once_describes_it() {
    let ledger = Ledger::new().await;
    let other = ledger.database.store();
    let mut first = ledger.begin().await;
    accounts::upsert(&mut first, ledger.tenant, &[account("a")], &[], false).await.unwrap();
    let later = async {
        let mut second = other.begin(ledger.tenant).await.unwrap();
        let renamed = Account { name: "Savings".to_owned(), ..account("a") };
        accounts::upsert(&mut second, ledger.tenant, &[renamed], &[], false).await.unwrap();
        second.commit().await.unwrap();
    };
    tokio::join!(later, async {
        ledger.wait_for_blocked_connection().await;
        first.commit().await.unwrap();
    });
    assert_eq!(row(&ledger, "a").await.0, "Savings");
}

#[tokio::test]
async fn accounts_that_do_not_change_are_locked_on_request_but_not_written() {
    let ledger = Ledger::new().await;
    upsert(&ledger, &[account("a"), account("b")], &[]).await;
    let before = (row(&ledger, "a").await, row(&ledger, "b").await);
    let mut first = ledger.begin().await;
    let referenced = ["b".to_owned(), "unknown".to_owned()];
    let sent = [account("a")];
    let unknown = accounts::upsert(&mut first, ledger.tenant, &sent, &referenced, true).await;
    assert_eq!(unknown.unwrap().unknown, ["unknown"]);
    for id in ["a", "b"] {
        let mut second = ledger.begin_on_new_connection().await;
        let locked = sqlx::query("select from accounts where account_id = $1 for update nowait")
            .bind(id)
            .execute(&mut *second)
            .await;
        assert!(locked.is_err(), "{id} is not locked");
    }
    first.commit().await.unwrap();
    assert_eq!((row(&ledger, "a").await, row(&ledger, "b").await), before);
}

#[tokio::test]
async fn only_a_stored_account_exists() {
    let ledger = Ledger::new().await;
    upsert(&ledger, &[account("a")], &[]).await;
    let mut tx = ledger.begin().await;
    assert!(accounts::exists(&mut tx, ledger.tenant, "a").await.unwrap());
    assert!(!accounts::exists(&mut tx, ledger.tenant, "b").await.unwrap());
}
