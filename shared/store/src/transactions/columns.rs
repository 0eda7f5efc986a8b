//! The transactions of a batch as one array for each column, for `unnest`.

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use tributary_domain::Transaction;

/// Each transaction has one element in each array.
#[derive(Default)]
pub struct Columns<'t> {
    pub positions: Vec<i32>,
    pub transaction_ids: Vec<&'t str>,
    pub account_ids: Vec<&'t str>,
    pub amounts: Vec<Decimal>,
    pub currencies: Vec<&'t str>,
    pub booked_on: Vec<NaiveDate>,
    pub booked_at: Vec<Option<DateTime<Utc>>>,
    pub authorized_on: Vec<Option<NaiveDate>>,
    pub descriptions: Vec<&'t str>,
    pub merchant_names: Vec<Option<&'t str>>,
    pub payment_channels: Vec<Option<&'t str>>,
    pub merchant_category_codes: Vec<Option<&'t str>>,
    pub bank_categories: Vec<Option<&'t str>>,
    pub is_pending: Vec<bool>,
    pub pending_transaction_ids: Vec<Option<&'t str>>,
}

impl<'t> Columns<'t> {
    /// All transactions; a position is an index into the batch.
    pub fn of(transactions: &'t [Transaction]) -> Self {
        let mut columns = Self::default();
        for (position, transaction) in (0..).zip(transactions) {
            columns.push(position, transaction);
        }
        columns
    }

    /// The transactions at the given positions.
    pub fn of_positions(transactions: &'t [Transaction], positions: &[i32]) -> Self {
        let mut columns = Self::default();
        for position in positions {
            let index = usize::try_from(*position).ok();
            if let Some(transaction) = index.and_then(|index| transactions.get(index)) {
                columns.push(*position, transaction);
            }
        }
        columns
    }

    fn push(&mut self, position: i32, transaction: &'t Transaction) {
        self.positions.push(position);
        self.transaction_ids.push(&transaction.transaction_id);
        self.account_ids.push(&transaction.account_id);
        self.amounts.push(transaction.money.amount());
        self.currencies.push(transaction.money.currency().code());
        self.booked_on.push(transaction.booked_on);
        self.booked_at.push(transaction.booked_at);
        self.authorized_on.push(transaction.authorized_on);
        self.descriptions.push(&transaction.description);
        self.merchant_names.push(transaction.merchant_name.as_deref());
        self.payment_channels.push(transaction.payment_channel.as_deref());
        self.merchant_category_codes.push(transaction.merchant_category_code.as_deref());
        self.bank_categories.push(transaction.bank_category.as_deref());
        self.is_pending.push(transaction.is_pending);
        self.pending_transaction_ids.push(transaction.pending_transaction_id.as_deref());
    }
}
