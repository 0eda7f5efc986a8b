//! `GET /api/accounts/{account_id}/transactions`

use std::str::FromStr;

use http::StatusCode;
use serde::Serialize;
use tributary_domain::categorise::Category;
use tributary_domain::{CorrelationId, Faults, OpenPeriod, TransactionStatus};
use tributary_lambda::http::{Problem, Request, Response};
use tributary_store::transactions::{self, PageQuery};
use tributary_store::{Store, accounts};

use crate::cursor::TransactionCursor;
use crate::parameters::{self, Limit};
use crate::transaction_body::TransactionBody;

const LIMIT: Limit = Limit { default: 100, max: 500 };
/// The longest text to search for, in characters.
pub const SEARCH_LENGTH_MAX: usize = 100;

#[derive(Serialize)]
struct Body<'b> {
    account_id: &'b str,
    transactions: Vec<TransactionBody>,
    /// Whether there is a next page. A page of a filtered list may be short or empty all the same.
    has_more: bool,
    /// The cursor of the next page; null on the last page.
    next_cursor: Option<String>,
    correlation_id: &'b CorrelationId,
}

/// What a list contains in addition: `removed` is the only value.
struct Include;

impl FromStr for Include {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "removed" { Ok(Self) } else { Err("must be removed") }
    }
}

pub async fn list(store: &Store, request: &Request) -> Result<Response, Problem> {
    let tenant = request.tenant()?;
    let account_id = request.bank_id("account_id")?;
    let mut faults = Faults::default();
    let status = parameters::optional::<TransactionStatus>(request, "status", &mut faults);
    let category = parameters::optional::<Category>(request, "category", &mut faults);
    let cursor = parameters::optional::<TransactionCursor>(request, "cursor", &mut faults);
    let text = parameters::cleaned(request, "q", SEARCH_LENGTH_MAX, &mut faults);
    let limit = LIMIT.of(request, &mut faults);
    let include = parameters::optional::<Include>(request, "include", &mut faults);
    let period = OpenPeriod::parse(request.query("start_date"), request.query("end_date"));
    let period = parameters::accept(period, faults)?;

    let query = PageQuery {
        account_id,
        period,
        status,
        category: category.map(Category::as_str),
        text: text.as_deref(),
        include_removed: include.is_some(),
        after: cursor.as_ref().map(|cursor| (cursor.booked_on, cursor.transaction_id.as_str())),
        limit,
    };
    let mut tx = store.begin(tenant).await?;
    let page = transactions::page(&mut tx, tenant, &query).await?;
    if page.transactions.is_empty() && !accounts::exists(&mut tx, tenant, account_id).await? {
        return Err(Problem::NotFound);
    }

    let next_cursor = page.next.map(|(booked_on, transaction_id)| {
        TransactionCursor { booked_on, transaction_id }.encode()
    });
    let transactions = page
        .transactions
        .into_iter()
        .map(TransactionBody::of)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| Problem::Internal(error.into()))?;
    let body = Body {
        account_id,
        transactions,
        has_more: next_cursor.is_some(),
        next_cursor,
        correlation_id: &request.correlation,
    };
    Ok(Response::json(StatusCode::OK, &body)?)
}
