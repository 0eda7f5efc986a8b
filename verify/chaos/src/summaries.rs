//! Compares the summaries of the API with the sums of the stored transactions.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use tributary_client::{Method, Metrics, Request, Summary};

use crate::api::{Api, NoFinalResponse};
use crate::audit::Stored;

/// The totals of an account in one currency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Totals {
    count: u64,
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
        let path = ["api", "reports", "account", account_id, "summary"];
        let request = Request::new(Method::GET, &path)
            .query("start_date", "2025-10-01")
            .query("end_date", "2025-10-31")
            .query("currency", currency);
        let response = api.send(&request).await?;
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
        spend: metrics.total_spend.to_decimal()?,
        income: metrics.total_income.to_decimal()?,
    })
}
