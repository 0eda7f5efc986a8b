//! Explains the rule of a categorised transaction in a sentence.

use super::rules::{Rules, Tier};

/// What decided a category, as it is stored with the transaction.
#[derive(Clone, Copy, Debug)]
pub struct Decision<'d> {
    /// [`super::Categorisation::rule`].
    pub rule: &'d str,
    /// The merchant category code of the transaction.
    pub merchant_category_code: Option<&'d str>,
    /// The aggregator's category of the transaction.
    pub bank_category: Option<&'d str>,
}

/// Explains a decision in one sentence, for people. It says so if the rule is not one of this
/// version.
#[must_use]
pub fn explain(decision: Decision<'_>) -> String {
    let Decision { rule, merchant_category_code, bank_category } = decision;
    match rule {
        "default" => return "No rule matched.".to_owned(),
        "bank-category" => {
            let code = bank_category.map(|code| format!(", {code},")).unwrap_or_default();
            return format!("No rule was certain, so the bank’s own category{code} decided.");
        }
        _ => {}
    }
    let (id, pattern) = match rule.split_once('/') {
        Some((id, pattern)) => (id, Some(pattern)),
        None => (rule, None),
    };
    match (Rules::built_in().tier_of(id), pattern) {
        (Some(tier), Some(pattern)) => by_words(tier, pattern),
        (Some(tier), None) => by_code(tier, id, merchant_category_code),
        (None, _) => format!("The rule “{rule}”, of an earlier version of the rules, matched."),
    }
}

fn by_words(tier: Tier, pattern: &str) -> String {
    let found = match pattern.strip_suffix('*') {
        Some(start) if start.contains(' ') => format!("words that start with “{start}”"),
        Some(start) => format!("a word that starts with “{start}”"),
        None => format!("“{pattern}”"),
    };
    match tier {
        Tier::Seed | Tier::Banking | Tier::Merchant | Tier::Banner | Tier::Keyword => {
            format!("The merchant or description contains {found}.")
        }
        Tier::Hint | Tier::Mcc | Tier::VagueMcc => {
            format!("No stronger rule matched; the merchant or description contains {found}.")
        }
    }
}

/// The id of a rule on codes ends in what they stand for, such as `mcc.fast_food`, and in the
/// direction of the money if that matters.
fn by_code(tier: Tier, id: &str, code: Option<&str>) -> String {
    let name = id.split_once('.').map_or(id, |(_, name)| name);
    let (name, direction) = match (name.strip_suffix("_in"), name.strip_suffix("_out")) {
        (Some(name), _) => (name, " (money in)"),
        (_, Some(name)) => (name, " (money out)"),
        (None, None) => (name, ""),
    };
    let code = code.map(|code| format!(" {code}")).unwrap_or_default();
    let name = name.replace('_', " ");
    let meaning = format!("merchant category code{code} stands for “{name}”{direction}.");
    match tier {
        Tier::VagueMcc => format!("No stronger rule matched; the {meaning}"),
        Tier::Seed
        | Tier::Banking
        | Tier::Merchant
        | Tier::Mcc
        | Tier::Banner
        | Tier::Keyword
        | Tier::Hint => format!("The {meaning}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::categorise::{Input, RuleCategorizer};

    fn explained(rule: &str) -> String {
        explain(Decision {
            rule,
            merchant_category_code: Some("5814"),
            bank_category: Some("FOOD_AND_DRINK_FAST_FOOD"),
        })
    }

    #[test]
    fn every_form_of_a_rule_has_its_sentence() {
        for (rule, sentence) in [
            ("seed.amazon/amazon", "The merchant or description contains “amazon”."),
            (
                "keyword.groceries/grocer*",
                "The merchant or description contains a word that starts with “grocer”.",
            ),
            (
                "banner.superstore/wal mart*",
                "The merchant or description contains words that start with “wal mart”.",
            ),
            (
                "hint.goods/supply",
                "No stronger rule matched; the merchant or description contains “supply”.",
            ),
            ("mcc.fast_food", "The merchant category code 5814 stands for “fast food”."),
            ("mcc.wire_out", "The merchant category code 5814 stands for “wire” (money out)."),
            (
                "vague.digital_goods",
                "No stronger rule matched; the merchant category code 5814 stands for “digital goods”.",
            ),
            (
                "bank-category",
                "No rule was certain, so the bank’s own category, FOOD_AND_DRINK_FAST_FOOD, decided.",
            ),
            ("default", "No rule matched."),
            ("word:amazon", "The rule “word:amazon”, of an earlier version of the rules, matched."),
            (
                "merchant.gone/x",
                "The rule “merchant.gone/x”, of an earlier version of the rules, matched.",
            ),
        ] {
            assert_eq!(explained(rule), sentence);
        }
    }

    #[test]
    fn decision_of_this_version_is_never_called_an_earlier_one() {
        for name in Rules::built_in().names() {
            let sentence = explained(name);
            assert!(!sentence.contains("earlier") && sentence.ends_with('.'), "{name}: {sentence}");
        }
        for (description, code) in [("Amazon", None), ("x", Some("5814")), ("x", None)] {
            let decided = RuleCategorizer::new().decide(Input {
                merchant_name: None,
                description,
                merchant_category_code: code,
                bank_category: None,
                is_income: false,
            });
            assert!(!explained(&decided.rule).contains("earlier"), "{}", decided.rule);
        }
    }
}
