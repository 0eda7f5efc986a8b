//! Cash flow and merchants. Every test that compares the sums of the report with the rows also
//! compares the reports with each other: see `sums.rs`.

use tributary_domain::{Interval, Period, Transaction};
use tributary_store::enrichment::Category;
use tributary_store::report::{self, Flows, MerchantQuery, Merchants};
use tributary_testkit::ledger::{booking, day, money};

use crate::ledger::{LEASE, Ledger, SHOPPING};

const TRANSFER: Category<'static> = Category {
    category: "Transfers",
    primary_code: "TRANSFER_OUT",
    detailed_code: "TRANSFER_OUT_SAVINGS",
    confidence: "HIGH",
    rule: "mcc.wire_out",
};

fn period(start: &str, end: &str) -> Period {
    Period::parse(Some(start), Some(end)).unwrap()
}

async fn cashflow(ledger: &Ledger, interval: Interval, period: Period) -> Option<Flows> {
    let intervals = interval.divide(period);
    let mut tx = ledger.begin().await;
    report::cashflow(&mut tx, ledger.tenant, "acc", period, &intervals, None).await.unwrap()
}

async fn merchants(ledger: &Ledger, currency: Option<&str>, limit: i64) -> Merchants {
    let period = period("2025-10-01", "2025-10-31");
    let query = MerchantQuery { account_id: "acc", period, currency, limit };
    report::merchants(&mut *ledger.begin().await, ledger.tenant, query).await.unwrap().unwrap()
}

fn on(date: &str, id: &str, amount: &str) -> Transaction {
    Transaction { booked_on: day(date), booked_at: None, ..booking(id, amount) }
}

#[tokio::test]
async fn cash_flow_has_the_sums_of_each_interval_and_category() {
    let ledger = Ledger::new().await;
    let (batch, _) = ledger
        .write(&[
            on("2025-09-30", "before", "-100"),
            on("2025-10-01", "a", "-0.10"),
            on("2025-10-05", "b", "-0.20"),
            // A Monday.
            on("2025-10-06", "c", "7"),
            on("2025-10-06", "transfer", "-5"),
            on("2025-10-20", "failed", "-1"),
            on("2025-11-01", "after", "-100"),
        ])
        .await;
    let (lease, claimed) = ledger.claim(batch, LEASE).await;
    let result = |id: &str| match id {
        "failed" => Err("no rule"),
        "transfer" => Ok(TRANSFER),
        _ => Ok(SHOPPING),
    };
    ledger.finish_as(&lease, &claimed, result).await;
    let october = period("2025-10-01", "2025-10-31");
    let flows = cashflow(&ledger, Interval::Week, october).await.unwrap();
    assert_eq!((flows.currency.as_deref(), flows.currencies), (Some("USD"), vec!["USD".into()]));
    let total = &flows.total;
    assert_eq!(
        (total.transaction_count, &*total.spend, &*total.income, &*total.net, &*total.transfers),
        (5, "6.3", "7", "0.7", "5")
    );
    let categories = |flow: &report::Flow| -> Vec<(String, String, String, i64)> {
        let all = flow.categories.iter().cloned();
        all.map(|it| (it.category, it.spend, it.income, it.transaction_count)).collect()
    };
    let row = |name: &str, spend: &str, income: &str, count| {
        (name.to_owned(), spend.to_owned(), income.to_owned(), count)
    };
    let expected = [row("Transfers", "5", "0", 1), row("Shopping", "0.3", "7", 3)];
    assert_eq!(categories(total), expected);
    let weeks: Vec<_> = flows
        .intervals
        .iter()
        .map(|(index, flow)| (*index, flow.transaction_count, &*flow.net, categories(flow)))
        .collect();
    assert_eq!(
        weeks,
        [
            (0, 2, "-0.3", vec![row("Shopping", "0.3", "0", 2)]),
            (1, 2, "2", vec![row("Transfers", "5", "0", 1), row("Shopping", "0", "7", 1)]),
            (3, 1, "-1", vec![]),
        ]
    );
}

#[tokio::test]
async fn cash_flow_is_empty_without_transactions_and_none_for_an_unknown_account() {
    let ledger = Ledger::new().await;
    let year = period("2025-01-01", "2025-12-31");
    assert_eq!(cashflow(&ledger, Interval::Month, year).await, None);
    ledger.write(&[on("2024-10-01", "a", "-1")]).await;
    let flows = cashflow(&ledger, Interval::Month, year).await.unwrap();
    assert_eq!((flows.currency, flows.currencies), (None, vec![]));
    assert_eq!((flows.total.transaction_count, &*flows.total.net), (0, "0"));
    assert_eq!(flows.intervals, []);
    let (store, tenant) = ledger.other_tenant("other").await;
    let mut tx = store.begin(tenant).await.unwrap();
    let other = report::cashflow(&mut tx, tenant, "acc", year, &[year], None).await.unwrap();
    assert_eq!(other, None);
}

/// A transaction with a merchant, or without.
fn by(merchant: Option<&str>, id: &str, amount: &str) -> Transaction {
    Transaction {
        merchant_name: merchant.map(str::to_owned),
        description: "Corner Shop".to_owned(),
        ..booking(id, amount)
    }
}

#[tokio::test]
async fn merchants_are_ordered_by_spend_then_name_without_removed_and_replaced_transactions() {
    let ledger = Ledger::new().await;
    ledger
        .write(&[
            by(Some("B"), "b", "-2"),
            by(Some("A"), "a1", "-1"),
            by(Some("A"), "a2", "-1"),
            by(Some("A"), "a3", "5"),
            by(None, "corner", "-9"),
            by(Some("Gone"), "removed", "-100"),
            Transaction { is_pending: true, ..by(Some("Pending"), "pending", "-50") },
            Transaction {
                pending_transaction_id: Some("pending".to_owned()),
                ..by(Some("Posted"), "posted", "-3")
            },
            Transaction { money: money("-7", "EUR"), ..by(Some("Euro"), "euro", "-7") },
        ])
        .await;
    ledger.remove("removed").await;
    let row = |name: &str, spend: &str, income: &str, transaction_count| report::MerchantSums {
        merchant: name.to_owned(),
        transaction_count,
        spend: spend.to_owned(),
        income: income.to_owned(),
    };
    let found = merchants(&ledger, None, 10).await;
    let expected = [
        row("Corner Shop", "9", "0", 1),
        row("Posted", "3", "0", 1),
        row("A", "2", "5", 3),
        row("B", "2", "0", 1),
    ];
    assert_eq!(found.merchants, expected);
    assert_eq!(
        (found.currency.as_deref(), found.scanned, found.is_complete),
        (Some("USD"), 9, true)
    );
    assert_eq!(merchants(&ledger, None, 3).await.merchants, expected[..3]);
    assert_eq!(merchants(&ledger, Some("EUR"), 10).await.merchants, [row("Euro", "7", "0", 1)]);
    let unused = merchants(&ledger, Some("JPY"), 10).await;
    assert_eq!((unused.currency.as_deref(), unused.merchants), (Some("JPY"), vec![]));
}

#[tokio::test]
async fn merchants_are_none_for_an_unknown_account_and_without_currency_for_an_empty_one() {
    let ledger = Ledger::new().await;
    ledger.write(&[on("2024-10-01", "a", "-1")]).await;
    let found = merchants(&ledger, None, 10).await;
    assert_eq!((found.currency, found.merchants.len(), found.scanned), (None, 0, 0));
    assert!(found.is_complete);
    let period = period("2025-10-01", "2025-10-31");
    let query = MerchantQuery { account_id: "unknown", period, currency: None, limit: 1 };
    let unknown = report::merchants(&mut *ledger.begin().await, ledger.tenant, query).await;
    assert_eq!(unknown.unwrap(), None);
}
