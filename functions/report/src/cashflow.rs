//! `GET /api/reports/account/{account_id}/cashflow`

use http::StatusCode;
use serde::Serialize;
use tributary_domain::cashflow::{Cashflow, CategoryFlow, Flow, Flows};
use tributary_domain::{CorrelationId, Currency, Faults, Interval, Period};
use tributary_lambda::http::{Problem, Request, Response};
use tributary_store::{Store, report};

use crate::parameters;
use crate::sums::{UnreadableSums, currency_of, sum_of};

/// The intervals if none are requested.
const INTERVAL_DEFAULT: Interval = Interval::Month;

#[derive(Serialize)]
struct Body<'b> {
    account_id: &'b str,
    date_range: Period,
    #[serde(flatten)]
    cashflow: Cashflow,
    correlation_id: &'b CorrelationId,
}

pub async fn get(store: &Store, request: &Request) -> Result<Response, Problem> {
    let tenant = request.tenant()?;
    let account_id = request.bank_id("account_id")?;
    let mut faults = Faults::default();
    let period = Period::parse(request.query("start_date"), request.query("end_date"));
    let interval = parameters::optional(request, "interval", &mut faults);
    let currency = parameters::currency(request, &mut faults);
    let period = parameters::accept(period, faults)?;

    let interval = interval.unwrap_or(INTERVAL_DEFAULT);
    let intervals = interval.divide(period);
    let code = currency.as_ref().map(Currency::code);
    let mut tx = store.begin(tenant).await?;
    let stored = report::cashflow(&mut tx, tenant, account_id, period, &intervals, code)
        .await?
        .ok_or(Problem::NotFound)?;
    let body = Body {
        account_id,
        date_range: period,
        cashflow: Cashflow::of(interval, intervals, in_currency(stored)?),
        correlation_id: &request.correlation,
    };
    Ok(Response::json(StatusCode::OK, &body)?)
}

/// The stored sums, written with the decimals of their currency.
fn in_currency(stored: report::Flows) -> Result<Flows, UnreadableSums> {
    let currencies =
        stored.currencies.iter().map(|code| currency_of(code)).collect::<Result<_, _>>()?;
    let currency = stored.currency.as_deref().map(currency_of).transpose()?;
    let total = currency.map(|currency| flow_in(stored.total, &currency)).transpose()?;
    let intervals = stored
        .intervals
        .into_iter()
        .filter_map(|(index, flow)| Some(flow_in(flow, &currency?).map(|flow| (index, flow))));
    Ok(Flows { currency, currencies, total, intervals: intervals.collect::<Result<_, _>>()? })
}

fn flow_in(stored: report::Flow, currency: &Currency) -> Result<Flow, UnreadableSums> {
    let categories = stored.categories.into_iter().map(|category| {
        Ok(CategoryFlow {
            category: category.category,
            total_spend: sum_of(&category.spend, currency)?,
            total_income: sum_of(&category.income, currency)?,
            transaction_count: category.transaction_count,
        })
    });
    Ok(Flow {
        transaction_count: stored.transaction_count,
        spend: sum_of(&stored.spend, currency)?,
        income: sum_of(&stored.income, currency)?,
        net: sum_of(&stored.net, currency)?,
        transfers: sum_of(&stored.transfers, currency)?,
        categories: categories.collect::<Result<_, UnreadableSums>>()?,
    })
}
