//! The report's sums: the number of rows per content, status and category.
//! Content determines account, day, currency and amount, so these counts stand for amounts too.

use crate::row::{CONTENTS, Outcome, Row, Status};

/// One cell per status, and for completed rows per category.
const CELLS: usize = 2 + CONTENTS;

/// `report_days` plus `report_packs`, as a summary reads them in one snapshot. Rows that a posted
/// transaction replaces are excluded.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Sums {
    counts: [[i8; CELLS]; CONTENTS],
}

impl Sums {
    /// The sums computed from the rows.
    pub(crate) fn of(rows: &[Row]) -> Self {
        let mut sums = Self::default();
        for row in rows {
            sums.add(row, 1);
        }
        sums
    }

    /// Adds a delta for a row: 1 adds it to the sums, -1 removes it.
    pub(crate) fn add(&mut self, row: &Row, sign: i8) {
        if row.replaced_by.is_some() {
            return;
        }
        let cell = match row.status {
            Status::Pending => 0,
            Status::Done { outcome: Outcome::Failed, .. } => 1,
            Status::Done { outcome: Outcome::Completed { category }, .. } => {
                2 + usize::from(category)
            }
        };
        self.counts[usize::from(row.entry.content)][cell] += sign;
    }

    /// Adds all of another's counts.
    pub(crate) fn merge(&mut self, other: &Self) {
        for (count, added) in self.counts.iter_mut().flatten().zip(other.counts.iter().flatten()) {
            *count += added;
        }
    }
}
