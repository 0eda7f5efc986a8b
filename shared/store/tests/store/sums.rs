//! Compares the sums of the report with the sums of the rows.

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

/// The year of all transactions in the tests.
pub fn year() -> Period {
    Period::parse(Some("2025-01-01"), Some("2025-12-31")).unwrap()
}

/// The sums of the report.
pub async fn summary(ledger: &Ledger, account_id: &str, period: Period) -> Vec<Sums> {
    let mut tx = ledger.begin_on_new_connection().await;
    report::summary(&mut tx, ledger.tenant, account_id, period).await.unwrap().unwrap()
}

/// The sums of the rows.
pub async fn recompute(
    connection: &mut PgConnection,
    tenant: TenantId,
    account_id: &str,
    period: Period,
) -> Vec<Sums> {
    let rows: Vec<Row> = sqlx::query_as(
        "select currency, case when status = 'pending' and exists ( \
         select from slices s where s.batch_id = t.batch_id and s.expires_at >= now() \
         and t.batch_position between s.first_position and s.last_position \
         ) then 'processing' else status end, coalesce(category, ''), count(*), \
         sum(case when amount < 0 then -amount else 0 end), \
         sum(case when amount > 0 then amount else 0 end) \
         from transactions t where tenant_id = $1 and account_id = $2 and replaced_by is null \
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

/// Asserts that the report matches the rows for each account of the tenant: over the whole year,
/// and on each day that the tests use.
pub async fn assert_sums_match_rows(ledger: &Ledger) {
    let mut tx = ledger.begin_on_new_connection().await;
    let accounts: Vec<String> =
        sqlx::query_scalar("select account_id from accounts where tenant_id = $1 order by 1")
            .bind(ledger.tenant.0)
            .fetch_all(&mut *tx)
            .await
            .unwrap();
    assert!(!accounts.is_empty());
    let october = |day| NaiveDate::from_ymd_opt(2025, 10, day).unwrap();
    let mut periods = vec![year()];
    periods.extend((29..=31).map(|day| period(october(day), october(day))));
    for account in &accounts {
        for period in &periods {
            let expected = recompute(&mut tx, ledger.tenant, account, *period).await;
            let reported = report::summary(&mut tx, ledger.tenant, account, *period).await.unwrap();
            assert_eq!(reported, Some(expected), "{account} {period:?}");
        }
    }
}
