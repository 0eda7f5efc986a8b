//! `GET /api/reports/account/{account_id}/summary`

use chrono::NaiveDate;
use http::StatusCode;
use serde::Serialize;
use tributary_domain::money::{InvalidSum, Sum};
use tributary_domain::summary::{CategorySpend, CurrencySums, Summary};
use tributary_domain::{CorrelationId, Currency, Faults, Period};
use tributary_lambda::http::{Problem, Request, Response};
use tributary_store::Store;
use tributary_store::report;

use crate::parameters;

#[derive(Serialize)]
struct Body<'b> {
    account_id: &'b str,
    date_range: DateRange,
    #[serde(flatten)]
    summary: Summary,
    correlation_id: &'b CorrelationId,
}

#[derive(Serialize)]
struct DateRange {
    start: NaiveDate,
    end: NaiveDate,
}

/// Sums that this version cannot read.
#[derive(Debug, thiserror::Error)]
enum UnreadableSums {
    #[error("the currency {0:?} is unknown")]
    Currency(String),
    #[error(transparent)]
    Sum(#[from] InvalidSum),
}

pub async fn get(store: &Store, request: &Request) -> Result<Response, Problem> {
    let tenant = request.tenant()?;
    let account_id = request.bank_id("account_id")?;
    let mut faults = Faults::default();
    let period = Period::parse(request.query("start_date"), request.query("end_date"));
    let currency = parameters::currency(request, &mut faults);
    let period = parameters::accept(period, faults)?;

    let mut tx = store.begin(tenant).await?;
    let sums =
        report::summary(&mut tx, tenant, account_id, period).await?.ok_or(Problem::NotFound)?;
    let sums = sums
        .into_iter()
        .map(in_currency)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| Problem::Internal(error.into()))?;

    let body = Body {
        account_id,
        date_range: DateRange { start: period.start(), end: period.end() },
        summary: Summary::of(sums, currency),
        correlation_id: &request.correlation,
    };
    Ok(Response::json(StatusCode::OK, &body)?)
}

/// The stored sums, written with the decimals of their currency.
fn in_currency(stored: report::CurrencySums) -> Result<CurrencySums, UnreadableSums> {
    let Some(currency) = Currency::from_stored(&stored.currency) else {
        return Err(UnreadableSums::Currency(stored.currency));
    };
    let sum = |text: &str| Sum::parse(text, &currency);
    let top_categories = stored.top_categories.into_iter().map(|top| {
        Ok(CategorySpend {
            total_spend: sum(&top.spend)?,
            category: top.category,
            transaction_count: top.transaction_count,
        })
    });
    Ok(CurrencySums {
        currency,
        counts: stored.counts,
        spend: sum(&stored.spend)?,
        income: sum(&stored.income)?,
        net: sum(&stored.net)?,
        top_categories: top_categories.collect::<Result<_, InvalidSum>>()?,
    })
}
