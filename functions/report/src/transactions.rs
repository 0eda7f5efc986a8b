//! `GET /api/accounts/{account_id}/transactions`

use std::str::FromStr;

use chrono::{DateTime, Days, NaiveDate, Utc};
use http::StatusCode;
use serde::Serialize;
use tributary_domain::categorise::Category;
use tributary_domain::period::midnight_utc;
use tributary_domain::{CorrelationId, Currency, Fault, Faults, Money, Period, TransactionStatus};
use tributary_lambda::http::{Problem, Request, Response};
use tributary_store::transactions::stored::{self, PageQuery, StoredTransaction};
use tributary_store::{Store, accounts};
use uuid::Uuid;

use crate::cursor::Cursor;
use crate::parameters;

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

#[derive(Serialize)]
struct TransactionBody {
    transaction_id: String,
    amount: Money,
    /// Exactly one of the two codes is present.
    iso_currency_code: Option<Currency>,
    unofficial_currency_code: Option<Currency>,
    date: DateTime<Utc>,
    authorized_date: Option<NaiveDate>,
    name: String,
    merchant_name: Option<String>,
    payment_channel: Option<String>,
    merchant_category_code: Option<String>,
    pending: bool,
    pending_transaction_id: Option<String>,
    /// The posted transaction that replaces this pending one. A replaced transaction is in no
    /// total.
    replaced_by: Option<String>,
    revision: i32,
    status: String,
    attempts: i32,
    category: Option<String>,
    personal_finance_category: Option<PersonalFinanceCategory>,
    rule: Option<String>,
    failure_reason: Option<String>,
    batch_id: Uuid,
}

/// The format of Plaid.
#[derive(Serialize)]
struct PersonalFinanceCategory {
    primary: String,
    detailed: String,
    confidence_level: String,
}

/// The number of transactions of a page.
#[derive(Clone, Copy)]
struct Limit(usize);

impl Limit {
    const DEFAULT: Self = Self(100);
    const MAX: usize = 500;
}

impl FromStr for Limit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let is_plain = text.len() <= 3 && text.bytes().all(|byte| byte.is_ascii_digit());
        match text.parse() {
            Ok(limit) if is_plain && (1..=Self::MAX).contains(&limit) => Ok(Self(limit)),
            _ => Err(format!("must be a whole number from 1 to {}", Self::MAX)),
        }
    }
}

/// A row with a currency that this version does not know.
#[derive(Debug, thiserror::Error)]
#[error("the currency of transaction {0} is unknown")]
struct UnknownCurrency(String);

pub async fn list(store: &Store, request: &Request) -> Result<Response, Problem> {
    let tenant = request.tenant()?;
    let account_id = &parameters::account_id(request)?;
    let mut faults = Faults::default();
    let status = parameters::optional::<TransactionStatus>(request, "status", &mut faults);
    let category = parameters::optional::<Category>(request, "category", &mut faults);
    let cursor = parameters::optional::<Cursor>(request, "cursor", &mut faults);
    let limit = parameters::optional(request, "limit", &mut faults).unwrap_or(Limit::DEFAULT);
    let period = parameters::accept(period(request), faults)?;

    let query = PageQuery {
        account_id,
        from: period.map(|period| midnight_utc(period.start())),
        before: period.map(|period| midnight_utc(period.end() + Days::new(1))),
        status,
        category: category.map(Category::as_str),
        after: cursor.as_ref().map(|cursor| (cursor.booked_at, cursor.transaction_id.as_str())),
        limit: i64::try_from(limit.0).unwrap_or(i64::MAX),
    };
    let mut tx = store.begin(tenant).await?;
    let page = stored::page(&mut tx, tenant, &query).await?;
    if page.transactions.is_empty() && !accounts::exists(&mut tx, tenant, account_id).await? {
        return Err(Problem::NotFound);
    }

    let next_cursor =
        page.next.map(|(booked_at, transaction_id)| Cursor { booked_at, transaction_id }.encode());
    let transactions = page
        .transactions
        .into_iter()
        .map(transaction_body)
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

/// The period, if the request has one. Both dates are required then.
fn period(request: &Request) -> Result<Option<Period>, Vec<Fault>> {
    match (request.query("start_date"), request.query("end_date")) {
        (None, None) => Ok(None),
        (start, end) => Period::parse(start, end).map(Some),
    }
}

fn transaction_body(row: StoredTransaction) -> Result<TransactionBody, UnknownCurrency> {
    let Some(currency) = Currency::from_stored(&row.currency) else {
        return Err(UnknownCurrency(row.transaction_id));
    };
    let personal_finance_category = match (row.primary_code, row.detailed_code, row.confidence) {
        (Some(primary), Some(detailed), Some(confidence_level)) => {
            Some(PersonalFinanceCategory { primary, detailed, confidence_level })
        }
        _ => None,
    };
    Ok(TransactionBody {
        transaction_id: row.transaction_id,
        amount: Money::new(row.amount, currency),
        iso_currency_code: currency.iso_code().map(|_| currency),
        unofficial_currency_code: currency.unofficial_code().map(|_| currency),
        date: row.booked_at,
        authorized_date: row.authorized_on,
        name: row.description,
        merchant_name: row.merchant_name,
        payment_channel: row.payment_channel,
        merchant_category_code: row.merchant_category_code,
        pending: row.is_pending,
        pending_transaction_id: row.pending_transaction_id,
        replaced_by: row.replaced_by,
        revision: row.revision,
        status: row.status,
        attempts: row.attempts,
        category: row.category,
        personal_finance_category,
        rule: row.rule,
        failure_reason: row.failure_reason,
        batch_id: row.batch_id,
    })
}
