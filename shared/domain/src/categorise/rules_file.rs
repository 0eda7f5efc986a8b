//! The format of `rules.json`. Each section is a tier; `rules.rs` checks and compiles the rules.

use serde::Deserialize;

/// The sections by precedence, highest first.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RulesFile {
    /// The rules of the previous system. Here the earlier rule takes precedence.
    pub(super) seed: Vec<WordRule>,
    /// Bank operations with any counterparty. From this tier on, the longer pattern takes
    /// precedence.
    pub(super) banking: Vec<WordRule>,
    /// Merchants of a single category.
    pub(super) merchants: Vec<WordRule>,
    /// Specific merchant category codes.
    pub(super) mcc: Vec<MccRule>,
    /// Merchants of several categories, for which the code of the shop is more precise.
    pub(super) banners: Vec<WordRule>,
    /// General words.
    pub(super) keywords: Vec<WordRule>,
    /// Merchant category codes for miscellaneous goods and services.
    pub(super) vague_mcc: Vec<MccRule>,
    /// Weak words such as `services`, used if nothing else matches.
    pub(super) hints: Vec<WordRule>,
}

/// A rule on the words of the merchant name and description.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WordRule {
    pub(super) id: String,
    pub(super) category: String,
    pub(super) detailed: String,
    #[serde(default)]
    pub(super) money: Money,
    /// Whole words (`no frills`), or with a final `*` the start of a word (`pharmac*`).
    pub(super) patterns: Vec<String>,
}

/// A rule on the merchant category code.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MccRule {
    pub(super) id: String,
    pub(super) category: String,
    pub(super) detailed: String,
    #[serde(default)]
    pub(super) money: Money,
    /// Codes (`5411`) and ranges (`3000-3350`).
    pub(super) codes: Vec<String>,
}

/// The direction of the transactions that a rule applies to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Money {
    #[default]
    Any,
    In,
    Out,
}

impl Money {
    pub(super) const fn includes(self, is_income: bool) -> bool {
        match self {
            Self::Any => true,
            Self::In => is_income,
            Self::Out => !is_income,
        }
    }
}
