//! A batch on its way in: read in full, then written whole or not at all, with what it owes to the
//! queue in the same commit.

use std::collections::HashSet;

use chrono::Utc;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use sha2::{Digest, Sha256};
use tracing::warn;
use tributary_domain::request::limits;
use tributary_domain::{BatchId, Fault, Faults, IngestRequest, RequestError, TenantId};
use tributary_lambda::error_chain::Chain;
use tributary_lambda::http::{Incoming, Problem};
use tributary_store::batches::AcceptedBatch;
use tributary_store::idempotency::{self, KeyState};
use tributary_store::outbox::{self, OutboxEntry};
use tributary_store::{Store, StoreError, Tx, accounts, batches, transactions};
use uuid::Uuid;

use crate::announcement::entry_for;
use crate::idempotency_key;

/// A request that is known to be right, with what is needed to know it again.
pub struct Submission<'i> {
    tenant: TenantId,
    request: IngestRequest,
    idempotency_key: Option<String>,
    body_hash: [u8; 32],
    incoming: &'i Incoming,
}

/// What became of a submission.
pub enum Outcome {
    /// It is a batch now, and owes this to the queue.
    New(AcceptedBatch, Option<OutboxEntry>),
    /// It was taken before, as this batch.
    Replayed(AcceptedBatch),
}

impl<'i> Submission<'i> {
    /// Reads a request in full, without asking anyone.
    pub fn read(incoming: &'i Incoming) -> Result<Self, Problem> {
        let tenant = incoming.tenant()?;
        let body = incoming.body();
        if body.len() > limits::BODY_BYTES_MAX {
            return Err(Problem::TooLarge { bytes_max: limits::BODY_BYTES_MAX });
        }
        if !is_plain_json(incoming) {
            return Err(Problem::UnsupportedMediaType);
        }
        let header_key = idempotency_key::read(incoming)?;
        let request = IngestRequest::parse(body, Utc::now()).map_err(|error| match error {
            RequestError::NotJson { line, column } => {
                Problem::NotJson(format!("It stops being JSON at line {line}, column {column}."))
            }
            RequestError::Invalid(faults) => Problem::Invalid(faults),
        })?;
        let idempotency_key = header_key.or_else(|| request.request_id.clone());
        let body_hash = Sha256::digest(body).into();
        Ok(Self { tenant, request, idempotency_key, body_hash, incoming })
    }

    /// Writes it in one transaction, or finds that it was written before.
    pub async fn take(&self, store: &Store) -> Result<Outcome, Problem> {
        let mut tx = store.begin(self.tenant).await?;
        let outcome = self.write_within(&mut tx).await;
        if matches!(outcome, Ok(Outcome::New(..))) {
            tx.commit().await.map_err(StoreError::from)?;
        } else if let Err(error) = tx.rollback().await {
            // What it held goes with its connection.
            warn!(error = %Chain(&error), "rollback failed");
        }
        outcome
    }

    async fn write_within(&self, tx: &mut Tx) -> Result<Outcome, Problem> {
        if let Some(key) = &self.idempotency_key {
            match idempotency::acquire(tx, self.tenant, key).await? {
                KeyState::Unused => {}
                KeyState::InUse => return Err(Problem::UnderWay),
                KeyState::Used { body_hash, batch } if body_hash == self.body_hash => {
                    return Ok(Outcome::Replayed(batch));
                }
                KeyState::Used { .. } => return Err(Problem::KeyReused),
            }
        }
        let (batch, entry) = self.write(tx).await?;
        Ok(Outcome::New(batch, entry))
    }

    /// Writes the accounts, transactions, batch, key and announcement to the queue.
    async fn write(&self, tx: &mut Tx) -> Result<(AcceptedBatch, Option<OutboxEntry>), Problem> {
        let tenant = self.tenant;
        let batch = BatchId(Uuid::now_v7());
        let correlation = &self.incoming.correlation;

        let referenced = self.accounts_not_brought();
        let unknown = accounts::upsert(tx, tenant, &self.request.accounts, &referenced).await?;
        if !unknown.is_empty() {
            return Err(Problem::Invalid(self.faults_of_unknown(&unknown)));
        }
        let written = transactions::write(tx, tenant, batch, &self.request.transactions).await?;
        let ids: Vec<&str> =
            self.request.transactions.iter().map(|it| it.transaction_id.as_str()).collect();
        batches::insert(tx, tenant, batch, correlation, &ids, written).await?;
        if let Some(key) = &self.idempotency_key {
            idempotency::insert(tx, tenant, key, &self.body_hash, batch).await?;
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
        let entry = entry_for(self.incoming, tenant, batch, changed);
        outbox::insert(tx, &entry).await?;
        Ok((accepted, Some(entry)))
    }

    /// The accounts that transactions name and the body does not bring, each once.
    fn accounts_not_brought(&self) -> Vec<String> {
        let brought: HashSet<&str> =
            self.request.accounts.iter().map(|account| account.account_id.as_str()).collect();
        let named: HashSet<&str> =
            self.request.transactions.iter().map(|it| it.account_id.as_str()).collect();
        named.difference(&brought).map(|id| (*id).to_owned()).collect()
    }

    fn faults_of_unknown(&self, unknown: &[String]) -> Vec<Fault> {
        let unknown: HashSet<&str> = unknown.iter().map(String::as_str).collect();
        let mut faults = Faults::default();
        for (index, transaction) in self.request.transactions.iter().enumerate() {
            if unknown.contains(transaction.account_id.as_str()) {
                faults.add(
                    format!("/transactions/{index}/account_id"),
                    "must be an account of this batch, or one that is known already",
                );
            }
        }
        faults.into_vec()
    }
}

/// JSON in UTF-8, not compressed.
fn is_plain_json(incoming: &Incoming) -> bool {
    let content_type = incoming.header(CONTENT_TYPE.as_str()).unwrap_or_default();
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    let is_json = media_type.eq_ignore_ascii_case("application/json");
    let encoding = incoming.header(CONTENT_ENCODING.as_str()).unwrap_or("identity");
    is_json && encoding.eq_ignore_ascii_case("identity")
}
