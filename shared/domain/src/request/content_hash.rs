//! The hash of a request's content. It decides whether a request with a used idempotency key is a
//! repetition of the first one.

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

use super::{Account, Balances, IngestRequest, Removal, Transaction};

/// The version of the encoding that is hashed. Any change of the encoding needs another version.
const VERSION: u8 = 2;

/// The version of the encoding, and the SHA-256 of the content that is stored: of the accounts,
/// transactions and removals in the order sent. White space, the order of members, unknown members, `request_id`
/// and `total_transactions` have no effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContentHash([u8; ContentHash::LENGTH]);

impl ContentHash {
    /// The number of bytes.
    pub const LENGTH: usize = 33;

    /// Hashes the content of a request.
    #[must_use]
    pub fn of(request: &IngestRequest) -> Self {
        let mut encoder = Encoder(Sha256::new());
        encoder.count(request.accounts.len());
        for account in &request.accounts {
            encoder.account(account);
        }
        encoder.count(request.transactions.len());
        for transaction in &request.transactions {
            encoder.transaction(transaction);
        }
        encoder.count(request.removals.len());
        for Removal { transaction_id, account_id } in &request.removals {
            encoder.text(transaction_id);
            encoder.optional(account_id.as_deref());
        }
        let mut bytes = [VERSION; Self::LENGTH];
        let [_version, hash @ ..] = &mut bytes;
        hash.copy_from_slice(&encoder.0.finalize());
        Self(bytes)
    }

    /// The bytes to store.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Whether a stored hash may be of the same content. Hashes of another version cannot be
    /// compared and therefore match.
    #[must_use]
    pub fn matches(&self, stored: &[u8]) -> bool {
        stored.first() != self.0.first() || stored == self.0
    }
}

/// Feeds the hash. Each text has its length in front, so that no two contents have one encoding.
struct Encoder(Sha256);

impl Encoder {
    fn account(&mut self, account: &Account) {
        let Account { account_id, name, account_type, subtype, mask, balances } = account;
        for text in [account_id, name, account_type] {
            self.text(text);
        }
        for text in [subtype, mask] {
            self.optional(text.as_deref());
        }
        self.0.update([u8::from(balances.is_some())]);
        if let Some(Balances { available, current, limit, currency, updated_at }) = balances {
            for amount in [available, current, limit] {
                self.optional(amount.map(|amount| amount.normalize().to_string()).as_deref());
            }
            self.optional(currency.as_deref());
            self.instant(*updated_at);
        }
    }

    fn transaction(&mut self, transaction: &Transaction) {
        let Transaction {
            transaction_id,
            account_id,
            money,
            booked_on,
            booked_at,
            authorized_on,
            description,
            merchant_name,
            payment_channel,
            merchant_category_code,
            bank_category,
            is_pending,
            pending_transaction_id,
        } = transaction;
        self.text(transaction_id);
        self.text(account_id);
        // 1.5 and 1.50 are the same amount.
        self.text(&money.amount().normalize().to_string());
        self.text(money.currency().code());
        self.text(&booked_on.to_string());
        self.instant(*booked_at);
        self.optional(authorized_on.map(|date| date.to_string()).as_deref());
        self.text(description);
        for text in [
            merchant_name,
            payment_channel,
            merchant_category_code,
            bank_category,
            pending_transaction_id,
        ] {
            self.optional(text.as_deref());
        }
        self.0.update([u8::from(*is_pending)]);
    }

    fn text(&mut self, text: &str) {
        self.count(text.len());
        self.0.update(text);
    }

    fn optional(&mut self, text: Option<&str>) {
        self.0.update([u8::from(text.is_some())]);
        self.text(text.unwrap_or_default());
    }

    /// In microseconds, the precision of PostgreSQL.
    fn instant(&mut self, instant: Option<DateTime<Utc>>) {
        self.0.update([u8::from(instant.is_some())]);
        let micros = instant.map_or(0, |instant| instant.timestamp_micros());
        self.0.update(micros.to_le_bytes());
    }

    fn count(&mut self, count: usize) {
        self.0.update(u64::try_from(count).unwrap_or(u64::MAX).to_le_bytes());
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::request::Format;

    fn body() -> Value {
        json!({
            "accounts": [{"account_id": "a", "name": "Checking", "type": "depository"}],
            "transactions": [
                {"transaction_id": "t1", "account_id": "a", "amount": "-1.50",
                 "iso_currency_code": "USD", "date": "2025-10-30T08:00:00Z", "name": "Coffee"},
                {"transaction_id": "t2", "account_id": "a", "amount": "2",
                 "iso_currency_code": "USD", "date": "2025-10-31", "name": "Refund"},
            ],
            "total_transactions": 2,
            "request_id": "first",
        })
    }

    fn hash_of(body: &[u8]) -> ContentHash {
        ContentHash::of(&IngestRequest::parse(body, Format::Plain, Utc::now()).unwrap())
    }

    fn hash(body: &Value) -> ContentHash {
        hash_of(body.to_string().as_bytes())
    }

    /// A change of this value without a change of the version would reject repeated requests.
    #[test]
    fn encoding_of_version_2_does_not_change() {
        let hex: String =
            hash(&body()).as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "028652c048779ecf6cc919874074c36df59a5ec2581e24970f04995ddc53642eca");
    }

    #[test]
    fn equal_content_in_another_form_has_the_same_hash() {
        let first = hash(&body());
        assert_eq!(hash_of(serde_json::to_string_pretty(&body()).unwrap().as_bytes()), first);
        let mut other = body();
        other["request_id"] = json!("second");
        other["item"] = json!({"unknown": true});
        other["transactions"][0]["unknown"] = json!(1);
        other["transactions"][0]["amount"] = json!("-1.5");
        other["transactions"][0]["date"] = json!("2025-10-30T10:00:00+02:00");
        other["transactions"][0]["mcc"] = Value::Null;
        other["transactions"][0]["merchant_name"] = Value::Null;
        assert_eq!(hash(&other), first);
    }

    #[test]
    fn any_other_content_has_another_hash() {
        let first = hash(&body());
        for (pointer, value) in [
            ("/accounts/0/name", json!("Savings")),
            ("/accounts/0/type", json!("credit")),
            ("/accounts/0/subtype", json!("checking")),
            ("/accounts/0/mask", json!("checking")),
            ("/transactions/0/transaction_id", json!("t3")),
            ("/transactions/0/amount", json!("-1.51")),
            ("/transactions/0/iso_currency_code", json!("EUR")),
            ("/transactions/0/date", json!("2025-10-30T08:00:01Z")),
            ("/transactions/0/authorized_date", json!("2025-10-30")),
            ("/transactions/0/name", json!("Tea")),
            ("/transactions/0/merchant_name", json!("online")),
            ("/transactions/0/payment_channel", json!("online")),
            ("/transactions/0/merchant_category_code", json!("5814")),
            ("/transactions/0/pending", json!(true)),
            ("/transactions/0/pending_transaction_id", json!("p")),
        ] {
            let mut other = body();
            let (parent, name) = pointer.rsplit_once('/').unwrap();
            other.pointer_mut(parent).unwrap()[name] = value;
            assert_ne!(hash(&other), first, "{pointer}");
        }
        let mut reordered = body();
        reordered["transactions"].as_array_mut().unwrap().reverse();
        assert_ne!(hash(&reordered), first);
    }

    #[test]
    fn only_hashes_of_the_same_version_are_compared() {
        let hash = hash(&body());
        let mut stored = hash.as_bytes().to_vec();
        assert!(hash.matches(&stored));
        stored[5] ^= 1;
        assert!(!hash.matches(&stored));
        stored[0] = VERSION + 1;
        assert!(hash.matches(&stored));
    }
}
