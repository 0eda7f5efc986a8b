//! What of a body makes a batch: the fields of the request, of its accounts and of its transactions, each as
//! the JSON that it is, and nothing of what nobody asks for.

use super::fields::Raw;
use super::limits::{ACCOUNTS_MAX, TRANSACTIONS_MAX};
use super::shape::{Open, Outermost};

/// A body, each of whose values is JSON and nothing more yet.
#[derive(Default)]
pub struct Outline<'b> {
    pub request: RawRequest<'b>,
    pub accounts: Elements<RawAccount<'b>, ACCOUNTS_MAX>,
    pub transactions: Elements<RawTransaction<'b>, TRANSACTIONS_MAX>,
}

/// An object of which some fields are asked for. Of one that stands twice, which the look at the shape has
/// noted, the last is kept, or of an array what is left of both.
pub trait RawObject<'b>: Default {
    /// Where the field of this name is kept, if it is asked for.
    fn field(&mut self, name: &str) -> Option<&mut Raw<'b>>;

    /// Keeps a field; null is none.
    fn keep(&mut self, name: &str, json: &'b str) {
        if let Some(field) = self.field(name) {
            *field = (json != "null").then_some(json);
        }
    }
}

#[derive(Default)]
pub struct RawRequest<'b> {
    pub accounts: Raw<'b>,
    pub transactions: Raw<'b>,
    pub total_transactions: Raw<'b>,
    pub request_id: Raw<'b>,
}

impl<'b> RawObject<'b> for RawRequest<'b> {
    fn field(&mut self, name: &str) -> Option<&mut Raw<'b>> {
        Some(match name {
            "accounts" => &mut self.accounts,
            "transactions" => &mut self.transactions,
            "total_transactions" => &mut self.total_transactions,
            "request_id" => &mut self.request_id,
            _ => return None,
        })
    }
}

#[derive(Default)]
pub struct RawAccount<'b> {
    pub account_id: Raw<'b>,
    pub name: Raw<'b>,
    pub account_type: Raw<'b>,
    pub subtype: Raw<'b>,
    pub mask: Raw<'b>,
}

impl<'b> RawObject<'b> for RawAccount<'b> {
    fn field(&mut self, name: &str) -> Option<&mut Raw<'b>> {
        Some(match name {
            "account_id" => &mut self.account_id,
            "name" => &mut self.name,
            "type" => &mut self.account_type,
            "subtype" => &mut self.subtype,
            "mask" => &mut self.mask,
            _ => return None,
        })
    }
}

#[derive(Default)]
pub struct RawTransaction<'b> {
    pub transaction_id: Raw<'b>,
    pub account_id: Raw<'b>,
    pub amount: Raw<'b>,
    pub iso_currency_code: Raw<'b>,
    pub date: Raw<'b>,
    pub authorized_date: Raw<'b>,
    pub name: Raw<'b>,
    pub merchant_name: Raw<'b>,
    pub payment_channel: Raw<'b>,
    pub merchant_category_code: Raw<'b>,
    pub pending: Raw<'b>,
    pub pending_transaction_id: Raw<'b>,
}

impl<'b> RawObject<'b> for RawTransaction<'b> {
    fn field(&mut self, name: &str) -> Option<&mut Raw<'b>> {
        Some(match name {
            "transaction_id" => &mut self.transaction_id,
            "account_id" => &mut self.account_id,
            "amount" => &mut self.amount,
            "iso_currency_code" => &mut self.iso_currency_code,
            "date" => &mut self.date,
            "authorized_date" => &mut self.authorized_date,
            "name" => &mut self.name,
            "merchant_name" => &mut self.merchant_name,
            "payment_channel" => &mut self.payment_channel,
            "merchant_category_code" => &mut self.merchant_category_code,
            "pending" => &mut self.pending,
            "pending_transaction_id" => &mut self.pending_transaction_id,
            _ => return None,
        })
    }
}

/// The elements of an array: how many, and no more of them than may be.
#[derive(Default)]
pub struct Elements<T, const MAX: usize> {
    pub count: usize,
    /// `None` for what is no object.
    pub first: Vec<Option<T>>,
    /// The one that is looked at.
    current: T,
}

impl<'b, T: RawObject<'b>, const MAX: usize> Elements<T, MAX> {
    /// Keeps an element, whose fields `current` has.
    fn keep(&mut self, index: usize, json: &str) {
        // The array stands a second time.
        if index == 0 {
            self.first.clear();
        }
        let element = std::mem::take(&mut self.current);
        if self.first.len() < MAX {
            self.first.push(json.starts_with('{').then_some(element));
        }
        self.count = index + 1;
    }
}

impl<'b> Outermost<'b> for Outline<'b> {
    /// The request, its arrays, their objects.
    const LEVELS: usize = 3;

    fn value(&mut self, around: &[Open<'b>], json: &'b str) {
        match around {
            [request] if request.is_object => self.request.keep(request.name(), json),
            [request, array] if request.is_object && !array.is_object => match request.name() {
                "accounts" => self.accounts.keep(array.index, json),
                "transactions" => self.transactions.keep(array.index, json),
                _ => {}
            },
            [request, array, object]
                if request.is_object && !array.is_object && object.is_object =>
            {
                match request.name() {
                    "accounts" => self.accounts.current.keep(object.name(), json),
                    "transactions" => self.transactions.current.keep(object.name(), json),
                    _ => {}
                }
            }
            _ => {}
        }
    }
}
