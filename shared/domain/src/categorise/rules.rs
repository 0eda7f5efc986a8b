//! Compiles `rules.json` once into lookup tables, and rejects an invalid file.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::sync::LazyLock;

use sha2::{Digest as _, Sha256};

use super::Category;
use super::matcher::Matcher;
use super::mcc::{self, MccTable};
use super::normalise::push_words;
use super::rules_file::{MccRule, Money, RulesFile, WordRule};

const RULES_JSON: &str = include_str!("rules.json");

/// A shorter stem would match half the dictionary.
const STEM_LENGTH_MIN: usize = 4;

const VERSION_LENGTH: usize = 12;

/// Primaries of the Plaid personal finance taxonomy, version 2.
/// Source: <https://plaid.com/documents/transactions-personal-finance-category-taxonomy.csv>
pub(super) const PRIMARIES: [&str; 18] = [
    "BANK_FEES",
    "ENTERTAINMENT",
    "FOOD_AND_DRINK",
    "GENERAL_MERCHANDISE",
    "GENERAL_SERVICES",
    "GOVERNMENT_AND_NON_PROFIT",
    "HOME_IMPROVEMENT",
    "INCOME",
    "LOAN_DISBURSEMENTS",
    "LOAN_PAYMENTS",
    "MEDICAL",
    "OTHER",
    "PERSONAL_CARE",
    "RENT_AND_UTILITIES",
    "TRANSFER_IN",
    "TRANSFER_OUT",
    "TRANSPORTATION",
    "TRAVEL",
];

/// The precedence of a rule, highest first: the order of the sections in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Tier {
    Seed,
    Banking,
    Merchant,
    Mcc,
    Banner,
    Keyword,
    VagueMcc,
    Hint,
}

/// A rule and its result.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) id: String,
    pub(super) tier: Tier,
    pub(super) category: Category,
    pub(super) primary: &'static str,
    pub(super) detailed: String,
}

/// A pattern of a rule. The same words may select different rules for money in and money out.
#[derive(Debug)]
pub(super) struct Pattern {
    pub(super) rule: usize,
    /// The rule's id and the pattern's text.
    pub(super) name: String,
    /// Within a tier the lowest rank wins.
    pub(super) rank: usize,
}

/// The compiled rules.
#[derive(Debug)]
pub(super) struct Rules {
    rules: Vec<Rule>,
    patterns: Vec<Pattern>,
    matcher: Matcher,
    /// By the matcher's number: the patterns for money out and for money in.
    meanings: Vec<[Option<usize>; 2]>,
    mcc: [MccTable; 2],
}

/// Why the rules file is invalid.
#[derive(Debug, thiserror::Error)]
pub(super) enum RulesError {
    #[error("the rules are not JSON of the expected shape")]
    Json(#[from] serde_json::Error),
    #[error("rule {id}: {fault}")]
    Rule { id: String, fault: &'static str },
}

/// A short hash of the rules file, which changes with every rule change.
#[must_use]
pub fn rules_version() -> &'static str {
    static VERSION: LazyLock<String> = LazyLock::new(|| {
        let mut hex = String::new();
        for byte in Sha256::digest(RULES_JSON).iter().take(VERSION_LENGTH / 2) {
            // Writing to a `String` cannot fail.
            let _ = write!(hex, "{byte:02x}");
        }
        hex
    });
    &VERSION
}

impl Rules {
    /// The rules that are compiled into the program.
    pub(super) fn built_in() -> &'static Self {
        #[expect(
            clippy::expect_used,
            reason = "the file is compiled in, and a unit test parses it"
        )]
        static RULES: LazyLock<Rules> =
            LazyLock::new(|| Rules::parse(RULES_JSON).expect("the built-in rules are valid"));
        &RULES
    }

    pub(super) fn parse(json: &str) -> Result<Self, RulesError> {
        let file: RulesFile = serde_json::from_str(json)?;
        let mut compiler = Compiler::new();
        compiler.add_words(Tier::Seed, &file.seed)?;
        compiler.add_words(Tier::Banking, &file.banking)?;
        compiler.add_words(Tier::Merchant, &file.merchants)?;
        compiler.add_codes(Tier::Mcc, &file.mcc)?;
        compiler.add_words(Tier::Banner, &file.banners)?;
        compiler.add_words(Tier::Keyword, &file.keywords)?;
        compiler.add_codes(Tier::VagueMcc, &file.vague_mcc)?;
        compiler.add_words(Tier::Hint, &file.hints)?;
        Ok(compiler.rules)
    }

    /// The best pattern in `words` (the output of `push_words`) and its rule; the first on a tie.
    pub(super) fn by_words(&self, words: &str, is_income: bool) -> Option<(&Pattern, &Rule)> {
        let mut best: Option<(&Pattern, &Rule)> = None;
        self.matcher.for_each(words, |number| {
            let Some(found) = self.meaning(number, is_income) else { return };
            if best.is_none_or(|best| rank(found) < rank(best)) {
                best = Some(found);
            }
        });
        best
    }

    pub(super) fn by_mcc(&self, code: &str, is_income: bool) -> Option<&Rule> {
        let table = self.mcc.get(usize::from(is_income))?;
        self.rules.get(table.rule(mcc::parse(code)?)?)
    }

    /// The tier of the rule with this id.
    pub(super) fn tier_of(&self, id: &str) -> Option<Tier> {
        self.rules.iter().find(|rule| rule.id == id).map(|rule| rule.tier)
    }

    /// Every name that a decision by these rules may have.
    #[cfg(test)]
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        let of_codes =
            self.rules.iter().filter(|rule| matches!(rule.tier, Tier::Mcc | Tier::VagueMcc));
        let of_words = self.patterns.iter().map(|pattern| pattern.name.as_str());
        of_words.chain(of_codes.map(|rule| rule.id.as_str()))
    }

    fn meaning(&self, number: usize, is_income: bool) -> Option<(&Pattern, &Rule)> {
        let pattern = (*self.meanings.get(number)?.get(usize::from(is_income))?)?;
        let pattern = self.patterns.get(pattern)?;
        Some((pattern, self.rules.get(pattern.rule)?))
    }
}

fn rank((pattern, rule): (&Pattern, &Rule)) -> (Tier, usize) {
    (rule.tier, pattern.rank)
}

/// Builds `Rules` one rule at a time.
struct Compiler {
    rules: Rules,
    ids: HashSet<String>,
}

impl Compiler {
    fn new() -> Self {
        let rules = Rules {
            rules: Vec::new(),
            patterns: Vec::new(),
            matcher: Matcher::new(),
            meanings: Vec::new(),
            mcc: Default::default(),
        };
        Self { rules, ids: HashSet::new() }
    }

    fn add_words(&mut self, tier: Tier, section: &[WordRule]) -> Result<(), RulesError> {
        for source in section {
            let rule = self.add_rule(tier, &source.id, &source.category, &source.detailed)?;
            if source.patterns.is_empty() {
                return Err(fault(&source.id, "has no patterns"));
            }
            for pattern in &source.patterns {
                self.add_pattern(rule, source, pattern)?;
            }
        }
        Ok(())
    }

    fn add_codes(&mut self, tier: Tier, section: &[MccRule]) -> Result<(), RulesError> {
        for source in section {
            let rule = self.add_rule(tier, &source.id, &source.category, &source.detailed)?;
            for code in &source.codes {
                for (table, is_income) in self.rules.mcc.iter_mut().zip([false, true]) {
                    if source.money.includes(is_income) {
                        let inserted = table.insert(code, rule);
                        inserted.ok_or_else(|| {
                            fault(&source.id, "a code is malformed or already used")
                        })?;
                    }
                }
            }
        }
        Ok(())
    }

    fn add_rule(
        &mut self,
        tier: Tier,
        id: &str,
        category: &str,
        detailed: &str,
    ) -> Result<usize, RulesError> {
        if !self.ids.insert(id.to_owned()) {
            return Err(fault(id, "its id is already used"));
        }
        let category = category.parse().map_err(|_| fault(id, "names an unknown category"))?;
        let primary = primary_of(detailed).ok_or_else(|| fault(id, "has no known primary code"))?;
        let (id, detailed) = (id.to_owned(), detailed.to_owned());
        self.rules.rules.push(Rule { id, tier, category, primary, detailed });
        Ok(self.rules.rules.len() - 1)
    }

    fn add_pattern(
        &mut self,
        rule: usize,
        source: &WordRule,
        pattern: &str,
    ) -> Result<(), RulesError> {
        let spellings = spellings(pattern).map_err(|reason| fault(&source.id, reason))?;
        for words in spellings {
            let is_seed = self.rules.rules.get(rule).is_some_and(|rule| rule.tier == Tier::Seed);
            let rank = if is_seed { rule } else { usize::MAX - words.len() };
            let name = format!("{}/{pattern}", source.id);
            self.rules.patterns.push(Pattern { rule, name, rank });
            self.set_meaning(&words, source.money, self.rules.patterns.len() - 1)
                .map_err(|reason| fault(&source.id, reason))?;
        }
        Ok(())
    }

    fn set_meaning(
        &mut self,
        words: &str,
        money: Money,
        pattern: usize,
    ) -> Result<(), &'static str> {
        let rules = &mut self.rules;
        let number = match rules.matcher.insert(words, rules.meanings.len()) {
            Some(number) => number,
            None => {
                rules.meanings.push([None; 2]);
                rules.meanings.len() - 1
            }
        };
        let meanings = rules.meanings.get_mut(number).into_iter().flatten();
        for (meaning, is_income) in meanings.zip([false, true]) {
            if money.includes(is_income) && meaning.replace(pattern).is_some() {
                return Err("a pattern of it is already used");
            }
        }
        Ok(())
    }
}

/// The spellings of a pattern: payment processors drop an apostrophe or replace it by a blank.
fn spellings(pattern: &str) -> Result<Vec<String>, &'static str> {
    let is_stem = pattern.ends_with('*');
    let mut spellings = Vec::new();
    for spelling in [pattern.to_owned(), pattern.replace('\'', " ")] {
        let mut words = String::new();
        push_words(&spelling, &mut words);
        if is_stem {
            words.pop();
        }
        if words.is_empty() {
            return Err("a pattern of it has no words");
        }
        if is_stem && words.len() < STEM_LENGTH_MIN {
            return Err("a stem of it is too short");
        }
        if !spellings.contains(&words) {
            spellings.push(words);
        }
    }
    Ok(spellings)
}

fn primary_of(detailed: &str) -> Option<&'static str> {
    let is_primary = |primary: &&str| {
        detailed.strip_prefix(*primary).is_some_and(|rest| rest.len() > 1 && rest.starts_with('_'))
    };
    PRIMARIES.into_iter().find(is_primary)
}

fn fault(id: &str, fault: &'static str) -> RulesError {
    RulesError::Rule { id: id.to_owned(), fault }
}
