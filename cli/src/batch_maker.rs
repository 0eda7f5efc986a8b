//! Generates batches that resemble a small company's month. Equal seeds generate equal batches.

use chrono::{Days, NaiveDate, NaiveTime, TimeDelta};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use rust_decimal::Decimal;
use tributary_client::{Currency, NewAccount, NewBatch, NewTransaction};

/// The number of transactions in a batch if not specified.
pub const TRANSACTIONS_DEFAULT: std::ops::RangeInclusive<u32> = 10..=15;

/// A template of transactions: description, merchant, and range of amounts in cents.
pub struct Template {
    pub description: &'static str,
    pub merchant_name: Option<&'static str>,
    pub merchant_category_code: Option<&'static str>,
    pub payment_channel: &'static str,
    pub cents: std::ops::RangeInclusive<i64>,
}

const fn template(
    description: &'static str,
    merchant_name: &'static str,
    merchant_category_code: &'static str,
    payment_channel: &'static str,
    cents: std::ops::RangeInclusive<i64>,
) -> Template {
    Template {
        description,
        merchant_name: Some(merchant_name),
        merchant_category_code: Some(merchant_category_code),
        payment_channel,
        cents,
    }
}

/// Negative amounts are expenses.
pub const TEMPLATES: &[Template] = &[
    template("AMZN Mktp US*2K4", "Amazon", "5942", "online", -25_000..=-900),
    template("Amazon.com*RT4 office chair", "Amazon", "5942", "online", -40_000..=-8_000),
    template("STRIPE TRANSFER ST-J4", "Stripe", "6012", "other", 20_000..=450_000),
    template("PAYPAL *INVOICE 1044", "PayPal", "6012", "other", 5_000..=90_000),
    template("UBER TRIP HELP.UBER.COM", "Uber", "4121", "online", -6_500..=-700),
    template("LYFT *RIDE SUN 7PM", "Lyft", "4121", "online", -5_500..=-800),
    template("AWS EMEA aws.amazon.co", "AWS", "7372", "online", -90_000..=-4_000),
    template("Microsoft Azure Subscription", "Microsoft Azure", "7372", "online", -45_000..=-2_000),
    template("GOOGLE *CLOUD_01F2", "Google Cloud", "7372", "online", -38_000..=-1_500),
    template("STARBUCKS STORE 05521", "Starbucks", "5814", "in store", -1_800..=-350),
    template("McDonalds 12087", "McDonalds", "5814", "in store", -2_600..=-450),
    template("Blue Door coffee bar", "Blue Door", "5814", "in store", -1_500..=-300),
    template("DELTA AIR 0062341", "Delta Air Lines", "3058", "online", -72_000..=-14_000),
    template("SHELL OIL 574241", "Shell", "5541", "in store", -9_500..=-2_500),
    CHECK,
];

/// A paid check, which names no merchant.
pub const CHECK: Template = Template {
    description: "CHECK 2291",
    merchant_name: None,
    merchant_category_code: None,
    payment_channel: "other",
    cents: -60_000..=-5_000,
};

/// Generates consecutive batches.
pub struct BatchMaker {
    random: StdRng,
    seed: u64,
    transactions: Option<u32>,
    today: NaiveDate,
    account_id: String,
    batches_made: u32,
}

impl BatchMaker {
    /// The maximum age of a transaction, in days.
    pub const DAYS_BACK_MAX: u64 = 29;

    /// Batches for a seed. `transactions` is the size of each batch; the default is 10 to 15.
    pub fn new(seed: u64, transactions: Option<u32>, today: NaiveDate) -> Self {
        Self {
            random: StdRng::seed_from_u64(seed),
            seed,
            transactions,
            today,
            account_id: format!("acc_sim_{seed}"),
            batches_made: 0,
        }
    }

    /// The account of all batches.
    pub fn account_id(&self) -> &str {
        &self.account_id
    }

    /// The next batch.
    pub fn next_batch(&mut self) -> NewBatch {
        let batch = self.batches_made;
        self.batches_made += 1;
        let count = match self.transactions {
            Some(count) => count,
            None => self.random.random_range(TRANSACTIONS_DEFAULT),
        };
        let transactions = (0..count).map(|index| self.transaction(batch, index)).collect();
        let account = NewAccount {
            subtype: Some("checking".to_owned()),
            mask: Some(format!("{:04}", self.seed % 10_000)),
            ..NewAccount::new(&self.account_id, "Business Checking", "depository")
        };
        NewBatch {
            accounts: vec![account],
            request_id: Some(format!("req_sim_{}_{batch}_{count}", self.seed)),
            ..NewBatch::of(transactions)
        }
    }

    fn transaction(&mut self, batch: u32, index: u32) -> NewTransaction {
        let days_back = self.random.random_range(0..=Self::DAYS_BACK_MAX);
        let date = self.today - Days::new(days_back);
        let (hour, minute) = (self.random.random_range(0..24), self.random.random_range(0..60));
        let minutes: i32 = hour * 60 + minute;
        let time = date.and_time(NaiveTime::MIN) + TimeDelta::minutes(minutes.into());
        let template = TEMPLATES.choose(&mut self.random).unwrap_or(&CHECK);
        let cents = self.random.random_range(template.cents.clone());
        NewTransaction {
            authorized_date: Some(date),
            merchant_name: template.merchant_name.map(str::to_owned),
            payment_channel: Some(template.payment_channel.to_owned()),
            merchant_category_code: template.merchant_category_code.map(str::to_owned),
            ..NewTransaction::new(
                &format!("tx_sim_{}_{batch}_{index}", self.seed),
                &self.account_id,
                Decimal::new(cents, 2),
                Currency::Iso("USD".to_owned()),
                time.and_utc(),
                template.description,
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tributary_domain::{Format, IngestRequest};

    const TODAY: NaiveDate = NaiveDate::from_ymd_opt(2026, 3, 1).unwrap();

    fn made(seed: u64, transactions: Option<u32>) -> Vec<NewBatch> {
        let mut maker = BatchMaker::new(seed, transactions, TODAY);
        (0..3).map(|_| maker.next_batch()).collect()
    }

    #[test]
    fn every_batch_is_valid_for_ingest() {
        let now = TODAY.and_time(chrono::NaiveTime::MIN).and_utc();
        for seed in 0..50 {
            for batch in made(seed, None) {
                let body = serde_json::to_vec(&batch).unwrap();
                let request = IngestRequest::parse(&body, Format::Plain, now).unwrap();
                assert!((10..=15).contains(&request.transactions.len()));
            }
        }
        assert_eq!(made(1, Some(500))[0].transactions.len(), 500);
    }

    #[test]
    fn equal_seeds_generate_equal_batches() {
        assert_eq!(made(7, None), made(7, None));
        assert_ne!(made(7, None), made(8, None));
        assert_ne!(made(7, None)[0], made(7, None)[1]);
    }
}
