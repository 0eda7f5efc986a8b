//! `GET /api/reports/account/{account_id}/summary`

use http::StatusCode;
use serde::Serialize;
use tributary_domain::summary::{CategorySpend, CurrencySums, Summary};
use tributary_domain::{CorrelationId, Faults, Period};
use tributary_lambda::http::{Problem, Request, Response};
use tributary_store::Store;
use tributary_store::report;

use crate::parameters;
use crate::sums::{UnreadableSums, currency_of, sum_of};

#[derive(Serialize)]
struct Body<'b> {
    account_id: &'b str,
    date_range: Period,
    #[serde(flatten)]
    summary: Summary,
    correlation_id: &'b CorrelationId,
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
    let sums = sums.into_iter().map(in_currency).collect::<Result<Vec<_>, _>>()?;

    let body = Body {
        account_id,
        date_range: period,
        summary: Summary::of(sums, currency),
        correlation_id: &request.correlation,
    };
    Ok(Response::json(StatusCode::OK, &body)?)
}

/// The stored sums, written with the decimals of their currency.
fn in_currency(stored: report::CurrencySums) -> Result<CurrencySums, UnreadableSums> {
    let currency = currency_of(&stored.currency)?;
    let sum = |text: &str| sum_of(text, &currency);
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
        top_categories: top_categories.collect::<Result<_, UnreadableSums>>()?,
    })
}
