//! Categorises the rows of a claim, and decides which of them fail and which are retried.

use std::panic::AssertUnwindSafe;

use futures::{FutureExt, StreamExt};
use tracing::{debug, error};
use tributary_domain::categorise::{Categorisation, CategorizeError, Categorizer, Input};
use tributary_lambda::error_chain::Chain;
use tributary_store::enrichment::{ATTEMPTS_MAX, Category, Claim, ClaimedTransaction, Outcome};

/// The most rows that are categorised concurrently.
const CONCURRENCY: usize = 500;

/// The failure reason of a row after its last attempt. The tenant sees it.
const REASON_ATTEMPTS: &str = "the maximum number of attempts was reached";
/// The failure reason of a row whose categorisation panicked.
const REASON_PANIC: &str = "the categoriser cannot process the transaction";

/// The decision about a row.
pub struct Decision<'r> {
    row: &'r ClaimedTransaction,
    result: Result<Categorisation, String>,
}

impl Decision<'_> {
    /// What is to be written.
    pub fn outcome(&self) -> Outcome<'_> {
        let result = match &self.result {
            Ok(decided) => Ok(Category {
                category: decided.category.as_str(),
                primary_code: &decided.primary_code,
                detailed_code: &decided.detailed_code,
                confidence: decided.confidence.as_str(),
                rule: &decided.rule,
            }),
            Err(reason) => Err(reason.as_str()),
        };
        Outcome { position: self.row.position, revision: self.row.revision, result }
    }
}

/// Categorises rows concurrently, and returns decisions in the order of the rows. Omits rows that
/// must be retried.
pub async fn decide_all<'r>(categorizer: &dyn Categorizer, claim: &'r Claim) -> Vec<Decision<'r>> {
    futures::stream::iter(&claim.rows)
        .map(|row| decide(categorizer, row, claim.attempts))
        .buffered(CONCURRENCY)
        .filter_map(std::future::ready)
        .collect()
        .await
}

/// Categorises a row. `None` if it must be retried.
async fn decide<'r>(
    categorizer: &dyn Categorizer,
    row: &'r ClaimedTransaction,
    attempts: i32,
) -> Option<Decision<'r>> {
    let failed = |reason: &str| Some(Decision { row, result: Err(reason.to_owned()) });
    // So many workers have died while they processed the row, the last ones with this row alone.
    if attempts > ATTEMPTS_MAX {
        return failed(REASON_ATTEMPTS);
    }
    let categorised = async {
        let input = Input {
            description: &row.description,
            merchant_name: row.merchant_name.as_deref(),
            merchant_category_code: row.merchant_category_code.as_deref(),
            bank_category: row.bank_category.as_deref(),
            is_income: row.is_income,
        };
        categorizer.categorize(input).await
    };
    match AssertUnwindSafe(categorised).catch_unwind().await {
        Ok(Ok(categorisation)) => Some(Decision { row, result: Ok(categorisation) }),
        Ok(Err(CategorizeError::Permanent { reason })) => failed(&reason),
        Ok(Err(error @ CategorizeError::Transient(_))) => {
            debug!(attempts, error = %Chain(&error), "attempt failed");
            if attempts < ATTEMPTS_MAX { None } else { failed(REASON_ATTEMPTS) }
        }
        Err(_panic) => {
            error!("the categoriser panicked");
            failed(REASON_PANIC)
        }
    }
}
