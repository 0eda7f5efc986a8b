//! Compares cash flows and accounts with the ledgers.

use chrono::NaiveDate;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use reqwest::Method;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::account::{Account, Totals};
use crate::answers::{self, Metrics, path};
use crate::content::{FIRST_DAY, last_day};
use crate::money::{CURRENCIES, text};
use crate::support::Api;

#[derive(Debug, Deserialize)]
struct Cashflow {
    currency: Option<String>,
    metrics: Metrics,
    series: Vec<Interval>,
}

#[derive(Debug, Deserialize)]
struct Interval {
    start: NaiveDate,
    end: NaiveDate,
    total_transactions: i64,
    total_spend: Box<RawValue>,
    total_income: Box<RawValue>,
    net: Box<RawValue>,
}

#[derive(Debug, Deserialize)]
struct AccountAnswer {
    total_transactions: i64,
    currencies: Vec<String>,
    first_date: Option<NaiveDate>,
    last_date: Option<NaiveDate>,
}

impl Account<'_> {
    /// Compares the totals of a cash flow and of each of its intervals, which cover the period.
    pub async fn assert_cashflow(
        &self,
        api: &Api,
        random: &mut StdRng,
        (start, end): (NaiveDate, NaiveDate),
    ) {
        let (first, last) = (start.to_string(), end.to_string());
        let interval = ["day", "week", "month"].choose(random).unwrap();
        let query = [("start_date", &*first), ("end_date", &*last), ("interval", interval)];
        let path = path(&["api", "reports", "account", self.id, "cashflow"], &query);
        let answer: Cashflow = answers::call(api, Method::GET, &path).await.read(200);
        let context = format!("account {}, {start} to {end}: {answer:?}", self.id);
        let covered: Vec<_> = answer.series.iter().map(|it| (it.start, it.end)).collect();
        assert_eq!((covered[0].0, covered[covered.len() - 1].1), (start, end), "{context}");
        let gapless = |two: &[(NaiveDate, NaiveDate)]| two[0].1.succ_opt() == Some(two[1].0);
        assert!(covered.windows(2).all(gapless), "{context}");

        let total = self.written((start, end), answer.currency.as_deref());
        let metrics = &answer.metrics;
        let amounts = [&metrics.total_spend, &metrics.total_income, &metrics.net];
        assert_eq!((metrics.total_transactions, amounts.map(|it| it.get().to_owned())), total);
        for it in &answer.series {
            let expected = self.written((it.start, it.end), answer.currency.as_deref());
            let amounts = [&it.total_spend, &it.total_income, &it.net];
            let amounts = amounts.map(|it| it.get().to_owned());
            assert_eq!((it.total_transactions, amounts), expected, "{context}");
        }
    }

    /// Compares the count, the currencies and the days of the account.
    pub async fn assert_account(&self, api: &Api) {
        let path = path(&["api", "accounts", self.id], &[]);
        let answer: AccountAnswer = answers::call(api, Method::GET, &path).await.read(200);
        let totals = self.totals((FIRST_DAY, last_day()));
        let mut used: Vec<_> = totals.iter().map(|(code, total)| (-total.count, *code)).collect();
        used.sort_unstable();
        let used: Vec<_> = used.into_iter().map(|(_, code)| code).collect();
        assert_eq!(answer.currencies, used, "account {}", self.id);
        let count: i64 = totals.values().map(|total| total.count).sum();
        assert_eq!(answer.total_transactions, count, "account {}", self.id);
        let days = || self.rows.iter().filter(|it| it.counts()).map(|it| it.row.content.day);
        assert_eq!((answer.first_date, answer.last_date), (days().min(), days().max()));
    }

    /// The count, spend, income and net of a period in a currency, as the API writes them.
    fn written(&self, period: (NaiveDate, NaiveDate), code: Option<&str>) -> (i64, [String; 3]) {
        let Some(currency) = CURRENCIES.iter().find(|it| Some(it.code) == code) else {
            return (0, ["0"; 3].map(str::to_owned));
        };
        let Totals { count, spend, income } =
            self.totals(period).remove(currency.code).unwrap_or_default();
        (count, [spend, income, income - spend].map(|units| text(units, currency)))
    }
}
