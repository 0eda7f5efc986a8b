//! The guards of the protocol, each of which can be taken away.

/// Something without which the protocol would break one of its promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// `finish.sql` writes only to rows under the caller's `lease_token`. Without it, to any row
    /// that is `processing`.
    LeaseToken,
    /// `claim.sql` claims a row again whose `lease_expires_at` is past. Without it, pending rows alone.
    LeaseExpiry,
    /// `outbox::insert` in the batch's own commit. Without it, ingest sends and hopes.
    OutboxRow,
    /// Ingest and relay strike a outbox out after the send. Without it, before.
    SendBeforeStrikeOut,
    /// `outbox::requeue_stalled`: relay owes a message again for an unfinished batch that nobody
    /// holds.
    StrandedSweep,
    /// The message is deleted when its work is done. Without it, when it is received.
    AckLast,
    /// A lease ends before the visibility timeout of the message that led to it.
    LeaseShorterThanVisibility,
    /// `idempotency_keys.body_hash` is compared. Without it, a key alone makes a replay.
    IdempotencyBodyHash,
    /// The constraint `idempotency_keys_pkey`.
    UniqueIdempotencyKey,
    /// The advisory lock of `idempotency::acquire`.
    KeyLock,
    /// The constraint `transactions_pkey`, which makes a second insert wait for the first.
    UniqueTransactionKey,
    /// Rows, batch, key and outbox stand in one commit. Without it, the rows stand before the key.
    OneCommit,
    /// `revise_changed.sql` makes the row pending and takes its lease. Without it, the row stays held.
    RevisionEndsLease,
    /// `retry_failed.sql` clears `finished_at` in the commit that makes rows pending. Without it, the
    /// sweep passes the batch over.
    RetryReopens,
    /// `batches::finish_if_done` locks its batch before it looks at the rows, as retry does before
    /// it changes them. Without it, looking and marking are one statement, whose snapshot may be older
    /// than the batch's row that it waits for and marks.
    EndUnderLock,
    /// Ingest strikes out the outbox that it sent for. Without it, `outbox::delete` takes whatever the
    /// batch owes, a retry's outbox too.
    DeleteOwnEntry,
    /// `report_deltas` are appended in the commit of the rows they sum. Without it, in a later one.
    DeltasInSameCommit,
}

/// The guards that are in place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Guards {
    removed: u32,
}

impl Guards {
    /// The protocol as it is.
    #[must_use]
    pub const fn all() -> Self {
        Self { removed: 0 }
    }

    /// The protocol without one guard more.
    #[must_use]
    pub const fn without(self, guard: Guard) -> Self {
        Self { removed: self.removed | 1 << guard as u16 }
    }

    /// Whether a guard is in place.
    #[must_use]
    pub const fn has(self, guard: Guard) -> bool {
        self.removed & 1 << guard as u16 == 0
    }
}
