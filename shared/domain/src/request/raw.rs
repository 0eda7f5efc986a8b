//! The known fields of a body as raw JSON; unknown fields are read and dropped.

use super::json::{Reader, Stop};
use super::limits::{ACCOUNTS_MAX, TRANSACTIONS_MAX};

/// The JSON of a field; `None` if it is missing or null.
pub type Raw<'b> = Option<&'b str>;

/// The fields of a request beside its arrays. The last two appear in bodies of Plaid.
const REQUEST_FIELDS: [&str; 4] = ["total_transactions", "request_id", "item", "webhook_code"];

const ACCOUNT_FIELDS: [&str; 6] = ["account_id", "name", "type", "subtype", "mask", "balances"];

const TRANSACTION_FIELDS: [&str; 18] = [
    "transaction_id",
    "account_id",
    "amount",
    "iso_currency_code",
    "unofficial_currency_code",
    "date",
    "datetime",
    "authorized_date",
    "authorized_datetime",
    "name",
    "merchant_name",
    "payment_channel",
    "merchant_category_code",
    "mcc",
    "pending",
    "pending_transaction_id",
    "personal_finance_category",
    "counterparties",
];

const REMOVAL_FIELDS: [&str; 2] = ["transaction_id", "account_id"];

pub type RawAccount<'b> = RawObject<'b, { ACCOUNT_FIELDS.len() }>;
pub type RawTransaction<'b> = RawObject<'b, { TRANSACTION_FIELDS.len() }>;
pub type RawRemoval<'b> = RawObject<'b, { REMOVAL_FIELDS.len() }>;

/// The fields of both kinds of body: Tributary's own and Plaid's.
pub struct RawRequest<'b> {
    pub fields: RawObject<'b, { REQUEST_FIELDS.len() }>,
    pub accounts: RawArray<RawAccount<'b>>,
    pub transactions: RawArray<RawTransaction<'b>>,
    pub added: RawArray<RawTransaction<'b>>,
    pub modified: RawArray<RawTransaction<'b>>,
    pub removed: RawArray<RawRemoval<'b>>,
    /// Ids, as in Plaid's webhook `TRANSACTIONS_REMOVED`.
    pub removed_transactions: RawArray<&'b str>,
}

impl<'b> RawRequest<'b> {
    /// Reads a body; `None` if it is not an object.
    pub fn read(reader: &mut Reader<'b, '_>) -> Result<Option<Self>, Stop> {
        if reader.peek() != Some(b'{') {
            reader.value()?;
            return Ok(None);
        }
        let mut raw = Self {
            fields: RawObject::new(&REQUEST_FIELDS),
            accounts: RawArray::Missing,
            transactions: RawArray::Missing,
            added: RawArray::Missing,
            modified: RawArray::Missing,
            removed: RawArray::Missing,
            removed_transactions: RawArray::Missing,
        };
        reader.object(|reader| raw.read_field(reader))?;
        Ok(Some(raw))
    }

    fn read_field(&mut self, reader: &mut Reader<'b, '_>) -> Result<(), Stop> {
        let transactions = |reader: &mut Reader<'b, '_>| {
            RawArray::of_objects(reader, &TRANSACTION_FIELDS, TRANSACTIONS_MAX)
        };
        match reader.name() {
            "accounts" => {
                self.accounts = RawArray::of_objects(reader, &ACCOUNT_FIELDS, ACCOUNTS_MAX)?;
            }
            "transactions" => self.transactions = transactions(reader)?,
            "added" => self.added = transactions(reader)?,
            "modified" => self.modified = transactions(reader)?,
            "removed" => {
                self.removed = RawArray::of_objects(reader, &REMOVAL_FIELDS, TRANSACTIONS_MAX)?;
            }
            "removed_transactions" => {
                let value = |reader: &mut Reader<'b, '_>| reader.value().map(Some);
                self.removed_transactions = RawArray::read(reader, TRANSACTIONS_MAX, value)?;
            }
            _ => self.fields.read_field(reader)?,
        }
        Ok(())
    }
}

/// A field that should be an array.
pub enum RawArray<T> {
    /// Missing or null.
    Missing,
    /// Another type.
    NotArray,
    /// The number of elements and the first of them, each `None` if it has another type than
    /// expected.
    Elements(usize, Vec<Option<T>>),
}

impl<T> RawArray<T> {
    pub const fn is_missing(&self) -> bool {
        matches!(self, Self::Missing)
    }

    /// Reads a value and keeps at most `count_max` elements.
    pub fn read<'b, 'f>(
        reader: &mut Reader<'b, 'f>,
        count_max: usize,
        read_element: impl Fn(&mut Reader<'b, 'f>) -> Result<Option<T>, Stop>,
    ) -> Result<Self, Stop> {
        if reader.peek() != Some(b'[') {
            let is_null = reader.value()? == "null";
            return Ok(if is_null { Self::Missing } else { Self::NotArray });
        }
        let (mut count, mut first) = (0, Vec::new());
        reader.array(|reader, index| {
            let element = read_element(reader)?;
            if index < count_max {
                first.push(element);
            }
            count = index + 1;
            Ok(())
        })?;
        Ok(Self::Elements(count, first))
    }
}

impl<'b, const N: usize> RawArray<RawObject<'b, N>> {
    fn of_objects(
        reader: &mut Reader<'b, '_>,
        names: &'static [&'static str; N],
        count_max: usize,
    ) -> Result<Self, Stop> {
        Self::read(reader, count_max, |reader| RawObject::read(reader, names))
    }
}

/// The known fields of an object. The last one counts if a name is repeated, which is a fault.
pub struct RawObject<'b, const N: usize> {
    pub names: &'static [&'static str; N],
    /// In the order of the names.
    pub values: [Raw<'b>; N],
}

impl<'b, const N: usize> RawObject<'b, N> {
    pub const fn new(names: &'static [&'static str; N]) -> Self {
        Self { names, values: [None; N] }
    }

    /// Reads a value; `None` if it is not an object.
    fn read(
        reader: &mut Reader<'b, '_>,
        names: &'static [&'static str; N],
    ) -> Result<Option<Self>, Stop> {
        if reader.peek() != Some(b'{') {
            reader.value()?;
            return Ok(None);
        }
        let mut object = Self::new(names);
        reader.object(|reader| object.read_field(reader))?;
        Ok(Some(object))
    }

    /// Reads the value of the current field.
    pub fn read_field(&mut self, reader: &mut Reader<'b, '_>) -> Result<(), Stop> {
        let known = self.names.iter().position(|known| *known == reader.name());
        let json = reader.value()?;
        if let Some(value) = known.and_then(|index| self.values.get_mut(index)) {
            *value = (json != "null").then_some(json);
        }
        Ok(())
    }
}
