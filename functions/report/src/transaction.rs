//! `GET /api/accounts/{account_id}/transactions/{transaction_id}`

use http::StatusCode;
use serde::Serialize;
use tributary_domain::CorrelationId;
use tributary_lambda::http::{Problem, Request, Response};
use tributary_store::transactions::stored;
use tributary_store::{Store, transactions};

use crate::transaction_body::{Explanation, RevisionBody, TransactionBody, UnknownCurrency};

#[derive(Serialize)]
struct Body<'b> {
    account_id: &'b str,
    #[serde(flatten)]
    transaction: TransactionBody,
    /// Why it has its category; null until it is completed.
    explanation: Option<Explanation>,
    /// The earlier contents, the newest first.
    revisions: Vec<RevisionBody>,
    correlation_id: &'b CorrelationId,
}

pub async fn get(store: &Store, request: &Request) -> Result<Response, Problem> {
    let tenant = request.tenant()?;
    let account_id = request.bank_id("account_id")?;
    let transaction_id = request.bank_id("transaction_id")?;

    let mut tx = store.begin(tenant).await?;
    let transaction =
        stored::one(&mut tx, tenant, account_id, transaction_id).await?.ok_or(Problem::NotFound)?;
    let revisions = if transaction.revision > 1 {
        transactions::revisions(&mut tx, tenant, transaction_id).await?
    } else {
        Vec::new()
    };
    let internal = |error: UnknownCurrency| Problem::Internal(error.into());
    let body = Body {
        account_id,
        explanation: Explanation::of(&transaction),
        transaction: TransactionBody::of(transaction).map_err(internal)?,
        revisions: revisions
            .into_iter()
            .map(|revision| RevisionBody::of(revision, transaction_id))
            .collect::<Result<_, _>>()
            .map_err(internal)?,
        correlation_id: &request.correlation,
    };
    Ok(Response::json(StatusCode::OK, &body)?)
}
