//! Writes to the table `transactions`: each one moves the report's sums, as a trigger does.

use crate::guard::Guard;
use crate::protocol::Protocol;
use crate::row::{Row, Status};
use crate::scenario::Entry;
use crate::state::State;

pub(crate) fn insert(protocol: &Protocol, state: &mut State, row: Row) {
    add_delta(protocol, state, &row, 1);
    let index = state.rows.partition_point(|other| other.entry.id <= row.entry.id);
    state.rows.insert(index, row);
}

pub(crate) fn replace(protocol: &Protocol, state: &mut State, index: usize, row: Row) {
    add_delta(protocol, state, &row, 1);
    let old = std::mem::replace(&mut state.rows[index], row);
    add_delta(protocol, state, &old, -1);
}

pub(crate) fn set_status(protocol: &Protocol, state: &mut State, index: usize, status: Status) {
    let row = Row { status, ..state.rows[index].clone() };
    replace(protocol, state, index, row);
}

/// The posted transaction that replaces a pending one: of those that name it, the first by id.
pub(crate) fn replacement(pending: &Entry, all: impl Iterator<Item = Entry>) -> Option<u8> {
    let replaces = |other: &Entry| {
        !other.is_pending && other.account == pending.account && other.names == Some(pending.id)
    };
    all.filter(replaces).map(|posted| posted.id).min().filter(|_| pending.is_pending)
}

/// Adds a delta in the row's own commit, or defers it to a later one.
fn add_delta(protocol: &Protocol, state: &mut State, row: &Row, sign: i8) {
    let in_same_commit = protocol.has(Guard::SumsInSameCommit);
    let sums = if in_same_commit { &mut state.sums } else { &mut state.deferred_deltas };
    sums.add(row, sign);
}
