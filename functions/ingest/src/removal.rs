//! `DELETE /api/accounts/{account_id}/transactions/{transaction_id}`: removes a transaction.

use http::StatusCode;
use tracing::info;
use tributary_lambda::http::{Problem, Request, Response};
use tributary_store::{Store, transactions};

pub async fn remove(store: &Store, request: &Request) -> Result<Response, Problem> {
    let tenant = request.tenant()?;
    let account_id = request.bank_id("account_id")?;
    let transaction_id = request.bank_id("transaction_id")?;

    let mut tx = store.begin(tenant).await?;
    let removed = transactions::remove_one(&mut tx, tenant, account_id, transaction_id).await;
    if !tributary_store::end(tx, removed).await? {
        return Err(Problem::NotFound);
    }
    info!("transaction removed");
    Ok(Response::empty(StatusCode::NO_CONTENT))
}
