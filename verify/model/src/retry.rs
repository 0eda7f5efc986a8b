//! Retry: `functions/ingest/src/retry.rs` with `retry_failed.sql`.

use crate::action::Action;
use crate::guard::Guard;
use crate::ingest::count;
use crate::protocol::Protocol;
use crate::state::{Outbox, Outcome, Row, State, Status, number};

pub(crate) fn steps(state: &State, steps: &mut Vec<Action>) {
    if state.retries_left == 0 {
        return;
    }
    for (place, batch) in state.batches.iter().enumerate() {
        let place = number(place);
        let has_failed = state.rows.iter().any(|row| is_failed_of(row, place));
        // The outbox that a relay holds is waited for, as `on conflict do update` does. With
        // `do nothing` it would be taken for the retry's own, and struck out (tried on PostgreSQL 15).
        if has_failed && batch.outbox != Outbox::SentByRelay {
            steps.push(Action::Retry(place));
        }
    }
}

/// Makes the failed rows of a batch pending, opens the batch and owes a message, in one commit. The
/// message is left to relay; a retry that sends for itself is no different from ingest.
pub(crate) fn retry(protocol: &Protocol, state: &mut State, batch: u8) {
    state.retries_left -= 1;
    for place in 0..state.rows.len() {
        let failed = state.rows[place].clone();
        if is_failed_of(&failed, batch) {
            let pending = Row { attempts: 0, status: Status::Pending, ..failed.clone() };
            count(protocol, state, &failed, -1);
            count(protocol, state, &pending, 1);
            state.rows[place] = pending;
        }
    }
    let batch = &mut state.batches[usize::from(batch)];
    batch.is_finished &= !protocol.has(Guard::RetryReopens);
    batch.outbox = Outbox::PendingByRetry;
    batch.was_sent = false;
}

fn is_failed_of(row: &Row, batch: u8) -> bool {
    row.batch == batch && matches!(row.status, Status::Done { outcome: Outcome::Failed, .. })
}
