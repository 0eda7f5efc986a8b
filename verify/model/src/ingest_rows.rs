//! The transaction in which ingest writes a batch:
//! `shared/store/src/transactions/{insert_new,lock_known,revise_changed,update_replacements}.sql`.

use crate::action::Action;
use crate::guard::Guard;
use crate::id_set::IdSet;
use crate::locks::{self, Owner};
use crate::protocol::Protocol;
use crate::row::{Row, Status};
use crate::scenario::Entry;
use crate::slice::Slice;
use crate::state::{AnnounceAt, Batch, Call, Phase, Relay, Response, State, Tx, to_id};
use crate::transactions;

/// The next step of an open transaction, unless it waits for a lock.
pub(crate) fn step(protocol: &Protocol, state: &State, call: u8, tx: &Tx) -> Option<Action> {
    let (step, is_blocked) = match tx.phase {
        Phase::BatchInserted if tx.in_pair_mode && protocol.has(Guard::AccountLock) => {
            (Action::LockAccounts(call), locks::is_account_held(protocol, state, call))
        }
        Phase::BatchInserted | Phase::AccountsLocked => {
            let next = ids(protocol, call).iter().nth(usize::from(tx.tried));
            let is_blocked = next.is_some_and(|id| must_wait(protocol, state, call, id));
            (Action::InsertNew(call), is_blocked)
        }
        Phase::NewInserted => (Action::LockKnown(call), false),
        Phase::LocksKnown => {
            let next = tx.targets.iter().find(|id| !tx.locked.contains(*id));
            (Action::LockKnown(call), next.is_some_and(|id| is_locked(state, call, id)))
        }
        Phase::KnownLocked if tx.in_pair_mode => {
            let mut unlocked = unlocked(protocol, state, call, tx).into_iter();
            (Action::UpdateReplacements(call), unlocked.any(|id| is_locked(state, call, id)))
        }
        Phase::KnownLocked | Phase::ReplacementsUpdated => (Action::Commit(call), false),
    };
    (!is_blocked).then_some(step)
}

/// Inserts the batch's row. Returns its id.
pub(crate) fn insert_batch(state: &mut State, call: u8) -> u8 {
    state.batches.push(Batch {
        request: call,
        is_finished: false,
        announce_at: AnnounceAt::Never,
        relay: Relay::Idle,
        was_sent: true,
    });
    to_id(state.batches.len() - 1)
}

pub(crate) fn value_of_commit(protocol: &Protocol) -> AnnounceAt {
    let is_set = protocol.has(Guard::AnnounceAtInCommit);
    if is_set { AnnounceAt::AfterCommit } else { AnnounceAt::Never }
}

pub(crate) fn lock_accounts(state: &mut State, call: u8) {
    change(state, call, |_, tx| tx.phase = Phase::AccountsLocked);
}

/// Inserts the next new row in order of id. Ends the statement if it was the last.
pub(crate) fn insert_new(protocol: &Protocol, state: &mut State, call: u8) {
    let ids = ids(protocol, call);
    change(state, call, |state, tx| {
        let mut has_inserted = false;
        for id in ids.iter().skip(usize::from(tx.tried)) {
            if state.row_index(id).is_none() {
                if has_inserted || must_wait(protocol, state, call, id) {
                    return;
                }
                tx.inserted.insert(id);
                has_inserted = true;
            }
            tx.tried += 1;
        }
        let has_all_locks = !tx.in_pair_mode && ids == tx.inserted;
        tx.phase = if has_all_locks { Phase::KnownLocked } else { Phase::NewInserted };
    });
}

/// Locks the next known row in order of id. Ends the statement if it was the last. The statement's
/// snapshot determines the rows.
pub(crate) fn lock_known(protocol: &Protocol, state: &mut State, call: u8) {
    change(state, call, |state, tx| {
        if tx.phase == Phase::NewInserted {
            tx.targets = targets(protocol, state, call, tx);
            tx.phase = Phase::LocksKnown;
        }
        let next = tx.targets.iter().find(|id| !tx.locked.contains(*id));
        if let Some(id) = next.filter(|id| !is_locked(state, call, *id)) {
            tx.locked.insert(id);
        }
        if tx.locked == tx.targets {
            tx.phase = Phase::KnownLocked;
        }
    });
    let Call::Open(tx) = &state.calls[usize::from(call)] else { return };
    if tx.phase == Phase::KnownLocked {
        check_known(protocol, state, call);
    }
}

/// Writes `replaced_by` of the affected rows.
pub(crate) fn update_replacements(protocol: &Protocol, state: &mut State, call: u8) {
    change(state, call, |state, tx| {
        tx.replacements = replacements(protocol, state, call);
        for id in unlocked(protocol, state, call, tx) {
            tx.locked.insert(id);
        }
        tx.phase = Phase::ReplacementsUpdated;
    });
}

/// Revises changed rows, inserts slices, sets the batch's counts and `announce_at`, and commits.
pub(crate) fn commit(protocol: &Protocol, state: &mut State, call: u8) {
    let Call::Open(tx) = state.calls[usize::from(call)].clone() else { return };
    let batch = tx.batch.unwrap_or_else(|| insert_batch(state, call));
    let body = protocol.request(call).body;
    let mut has_changed = false;
    for (entry, position) in body.iter().zip(0..) {
        has_changed |= write_row(protocol, state, &tx, batch, *entry, position);
    }
    for (id, replaced_by) in tx.replacements {
        if let Some(index) = state.row_index(id) {
            let row = Row { replaced_by, ..state.rows[index].clone() };
            transactions::replace(protocol, state, index, row);
        }
    }
    let row = &mut state.batches[usize::from(batch)];
    row.is_finished = !has_changed;
    row.was_sent = !has_changed;
    state.calls[usize::from(call)] = if has_changed {
        row.announce_at = value_of_commit(protocol);
        let positions = 0..to_id(body.len());
        state.slices.extend(Slice::covering(batch, positions, protocol.scenario.slice_size));
        Call::Committed { batch }
    } else {
        Call::Done(Response::Accepted { batch })
    };
}

/// Changes an open transaction.
fn change(state: &mut State, call: u8, change: impl FnOnce(&State, &mut Tx)) {
    let Call::Open(mut tx) = state.calls[usize::from(call)].clone() else { return };
    change(state, &mut tx);
    state.calls[usize::from(call)] = Call::Open(tx);
}

/// Rejects a request with a row of another account. Starts over in pair mode if a known row is in
/// a pair: waiting for the account's lock here could be a deadlock.
fn check_known(protocol: &Protocol, state: &mut State, call: u8) {
    let Call::Open(tx) = &state.calls[usize::from(call)] else { return };
    let mut known = known(protocol, state, call).into_iter();
    let starts_over = !tx.in_pair_mode && protocol.has(Guard::StartOverInPairMode);
    if known.clone().any(|(stored, new)| stored.account != new.account) {
        state.calls[usize::from(call)] = Call::Done(Response::Rejected);
    } else if starts_over && known.any(|(stored, _)| stored.is_in_pair()) {
        state.calls[usize::from(call)] = Call::StartsOver;
    }
}

/// Inserts or revises a row. Returns whether it changed.
fn write_row(
    protocol: &Protocol,
    state: &mut State,
    tx: &Tx,
    batch: u8,
    entry: Entry,
    position: u8,
) -> bool {
    let status = Status::Pending;
    let new = Row { entry, batch, position, revision: 0, replaced_by: None, status };
    match state.row_index(entry.id).filter(|_| !tx.inserted.contains(entry.id)) {
        None => transactions::insert(protocol, state, new),
        Some(index) if state.rows[index].entry == entry => return false,
        Some(index) => {
            let Row { revision, replaced_by, .. } = state.rows[index];
            let revised = Row { revision: revision + 1, replaced_by, ..new };
            transactions::replace(protocol, state, index, revised);
        }
    }
    true
}

/// The rows that `lock_known.sql` locks.
fn targets(protocol: &Protocol, state: &State, call: u8, tx: &Tx) -> IdSet {
    let known = known(protocol, state, call);
    let brought = known.iter().map(|(_, new)| new.id);
    let named_now = protocol.request(call).body.iter().filter_map(|entry| entry.names);
    let named_before = known.iter().filter_map(|(stored, _)| stored.names);
    let named_before = named_before.filter(|_| protocol.has(Guard::LockNamedBefore));
    let paired = named_now.chain(named_before).filter(|_| tx.in_pair_mode);
    let committed = |id: &u8| state.row_index(*id).is_some() && !tx.inserted.contains(*id);
    brought.chain(paired).filter(committed).collect()
}

/// The values of `replaced_by` that change: of pending rows that are or were in the body, and of
/// rows that the body's rows name or named before.
fn replacements(protocol: &Protocol, state: &State, call: u8) -> Vec<(u8, Option<u8>)> {
    let body = protocol.request(call).body;
    let ids = ids(protocol, call);
    let others = state.rows.iter().map(|row| row.entry).filter(|row| !ids.contains(row.id));
    let all: Vec<Entry> = others.chain(body.iter().copied()).collect();
    let affected = affected(protocol, state, call);
    let affected = all.iter().filter(|entry| affected.contains(entry.id));
    let replaced = affected.map(|it| (it.id, transactions::replacement(it, all.iter().copied())));
    let is_changed = |(id, replaced_by): &(u8, Option<u8>)| {
        state.row_index(*id).and_then(|index| state.rows[index].replaced_by) != *replaced_by
    };
    replaced.filter(is_changed).collect()
}

fn affected(protocol: &Protocol, state: &State, call: u8) -> IdSet {
    let stored = known(protocol, state, call).into_iter().map(|(stored, _)| stored);
    let entries = stored.chain(protocol.request(call).body.iter().copied());
    entries
        .flat_map(|entry| entry.names.into_iter().chain(entry.is_pending.then_some(entry.id)))
        .collect()
}

/// The committed rows that `update_replacements.sql` locks and that are not locked yet.
fn unlocked(protocol: &Protocol, state: &State, call: u8, tx: &Tx) -> Vec<u8> {
    let ids: IdSet = if protocol.has(Guard::UpdateOnlyChanged) {
        replacements(protocol, state, call).into_iter().map(|(id, _)| id).collect()
    } else {
        affected(protocol, state, call)
    };
    let is_unlocked = |id: &u8| !tx.locked.contains(*id) && !tx.inserted.contains(*id);
    ids.iter().filter(is_unlocked).filter(|id| state.row_index(*id).is_some()).collect()
}

/// The stored and the new content of the body's known rows.
fn known(protocol: &Protocol, state: &State, call: u8) -> Vec<(Entry, Entry)> {
    let stored = |new: &Entry| state.row_index(new.id).map(|index| (state.rows[index].entry, *new));
    protocol.request(call).body.iter().filter_map(stored).collect()
}

/// Whether an insert must wait for another open transaction.
fn must_wait(protocol: &Protocol, state: &State, call: u8, id: u8) -> bool {
    protocol.has(Guard::UniqueTransactionKey) && locks::is_inserted(state, id, call)
}

fn is_locked(state: &State, call: u8, id: u8) -> bool {
    locks::is_row_locked(state, id, Owner::Call(call))
}

fn ids(protocol: &Protocol, call: u8) -> IdSet {
    protocol.request(call).body.iter().map(|entry| entry.id).collect()
}
