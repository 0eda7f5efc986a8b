//! The shape of `rules.json`. Each section is a tier; `rules.rs` checks and compiles what stands here.

use serde::Deserialize;

/// Sections in the order in which they win.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RulesFile {
    /// What the system before this one answered. Among these the earlier rule wins.
    pub(super) seed: Vec<WordRule>,
    /// What the bank did, whoever the other side is. Here and below the longer pattern wins.
    pub(super) banking: Vec<WordRule>,
    /// Merchants that sell one kind of thing.
    pub(super) merchants: Vec<WordRule>,
    /// Merchant category codes that say what was sold.
    pub(super) mcc: Vec<MccRule>,
    /// Merchants that sell many kinds of things: the code of the particular shop knows better.
    pub(super) banners: Vec<WordRule>,
    /// General words.
    pub(super) keywords: Vec<WordRule>,
    /// Merchant category codes that mean "something else".
    pub(super) vague_mcc: Vec<MccRule>,
    /// Words that say little (`services`), for when nothing else is known.
    pub(super) hints: Vec<WordRule>,
}

/// Decides by words in the merchant name and description.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WordRule {
    pub(super) id: String,
    pub(super) category: String,
    pub(super) detailed: String,
    #[serde(default)]
    pub(super) money: Money,
    /// Whole words (`no frills`), or with a final `*` the beginning of a word (`pharmac*`).
    pub(super) patterns: Vec<String>,
}

/// Decides by merchant category code.
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

/// Which transactions a rule is for.
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
