//! Compares the sums of the report with the sums of the rows.

use chrono::NaiveDate;
use sqlx::PgConnection;
use tributary_domain::{Period, StatusCounts, TenantId};
use tributary_store::report::{self, CategorySums, CurrencySums};
use tributary_testkit::reports::{assert_account_agrees, assert_reports_agree};

use crate::ledger::Ledger;

type Row = (String, i64, i64, i64, i64, String, String, String, Vec<String>, Vec<i64>, Vec<String>);

pub fn period(start: NaiveDate, end: NaiveDate) -> Period {
    Period::parse(Some(&start.to_string()), Some(&end.to_string())).unwrap()
}

/// The year of all transactions in the tests.
pub fn year() -> Period {
    Period::parse(Some("2025-01-01"), Some("2025-12-31")).unwrap()
}

/// The sums of the report.
pub async fn summary(ledger: &Ledger, account_id: &str, period: Period) -> Vec<CurrencySums> {
    let mut tx = ledger.begin_on_new_connection().await;
    report::summary(&mut tx, ledger.tenant, account_id, period).await.unwrap().unwrap()
}

/// The sums of the rows.
pub async fn recompute(
    connection: &mut PgConnection,
    tenant: TenantId,
    account_id: &str,
    period: Period,
) -> Vec<CurrencySums> {
    let rows: Vec<Row> = sqlx::query_as(
        "with booked as ( \
           select currency, category, amount, greatest(-amount, 0) as spend, \
           case when status = 'pending' and exists ( \
             select from slices s where s.batch_id = t.batch_id and s.expires_at >= now() \
             and t.batch_position between s.first_position and s.last_position \
           ) then 'processing' else status end as status \
           from transactions t where tenant_id = $1 and account_id = $2 and replaced_by is null \
           and removed_at is null and booked_on between $3 and $4 \
         ) \
         select currency, count(*) filter (where status = 'pending'), \
         count(*) filter (where status = 'processing'), \
         count(*) filter (where status = 'completed'), \
         count(*) filter (where status = 'failed'), trim_scale(sum(spend))::text, \
         trim_scale(sum(greatest(amount, 0)))::text, trim_scale(sum(amount))::text, \
         (array(select category from booked as b where b.currency = booked.currency and spend > 0 \
           and category is not null group by category \
           order by sum(spend) desc, category collate \"C\"))[:3], \
         (array(select count(*) from booked as b where b.currency = booked.currency \
           and category is not null group by category having sum(spend) > 0 \
           order by sum(spend) desc, category collate \"C\"))[:3], \
         (array(select trim_scale(sum(spend))::text from booked as b where b.currency = booked.currency \
           and spend > 0 and category is not null group by category \
           order by sum(spend) desc, category collate \"C\"))[:3] \
         from booked group by currency order by count(*) desc, currency collate \"C\"",
    )
    .bind(tenant.0)
    .bind(account_id)
    .bind(period.start())
    .bind(period.end())
    .fetch_all(connection)
    .await
    .unwrap();
    let sums = rows.into_iter().map(|row| {
        let (currency, pending, processing, completed, failed, ..) = row;
        let (_, _, _, _, _, spend, income, net, categories, category_counts, spends) = row;
        let top = categories.into_iter().zip(category_counts).zip(spends);
        CurrencySums {
            currency,
            counts: StatusCounts { pending, processing, completed, failed },
            spend,
            income,
            net,
            top_categories: top
                .map(|((category, transaction_count), spend)| CategorySums {
                    category,
                    transaction_count,
                    spend,
                })
                .collect(),
        }
    });
    sums.collect()
}

/// Asserts that the summary matches the rows for each account of the tenant, over the whole year and
/// on each day that the tests use, and that the other reports match the summary.
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
    // Those of tests of the retention are older.
    let decade = Period::parse(Some("2018-01-01"), Some("2027-12-31")).unwrap();
    for account in &accounts {
        for period in &periods {
            let expected = recompute(&mut tx, ledger.tenant, account, *period).await;
            let reported = report::summary(&mut tx, ledger.tenant, account, *period).await.unwrap();
            assert_eq!(reported, Some(expected), "{account} {period:?}");
        }
        assert_reports_agree(&mut tx, ledger.tenant, account, year()).await;
        assert_account_agrees(&mut tx, ledger.tenant, account, decade).await;
    }
}
