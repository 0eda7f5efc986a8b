//! Amounts and sums keep every digit on their way through PostgreSQL.

use sqlx::{AssertSqlSafe, Executor};
use tributary_domain::Transaction;
use tributary_store::enrichment::{self, Category};
use tributary_store::report::CategorySums;
use tributary_store::transactions;
use tributary_testkit::ledger::{booking, money};

use crate::ledger::{LEASE, Ledger, SHOPPING, account_page, outcome};
use crate::sums::{assert_sums_match_rows, summary, year};

/// The largest amounts, of 28 digits, and the smallest ones of each scale.
const EXTREMES: [(&str, &str); 10] = [
    ("-99999999999999999999999999.99", "USD"),
    ("9999999999999999999999999999", "JPY"),
    ("-9999999999999999999999999.999", "BHD"),
    ("999999999999999999999999.9999", "CLF"),
    ("-9999999999.999999999999999999", "ETH"),
    ("-1000000000000000000000000000", "ETH"),
    ("0.000000000000000001", "ETH"),
    ("-0.00012345", "BTC"),
    ("12.34", "DEM"),
    ("0.01", "ANG"),
];

fn in_currency(id: &str, amount: &str, currency: &str) -> Transaction {
    Transaction { money: money(amount, currency), ..booking(id, "1") }
}

#[tokio::test]
async fn amount_of_28_digits_is_stored_and_read_exactly() {
    let ledger = Ledger::new().await;
    let sent: Vec<_> = EXTREMES
        .iter()
        .enumerate()
        .map(|(index, (amount, currency))| in_currency(&index.to_string(), amount, currency))
        .collect();
    let (_, written) = ledger.write(&sent).await;
    assert_eq!(usize::try_from(written.inserted), Ok(EXTREMES.len()));
    let (_, repeated) = ledger.write(&sent).await;
    assert_eq!(usize::try_from(repeated.unchanged), Ok(EXTREMES.len()));
    let mut tx = ledger.begin().await;
    let page = transactions::page(&mut tx, ledger.tenant, &account_page("acc")).await;
    let page = page.unwrap().transactions;
    assert_eq!(page.len(), EXTREMES.len());
    for row in page {
        let (amount, currency) = EXTREMES[row.transaction_id.parse::<usize>().unwrap()];
        assert_eq!((row.amount.to_string().as_str(), row.currency.as_str()), (amount, currency));
    }
    assert_sums_match_rows(&ledger).await;
}

/// ingest accepts no such amount. Were one stored, it would be an error and not another amount.
#[tokio::test]
async fn amount_with_more_digits_than_a_decimal_holds_is_not_read_as_another_one() {
    let ledger = Ledger::new().await;
    ledger.write(&[booking("a", "-1")]).await;
    for amount in ["79228162514264337593543950336", "99999999999999999999999999999"] {
        let statement = format!("update transactions set amount = {amount}");
        let mut connection = ledger.database.connection().await;
        connection.execute(AssertSqlSafe(statement)).await.unwrap();
        let mut tx = ledger.begin().await;
        let page = transactions::page(&mut tx, ledger.tenant, &account_page("acc")).await;
        assert!(page.is_err(), "{page:?}");
        tx.rollback().await.unwrap();
        assert_eq!(summary(&ledger, "acc", year()).await[0].income, amount);
    }
}

#[tokio::test]
async fn sum_of_many_amounts_of_28_digits_is_exact() {
    let ledger = Ledger::new().await;
    let sent: Vec<_> = (0..1_000)
        .map(|index| in_currency(&format!("{index:04}"), "-99999999999999999999999999.99", "USD"))
        .chain([in_currency("income", "0.01", "USD")])
        .collect();
    let (batch, _) = ledger.write(&sent).await;
    ledger.complete(batch).await;
    let sums = summary(&ledger, "acc", year()).await;
    assert_eq!(sums.len(), 1);
    assert_eq!(sums[0].spend, "99999999999999999999999999990");
    assert_eq!(sums[0].income, "0.01");
    assert_eq!(sums[0].net, "-99999999999999999999999999989.99");
    let shopping = CategorySums {
        category: "Shopping".to_owned(),
        transaction_count: 1_001,
        spend: "99999999999999999999999999990".to_owned(),
    };
    assert_eq!(sums[0].top_categories, [shopping]);
    assert_sums_match_rows(&ledger).await;
}

#[tokio::test]
async fn currencies_are_apart_and_the_most_used_is_first() {
    let ledger = Ledger::new().await;
    ledger
        .write(&[
            in_currency("a", "-0.00012345", "BTC"),
            in_currency("b", "-0.1", "BTC"),
            in_currency("c", "-1", "btc"),
            in_currency("d", "-1", "USD"),
            in_currency("e", "-2.50", "ANG"),
            in_currency("f", "-3.50", "DEM"),
        ])
        .await;
    let sums = summary(&ledger, "acc", year()).await;
    let spend: Vec<_> = sums.iter().map(|it| (it.currency.as_str(), it.spend.as_str())).collect();
    let expected =
        [("BTC", "0.10012345"), ("ANG", "2.5"), ("DEM", "3.5"), ("USD", "1"), ("btc", "1")];
    assert_eq!(spend, expected);
}

#[tokio::test]
async fn top_categories_are_the_three_with_the_highest_spend_and_ties_go_by_name() {
    let ledger = Ledger::new().await;
    let amounts = [
        ("Transport", "-5"),
        ("Food", "-5.00"),
        ("Income", "1000"),
        ("Shopping", "-10"),
        ("Other", "-4.99"),
        // As text, 9 is more than 10.
        ("Software", "-9"),
    ];
    let sent: Vec<_> = amounts.iter().map(|(category, amount)| booking(category, amount)).collect();
    let (batch, _) = ledger.write(&sent).await;
    let (lease, claimed) = ledger.claim(batch, LEASE).await;
    let mut tx = ledger.begin().await;
    let outcomes: Vec<_> = claimed
        .iter()
        .map(|row| {
            let category = amounts.iter().find(|(name, _)| *name == row.transaction_id).unwrap().0;
            outcome(row, Ok(Category { category, ..SHOPPING }))
        })
        .collect();
    enrichment::finish(&mut tx, &lease, "1", &outcomes).await.unwrap();
    tx.commit().await.unwrap();
    let sums = summary(&ledger, "acc", year()).await;
    let top: Vec<_> = sums[0].top_categories.iter().map(|top| top.category.as_str()).collect();
    assert_eq!(top, ["Shopping", "Software", "Food"]);
    assert_sums_match_rows(&ledger).await;
}
