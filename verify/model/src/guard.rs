//! The guards of the protocol, each of which a test can remove.

/// A mechanism without which the protocol violates one of its properties.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// `finish.sql` writes only rows that have the caller's `lease_token`. Without it, any row that
    /// is `processing`.
    LeaseToken,
    /// `claim.sql` also claims rows whose `lease_expires_at` has passed. Without it, only pending
    /// rows.
    LeaseExpiry,
    /// The batch's commit includes an outbox entry. Without it, ingest only sends.
    OutboxEntry,
    /// Ingest and relay mark a message as sent after the send. Without it, before.
    SendBeforeMarkSent,
    /// Relay requeues stalled batches: unfinished batches without a live lease get a new outbox
    /// entry.
    RequeueStalled,
    /// The message is deleted when its work is done. Without it, when it is received.
    DeleteMessageLast,
    /// A lease ends before the visibility timeout of the message that led to it.
    LeaseShorterThanVisibility,
    /// `idempotency_keys.content_hash` is compared. Without it, an equal key is enough for a
    /// replay.
    IdempotencyContentHash,
    /// The constraint `idempotency_keys_pkey`.
    UniqueIdempotencyKey,
    /// The advisory lock on an idempotency key.
    KeyLock,
    /// The constraint `transactions_pkey`, which makes a second insert wait for the first.
    UniqueTransactionKey,
    /// Rows, batch, key and outbox entry share one commit. Without it, the rows are committed
    /// first.
    OneCommit,
    /// `revise_changed.sql` resets the row to pending and ends its lease. Without it, the lease
    /// remains.
    RevisionEndsLease,
    /// `retry_failed.sql` clears `finished_at` in the commit that resets rows to pending. Without
    /// it, relay never requeues the batch.
    RetryReopensBatch,
    /// A worker locks the batch before it checks whether all rows are done, as a retry does before
    /// it changes them. Without it, one statement checks and marks, and its snapshot may be older
    /// than the version of the batch's row that it waits for and marks.
    FinishUnderLock,
    /// Ingest deletes only the outbox entry that it sent. Without it, any entry of the batch,
    /// including a retry's.
    DeleteOwnEntry,
    /// `report_deltas` are appended in the commit of their rows. Without it, in a later one.
    DeltasInSameCommit,
}

/// The guards in effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Guards {
    removed: u32,
}

impl Guards {
    /// The protocol as implemented.
    #[must_use]
    pub const fn all() -> Self {
        Self { removed: 0 }
    }

    /// Removes one more guard.
    #[must_use]
    pub const fn without(self, guard: Guard) -> Self {
        Self { removed: self.removed | 1 << guard as u16 }
    }

    /// Whether a guard is in effect.
    #[must_use]
    pub const fn has(self, guard: Guard) -> bool {
        self.removed & 1 << guard as u16 == 0
    }
}
