//! Writes to the table `transactions`: each one appends the report deltas of its row.

use crate::guard::Guard;
use crate::protocol::Protocol;
use crate::row::{Row, Status};
use crate::state::State;

pub(crate) fn insert(protocol: &Protocol, state: &mut State, row: Row) {
    append_delta(protocol, state, &row, 1);
    state.rows.push(row);
}

pub(crate) fn replace(protocol: &Protocol, state: &mut State, index: usize, row: Row) {
    append_delta(protocol, state, &row, 1);
    let old = std::mem::replace(&mut state.rows[index], row);
    append_delta(protocol, state, &old, -1);
}

pub(crate) fn set_status(protocol: &Protocol, state: &mut State, index: usize, status: Status) {
    let row = Row { status, ..state.rows[index].clone() };
    replace(protocol, state, index, row);
}

/// Appends a delta in the row's own commit, or defers it to a later one.
fn append_delta(protocol: &Protocol, state: &mut State, row: &Row, sign: i8) {
    let in_same_commit = protocol.has(Guard::DeltasInSameCommit);
    let sums = if in_same_commit { &mut state.sums } else { &mut state.deferred_deltas };
    sums.add(row, sign);
}
