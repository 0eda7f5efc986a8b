//! Categorises transactions: the trait of every categoriser, and the categoriser by rules.
//! Categorisers that do I/O, delays and retries belong to the crates that use them.

mod bank_category;
mod category;
mod explanation;
mod matcher;
mod mcc;
mod normalise;
mod rule_categorizer;
mod rules;
mod rules_file;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::pin::Pin;

use serde::{Deserialize, Serialize};

pub use category::{Category, UnknownCategory};
pub use explanation::{Decision, explain};
pub use rule_categorizer::RuleCategorizer;
pub use rules::rules_version;

/// Categorises transactions, by rules, a language model or an embedding index, for example.
///
/// Dyn compatible, so that a decorator can wrap any implementation.
pub trait Categorizer: Send + Sync {
    /// Categorises one transaction. The same input and rules (or model) give the same result.
    fn categorize<'a>(&'a self, input: Input<'a>) -> CategorizeFuture<'a>;
}

/// The future that [`Categorizer::categorize`] returns.
pub type CategorizeFuture<'a> =
    Pin<Box<dyn Future<Output = Result<Categorisation, CategorizeError>> + Send + 'a>>;

/// The fields of a transaction that decide its category.
///
/// Not `Debug`: descriptions are personal data and must not reach a log by accident.
#[derive(Clone, Copy)]
pub struct Input<'a> {
    /// The merchant name, as cleaned by the aggregator.
    pub merchant_name: Option<&'a str>,
    /// The description on the bank statement.
    pub description: &'a str,
    /// Four digits of ISO 18245; anything else counts as unknown.
    pub merchant_category_code: Option<&'a str>,
    /// The aggregator's category: a detailed code of Plaid's taxonomy. Unknown codes are ignored.
    pub bank_category: Option<&'a str>,
    /// The amount is greater than zero: money came in.
    pub is_income: bool,
}

/// The category of a transaction, and the rule behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Categorisation {
    /// The category that reports group by.
    pub category: Category,
    /// Primary code of the Plaid personal finance taxonomy, such as `FOOD_AND_DRINK`.
    pub primary_code: Cow<'static, str>,
    /// Detailed code of the same taxonomy, which starts with the primary code.
    pub detailed_code: Cow<'static, str>,
    /// The rule that decided, with its pattern if it has one, such as `seed.coffee/starbucks`.
    pub rule: Cow<'static, str>,
    /// The confidence in the category.
    pub confidence: Confidence,
}

/// The confidence in a categorisation, with the values of Plaid's `confidence_level`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Confidence {
    /// A guess, or no rule applied.
    Low,
    /// A general word decided, or two sources disagree.
    Medium,
    /// A known merchant or a specific merchant category code decided.
    High,
    /// Two independent sources agree.
    VeryHigh,
}

impl Confidence {
    /// The name as stored and sent.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Low => "LOW",
            Self::Medium => "MEDIUM",
            Self::High => "HIGH",
            Self::VeryHigh => "VERY_HIGH",
        }
    }
}

impl fmt::Display for Confidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Why a transaction could not be categorised.
#[derive(Debug, thiserror::Error)]
pub enum CategorizeError {
    /// The categoriser is unavailable; the same transaction may succeed later.
    #[error("the categoriser is unavailable for now")]
    Transient(#[source] Box<dyn Error + Send + Sync>),
    /// The transaction cannot be categorised; retrying does not help.
    #[error("the transaction cannot be categorised: {reason}")]
    Permanent {
        /// Shown to the tenant: no cause, no personal data.
        reason: String,
    },
}
