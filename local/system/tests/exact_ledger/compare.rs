//! Compares every answer of the API with the ledgers.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Days, NaiveDate};
use futures::future::join_all;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use reqwest::Method;

use crate::account::{Account, Booked};
use crate::answers::{
    self, Accepted, BatchAnswer, Listed, ListedContent, Page, Statuses, Summary, path,
};
use crate::content::{Content, DAYS, FIRST_DAY, last_day};
use crate::money::{CURRENCIES, Currency, text};
use crate::sender::Sender;
use crate::support::{Api, eventually};

/// Waits until all work is done, and compares everything. Returns what was compared.
pub async fn everything(api: &Api, senders: Vec<&mut Sender>, seed: u64) -> String {
    let (mut batches, mut ledgers) = (0, Vec::new());
    for sender in senders {
        let accepted = std::mem::take(&mut sender.accepted);
        batches += accepted.len();
        join_all(accepted.iter().map(|batch| assert_finished(api, batch))).await;
        ledgers.push(&sender.ledger);
    }
    let rows = || ledgers.iter().flat_map(|ledger| ledger.rows.values());
    let ids: BTreeSet<_> = rows().map(|row| row.content.account.as_str()).collect();
    let accounts: Vec<_> = ids.iter().map(|id| Account::of(id, ledgers.iter().copied())).collect();
    join_all(accounts.iter().map(|account| account.assert_everything(api, seed))).await;
    let removed = rows().filter(|row| row.is_removed).count();
    let replaced = accounts.iter().flat_map(|it| &it.rows).filter(|it| it.replaced_by.is_some());
    format!(
        "{batches} batches; {} accounts, {} transactions ({removed} removed, {} replaced), {} \
         revisions",
        accounts.len(),
        rows().count(),
        replaced.count(),
        rows().map(|row| row.history.len()).sum::<usize>()
    )
}

async fn assert_finished(api: &Api, accepted: &Accepted) {
    let path = path(&["api", "batches", &accepted.batch_id], &[]);
    let batch = eventually("the end of a batch", async || {
        let batch: BatchAnswer = answers::call(api, Method::GET, &path).await.read(200);
        batch.finished_at.is_some().then_some(batch)
    })
    .await;
    assert_eq!(batch.accepted.counts(), accepted.counts());
    let completed = accepted.total_transactions;
    let expected = Statuses { pending: 0, processing: 0, completed, failed: 0 };
    assert_eq!(batch.processing_status, expected, "batch {}", accepted.batch_id);
}

impl Account<'_> {
    async fn summary(
        &self,
        api: &Api,
        (start, end): (NaiveDate, NaiveDate),
        currency: Option<&str>,
    ) -> Summary {
        let (start, end) = (start.to_string(), end.to_string());
        let mut query = vec![("start_date", start.as_str()), ("end_date", end.as_str())];
        query.extend(currency.map(|code| ("currency", code)));
        let path = path(&["api", "reports", "account", self.id, "summary"], &query);
        answers::call(api, Method::GET, &path).await.read(200)
    }

    /// The totals of a random period in a random currency, which do not depend on the status.
    pub async fn assert_totals(&self, api: &Api, random: &mut StdRng) {
        let currency = CURRENCIES.choose(random);
        self.assert_summary(api, random_period(random), currency).await;
    }

    /// Compares a summary with the ledger, and returns it.
    async fn assert_summary(
        &self,
        api: &Api,
        period: (NaiveDate, NaiveDate),
        currency: Option<&'static Currency>,
    ) -> Summary {
        let mut totals = self.totals(period);
        let mut used: Vec<_> = totals.iter().map(|(code, total)| (-total.count, *code)).collect();
        used.sort_unstable();
        let used: Vec<_> = used.into_iter().map(|(_, code)| code).collect();
        let summary = self.summary(api, period, currency.map(|it| it.code)).await;
        let context = format!("account {}, {period:?}, {currency:?}: {summary:?}", self.id);
        assert_eq!(summary.currencies, used, "{context}");
        let code = currency.map(|it| it.code).or(used.first().copied());
        assert_eq!(summary.currency.as_deref(), code, "{context}");
        let Some(currency) = CURRENCIES.iter().find(|it| Some(it.code) == code) else {
            assert_eq!(summary.metrics.total_spend.get(), "0", "{context}");
            return summary;
        };
        let total = totals.remove(currency.code).unwrap_or_default();
        let metrics = &summary.metrics;
        assert_eq!(metrics.total_transactions, total.count, "{context}");
        assert_eq!(metrics.total_spend.get(), text(total.spend, currency), "{context}");
        assert_eq!(metrics.total_income.get(), text(total.income, currency), "{context}");
        assert_eq!(metrics.net.get(), text(total.income - total.spend, currency), "{context}");
        let Statuses { pending, processing, completed, failed } = summary.processing_status;
        assert_eq!(pending + processing + completed + failed, total.count, "{context}");
        summary
    }

    /// When all work is done: every list, summary and history.
    async fn assert_everything(&self, api: &Api, seed: u64) {
        let random = &mut StdRng::seed_from_u64(seed);
        let all = self.assert_list(api, random, &[("include", "removed")], |_| true).await;
        self.assert_list(api, random, &[], |it| !it.row.is_removed).await;
        let completed = [("status", "completed"), ("include", "removed")];
        self.assert_list(api, random, &completed, |_| true).await;
        self.assert_list(api, random, &[("status", "pending")], |_| false).await;
        let (start, end) = random_period(random);
        let (first, last) = (start.to_string(), end.to_string());
        let is_in_period = |it: &Booked<'_>| (start..=end).contains(&it.row.content.day);
        let query = [("start_date", &*first), ("end_date", &*last), ("include", "removed")];
        self.assert_list(api, random, &query, is_in_period).await;

        let categories: BTreeMap<_, _> = all
            .iter()
            .map(|it| (it.state.transaction_id.as_str(), it.state.category.as_deref().unwrap()))
            .collect();
        let of_all_days = CURRENCIES.iter().map(Some).chain([None]);
        let of_all_days = of_all_days.map(|currency| ((FIRST_DAY, last_day()), currency));
        for (period, currency) in of_all_days.chain([(random_period(random), None)]) {
            let summary = self.assert_summary(api, period, currency).await;
            self.assert_settled(&summary, period, &categories);
        }
        self.assert_account(api).await;
        self.assert_cashflow(api, random, (FIRST_DAY, last_day())).await;
        let period = random_period(random);
        self.assert_cashflow(api, random, period).await;
        for _ in 0..4 {
            self.assert_history(api, self.rows.choose(random).unwrap()).await;
        }
    }

    /// Everything is completed, and the top categories are those of the listed transactions.
    fn assert_settled(
        &self,
        summary: &Summary,
        (start, end): (NaiveDate, NaiveDate),
        categories: &BTreeMap<&str, &str>,
    ) {
        let completed = summary.metrics.total_transactions;
        let expected = Statuses { pending: 0, processing: 0, completed, failed: 0 };
        assert_eq!(summary.processing_status, expected, "account {}", self.id);
        let mut spends: BTreeMap<&str, (i128, i64)> = BTreeMap::new();
        for it in &self.rows {
            let content = &it.row.content;
            let is_in_currency = summary.currency.as_deref() == Some(content.amount.currency.code);
            if it.counts() && is_in_currency && (start..=end).contains(&content.day) {
                let spend = spends.entry(categories[it.id]).or_default();
                spend.0 += (-content.amount.units).max(0);
                spend.1 += 1;
            }
        }
        let mut top: Vec<_> = spends.into_iter().filter(|(_, (spend, _))| *spend > 0).collect();
        top.sort_by_key(|(name, (spend, _))| (std::cmp::Reverse(*spend), *name));
        let currency = CURRENCIES.iter().find(|it| Some(it.code) == summary.currency.as_deref());
        let expected: Vec<_> = top
            .into_iter()
            .take(3)
            .map(|(name, (spend, count))| (name, text(spend, currency.unwrap()), count))
            .collect();
        let listed = summary.top_categories.iter();
        let listed: Vec<_> = listed
            .map(|it| (&*it.category, it.total_spend.get().to_owned(), it.transaction_count))
            .collect();
        assert_eq!(listed, expected, "account {}", self.id);
    }

    /// Compares all pages of a list with the rows that match, and returns the transactions.
    async fn assert_list(
        &self,
        api: &Api,
        random: &mut StdRng,
        query: &[(&str, &str)],
        matches: impl Fn(&Booked<'_>) -> bool,
    ) -> Vec<Listed> {
        let limit = ["23", "100", "500"].choose(random).unwrap();
        let (mut listed, mut cursor) = (Vec::new(), None::<String>);
        loop {
            let mut query = query.to_vec();
            query.push(("limit", limit));
            query.extend(cursor.as_deref().map(|cursor| ("cursor", cursor)));
            let path = path(&["api", "accounts", self.id, "transactions"], &query);
            let page: Page = answers::call(api, Method::GET, &path).await.read(200);
            assert_eq!(page.has_more, page.next_cursor.is_some());
            listed.extend(page.transactions);
            match page.next_cursor {
                Some(next) => cursor = Some(next),
                None => break,
            }
        }
        let expected: Vec<_> = self.rows.iter().filter(|it| matches(it)).collect();
        let ids = |listed: &[Listed]| -> Vec<_> {
            listed.iter().map(|it| it.state.transaction_id.clone()).collect()
        };
        let expected_ids: Vec<_> = expected.iter().map(|it| it.id.to_owned()).collect();
        assert_eq!(ids(&listed), expected_ids, "account {}, {query:?}", self.id);
        for (listed, row) in listed.iter().zip(expected) {
            assert_is(listed, row);
        }
        listed
    }

    async fn assert_history(&self, api: &Api, booked: &Booked<'_>) {
        let path = path(&["api", "accounts", self.id, "transactions", booked.id], &[]);
        let answer: Listed = answers::call(api, Method::GET, &path).await.read(200);
        assert_is(&answer, booked);
        let expected = booked.row.history.iter().enumerate().rev().take(100);
        let revisions = answer.state.revisions.iter();
        assert_eq!(revisions.len(), expected.len(), "{answer:?}");
        for (listed, (index, (content, is_removed))) in revisions.zip(expected) {
            assert_content(listed, content, *is_removed, index + 1);
        }
    }
}

fn random_period(random: &mut StdRng) -> (NaiveDate, NaiveDate) {
    let start = FIRST_DAY + Days::new(random.random_range(0..DAYS));
    (start, start + Days::new(random.random_range(0..12)))
}

#[track_caller]
fn assert_is(listed: &Listed, booked: &Booked<'_>) {
    let row = booked.row;
    assert_content(&listed.content, &row.content, row.is_removed, row.history.len() + 1);
    let state = &listed.state;
    assert_eq!(state.bank_category, row.content.bank_category, "{listed:?}");
    assert_eq!(state.replaced_by.as_deref(), booked.replaced_by, "{listed:?}");
    assert_eq!(state.status, "completed", "{listed:?}");
    assert!(state.attempts > 0 && state.category.is_some(), "{listed:?}");
}

#[track_caller]
fn assert_content(listed: &ListedContent, content: &Content, is_removed: bool, revision: usize) {
    let amount = content.amount;
    let code = |is_iso| (amount.currency.is_iso == is_iso).then_some(amount.currency.code);
    let sent = (
        amount.text(),
        (code(true), code(false)),
        (content.day, content.time.map(|time| time.to_utc()), content.authorized),
        (&content.name, &content.merchant, &content.channel, &content.code),
        (content.is_pending, &content.named, is_removed, revision),
    );
    let read = (
        listed.amount.get().to_owned(),
        (listed.iso_currency_code.as_deref(), listed.unofficial_currency_code.as_deref()),
        (listed.date, listed.datetime, listed.authorized_date),
        (
            &listed.name,
            &listed.merchant_name,
            &listed.payment_channel,
            &listed.merchant_category_code,
        ),
        (
            listed.pending,
            &listed.pending_transaction_id,
            listed.removed_at.is_some(),
            listed.revision,
        ),
    );
    assert_eq!(read, sent);
}
