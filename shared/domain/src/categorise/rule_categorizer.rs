//! The categoriser by rules: pure, deterministic, and with a single buffer allocation.

use std::borrow::Cow;
use std::future;

use super::bank_category;
use super::normalise::push_words;
use super::rules::{Pattern, Rule, Rules, Tier};
use super::{Categorisation, CategorizeFuture, Categorizer, Category, Confidence, Input};

/// Categorises by the built-in rules (`rules.json`); see [`super::rules_version`].
#[derive(Clone, Copy)]
pub struct RuleCategorizer {
    rules: &'static Rules,
}

impl RuleCategorizer {
    /// Compiles the built-in rules on first use.
    #[must_use]
    pub fn new() -> Self {
        Self { rules: Rules::built_in() }
    }

    /// Categorises one transaction: `Other` if no rule matches. The aggregator's category decides
    /// where the rules have low confidence.
    #[must_use]
    pub fn decide(&self, input: Input<'_>) -> Categorisation {
        let by_rules = self.decide_by_rules(input);
        let Some(code) = input.bank_category else { return by_rules };
        let Some((category, primary)) = bank_category::find(code) else { return by_rules };
        let confidence = match by_rules.confidence {
            Confidence::Low => {
                return Categorisation {
                    category,
                    primary_code: Cow::Borrowed(primary),
                    detailed_code: Cow::Owned(code.to_owned()),
                    rule: Cow::Borrowed("bank-category"),
                    confidence: Confidence::Medium,
                };
            }
            confidence if category != by_rules.category => confidence,
            Confidence::Medium => Confidence::High,
            Confidence::High | Confidence::VeryHigh => Confidence::VeryHigh,
        };
        Categorisation { confidence, ..by_rules }
    }

    fn decide_by_rules(&self, input: Input<'_>) -> Categorisation {
        let words = words_of(input);
        let rules = self.rules;
        let by_words = rules.by_words(&words, input.is_income);
        let code = input.merchant_category_code;
        let by_mcc = code.and_then(|code| rules.by_mcc(code, input.is_income));
        match (by_words, by_mcc) {
            (None, None) => unknown(),
            (None, Some(code)) => categorisation(code, &code.id, by_code_alone(code), input),
            (Some((pattern, word)), None) => {
                categorisation(word, &pattern.name, by_words_alone(word), input)
            }
            (Some(words), Some(code)) => by_both(words, code, input),
        }
    }
}

impl Default for RuleCategorizer {
    fn default() -> Self {
        Self::new()
    }
}

impl Categorizer for RuleCategorizer {
    fn categorize<'a>(&'a self, input: Input<'a>) -> CategorizeFuture<'a> {
        Box::pin(future::ready(Ok(self.decide(input))))
    }
}

fn words_of(input: Input<'_>) -> String {
    let name = input.merchant_name.unwrap_or_default();
    let mut words = String::with_capacity(name.len() + input.description.len() + 2);
    push_words(name, &mut words);
    push_words(input.description, &mut words);
    words
}

fn by_both(
    (pattern, word): (&'static Pattern, &'static Rule),
    code: &'static Rule,
    input: Input<'_>,
) -> Categorisation {
    let agree = word.category == code.category;
    if code.tier < word.tier {
        let confidence = if agree { Confidence::VeryHigh } else { by_code_alone(code) };
        return categorisation(code, &code.id, confidence, input);
    }
    let confidence = match (by_words_alone(word), code.tier) {
        (Confidence::High, _) if agree => Confidence::VeryHigh,
        (_, _) if agree => Confidence::High,
        (_, Tier::Mcc) => Confidence::Medium,
        (alone, _) => alone,
    };
    categorisation(word, &pattern.name, confidence, input)
}

fn by_words_alone(rule: &Rule) -> Confidence {
    match rule.tier {
        Tier::Seed | Tier::Banking | Tier::Merchant | Tier::Banner => Confidence::High,
        Tier::Keyword => Confidence::Medium,
        Tier::Hint | Tier::Mcc | Tier::VagueMcc => Confidence::Low,
    }
}

fn by_code_alone(rule: &Rule) -> Confidence {
    if rule.tier == Tier::Mcc { Confidence::High } else { Confidence::Low }
}

fn categorisation(
    rule: &'static Rule,
    name: &'static str,
    confidence: Confidence,
    input: Input<'_>,
) -> Categorisation {
    // The seed rules make PayPal and Stripe income even if money went out: then confidence is low.
    let is_contradictory = rule.category == Category::Income && !input.is_income;
    Categorisation {
        category: rule.category,
        primary_code: Cow::Borrowed(rule.primary),
        detailed_code: Cow::Borrowed(&rule.detailed),
        rule: Cow::Borrowed(name),
        confidence: if is_contradictory { Confidence::Low } else { confidence },
    }
}

fn unknown() -> Categorisation {
    Categorisation {
        category: Category::Other,
        primary_code: Cow::Borrowed("OTHER"),
        detailed_code: Cow::Borrowed("OTHER_OTHER"),
        rule: Cow::Borrowed("default"),
        confidence: Confidence::Low,
    }
}
