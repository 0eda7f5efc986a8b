//! Pages of an account's transactions: filters scan a bounded number of rows.

use tributary_domain::{Transaction, TransactionStatus};
use tributary_store::SCAN_MAX;
use tributary_store::transactions::{self, Page, PageQuery};
use tributary_testkit::ledger::{booking, bookings};

use crate::ledger::{EXPIRED_LEASE, LEASE, Ledger, account_page};

impl Ledger {
    async fn page(&self, query: &PageQuery<'_>) -> Page {
        transactions::page(&mut *self.begin().await, self.tenant, query).await.unwrap()
    }
}

fn ids(page: &Page) -> Vec<&str> {
    page.transactions.iter().map(|row| row.transaction_id.as_str()).collect()
}

#[tokio::test]
async fn filter_without_a_match_scans_a_bounded_number_of_rows_and_continues() {
    let ledger = Ledger::new().await;
    let scan_max = usize::try_from(SCAN_MAX).unwrap();
    ledger.write(&bookings(scan_max + 1, "-1")).await;
    let filter = PageQuery { status: Some(TransactionStatus::Failed), ..account_page("acc") };
    let first = ledger.page(&filter).await;
    assert_eq!(ids(&first), [] as [&str; 0]);
    let (booked_on, id) = first.next.unwrap();
    assert_eq!(id, "tx_00001", "of ids in descending order");
    let second = ledger.page(&PageQuery { after: Some((booked_on, &id)), ..filter }).await;
    assert_eq!(ids(&second), [] as [&str; 0]);
    assert!(second.next.is_none());
}

#[tokio::test]
async fn match_behind_the_scanned_rows_is_on_a_later_page() {
    let ledger = Ledger::new().await;
    let scan_max = usize::try_from(SCAN_MAX).unwrap();
    let (oldest, _) = ledger.write(&[booking("a", "-1")]).await;
    ledger.complete(oldest).await;
    ledger.write(&bookings(scan_max, "-1")).await;
    let filter = PageQuery { category: Some("Shopping"), ..account_page("acc") };
    let first = ledger.page(&filter).await;
    assert_eq!(ids(&first), [] as [&str; 0]);
    let (booked_on, id) = first.next.unwrap();
    let second = ledger.page(&PageQuery { after: Some((booked_on, &id)), ..filter }).await;
    assert_eq!(ids(&second), ["a"]);
    assert!(second.next.is_none());
}

#[tokio::test]
async fn page_without_a_filter_ends_with_its_last_row() {
    let ledger = Ledger::new().await;
    ledger.write(&bookings(4, "-1")).await;
    let full = ledger.page(&PageQuery { limit: 4, ..account_page("acc") }).await;
    assert_eq!((full.transactions.len(), full.next), (4, None));
    let part = ledger.page(&PageQuery { limit: 3, ..account_page("acc") }).await;
    assert_eq!(part.next.unwrap().1, "tx_00001");
}

#[tokio::test]
async fn transaction_is_processing_while_a_worker_holds_its_slice() {
    let ledger = Ledger::new().await;
    let batch = ledger.write_in_slices(&bookings(3, "-1"), 1).await;
    ledger.claim(batch, LEASE).await;
    ledger.claim(batch, EXPIRED_LEASE).await;
    for (status, expected) in [
        (TransactionStatus::Processing, vec!["tx_00000"]),
        (TransactionStatus::Pending, vec!["tx_00002", "tx_00001"]),
    ] {
        let page = ledger.page(&PageQuery { status: Some(status), ..account_page("acc") }).await;
        assert_eq!(ids(&page), expected, "{status:?}");
        assert!(page.transactions.iter().all(|row| row.status == status.as_str()));
    }
}

#[tokio::test]
async fn text_is_found_in_description_and_merchant_in_either_case_and_literally() {
    let ledger = Ledger::new().await;
    let texts = |id: &str, description: &str, merchant: Option<&str>| Transaction {
        description: description.to_owned(),
        merchant_name: merchant.map(str::to_owned),
        ..booking(id, "-1")
    };
    ledger
        .write(&[
            texts("a", "AMZN Mktp US*2K4", Some("Amazon")),
            texts("b", "Café 100% Noir_x", None),
            texts("c", "back\\slash", Some("CAFÉ")),
        ])
        .await;
    for (text, expected) in [
        ("amazon", vec!["a"]),
        ("mktp us*", vec!["a"]),
        ("café", vec!["c", "b"]),
        ("0% n", vec!["b"]),
        ("%", vec!["b"]),
        ("_", vec!["b"]),
        ("k\\S", vec!["c"]),
        ("cafe", vec![]),
        ("a", vec!["c", "b", "a"]),
    ] {
        let page = ledger.page(&PageQuery { text: Some(text), ..account_page("acc") }).await;
        assert_eq!(ids(&page), expected, "{text}");
    }
    let both = PageQuery {
        text: Some("café"),
        status: Some(TransactionStatus::Completed),
        ..account_page("acc")
    };
    assert_eq!(ids(&ledger.page(&both).await), [] as [&str; 0]);
}
