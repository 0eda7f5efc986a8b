//! `GET /api/accounts/{account_id}/transactions/{transaction_id}`

use chrono::{DateTime, NaiveDate, Utc};
use http::StatusCode;
use serde::Serialize;
use tributary_domain::{CorrelationId, Currency, Money};
use tributary_lambda::http::{Problem, Request, Response};
use tributary_store::transactions::{Revision, stored};
use tributary_store::{Store, transactions};
use uuid::Uuid;

use crate::transaction_body::{TransactionBody, UnknownCurrency};

#[derive(Serialize)]
struct Body<'b> {
    account_id: &'b str,
    #[serde(flatten)]
    transaction: TransactionBody,
    /// The earlier contents, the newest first.
    revisions: Vec<RevisionBody>,
    correlation_id: &'b CorrelationId,
}

#[derive(Serialize)]
struct RevisionBody {
    revision: i32,
    batch_id: Uuid,
    replaced_at: DateTime<Utc>,
    amount: Money,
    /// Exactly one of the two codes is present.
    iso_currency_code: Option<Currency>,
    unofficial_currency_code: Option<Currency>,
    date: NaiveDate,
    datetime: Option<DateTime<Utc>>,
    authorized_date: Option<NaiveDate>,
    name: String,
    merchant_name: Option<String>,
    payment_channel: Option<String>,
    merchant_category_code: Option<String>,
    bank_category: Option<String>,
    pending: bool,
    pending_transaction_id: Option<String>,
    removed_at: Option<DateTime<Utc>>,
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
        transaction: TransactionBody::of(transaction).map_err(internal)?,
        revisions: revisions
            .into_iter()
            .map(|revision| revision_body(revision, transaction_id))
            .collect::<Result<_, _>>()
            .map_err(internal)?,
        correlation_id: &request.correlation,
    };
    Ok(Response::json(StatusCode::OK, &body)?)
}

fn revision_body(revision: Revision, id: &str) -> Result<RevisionBody, UnknownCurrency> {
    let content = revision.content;
    let Some(currency) = Currency::from_stored(&content.currency) else {
        return Err(UnknownCurrency::of(id));
    };
    Ok(RevisionBody {
        revision: revision.revision,
        batch_id: revision.batch_id,
        replaced_at: revision.replaced_at,
        amount: Money::new(content.amount, currency),
        iso_currency_code: currency.iso_code().map(|_| currency),
        unofficial_currency_code: currency.unofficial_code().map(|_| currency),
        date: content.booked_on,
        datetime: content.booked_at,
        authorized_date: content.authorized_on,
        name: content.description,
        merchant_name: content.merchant_name,
        payment_channel: content.payment_channel,
        merchant_category_code: content.merchant_category_code,
        bank_category: content.bank_category,
        pending: content.is_pending,
        pending_transaction_id: content.pending_transaction_id,
        removed_at: content.removed_at,
    })
}
