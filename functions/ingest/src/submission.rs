//! A submitted batch: validated in full, then written in one database transaction together with its
//! outbox entry.

use std::collections::HashSet;

use chrono::Utc;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use tracing::warn;
use tributary_domain::request::{ContentHash, limits};
use tributary_domain::{BatchId, Fault, Faults, IngestRequest, RequestError, TenantId};
use tributary_lambda::error_chain::Chain;
use tributary_lambda::http::{Problem, Request};
use tributary_store::batches::AcceptedBatch;
use tributary_store::idempotency::{self, KeyState};
use tributary_store::outbox::{self, OutboxEntry};
use tributary_store::{Store, StoreError, Tx, accounts, batches, transactions};
use uuid::Uuid;

use crate::announcement::entry_for;
use crate::idempotency_key;

/// A valid request and the data that identifies a repetition of it.
pub struct Submission<'i> {
    tenant: TenantId,
    payload: IngestRequest,
    idempotency_key: Option<String>,
    content_hash: ContentHash,
    request: &'i Request,
}

/// The result of writing a submission.
pub enum Outcome {
    /// A new batch, and its outbox entry if there are transactions to enrich.
    New(AcceptedBatch, Option<OutboxEntry>),
    /// The batch that an earlier request with the same key created.
    Replayed(AcceptedBatch),
}

impl<'i> Submission<'i> {
    /// Parses and validates a request without I/O.
    pub fn read(request: &'i Request) -> Result<Self, Problem> {
        let tenant = request.tenant()?;
        let body = request.body();
        if body.len() > limits::BODY_BYTES_MAX {
            return Err(Problem::TooLarge { bytes_max: limits::BODY_BYTES_MAX });
        }
        if !is_plain_json(request) {
            return Err(Problem::UnsupportedMediaType);
        }
        let header_key = idempotency_key::read(request)?;
        let payload = IngestRequest::parse(body, Utc::now()).map_err(|error| match error {
            RequestError::NotJson { line, column } => {
                Problem::NotJson(format!("It stops being JSON at line {line}, column {column}."))
            }
            RequestError::Invalid(faults) => Problem::Invalid(faults),
        })?;
        let idempotency_key = header_key.or_else(|| payload.request_id.clone());
        let content_hash = ContentHash::of(&payload);
        Ok(Self { tenant, payload, idempotency_key, content_hash, request })
    }

    /// Writes the batch in one transaction, or finds the batch of an earlier request.
    pub async fn write(&self, store: &Store) -> Result<Outcome, Problem> {
        let mut tx = store.begin(self.tenant).await?;
        let outcome = self.write_once(&mut tx).await;
        if matches!(outcome, Ok(Outcome::New(..))) {
            tx.commit().await.map_err(StoreError::from)?;
        } else if let Err(error) = tx.rollback().await {
            // The server releases the locks when the connection closes.
            warn!(error = %Chain(&error), "rollback failed");
        }
        outcome
    }

    async fn write_once(&self, tx: &mut Tx) -> Result<Outcome, Problem> {
        if let Some(key) = &self.idempotency_key {
            match idempotency::acquire(tx, self.tenant, key).await? {
                KeyState::Unused => {}
                KeyState::InUse => return Err(Problem::UnderWay),
                KeyState::Used { content_hash, batch }
                    if self.content_hash.matches(&content_hash) =>
                {
                    return Ok(Outcome::Replayed(batch));
                }
                KeyState::Used { .. } => return Err(Problem::KeyReused),
            }
        }
        let (batch, entry) = self.insert(tx).await?;
        Ok(Outcome::New(batch, entry))
    }

    /// Writes the accounts, transactions, batch, idempotency key and outbox entry.
    async fn insert(&self, tx: &mut Tx) -> Result<(AcceptedBatch, Option<OutboxEntry>), Problem> {
        let tenant = self.tenant;
        let batch = BatchId(Uuid::now_v7());
        let correlation = &self.request.correlation;

        let referenced = self.external_accounts();
        let unknown = accounts::upsert(tx, tenant, &self.payload.accounts, &referenced).await?;
        if !unknown.is_empty() {
            return Err(Problem::Invalid(self.unknown_account_faults(&unknown)));
        }
        let written = transactions::write(tx, tenant, batch, &self.payload.transactions).await?;
        let ids: Vec<&str> =
            self.payload.transactions.iter().map(|it| it.transaction_id.as_str()).collect();
        batches::insert(tx, tenant, batch, correlation, &ids, written).await?;
        if let Some(key) = &self.idempotency_key {
            idempotency::insert(tx, tenant, key, &self.content_hash, batch).await?;
        }
        let accepted = AcceptedBatch {
            batch_id: batch,
            correlation_id: correlation.to_string(),
            inserted: written.inserted,
            updated: written.updated,
            unchanged: written.unchanged,
        };
        let changed = usize::try_from(written.changed()).unwrap_or_default();
        if changed == 0 {
            return Ok((accepted, None));
        }
        let entry = entry_for(self.request, tenant, batch, changed);
        outbox::insert(tx, &entry).await?;
        Ok((accepted, Some(entry)))
    }

    /// The accounts that transactions reference and the payload does not contain, without
    /// duplicates.
    fn external_accounts(&self) -> Vec<String> {
        let contained: HashSet<&str> =
            self.payload.accounts.iter().map(|account| account.account_id.as_str()).collect();
        let referenced: HashSet<&str> =
            self.payload.transactions.iter().map(|it| it.account_id.as_str()).collect();
        referenced.difference(&contained).map(|id| (*id).to_owned()).collect()
    }

    fn unknown_account_faults(&self, unknown: &[String]) -> Vec<Fault> {
        let unknown: HashSet<&str> = unknown.iter().map(String::as_str).collect();
        let mut faults = Faults::default();
        for (index, transaction) in self.payload.transactions.iter().enumerate() {
            if unknown.contains(transaction.account_id.as_str()) {
                faults.add(
                    format!("/transactions/{index}/account_id"),
                    "must be an account of this batch or one that is already known",
                );
            }
        }
        faults.into_vec()
    }
}

/// Whether the request declares uncompressed JSON.
fn is_plain_json(request: &Request) -> bool {
    let content_type = request.header(CONTENT_TYPE.as_str()).unwrap_or_default();
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    let is_json = media_type.eq_ignore_ascii_case("application/json");
    let encoding = request.header(CONTENT_ENCODING.as_str()).unwrap_or("identity");
    is_json && encoding.eq_ignore_ascii_case("identity")
}
