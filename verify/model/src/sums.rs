//! The report's sums: how many rows there are per content, status and category.
//! Account, day, currency and amount all follow from the content, so counts stand for money too.

use crate::state::{CONTENTS, Outcome, Row, Status};

/// Statuses, with a completed row's category.
const CELLS: usize = 3 + CONTENTS;

/// `report_days` and `report_deltas` together, as a summary reads them in one snapshot.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Sums {
    counts: [[i8; CELLS]; CONTENTS],
}

impl Sums {
    /// What the rows themselves give.
    pub(crate) fn of(rows: &[Row]) -> Self {
        let mut sums = Self::default();
        for row in rows {
            sums.add(row, 1);
        }
        sums
    }

    /// Appends a delta for a row as it stands: 1 brings it into the sums, -1 takes it out.
    pub(crate) fn add(&mut self, row: &Row, sign: i8) {
        let cell = match row.status {
            Status::Pending => 0,
            Status::Processing { .. } => 1,
            Status::Done { outcome: Outcome::Failed, .. } => 2,
            Status::Done { outcome: Outcome::Completed { category }, .. } => {
                3 + usize::from(category)
            }
        };
        self.counts[usize::from(row.content)][cell] += sign;
    }

    /// Appends all of another's.
    pub(crate) fn take(&mut self, other: &mut Self) {
        for (count, late) in self.counts.iter_mut().flatten().zip(other.counts.iter().flatten()) {
            *count += late;
        }
        *other = Self::default();
    }
}
