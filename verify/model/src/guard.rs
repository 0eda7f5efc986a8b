//! The guards of the protocol, each of which a test can remove.

/// A mechanism without which the protocol violates one of its properties.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// The unique key of `batches` on tenant and idempotency key, which makes `insert.sql` wait for
    /// an open transaction with the same key. Without it, only committed batches are found.
    UniqueIdempotencyKey,
    /// `batches.content_hash` of the batch that has the key is compared. Without it, an equal key
    /// is enough for a replay.
    IdempotencyContentHash,
    /// The batch's row, its transactions and its slices share one commit. Without it, the batch's
    /// row is committed first.
    OneCommit,
    /// The constraint `transactions_pkey`, which makes a second insert wait for the first.
    UniqueTransactionKey,
    /// The sums move in the commit of their rows. Without it, in a later one.
    SumsInSameCommit,
    /// Ingest's commit sets `announce_at`. Without it, ingest only sends.
    AnnounceAtInCommit,
    /// After a failed send, ingest moves `announce_at` only if it is the value of the commit.
    FailedSendComparesAnnounceAt,
    /// After a failed send, ingest moves `announce_at` only of an unfinished batch.
    FailedSendSkipsFinished,
    /// A claim moves `announce_at` into the future. Without it, the claim sets it to null.
    ClaimKeepsAnnounceAt,
    /// A claim does not wait for the batch's row, which a retry locks before the slices.
    ClaimSkipsLockedBatch,
    /// Relay announces batches that are due. Without it, only ingest sends.
    RelayAnnounces,
    /// Relay moves `announce_at` by a minute before it sends. Without it, relay sets it to null.
    RelayKeepsAnnounceAt,
    /// After its send, relay moves `announce_at` only if it still is the value that relay set.
    RelayComparesAnnounceAt,
    /// The message is deleted when its work is done. Without it, when it is received.
    DeleteMessageLast,
    /// A lease ends before the visibility timeout of the message that led to it.
    LeaseShorterThanVisibility,
    /// `claim_expired.sql`: slices with an expired lease are claimed. Without it, only free ones.
    LeaseExpiry,
    /// `claim_expired.sql` splits the slice. Without it, a slice without attempts left fails as a
    /// whole.
    SplitExpired,
    /// A split leaves its parts at least one attempt: `least(attempts, ATTEMPTS_MAX - 1)`. Without
    /// it, they keep the attempts of the whole.
    SplitLeavesAttempt,
    /// `finish.sql` requires the caller's token on the slice.
    SliceToken,
    /// `finish.sql` writes only positions of the slices that have the token. Without it, all rows
    /// of the claim, although other workers may have claimed parts of the slice.
    FinishWithinSlice,
    /// `finish.sql` writes only rows with the revision that was claimed.
    FinishComparesRevision,
    /// `finish.sql` locks its rows in order of id. Without it, in order of position.
    FinishLocksInOrder,
    /// `release.sql`: a slice that still has pending rows is released. Without it, it is deleted.
    ReleasePartialSlice,
    /// A worker locks the batch before it checks for slices. Without it, one statement checks and
    /// marks, and its snapshot may be older than the version of the batch's row that it waits for.
    SettleUnderLock,
    /// `retry_failed.sql` clears `finished_at` and sets `announce_at`.
    RetryReopensBatch,
    /// A retry locks the batch's slices before it reads which positions they cover.
    RetryLocksSlices,
    /// In pair mode, ingest locks the accounts before it reads rows.
    AccountLock,
    /// A batch that finds one of its known rows in a pair starts over in pair mode.
    StartOverInPairMode,
    /// `lock_known.sql` also locks the rows that the stored rows named before.
    LockNamedBefore,
    /// `update_replacements.sql` locks only rows whose `replaced_by` changes. Without it, all rows
    /// that may be affected.
    UpdateOnlyChanged,
}

/// The guards in effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Guards {
    removed: u32,
}

impl Guards {
    /// The protocol with all of its guards.
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
