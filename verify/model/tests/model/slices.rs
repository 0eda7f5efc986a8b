//! Splitting of expired slices: a row that crashes its workers fails alone.

use tributary_model::{
    Always, Entry, FaultKind, Guard, Guards, Scenario, Sometimes, steps_of_longest_run,
};

use crate::scenarios::{all_hold, holds, requests, slice_of_two, violates, without};

const FOUR: &[Entry] =
    &[Entry::posted(0, 0), Entry::posted(1, 1), Entry::posted(2, 0), Entry::posted(3, 1)];

/// One slice of four rows, which is split into two parts and then into single rows. The lethal row
/// needs a receive for the slice, for its part, for each attempt alone, and for its failure.
fn lethal(id: u8) -> Scenario {
    Scenario { slice_size: 4, part_size: 2, receives_max: 4, lethal: Some(id), ..requests(&[FOUR]) }
}

#[test]
fn lethal_row_fails_alone_at_any_position() {
    for id in 0..4 {
        all_hold(
            lethal(id),
            30,
            &[Sometimes::SliceSplit, Sometimes::RowFailed, Sometimes::AllDone],
        );
        let steps = steps_of_longest_run(lethal(id), Guards::all());
        assert!(steps.is_some_and(|steps| steps >= 30), "{steps:?}");
    }
}

#[test]
fn lethal_row_fails_alone_despite_a_duplicate_and_a_late_delivery() {
    let faults = &[FaultKind::DuplicateDelivery, FaultKind::Delay];
    let scenario = Scenario { attempts_max: 3, receives_max: 8, ..lethal(1) };
    all_hold(scenario.with_faults(1, faults), 7_000, &[Sometimes::RowFailed]);
}

#[test]
fn without_splitting_a_lethal_row_fails_its_slice() {
    violates(lethal(1), &[Guard::SplitExpired], Always::LethalRowFailsAlone);
}

/// The rows of the part have the attempts of the lethal one, and fail untried. The deployed five
/// attempts are more than the splits use, so that only earlier attempts of the slice lead to it.
#[test]
fn without_an_attempt_left_after_the_split_a_lethal_row_fails_its_part() {
    let removed = [Guard::SplitLeavesAttempt];
    violates(lethal(1), &removed, Always::LethalRowFailsAlone);
    holds(Scenario { attempts_max: 5, receives_max: 6, ..lethal(1) }, without(&removed));
}

/// The deployed limits: a lethal row uses five attempts, and its failure needs one more receive.
#[test]
fn five_attempts_need_six_receives() {
    let deployed = |receives_max| Scenario { attempts_max: 5, receives_max, ..lethal(1) };
    violates(deployed(5), &[], Always::LethalRowFailsAlone);
    all_hold(deployed(6), 40, &[Sometimes::RowFailed]);
}

/// Another worker has claimed the first part. The slow one still has the token of the second.
#[test]
fn without_the_limit_to_its_slices_a_slow_worker_writes_rows_of_another() {
    let faults = &[FaultKind::DuplicateDelivery, FaultKind::Delay];
    let slow = || slice_of_two().with_faults(2, faults);
    holds(slow(), without(&[]));
    violates(slow(), &[Guard::FinishWithinSlice], Always::ResultIsFromLeaseHolder);
}
