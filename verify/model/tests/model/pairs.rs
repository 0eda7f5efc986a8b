//! Pairs of a pending transaction and the posted one that replaces it.

use tributary_model::{
    Always, Entry, FaultKind, Guard, Guards, Scenario, Sometimes, steps_of_longest_run,
};

use crate::scenarios::{CRASH, all_hold, faults, requests, violates};

/// Pending transactions, and posted ones that name them.
const P1: u8 = 0;
const P2: u8 = 1;
const P3: u8 = 2;
const Q: u8 = 3;
const R: u8 = 4;

const PAIR: &[Entry] = &[Entry::pending(P1, 0), Entry::posted(Q, 0).naming(P1)];
const Q_NAMES_P1: &[Entry] = &[Entry::posted(Q, 0).naming(P1)];
const Q_NAMES_P2: &[Entry] = &[Entry::posted(Q, 0).naming(P2)];
const Q_NAMES_P3: &[Entry] = &[Entry::posted(Q, 0).naming(P3)];
const Q_ALONE: &[Entry] = &[Entry::posted(Q, 1)];
const R_NAMES_P2: &[Entry] = &[Entry::posted(R, 0).naming(P2)];
const P1_POSTED: &[Entry] = &[Entry::posted(P1, 1)];
const P2_PENDING: &[Entry] = &[Entry::pending(P2, 0)];
const P1_AND_Q_ALONE: &[Entry] = &[Entry::posted(P1, 0), Entry::posted(Q, 0)];

/// Batches of which the first is processed before the others arrive.
fn after_first(bodies: &[&'static [Entry]]) -> Scenario {
    Scenario { processed: 1, slice_size: 2, ..requests(bodies) }
}

#[test]
fn three_batches_that_move_a_pair_agree() {
    let scenario = after_first(&[PAIR, Q_NAMES_P2, Q_NAMES_P3, P2_PENDING]);
    all_hold(scenario, 12_000, &[Sometimes::Replaced, Sometimes::RevisedWhileClaimed]);
}

#[test]
fn two_posted_transactions_that_name_a_pending_one_agree() {
    let scenario = after_first(&[PAIR, Q_NAMES_P2, R_NAMES_P2, P2_PENDING]);
    all_hold(scenario, 10_000, &[Sometimes::Replaced]);
}

#[test]
fn batch_that_ends_a_pair_starts_over() {
    let scenario = after_first(&[PAIR, Q_NAMES_P2, Q_ALONE, P2_PENDING]);
    all_hold(scenario, 13_000, &[Sometimes::StartedOver, Sometimes::Replaced]);
    let scenario = after_first(&[PAIR, Q_NAMES_P2, P1_POSTED]);
    all_hold(scenario, 400, &[Sometimes::StartedOver, Sometimes::Replaced]);
}

#[test]
fn pair_is_moved_while_its_first_batch_is_enriched() {
    let scenario = Scenario { processed: 0, ..after_first(&[PAIR, Q_NAMES_P2]) };
    all_hold(scenario.with_faults(1, FaultKind::ALL), 15_000, &[Sometimes::RevisedWhileClaimed]);
}

#[test]
fn moves_of_a_pair_finish_despite_any_crash() {
    let scenario = after_first(&[PAIR, Q_NAMES_P2, Q_ALONE]).with_faults(1, CRASH);
    let steps = steps_of_longest_run(scenario.clone(), Guards::all());
    assert!(steps.is_some_and(|steps| steps >= 30), "{steps:?}");
    all_hold(scenario, 3_500, &[Sometimes::StartedOver, Sometimes::AllDone]);
}

/// Neither of two batches sees the other's half of a pair.
#[test]
fn without_the_account_lock_two_batches_miss_their_pair() {
    let scenario = after_first(&[PAIR, Q_NAMES_P2, P2_PENDING]);
    let steps = violates(scenario, &[Guard::AccountLock], Always::ReplacementsMatchRows);
    assert!(faults(&steps).is_empty(), "no fault is needed");
}

#[test]
fn without_starting_over_a_batch_misses_the_pair_that_it_ends() {
    for ended in [Q_ALONE, P1_POSTED] {
        let scenario = after_first(&[PAIR, ended]);
        violates(scenario, &[Guard::StartOverInPairMode], Always::ReplacementsMatchRows);
    }
}

/// A finish holds `P1` and waits for `Q`. The batch holds `Q` and updates `P1`.
#[test]
fn without_the_locks_of_rows_named_before_a_finish_and_a_move_deadlock() {
    let scenario = Scenario { processed: 0, ..after_first(&[PAIR, Q_NAMES_P2]) };
    let steps = violates(scenario, &[Guard::LockNamedBefore], Always::NoDeadlock);
    assert!(faults(&steps).is_empty(), "no fault is needed");
}

/// A batch that is not in pair mode inserts `P1` as a posted transaction, after the other batch's
/// lock statement has determined its rows and while it waits for `Q`. A finish then holds `P1` and
/// waits for `Q`.
#[test]
fn update_of_unchanged_replacements_deadlocks_with_a_finish() {
    let scenario = || after_first(&[Q_ALONE, P1_AND_Q_ALONE, Q_NAMES_P1]);
    all_hold(scenario(), 500, &[Sometimes::StartedOver]);
    let steps = violates(scenario(), &[Guard::UpdateOnlyChanged], Always::NoDeadlock);
    assert!(faults(&steps).is_empty(), "no fault is needed");
}
