//! Compares the summaries of the API with the sums of the stored transactions.

use std::collections::BTreeMap;

use reqwest::Method;
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::api::{Api, NoFinalResponse};
use crate::audit::Stored;

#[derive(Deserialize)]
struct Summary {
    metrics: Metrics,
}

#[derive(Deserialize)]
struct Metrics {
    total_transactions: i64,
    total_spend: Box<RawValue>,
    total_income: Box<RawValue>,
}

/// The totals of an account in one currency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Totals {
    count: i64,
    spend: Decimal,
    income: Decimal,
}

/// Lists the differences, a sentence each. No work may be in progress.
pub async fn compare(api: &Api, stored: &Stored) -> Result<Vec<String>, NoFinalResponse> {
    let mut totals: BTreeMap<(&str, &str), Totals> = BTreeMap::new();
    for row in &stored.transactions {
        let total = totals.entry((&row.account_id, &row.currency)).or_default();
        if row.removed_at.is_some() || row.replaced_by.is_some() {
            continue;
        }
        total.count += 1;
        if row.amount > Decimal::ZERO {
            total.income += row.amount;
        } else {
            total.spend -= row.amount;
        }
    }
    let mut findings = Vec::new();
    for ((account_id, currency), expected) in totals {
        let path = format!(
            "/api/reports/account/{account_id}/summary\
             ?start_date=2025-10-01&end_date=2025-10-31&currency={currency}"
        );
        let response = api.send(Method::GET, &path).await?;
        let summary: Option<Summary> = serde_json::from_str(&response.body).ok();
        let answered = summary.and_then(|summary| totals_of(&summary.metrics));
        if answered != Some(expected) {
            let body = response.body;
            findings.push(format!("summary of {account_id}: {body} instead of {expected:?}"));
        }
    }
    Ok(findings)
}

fn totals_of(metrics: &Metrics) -> Option<Totals> {
    Some(Totals {
        count: metrics.total_transactions,
        spend: Decimal::from_str_exact(metrics.total_spend.get()).ok()?,
        income: Decimal::from_str_exact(metrics.total_income.get()).ok()?,
    })
}
