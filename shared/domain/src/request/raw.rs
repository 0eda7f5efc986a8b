//! The known fields of a body as raw JSON; unknown fields are read and dropped.

use super::json::{Reader, Stop};
use super::limits::{ACCOUNTS_MAX, TRANSACTIONS_MAX};

/// The JSON of a field; `None` if it is missing or null.
pub type Raw<'b> = Option<&'b str>;

/// The fields of an ingest request beside its two arrays.
const REQUEST_FIELDS: [&str; 2] = ["total_transactions", "request_id"];

const ACCOUNT_FIELDS: [&str; 5] = ["account_id", "name", "type", "subtype", "mask"];

const TRANSACTION_FIELDS: [&str; 13] = [
    "transaction_id",
    "account_id",
    "amount",
    "iso_currency_code",
    "unofficial_currency_code",
    "date",
    "authorized_date",
    "name",
    "merchant_name",
    "payment_channel",
    "merchant_category_code",
    "pending",
    "pending_transaction_id",
];

pub type RawAccount<'b> = RawObject<'b, { ACCOUNT_FIELDS.len() }>;
pub type RawTransaction<'b> = RawObject<'b, { TRANSACTION_FIELDS.len() }>;

pub struct RawRequest<'b> {
    pub fields: RawObject<'b, { REQUEST_FIELDS.len() }>,
    pub accounts: RawArray<RawAccount<'b>>,
    pub transactions: RawArray<RawTransaction<'b>>,
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
        };
        reader.object(|reader| {
            match reader.name() {
                "accounts" => {
                    raw.accounts = RawArray::read(reader, &ACCOUNT_FIELDS, ACCOUNTS_MAX)?;
                }
                "transactions" => {
                    raw.transactions =
                        RawArray::read(reader, &TRANSACTION_FIELDS, TRANSACTIONS_MAX)?;
                }
                _ => raw.fields.read_field(reader)?,
            }
            Ok(())
        })?;
        Ok(Some(raw))
    }
}

/// A field that should be an array of objects.
pub enum RawArray<T> {
    /// Missing or null.
    Missing,
    /// Another type.
    NotArray,
    /// The number of elements and the first of them, each `None` if it is not an object.
    Elements(usize, Vec<Option<T>>),
}

impl<'b, const N: usize> RawArray<RawObject<'b, N>> {
    /// Reads a value and keeps at most `count_max` elements.
    fn read(
        reader: &mut Reader<'b, '_>,
        names: &'static [&'static str; N],
        count_max: usize,
    ) -> Result<Self, Stop> {
        if reader.peek() != Some(b'[') {
            let is_null = reader.value()? == "null";
            return Ok(if is_null { Self::Missing } else { Self::NotArray });
        }
        let (mut count, mut first) = (0, Vec::new());
        reader.array(|reader, index| {
            let object = RawObject::read(reader, names)?;
            if index < count_max {
                first.push(object);
            }
            count = index + 1;
            Ok(())
        })?;
        Ok(Self::Elements(count, first))
    }
}

/// The known fields of an object. The last one counts if a name is repeated, which is a fault.
pub struct RawObject<'b, const N: usize> {
    pub names: &'static [&'static str; N],
    /// In the order of the names.
    pub values: [Raw<'b>; N],
}

impl<'b, const N: usize> RawObject<'b, N> {
    const fn new(names: &'static [&'static str; N]) -> Self {
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
    fn read_field(&mut self, reader: &mut Reader<'b, '_>) -> Result<(), Stop> {
        let known = self.names.iter().position(|known| *known == reader.name());
        let json = reader.value()?;
        if let Some(value) = known.and_then(|index| self.values.get_mut(index)) {
            *value = (json != "null").then_some(json);
        }
        Ok(())
    }
}
