//! `GET /api/reports/account/{account_id}/merchants`

use http::StatusCode;
use serde::Serialize;
use tributary_domain::money::Sum;
use tributary_domain::{CorrelationId, Currency, Faults, Period};
use tributary_lambda::http::{Problem, Request, Response};
use tributary_store::Store;
use tributary_store::report::{self, MerchantQuery, MerchantSums};

use crate::parameters::{self, Limit};
use crate::sums::{UnreadableSums, currency_of, sum_of};

const LIMIT: Limit = Limit { default: 10, max: 50 };

#[derive(Serialize)]
struct Body<'b> {
    account_id: &'b str,
    date_range: Period,
    currency: Option<Currency>,
    merchants: Vec<MerchantBody>,
    scanned_transactions: i64,
    is_complete: bool,
    correlation_id: &'b CorrelationId,
}

#[derive(Serialize)]
struct MerchantBody {
    merchant: String,
    total_spend: Sum,
    total_income: Sum,
    transaction_count: i64,
}

pub async fn get(store: &Store, request: &Request) -> Result<Response, Problem> {
    let tenant = request.tenant()?;
    let account_id = request.bank_id("account_id")?;
    let mut faults = Faults::default();
    let period = Period::parse(request.query("start_date"), request.query("end_date"));
    let currency = parameters::currency(request, &mut faults);
    let limit = LIMIT.of(request, &mut faults);
    let period = parameters::accept(period, faults)?;

    let code = currency.as_ref().map(Currency::code);
    let query = MerchantQuery { account_id, period, currency: code, limit };
    let mut tx = store.begin(tenant).await?;
    let found = report::merchants(&mut tx, tenant, query).await?.ok_or(Problem::NotFound)?;
    let currency = found.currency.as_deref().map(currency_of).transpose()?;
    let merchants = found
        .merchants
        .into_iter()
        .filter_map(|sums| currency.map(|currency| MerchantBody::of(sums, &currency)))
        .collect::<Result<_, _>>()?;
    let body = Body {
        account_id,
        date_range: period,
        currency,
        merchants,
        scanned_transactions: found.scanned,
        is_complete: found.is_complete,
        correlation_id: &request.correlation,
    };
    Ok(Response::json(StatusCode::OK, &body)?)
}

impl MerchantBody {
    fn of(sums: MerchantSums, currency: &Currency) -> Result<Self, UnreadableSums> {
        Ok(Self {
            merchant: sums.merchant,
            total_spend: sum_of(&sums.spend, currency)?,
            total_income: sum_of(&sums.income, currency)?,
            transaction_count: sums.transaction_count,
        })
    }
}
