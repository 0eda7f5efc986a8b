//! The reports of an account agree with each other.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test fails where the reports cannot be read"
)]

use std::cmp::Ordering;

use sqlx::PgConnection;
use tributary_domain::{Interval, Period, TenantId};
use tributary_store::accounts::{self, StateCounts};
use tributary_store::report::{self, CategoryFlow, CurrencySums, Flow, Flows, MerchantQuery};

/// Asserts that cash flow and merchants of an account add up to its summary, over a period and in
/// each currency.
///
/// # Panics
/// If they do not.
pub async fn assert_reports_agree(
    connection: &mut PgConnection,
    tenant: TenantId,
    account_id: &str,
    period: Period,
) {
    let summary =
        report::summary(connection, tenant, account_id, period).await.unwrap().expect("an account");
    let currencies: Vec<_> = summary.iter().map(|sums| sums.currency.clone()).collect();
    let of_currencies = currencies.iter().map(|code| (Interval::Month, Some(code.as_str())));
    let by_default = Interval::ALL.map(|interval| (interval, None));
    let unused = (Interval::Month, Some("unused"));
    for (interval, requested) in by_default.into_iter().chain(of_currencies).chain([unused]) {
        let context = format!("{account_id} {period:?} {interval:?} {requested:?}");
        let intervals = interval.divide(period);
        let flows = report::cashflow(connection, tenant, account_id, period, &intervals, requested);
        let flows = flows.await.unwrap().expect("an account");
        assert_eq!(flows.currencies, currencies, "{context}");
        let default = currencies.first().map(String::as_str);
        assert_eq!(flows.currency.as_deref(), requested.or(default), "{context}");
        let sums = summary.iter().find(|sums| Some(&sums.currency) == flows.currency.as_ref());
        assert_flows(&flows, sums, &context);
    }
    for sums in &summary {
        assert_merchants(connection, tenant, account_id, period, sums).await;
    }
}

/// Asserts that the counts, currencies and days of an account are those of its reports. All its
/// transactions are in the period.
///
/// # Panics
/// If they are not.
pub async fn assert_account_agrees(
    connection: &mut PgConnection,
    tenant: TenantId,
    account_id: &str,
    period: Period,
) {
    let stored = accounts::one(connection, tenant, account_id).await.unwrap();
    let account = stored.expect("an account").sums;
    let summary = report::summary(connection, tenant, account_id, period).await.unwrap().unwrap();
    let currencies: Vec<_> = summary.iter().map(|sums| sums.currency.clone()).collect();
    let mut counts = StateCounts::default();
    let days = Interval::Day.divide(period);
    let mut used_days = Vec::new();
    for sums in &summary {
        counts.open += sums.counts.pending + sums.counts.processing;
        counts.completed += sums.counts.completed;
        counts.failed += sums.counts.failed;
        let currency = Some(sums.currency.as_str());
        let flows = report::cashflow(connection, tenant, account_id, period, &days, currency);
        let intervals = flows.await.unwrap().unwrap().intervals.into_iter();
        used_days.extend(intervals.filter_map(|(index, _)| days.get(index).map(Period::start)));
    }
    used_days.sort_unstable();
    assert_eq!((account.counts, account.currencies), (counts, currencies), "{account_id}");
    let ends = (used_days.first().copied(), used_days.last().copied());
    assert_eq!((account.first_day, account.last_day), ends, "{account_id}");
}

/// The total is that of the summary, and the intervals and categories add up to it.
fn assert_flows(flows: &Flows, sums: Option<&CurrencySums>, context: &str) {
    let Flow { transaction_count, spend, income, net, .. } = &flows.total;
    let Some(sums) = sums else {
        assert_eq!((*transaction_count, &**spend, &**income, &**net), (0, "0", "0", "0"));
        assert_eq!(flows.intervals, [], "{context}");
        return;
    };
    assert_eq!(
        (*transaction_count, spend, income, net),
        (sums.counts.total(), &sums.spend, &sums.income, &sums.net),
        "{context}"
    );
    let mut added = Added::default();
    let mut by_category: Vec<(String, Added)> = Vec::new();
    let mut previous = None;
    for (index, flow) in &flows.intervals {
        assert!(previous < Some(*index) && flow.transaction_count > 0, "{context}");
        previous = Some(*index);
        added.add(flow.transaction_count, &flow.spend, &flow.income);
        assert_net(&flow.net, &flow.spend, &flow.income, context);
        assert_ordered(&flow.categories, context);
        for category in &flow.categories {
            let name = &category.category;
            if !by_category.iter().any(|(known, _)| known == name) {
                by_category.push((name.clone(), Added::default()));
            }
            let (_, sums) = by_category.iter_mut().find(|(known, _)| known == name).unwrap();
            sums.add(category.transaction_count, &category.spend, &category.income);
        }
        let transfers = flow.categories.iter().filter(|it| it.category == "Transfers");
        let transfers = transfers.map(|it| add(&it.spend, &it.income)).next();
        assert_eq!(flow.transfers, transfers.unwrap_or_else(|| "0".to_owned()), "{context}");
    }
    assert_eq!(added, Added::of(*transaction_count, spend, income), "{context}");

    assert_ordered(&flows.total.categories, context);
    let mut total: Vec<_> = flows
        .total
        .categories
        .iter()
        .map(|it| (it.category.clone(), Added::of(it.transaction_count, &it.spend, &it.income)))
        .collect();
    total.sort_by(|one, other| one.0.cmp(&other.0));
    by_category.sort_by(|one, other| one.0.cmp(&other.0));
    assert_eq!(total, by_category, "{context}");
    let completed: i64 = total.iter().map(|(_, sums)| sums.count).sum();
    assert_eq!(completed, sums.counts.completed, "{context}");
    let spent = flows.total.categories.iter().filter(|it| it.spend != "0");
    let top: Vec<_> =
        spent.take(3).map(|it| (&it.category, it.transaction_count, &it.spend)).collect();
    let expected = sums.top_categories.iter();
    let expected: Vec<_> =
        expected.map(|it| (&it.category, it.transaction_count, &it.spend)).collect();
    assert_eq!(top, expected, "{context}");
}

/// The merchants add up to the summary.
async fn assert_merchants(
    connection: &mut PgConnection,
    tenant: TenantId,
    account_id: &str,
    period: Period,
    sums: &CurrencySums,
) {
    let currency = Some(sums.currency.as_str());
    let query = MerchantQuery { account_id, period, currency, limit: i64::MAX };
    let found = report::merchants(connection, tenant, query).await.unwrap().unwrap();
    assert!(found.is_complete && found.scanned >= sums.counts.total(), "{account_id} {period:?}");
    let mut added = Added::default();
    for merchant in &found.merchants {
        added.add(merchant.transaction_count, &merchant.spend, &merchant.income);
    }
    let expected = Added::of(sums.counts.total(), &sums.spend, &sums.income);
    assert_eq!(added, expected, "{account_id} {period:?}");
    let order = |one: &report::MerchantSums, other: &report::MerchantSums| {
        is_before(&one.spend, &other.spend, one.merchant < other.merchant)
    };
    assert!(found.merchants.is_sorted_by(order), "{:?}", found.merchants);
}

fn assert_ordered(categories: &[CategoryFlow], context: &str) {
    let order = |one: &CategoryFlow, other: &CategoryFlow| {
        is_before(&one.spend, &other.spend, one.category < other.category)
    };
    assert!(categories.is_sorted_by(order), "{context}: {categories:?}");
}

/// Counts and amounts, added up.
#[derive(Debug, PartialEq)]
struct Added {
    count: i64,
    spend: String,
    income: String,
}

impl Default for Added {
    fn default() -> Self {
        Self::of(0, "0", "0")
    }
}

impl Added {
    fn of(count: i64, spend: &str, income: &str) -> Self {
        Self { count, spend: spend.to_owned(), income: income.to_owned() }
    }

    fn add(&mut self, count: i64, spend: &str, income: &str) {
        self.count += count;
        self.spend = add(&self.spend, spend);
        self.income = add(&self.income, income);
    }
}

/// Asserts that a net amount is income less spend.
fn assert_net(net: &str, spend: &str, income: &str, context: &str) {
    match net.strip_prefix('-') {
        Some(loss) => assert_eq!(add(income, loss), spend, "{context}"),
        None => assert_eq!(add(spend, net), income, "{context}"),
    }
}

/// Whether a decimal of at least zero without superfluous zeros is greater than another, or equal and
/// `tie`.
fn is_before(one: &str, other: &str, tie: bool) -> bool {
    let key = |text: &str| {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        (whole.len(), whole.to_owned(), fraction.to_owned())
    };
    match key(one).cmp(&key(other)) {
        Ordering::Greater => true,
        Ordering::Equal => tie,
        Ordering::Less => false,
    }
}

/// Adds decimals of at least zero, of any number of digits.
fn add(one: &str, other: &str) -> String {
    let split = |text: &str| {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        (whole.to_owned(), fraction.to_owned())
    };
    let ((one, one_fraction), (other, other_fraction)) = (split(one), split(other));
    let decimals = one_fraction.len().max(other_fraction.len());
    let width = one.len().max(other.len()) + 1;
    let digits = |whole: String, fraction: String| {
        format!("{whole:0>width$}{fraction:0<decimals$}").into_bytes()
    };
    let mut sum = Vec::new();
    let mut carry = 0;
    let pairs = digits(one, one_fraction).into_iter().zip(digits(other, other_fraction)).rev();
    for (one, other) in pairs {
        let digit = one - b'0' + other - b'0' + carry;
        sum.insert(0, b'0' + digit % 10);
        carry = digit / 10;
    }
    let (whole, fraction) = sum.split_at(width);
    let text = |part: &[u8]| String::from_utf8(part.to_vec()).unwrap();
    let (whole, fraction) = (text(whole), text(fraction));
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    match fraction.trim_end_matches('0') {
        "" => whole.to_owned(),
        fraction => format!("{whole}.{fraction}"),
    }
}

#[test]
fn decimals_of_any_length_are_added() {
    let long = "9".repeat(40);
    for (one, other, sum) in [
        ("0", "0", "0"),
        ("0.1", "0.02", "0.12"),
        ("99.95", "0.05", "100"),
        (&long, "1.5", &format!("1{}.5", "0".repeat(40))),
    ] {
        assert_eq!(add(one, other), sum);
    }
    assert!(is_before("10", "9.5", false) && is_before("0.5", "0.45", false));
    assert!(!is_before("1", "1", false) && is_before("1", "1", true));
}
