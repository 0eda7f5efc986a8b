//! The content of a transaction, and random ones.

use chrono::{DateTime, Days, FixedOffset, NaiveDate, TimeZone};
use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;

use crate::money::Amount;

/// The format of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Plain,
    Plaid,
}

/// What a bank says of a transaction. Times are equal if their instants are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    pub account: String,
    pub amount: Amount,
    pub day: NaiveDate,
    pub time: Option<DateTime<FixedOffset>>,
    pub authorized: Option<NaiveDate>,
    pub name: String,
    pub merchant: Option<String>,
    pub channel: Option<String>,
    pub code: Option<String>,
    pub bank_category: Option<String>,
    pub is_pending: bool,
    /// The pending transaction that it names.
    pub named: Option<String>,
}

/// The first and the last day of all transactions.
pub const FIRST_DAY: NaiveDate = NaiveDate::from_ymd_opt(2025, 3, 20).unwrap();
pub const DAYS: u64 = 40;

pub fn last_day() -> NaiveDate {
    FIRST_DAY + Days::new(DAYS - 1)
}

/// Clean texts. A body may have them with other white space, or in another form of Unicode.
const NAMES: [&str; 8] = [
    "AMZN Mktp US*2K4",
    "Café Noir",
    "STRIPE TRANSFER ST-J4",
    "UBER TRIP HELP.UBER.COM",
    "シェル 4711",
    "CHECK 2291",
    "AWS EMEA aws.amazon.co",
    "Gehalt März",
];
const MERCHANTS: [&str; 5] = ["Amazon", "Stripe", "Starbucks", "Çay Evi", "AWS"];
const CODES: [&str; 4] = ["5942", "4121", "5814", "7372"];
const CHANNELS: [&str; 3] = ["online", "in store", "other"];
const BANK_CATEGORIES: [&str; 3] =
    ["FOOD_AND_DRINK_COFFEE", "GENERAL_MERCHANDISE_ONLINE_MARKETPLACES", "INCOME_WAGES"];

fn one_of(random: &mut StdRng, texts: &[&str]) -> String {
    (*texts.choose(random).unwrap()).to_owned()
}

fn maybe(random: &mut StdRng, texts: &[&str]) -> Option<String> {
    random.random_bool(0.6).then(|| one_of(random, texts))
}

pub fn random_day(random: &mut StdRng) -> NaiveDate {
    FIRST_DAY + Days::new(random.random_range(0..DAYS))
}

/// A time on a day, by the clock of an offset: the day in UTC may be another one.
fn random_time(random: &mut StdRng, day: NaiveDate) -> DateTime<FixedOffset> {
    let minutes = [-720, -480, -210, 0, 60, 345, 840].choose(random).unwrap();
    let offset = FixedOffset::east_opt(minutes * 60).unwrap();
    let (hour, second) = (random.random_range(0..24), random.random_range(0..60));
    offset.from_local_datetime(&day.and_hms_opt(hour, 30, second).unwrap()).unwrap()
}

impl Content {
    pub fn random(random: &mut StdRng, account: &str) -> Self {
        let day = random_day(random);
        let mut content = Self {
            account: account.to_owned(),
            amount: Amount::random(random),
            day,
            time: random.random_bool(0.5).then(|| random_time(random, day)),
            authorized: random.random_bool(0.5).then(|| day - Days::new(1)),
            name: one_of(random, &NAMES),
            merchant: maybe(random, &MERCHANTS),
            channel: maybe(random, &CHANNELS),
            code: maybe(random, &CODES),
            bank_category: maybe(random, &BANK_CATEGORIES),
            is_pending: false,
            named: None,
        };
        if random.random_bool(0.1) {
            // A body may leave the name out then.
            content.name = content.merchant.clone().unwrap_or(content.name);
        }
        content
    }

    /// One or two fields changed, so that it is the same transaction.
    pub fn change(&mut self, random: &mut StdRng) {
        for _ in 0..random.random_range(1..=2) {
            match random.random_range(0..9) {
                0 | 1 => self.amount = self.amount.changed(random),
                2 => self.amount = Amount::random(random),
                3 => {
                    self.day = random_day(random);
                    self.time = None;
                }
                4 => self.time = random.random_bool(0.7).then(|| random_time(random, self.day)),
                5 => self.name = one_of(random, &NAMES),
                6 => self.merchant = maybe(random, &MERCHANTS),
                7 => self.code = maybe(random, &CODES),
                _ => self.channel = maybe(random, &CHANNELS),
            }
        }
    }

    /// What a body of this format can say.
    pub fn in_format(mut self, format: Format) -> Self {
        match format {
            Format::Plain => self.bank_category = None,
            Format::Plaid => self.code = None,
        }
        self
    }
}

/// A text in a form that is cleaned to it.
pub fn unclean(random: &mut StdRng, text: &str) -> String {
    match random.random_range(0..5) {
        0 => format!(" {}\t", text.replace(' ', " \u{a0} ")),
        1 => text.replace('é', "e\u{301}").replace('ä', "a\u{308}").replace('Ç', "C\u{327}"),
        2 => text.replace(' ', "\n"),
        _ => text.to_owned(),
    }
}
