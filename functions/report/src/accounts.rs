//! `GET /api/accounts` and `GET /api/accounts/{account_id}`

use http::StatusCode;
use serde::Serialize;
use tributary_domain::{CorrelationId, Faults};
use tributary_lambda::http::{Problem, Request, Response};
use tributary_store::{Store, accounts};

use crate::account_body::AccountBody;
use crate::cursor::AccountCursor;
use crate::parameters::{self, Limit};

const LIMIT: Limit = Limit { default: 50, max: 100 };

#[derive(Serialize)]
struct PageBody<'b> {
    accounts: Vec<AccountBody>,
    /// Whether there is a next page.
    has_more: bool,
    /// The cursor of the next page; null on the last page.
    next_cursor: Option<String>,
    correlation_id: &'b CorrelationId,
}

#[derive(Serialize)]
struct Body<'b> {
    #[serde(flatten)]
    account: AccountBody,
    correlation_id: &'b CorrelationId,
}

pub async fn list(store: &Store, request: &Request) -> Result<Response, Problem> {
    let tenant = request.tenant()?;
    let mut faults = Faults::default();
    let cursor = parameters::optional::<AccountCursor>(request, "cursor", &mut faults);
    let limit = LIMIT.of(request, &mut faults);
    parameters::accept(Ok(()), faults)?;

    let after = cursor.as_ref().map(|cursor| cursor.0.as_str());
    let mut tx = store.begin(tenant).await?;
    let page = accounts::list(&mut tx, tenant, after, limit).await?;
    let accounts = page.accounts.into_iter().map(AccountBody::of).collect::<Result<_, _>>()?;
    let body = PageBody {
        accounts,
        has_more: page.next.is_some(),
        next_cursor: page.next.map(|account_id| AccountCursor(account_id).encode()),
        correlation_id: &request.correlation,
    };
    Ok(Response::json(StatusCode::OK, &body)?)
}

pub async fn get(store: &Store, request: &Request) -> Result<Response, Problem> {
    let tenant = request.tenant()?;
    let account_id = request.bank_id("account_id")?;
    let mut tx = store.begin(tenant).await?;
    let account = accounts::one(&mut tx, tenant, account_id).await?.ok_or(Problem::NotFound)?;
    let body = Body { account: AccountBody::of(account)?, correlation_id: &request.correlation };
    Ok(Response::json(StatusCode::OK, &body)?)
}
