//! Retries of failed rows: `functions/ingest/src/retry.rs` with `retry_failed.sql`.

use crate::action::Action;
use crate::guard::Guard;
use crate::protocol::Protocol;
use crate::row::{Row, Status};
use crate::state::{Outbox, State, to_id};
use crate::transactions;

pub(crate) fn steps(state: &State, steps: &mut Vec<Action>) {
    if state.retries_left == 0 {
        return;
    }
    for (index, batch) in state.batches.iter().enumerate() {
        let id = to_id(index);
        let has_failed = state.rows.iter().any(|row| row.batch == id && row.has_failed());
        // `on conflict do update` waits for an entry that relay has locked. `do nothing` would keep
        // that entry instead of the retry's, and relay would delete it (tested on PostgreSQL 15).
        if has_failed && batch.outbox != Outbox::SentByRelay {
            steps.push(Action::Retry(id));
        }
    }
}

/// Resets the failed rows to pending, reopens the batch and writes an outbox entry, in one commit.
/// Relay sends the message: a retry that sends it itself would act as ingest does.
pub(crate) fn retry(protocol: &Protocol, state: &mut State, batch: u8) {
    state.retries_left -= 1;
    for index in 0..state.rows.len() {
        let row = &state.rows[index];
        if row.batch == batch && row.has_failed() {
            let pending = Row { attempts: 0, status: Status::Pending, ..row.clone() };
            transactions::replace(protocol, state, index, pending);
        }
    }
    let batch = &mut state.batches[usize::from(batch)];
    batch.is_finished &= !protocol.has(Guard::RetryReopensBatch);
    batch.outbox = Outbox::PendingByRetry;
    batch.was_sent = false;
}
