//! What a report's sums must be: what adding the rows up gives.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use sqlx::PgConnection;
use tributary_domain::{Period, TenantId};
use tributary_store::report::{self, Sums};

use crate::ledger::Ledger;

type Row = (String, String, String, i64, Decimal, Decimal);

pub fn period(start: NaiveDate, end: NaiveDate) -> Period {
    Period::parse(Some(&start.to_string()), Some(&end.to_string())).unwrap()
}

/// The sums of an account as the store answers them.
pub async fn summary(ledger: &Ledger, account_id: &str, period: Period) -> Vec<Sums> {
    let mut tx = ledger.begin_beside().await;
    report::summary(&mut tx, ledger.tenant, account_id, period).await.unwrap().unwrap()
}

/// The same, added up from the rows themselves.
pub async fn recompute(
    connection: &mut PgConnection,
    tenant: TenantId,
    account_id: &str,
    period: Period,
) -> Vec<Sums> {
    let rows: Vec<Row> = sqlx::query_as(
        "select currency, status, coalesce(category, ''), count(*), \
         sum(case when amount < 0 then -amount else 0 end), \
         sum(case when amount > 0 then amount else 0 end) \
         from transactions where tenant_id = $1 and account_id = $2 \
         and (booked_at at time zone 'UTC')::date between $3 and $4 \
         group by 1, 2, 3 order by 1, 2, 3",
    )
    .bind(tenant.0)
    .bind(account_id)
    .bind(period.start())
    .bind(period.end())
    .fetch_all(connection)
    .await
    .unwrap();
    let sums = rows.into_iter().map(|(currency, status, category, count, spend, income)| Sums {
        currency,
        status,
        category,
        transaction_count: count,
        spend,
        income,
    });
    sums.collect()
}

/// Compares, for every account of the tenant, the whole year and each single day that tests use.
pub async fn assert_sums_are_those_of_the_rows(ledger: &Ledger) {
    let mut tx = ledger.begin_beside().await;
    let accounts: Vec<String> =
        sqlx::query_scalar("select account_id from accounts where tenant_id = $1 order by 1")
            .bind(ledger.tenant.0)
            .fetch_all(&mut *tx)
            .await
            .unwrap();
    assert!(!accounts.is_empty());
    let date = |month, day| NaiveDate::from_ymd_opt(2025, month, day).unwrap();
    let mut periods = vec![period(date(1, 1), date(12, 31))];
    periods.extend((29..=31).map(|day| period(date(10, day), date(10, day))));
    for account in &accounts {
        for period in &periods {
            let expected = recompute(&mut tx, ledger.tenant, account, *period).await;
            let answered = report::summary(&mut tx, ledger.tenant, account, *period).await.unwrap();
            assert_eq!(answered, Some(expected), "{account} {period:?}");
        }
    }
}
