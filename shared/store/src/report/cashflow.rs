//! The sums of an account by interval and category.

use chrono::NaiveDate;
use sqlx::PgConnection;
use tributary_domain::categorise::Category;
use tributary_domain::{Period, TenantId};

use crate::error::StoreError;
use crate::unnamed::unnamed;

/// The sums of an account over a period, in one currency.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flows {
    /// The code of the currency: the requested or most used one; `None` if there is neither.
    pub currency: Option<String>,
    /// The codes of all currencies of the period, the most used first, ties by code.
    pub currencies: Vec<String>,
    /// The sums of the whole period.
    pub total: Flow,
    /// The index of each interval with transactions, and its sums.
    pub intervals: Vec<(usize, Flow)>,
}

/// Sums in one currency. Amounts are decimal text, as in [`super::CurrencySums`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flow {
    /// The number of transactions in all statuses.
    pub transaction_count: i64,
    /// The sum of outgoing amounts, zero or more.
    pub spend: String,
    /// The sum of incoming amounts, zero or more.
    pub income: String,
    /// Income less spend.
    pub net: String,
    /// Outgoing and incoming amounts of the category of transfers, added.
    pub transfers: String,
    /// The sums of each category, by spend, the highest first, ties by name.
    pub categories: Vec<CategoryFlow>,
}

/// The sums of one category.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CategoryFlow {
    /// The name of the category.
    pub category: String,
    /// The number of transactions.
    pub transaction_count: i64,
    /// The sum of outgoing amounts.
    pub spend: String,
    /// The sum of incoming amounts.
    pub income: String,
}

/// Reads an account's sums over a period, which `intervals` divide, in the requested currency or in
/// the most used one; `None` if the tenant has no such account. The cost depends on the number of
/// days, not on the number of transactions.
///
/// # Errors
/// [`StoreError`] of the statement.
pub async fn cashflow(
    connection: &mut PgConnection,
    tenant: TenantId,
    account_id: &str,
    period: Period,
    intervals: &[Period],
    currency: Option<&str>,
) -> Result<Option<Flows>, StoreError> {
    let starts: Vec<NaiveDate> = intervals.iter().map(Period::start).collect();
    let rows = sqlx::query_file!(
        "src/report/cashflow.sql",
        tenant.0,
        account_id,
        period.start() as NaiveDate,
        period.end() as NaiveDate,
        &starts,
        currency,
        Category::Transfers.as_str()
    )
    .fetch_all(unnamed(connection))
    .await?;
    let mut flows: Option<Flows> = None;
    for row in rows {
        if let (Some(category), Some(flows)) = (&row.category, &mut flows) {
            let flow = match flows.intervals.last_mut() {
                Some((_, flow)) => flow,
                None => &mut flows.total,
            };
            flow.categories.push(CategoryFlow {
                category: category.clone(),
                transaction_count: row.transaction_count,
                spend: row.spend,
                income: row.income,
            });
            continue;
        }
        let flow = Flow {
            transaction_count: row.transaction_count,
            spend: row.spend,
            income: row.income,
            net: row.net,
            transfers: row.transfers,
            categories: Vec::new(),
        };
        match &mut flows {
            Some(flows) => {
                let index = row.place.and_then(|place| usize::try_from(place - 1).ok());
                flows.intervals.extend(index.map(|index| (index, flow)));
            }
            // The first row is that of the whole period.
            None => {
                flows = Some(Flows {
                    currency: row.currency,
                    currencies: row.currencies.unwrap_or_default(),
                    total: flow,
                    intervals: Vec::new(),
                });
            }
        }
    }
    Ok(flows)
}
