//! Decides what a transaction was for: the contract every categoriser keeps, and the one by rules.
//! Not for waiting or retrying: a categoriser that does I/O, and any delay, live with their users.

mod category;
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
pub use rule_categorizer::RuleCategorizer;
pub use rules::rules_version;

/// Anything that can say what a transaction was for: rules, a language model, an embedding index.
///
/// Object safe, so that a decorator can wrap any of them.
pub trait Categorizer: Send + Sync {
    /// Categorises one transaction. The same input and the same rules (or model) give the same answer.
    fn categorize<'a>(&'a self, input: Input<'a>) -> CategorizeFuture<'a>;
}

/// What [`Categorizer::categorize`] answers, in time.
pub type CategorizeFuture<'a> =
    Pin<Box<dyn Future<Output = Result<Categorisation, CategorizeError>> + Send + 'a>>;

/// What is known of a transaction before it is categorised.
///
/// Not `Debug`: descriptions are personal data and must not reach a log by accident.
#[derive(Clone, Copy)]
pub struct Input<'a> {
    /// The merchant as the aggregator cleaned it.
    pub merchant_name: Option<&'a str>,
    /// The descriptor as the bank printed it.
    pub description: &'a str,
    /// Four digits of ISO 18245; anything else counts as unknown.
    pub merchant_category_code: Option<&'a str>,
    /// The amount is greater than zero: money came in.
    pub is_income: bool,
}

/// What a transaction was for, and why we think so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Categorisation {
    /// What reports group by.
    pub category: Category,
    /// Primary code of the Plaid personal finance taxonomy, such as `FOOD_AND_DRINK`.
    pub primary_code: Cow<'static, str>,
    /// Detailed code of the same taxonomy, which begins with the primary one.
    pub detailed_code: Cow<'static, str>,
    /// The rule that decided, and for a rule of words the words, such as `seed.coffee/starbucks`.
    pub rule: Cow<'static, str>,
    /// How far to trust the category.
    pub confidence: Confidence,
}

/// How far to trust a categorisation: the words of Plaid's `confidence_level`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Confidence {
    /// A guess, or nothing known.
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

/// Why a transaction got no category.
#[derive(Debug, thiserror::Error)]
pub enum CategorizeError {
    /// The categoriser could not answer now; the same transaction may succeed later.
    #[error("the categoriser is unavailable for now")]
    Transient(#[source] Box<dyn Error + Send + Sync>),
    /// The categoriser will never answer for this transaction.
    #[error("the transaction cannot be categorised: {reason}")]
    Permanent {
        /// Shown to the tenant: no cause, no personal data.
        reason: String,
    },
}
