//! A submitted batch: validated in full, then written in one database transaction.

use std::collections::HashSet;

use chrono::Utc;
use tracing::warn;
use tributary_domain::request::ContentHash;
use tributary_domain::request::limits::BODY_BYTES_MAX;
use tributary_domain::{BatchId, Fault, FaultCode, Faults, Format, IngestRequest, TenantId};
use tributary_lambda::error_chain::Chain;
use tributary_lambda::http::{Problem, Request, read_body};
use tributary_store::announcements::Announcement;
use tributary_store::batches::{self, AcceptedBatch, Inserted, NewBatch};
use tributary_store::transactions::{self, Conflicts, ReusedId, WriteOutcome, Written};
use tributary_store::{Store, StoreError, Tx, accounts};
use uuid::Uuid;

use crate::announcement::messages_for;
use crate::config::Limits;
use crate::idempotency_key;

/// The details of a 429.
const TOO_MANY_AT_ONCE: &str = "Too many batches are being written at once.";
const TOO_MUCH_BACKLOG: &str = "Too many accepted transactions are not processed yet.";

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
    /// A new batch, and its announcement if there are transactions to enrich.
    New(AcceptedBatch, Option<Announcement>),
    /// The batch that an earlier request with the same key created.
    Replayed(AcceptedBatch),
}

/// The result of one database transaction.
enum Attempt {
    Done(Outcome),
    /// The accounts must be locked before the transactions are written. Never if they were.
    AccountsNotLocked,
}

impl<'i> Submission<'i> {
    /// Parses and validates a request without I/O.
    pub fn read(request: &'i Request, format: Format) -> Result<Self, Problem> {
        let tenant = request.tenant()?;
        let body = read_body(request, BODY_BYTES_MAX)?;
        let header_key = idempotency_key::read(request)?;
        let payload = IngestRequest::parse(&body, format, Utc::now())?;
        let idempotency_key = header_key.or_else(|| payload.request_id.clone());
        let content_hash = ContentHash::of(&payload);
        Ok(Self { tenant, payload, idempotency_key, content_hash, request })
    }

    /// Writes the batch in one database transaction, or finds the batch of an earlier request.
    ///
    /// A transaction that turns out to be in a pair requires the lock of its account. Waiting for that
    /// lock while holding those of rows could deadlock, so the batch is written a second time then.
    pub async fn write(&self, store: &Store, limits: Limits) -> Result<Outcome, Problem> {
        let mut lock_accounts = transactions::has_pairs(&self.payload.transactions);
        loop {
            let mut tx = store.begin(self.tenant).await?;
            let attempt = self.write_once(&mut tx, limits, lock_accounts).await;
            if matches!(attempt, Ok(Attempt::Done(Outcome::New(..)))) {
                tx.commit().await.map_err(StoreError::from)?;
            } else if let Err(error) = tx.rollback().await {
                // The server releases the locks when the connection closes.
                warn!(error = %Chain(&error), "rollback failed");
            }
            match attempt? {
                Attempt::Done(outcome) => return Ok(outcome),
                Attempt::AccountsNotLocked => lock_accounts = true,
            }
        }
    }

    async fn write_once(
        &self,
        tx: &mut Tx,
        limits: Limits,
        lock_accounts: bool,
    ) -> Result<Attempt, Problem> {
        let transactions = &self.payload.transactions;
        let ids: Vec<_> = transactions.iter().map(|it| it.transaction_id.as_str()).collect();
        let total = i32::try_from(transactions.len()).unwrap_or(i32::MAX);
        let new = NewBatch {
            tenant: self.tenant,
            batch: BatchId(Uuid::now_v7()),
            key: self.idempotency_key.as_deref().map(|key| (key, &self.content_hash)),
            correlation: &self.request.correlation,
            trace_header: self.request.trace_header(),
            transaction_ids: &ids,
            message_count: messages_for(total),
            announce_after: limits.announce_after,
            limits: limits.tenant,
        };
        let announce_at = match batches::insert(tx, &new).await? {
            Inserted::New { announce_at } => announce_at,
            Inserted::KeyUsed => return self.replay(tx).await.map(Attempt::Done),
            Inserted::KeyInUse => return Err(Problem::UnderWay),
            Inserted::TooManyAtOnce => return Err(Problem::TooManyRequests(TOO_MANY_AT_ONCE)),
            Inserted::TooMuchBacklog => return Err(Problem::TooManyRequests(TOO_MUCH_BACKLOG)),
        };
        let accounts = &self.payload.accounts;
        let referenced = self.external_accounts();
        let upserted =
            accounts::upsert(tx, self.tenant, accounts, &referenced, lock_accounts).await?;
        if upserted.is_being_erased {
            return Err(Problem::UnderWay);
        }
        if !upserted.unknown.is_empty() {
            return Err(Problem::Invalid(self.unknown_account_faults(&upserted.unknown)));
        }
        let removals = &self.payload.removals;
        let outcome =
            transactions::write(tx, self.tenant, new.batch, transactions, removals, lock_accounts);
        match outcome.await? {
            WriteOutcome::Written(written) => {
                let changed = messages_for(written.changed());
                let announce_at = if written.is_all_new() {
                    Some(announce_at)
                } else {
                    batches::correct(tx, self.tenant, new.batch, written, changed).await?
                };
                let announcement = announce_at.map(|announce_at| Announcement {
                    tenant: self.tenant,
                    batch: new.batch,
                    correlation_id: new.correlation.to_string(),
                    trace_header: new.trace_header.map(str::to_owned),
                    message_count: changed,
                    announce_at,
                });
                Ok(Attempt::Done(Outcome::New(accepted(&new, written), announcement)))
            }
            WriteOutcome::AccountsNotLocked => Ok(Attempt::AccountsNotLocked),
            WriteOutcome::Conflicts(conflicts) => {
                Err(Problem::Invalid(self.conflict_faults(&conflicts)))
            }
        }
    }

    /// The response of the request that has used the key before.
    async fn replay(&self, tx: &mut Tx) -> Result<Outcome, Problem> {
        let key = self.idempotency_key.as_deref().unwrap_or_default();
        match batches::of_key(tx, self.tenant, key).await? {
            Some(used) if self.content_hash.matches(&used.content_hash) => {
                Ok(Outcome::Replayed(used.batch))
            }
            Some(_) => Err(Problem::KeyReused),
            // The batch was erased a moment ago, or the tenant is being erased.
            None => Err(Problem::UnderWay),
        }
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
                let place = self.payload.transaction_place(index).field("account_id");
                let detail = "must be an account of this batch or one that is already known";
                faults.at(place, FaultCode::UnknownAccount, detail);
            }
        }
        faults.into_vec()
    }

    fn conflict_faults(&self, conflicts: &Conflicts) -> Vec<Fault> {
        let Conflicts { other_account, removals_of_other_account, reused_ids } = conflicts;
        let mut faults = Faults::default();
        let transactions = other_account.iter().map(|it| self.payload.transaction_place(*it));
        let removals = removals_of_other_account.iter().map(|it| self.payload.removal_place(*it));
        for place in transactions.chain(removals) {
            let detail = "must be the account under which this transaction is already stored";
            faults.at(place.field("account_id"), FaultCode::OtherAccount, detail);
        }
        for stored in reused_ids {
            let ReusedId { position, booked_on, amount, currency, description } = stored;
            let place = self.payload.transaction_place(*position).field("transaction_id");
            let detail = format!(
                "is the id of another posted transaction, stored with the date {booked_on}, the \
                 amount {amount} {currency} and the name {description:?}"
            );
            faults.at(place, FaultCode::ReusedId, detail);
        }
        faults.into_vec()
    }
}

/// The response to a new batch.
fn accepted(new: &NewBatch<'_>, written: Written) -> AcceptedBatch {
    AcceptedBatch {
        batch_id: new.batch,
        correlation_id: new.correlation.to_string(),
        inserted: written.inserted,
        updated: written.updated,
        unchanged: written.unchanged,
        removed: written.removed,
        removed_unknown: written.removed_unknown,
    }
}
