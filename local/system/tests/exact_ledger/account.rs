//! The rows of an account in the ledgers, and their totals.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use crate::ledger::{Ledger, Row, replacements};

/// A row of an account in the ledger.
pub struct Booked<'l> {
    pub id: &'l str,
    pub row: &'l Row,
    pub replaced_by: Option<&'l str>,
}

impl Booked<'_> {
    /// Whether it is in the totals.
    pub const fn counts(&self) -> bool {
        !self.row.is_removed && self.replaced_by.is_none()
    }
}

/// The rows of one account, newest first.
pub struct Account<'l> {
    pub id: &'l str,
    pub rows: Vec<Booked<'l>>,
}

/// The totals of one currency.
#[derive(Default)]
pub struct Totals {
    pub count: i64,
    pub spend: i128,
    pub income: i128,
}

impl<'l> Account<'l> {
    pub fn of(id: &'l str, ledgers: impl IntoIterator<Item = &'l Ledger>) -> Self {
        let mut rows = Vec::new();
        for ledger in ledgers {
            let all = ledger.rows.iter().map(|(id, row)| (id.as_str(), row)).collect();
            let replaced = replacements(&all);
            rows.extend(
                all.into_iter()
                    .filter(|(_, row)| row.content.account == id)
                    .map(|(id, row)| Booked { id, row, replaced_by: replaced.get(id).copied() }),
            );
        }
        rows.sort_by_key(|it| std::cmp::Reverse((it.row.content.day, it.id)));
        Self { id, rows }
    }

    /// The totals of each currency over a period, both days included.
    pub fn totals(&self, (start, end): (NaiveDate, NaiveDate)) -> BTreeMap<&'static str, Totals> {
        let mut totals: BTreeMap<_, Totals> = BTreeMap::new();
        let is_in_period = |it: &&Booked<'_>| (start..=end).contains(&it.row.content.day);
        for row in self.rows.iter().filter(|it| it.counts()).filter(is_in_period) {
            let amount = row.row.content.amount;
            let total = totals.entry(amount.currency.code).or_default();
            total.count += 1;
            if amount.units > 0 {
                total.income += amount.units;
            } else {
                total.spend -= amount.units;
            }
        }
        totals
    }
}
