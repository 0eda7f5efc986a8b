//! `GET /api/reports/account/{account_id}/summary`

use chrono::NaiveDate;
use http::StatusCode;
use serde::Serialize;
use tributary_domain::summary::{GroupSums, Summary};
use tributary_domain::{CorrelationId, Currency, Faults, Period};
use tributary_lambda::http::{Problem, Request, Response};
use tributary_store::Store;
use tributary_store::report::{self, Sums};

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

/// Sums with a currency or status that this version does not know.
#[derive(Debug, thiserror::Error)]
#[error("unknown currency {currency} or status {status}")]
struct UnknownSums {
    currency: String,
    status: String,
}

pub async fn get(store: &Store, request: &Request) -> Result<Response, Problem> {
    let tenant = request.tenant()?;
    let account_id = &parameters::account_id(request)?;
    let mut faults = Faults::default();
    let period = Period::parse(request.query("start_date"), request.query("end_date"));
    let currency = parameters::currency(request, "currency", &mut faults);
    let period = parameters::accept(period, faults)?;

    let mut tx = store.begin(tenant).await?;
    let sums =
        report::summary(&mut tx, tenant, account_id, period).await?.ok_or(Problem::NotFound)?;
    let groups = sums
        .into_iter()
        .map(group)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| Problem::Internal(error.into()))?;

    let body = Body {
        account_id,
        date_range: DateRange { start: period.start(), end: period.end() },
        summary: Summary::of(&groups, currency),
        correlation_id: &request.correlation,
    };
    Ok(Response::json(StatusCode::OK, &body)?)
}

fn group(sums: Sums) -> Result<GroupSums, UnknownSums> {
    match (Currency::from_stored(&sums.currency), sums.status.parse()) {
        (Some(currency), Ok(status)) => Ok(GroupSums {
            currency,
            status,
            category: (!sums.category.is_empty()).then_some(sums.category),
            count: sums.transaction_count,
            spend: sums.spend,
            income: sums.income,
        }),
        _ => Err(UnknownSums { currency: sums.currency, status: sums.status }),
    }
}
