//! Generates batches, as request bodies and as columns for bare SQL.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use rust_decimal::Decimal;
use serde_json::json;

/// Descriptions with their merchants.
const MERCHANTS: &[(&str, &str)] = &[
    ("AMZN Mktp US*2K4", "Amazon"),
    ("STRIPE TRANSFER ST-J4", "Stripe"),
    ("UBER TRIP HELP.UBER.COM", "Uber"),
    ("AWS EMEA aws.amazon.co", "AWS"),
    ("STARBUCKS STORE 05521", "Starbucks"),
    ("DELTA AIR 0062341", "Delta Air Lines"),
    ("SHELL OIL 574241", "Shell"),
    ("CHECK 2291", "Unknown"),
];

/// The transactions of one batch.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// The account of all transactions.
    pub account_id: String,
    /// The ids.
    pub transaction_ids: Vec<String>,
    /// The amounts in US dollars.
    pub amounts: Vec<Decimal>,
    /// The instants.
    pub booked_at: Vec<DateTime<Utc>>,
    /// The descriptions.
    pub descriptions: Vec<String>,
    /// The merchants.
    pub merchants: Vec<String>,
}

impl Batch {
    /// The number of transactions.
    pub fn len(&self) -> usize {
        self.transaction_ids.len()
    }

    /// The request body.
    pub fn to_body(&self) -> String {
        let account = &self.account_id;
        let columns = self.transaction_ids.iter().zip(&self.amounts).zip(&self.booked_at);
        let texts = self.descriptions.iter().zip(&self.merchants);
        let transactions: Vec<_> = columns
            .zip(texts)
            .map(|(((id, amount), at), (description, merchant))| {
                json!({
                    "transaction_id": id,
                    "account_id": account,
                    // A string, since a number of serde_json would be a float.
                    "amount": amount.to_string(),
                    "iso_currency_code": "USD",
                    "date": at.to_rfc3339(),
                    "name": description,
                    "merchant_name": merchant,
                    "payment_channel": "online",
                    "pending": false,
                })
            })
            .collect();
        json!({
            "accounts": [{"account_id": account, "name": "Checking", "type": "depository"}],
            "total_transactions": self.len(),
            "transactions": transactions,
        })
        .to_string()
    }
}

/// Generates batches whose ids never repeat.
#[derive(Debug)]
pub struct Workload {
    random: StdRng,
    prefix: &'static str,
    today: NaiveDate,
    days: u64,
    merchants: usize,
    made: usize,
}

impl Workload {
    /// Batches over the `days` before `today`. Equal prefixes generate equal batches.
    pub fn new(prefix: &'static str, today: NaiveDate, days: u64) -> Self {
        let random = StdRng::seed_from_u64(7);
        Self { random, prefix, today, days, merchants: MERCHANTS.len(), made: 0 }
    }

    /// All transactions have the same description, and so the same category.
    pub fn of_one_merchant(self) -> Self {
        Self { merchants: 1, ..self }
    }

    /// The account of all batches.
    pub fn account_id(&self) -> String {
        format!("acc_{}", self.prefix)
    }

    /// The next batches of `size` transactions each.
    pub fn batches(&mut self, count: usize, size: usize) -> Vec<Batch> {
        (0..count).map(|_| self.batch(size)).collect()
    }

    fn batch(&mut self, size: usize) -> Batch {
        let mut batch = Batch { account_id: self.account_id(), ..Batch::default() };
        for _ in 0..size {
            self.made += 1;
            let day = self.today - Days::new(self.random.random_range(1..=self.days));
            let second = self.random.random_range(0..86_400);
            let time = NaiveTime::from_num_seconds_from_midnight_opt(second, 0).unwrap_or_default();
            let merchants = MERCHANTS.iter().take(self.merchants).collect::<Vec<_>>();
            let (description, merchant) =
                merchants.choose(&mut self.random).copied().copied().unwrap_or_default();
            // Random digits first: a bank's ids do not ascend.
            let nonce: u32 = self.random.random();
            batch.transaction_ids.push(format!("tx_{nonce:08x}_{}_{}", self.prefix, self.made));
            batch.amounts.push(Decimal::new(self.random.random_range(-50_000..=-100), 2));
            batch.booked_at.push(day.and_time(time).and_utc());
            batch.descriptions.push(description.to_owned());
            batch.merchants.push(merchant.to_owned());
        }
        batch
    }
}

#[cfg(test)]
mod tests {
    use tributary_domain::{Format, IngestRequest};

    use super::*;

    #[test]
    fn bodies_are_valid_for_ingest() {
        let now = Utc::now();
        let mut workload = Workload::new("test", now.date_naive(), 30);
        for batch in workload.batches(3, 20) {
            let request =
                IngestRequest::parse(batch.to_body().as_bytes(), Format::Plain, now).unwrap();
            assert_eq!(request.transactions.len(), 20);
        }
    }
}
