//! The categoriser, tested through its public API and the built-in rules.

use std::collections::HashSet;

use proptest::prelude::*;

use super::rules::{Rules, RulesError};
use super::rules_file::{Money, RulesFile, WordRule};
use super::*;

const RULES_JSON: &str = include_str!("rules.json");

fn spend(description: &str) -> Categorisation {
    decide(None, description, None, false)
}

fn decide(name: Option<&str>, text: &str, mcc: Option<&str>, is_income: bool) -> Categorisation {
    let input = Input {
        merchant_name: name,
        description: text,
        merchant_category_code: mcc,
        bank_category: None,
        is_income,
    };
    RuleCategorizer::new().decide(input)
}

fn file() -> RulesFile {
    serde_json::from_str(RULES_JSON).unwrap()
}

fn word_rules(file: &RulesFile) -> impl Iterator<Item = &WordRule> {
    let sections =
        [&file.seed, &file.banking, &file.merchants, &file.banners, &file.keywords, &file.hints];
    sections.into_iter().flatten()
}

#[test]
fn seed_rules_apply_to_money_in_and_money_out() {
    let table = [
        ("Amazon", Category::Shopping),
        ("AMZN Mktp US*2K4", Category::Shopping),
        ("AMAZON.CA", Category::Shopping),
        ("Stripe", Category::Income),
        ("PAYPAL TRANSFER", Category::Income),
        ("Uber", Category::Transport),
        ("UBER *TRIP HELP.UBER.COM", Category::Transport),
        ("Lyft", Category::Transport),
        ("AWS", Category::Software),
        ("aws.amazon.com", Category::Software),
        ("Amazon Web Services", Category::Software),
        ("Azure", Category::Software),
        ("Google Cloud", Category::Software),
        ("GOOGLE *CLOUD", Category::Software),
        ("Starbucks", Category::Food),
        ("McDonalds", Category::Food),
        ("MCDONALD'S F1234", Category::Food),
        ("McDonald’s", Category::Food),
        ("MCDONALD S #12", Category::Food),
        ("coffee", Category::Food),
        ("zzzz qqqq", Category::Other),
        ("", Category::Other),
    ];
    for (text, category) in table {
        for is_income in [false, true] {
            assert_eq!(decide(None, text, None, is_income).category, category, "{text}");
            assert_eq!(decide(Some(text), "", None, is_income).category, category, "{text}");
        }
        assert_eq!(spend(&text.to_uppercase()).category, category, "{text}");
        assert_eq!(spend(&text.to_lowercase()).category, category, "{text}");
    }
}

#[test]
fn only_whole_words_match() {
    for text in ["Uberlandia", "laws", "azured", "lyfted", "stripes", "amazonas", "coffeeshop"] {
        assert_eq!(spend(text).category, Category::Other, "{text}");
    }
    assert_ne!(spend("google my cloud").category, Category::Software);
    assert_eq!(spend("google-cloud").category, Category::Software);
}

#[test]
fn merchant_name_and_description_are_matched_together() {
    assert_eq!(decide(Some("Joe"), "LYFT *RIDE", None, false).category, Category::Transport);
    assert_eq!(decide(Some("Google"), "Cloud 4711", None, false).category, Category::Software);
}

#[test]
fn more_specific_rule_wins() {
    assert_eq!(spend("UBER EATS").category, Category::Food);
    assert_eq!(decide(Some("Amazon"), "AWS EMEA", None, false).category, Category::Software);
    assert_eq!(spend("COSTCO GAS #12").category, Category::Transport);
    assert_eq!(spend("COSTCO WHOLESALE").category, Category::Shopping);
    assert_eq!(spend("FOREIGN TRANSACTION FEE NETFLIX").category, Category::Fees);
    assert_eq!(spend("Hotel Pizza Hut").category, Category::Food);
}

#[test]
fn earlier_seed_rule_wins() {
    assert_eq!(spend("Amazon PayPal").category, Category::Shopping);
    assert_eq!(spend("PAYPAL *UBER EATS").category, Category::Income);
    assert_eq!(spend("Uber Starbucks coffee").category, Category::Transport);
}

#[test]
fn direction_of_money_separates_income_from_spending() {
    let pairs = [
        ("PAYROLL ACME", Category::Services, Category::Income),
        ("CANADA REVENUE", Category::Government, Category::Income),
        ("INTEREST", Category::Fees, Category::Income),
        ("RENT MAY", Category::Housing, Category::Income),
    ];
    for (text, out, income) in pairs {
        assert_eq!(decide(None, text, None, false).category, out, "{text}");
        assert_eq!(decide(None, text, None, true).category, income, "{text}");
    }
    let primary = |is_income| decide(None, "BANK TRANSFER", None, is_income).primary_code;
    assert_eq!((primary(false), primary(true)), ("TRANSFER_OUT".into(), "TRANSFER_IN".into()));
}

#[test]
fn code_ranks_between_merchant_and_keyword() {
    let category = |text, mcc| decide(None, text, Some(mcc), false).category;
    assert_eq!(category("Starbucks", "7011"), Category::Food, "a merchant beats a code");
    assert_eq!(category("Netflix", "5411"), Category::Entertainment, "a merchant beats a code");
    assert_eq!(category("Joe's pizza", "7011"), Category::Travel, "a code beats a word");
    assert_eq!(category("Walmart", "5411"), Category::Food, "a code beats a general shop");
    assert_eq!(
        category("Walmart", "5999"),
        Category::Shopping,
        "a general shop beats a vague code"
    );
    assert_eq!(category("Joe's pizza", "5999"), Category::Food, "a word beats a vague code");
    assert_eq!(category("Joe's services", "5999"), Category::Shopping, "a vague code beats a hint");
}

#[test]
fn codes_cover_the_ranges_of_iso_18245() {
    let category = |mcc| decide(None, "", Some(mcc), false).category;
    let ends = ["3000", "3350", "3351", "3500", "3501", "3999"].map(category);
    assert_eq!(ends, [Category::Travel; 6]);
    assert_eq!(category("5814"), Category::Food);
    assert_eq!(category("0742"), Category::Health);
    for unknown in ["0000", "9999", "54111", "x", ""] {
        assert_eq!(category(unknown), Category::Other, "{unknown}");
    }
}

#[test]
fn confidence_depends_on_how_many_sources_agree() {
    let confidence = |text, mcc| decide(None, text, mcc, false).confidence;
    assert_eq!(confidence("Starbucks", Some("5814")), Confidence::VeryHigh);
    assert_eq!(confidence("pizza", Some("5814")), Confidence::VeryHigh);
    assert_eq!(confidence("Starbucks", None), Confidence::High);
    assert_eq!(confidence("qqqq", Some("5814")), Confidence::High);
    assert_eq!(confidence("Starbucks", Some("7011")), Confidence::Medium);
    assert_eq!(confidence("Starbucks", Some("5999")), Confidence::High);
    assert_eq!(confidence("pizza", None), Confidence::Medium);
    assert_eq!(confidence("qqqq", Some("5999")), Confidence::Low);
    assert_eq!(confidence("qqqq", None), Confidence::Low);
    assert_eq!(confidence("PayPal", None), Confidence::Low, "income, but the money went out");
    assert_eq!(decide(None, "PayPal", None, true).confidence, Confidence::High);
    for level in [Confidence::Low, Confidence::Medium, Confidence::High, Confidence::VeryHigh] {
        assert_eq!(serde_json::to_value(level).unwrap(), level.as_str());
    }
}

#[test]
fn result_names_the_rule_and_its_pattern() {
    assert_eq!(spend("STARBUCKS #1").rule, "seed.coffee/starbucks");
    assert_eq!(decide(None, "", Some("5411"), false).rule, "mcc.groceries");
    assert_eq!(spend("qqqq").rule, "default");
}

#[test]
fn every_pattern_of_every_word_rule_can_decide() {
    let file = file();
    for rule in word_rules(&file) {
        for pattern in &rule.patterns {
            let result = decide(None, pattern, None, rule.money == Money::In);
            assert_eq!(result.rule, format!("{}/{pattern}", rule.id));
            assert_eq!(result.category.as_str(), rule.category);
            assert_eq!(result.detailed_code, rule.detailed.as_str());
        }
    }
}

#[test]
fn every_code_of_every_code_rule_can_decide() {
    let file = file();
    for rule in file.mcc.iter().chain(&file.vague_mcc) {
        for range in &rule.codes {
            let code = range.get(..4);
            assert_eq!(decide(None, "", code, rule.money == Money::In).rule, rule.id, "{range}");
        }
    }
}

#[test]
fn every_detailed_code_begins_with_its_primary_and_every_category_is_used() {
    let file = file();
    let mut used = HashSet::from([Category::Other]);
    for rule in word_rules(&file) {
        let first = rule.patterns.first().unwrap();
        let result = decide(None, first, None, rule.money == Money::In);
        let rest = result.detailed_code.strip_prefix(result.primary_code.as_ref()).unwrap();
        assert!(rest.starts_with('_') && rest.len() > 1, "{}", rule.id);
        used.insert(result.category);
    }
    assert_eq!(used, HashSet::from(Category::ALL));
    let unknown = spend("");
    assert!(unknown.detailed_code.starts_with(unknown.primary_code.as_ref()));
}

#[test]
fn invalid_rules_file_is_rejected() {
    let with = |keyword: &str| {
        let json = format!(
            r#"{{"seed": [], "banking": [], "merchants": [], "mcc": [], "banners": [],
                "keywords": [{keyword}], "vague_mcc": [], "hints": []}}"#
        );
        Rules::parse(&json).map(|_| ()).map_err(|error| error.to_string())
    };
    let rule = |category: &str, detailed: &str, patterns: &str| {
        format!(
            r#"{{"id": "a", "category": "{category}", "detailed": "{detailed}",
                "patterns": {patterns}}}"#
        )
    };
    let good = rule("Food", "FOOD_AND_DRINK_COFFEE", r#"["tea"]"#);
    assert_eq!(with(&good), Ok(()));
    let faults = [
        (rule("Fod", "FOOD_AND_DRINK_COFFEE", r#"["tea"]"#), "names an unknown category"),
        (rule("Food", "COFFEE", r#"["tea"]"#), "has no known primary code"),
        (rule("Food", "FOOD_AND_DRINK_", r#"["tea"]"#), "has no known primary code"),
        (rule("Food", "FOOD_AND_DRINK_COFFEE", "[]"), "has no patterns"),
        (rule("Food", "FOOD_AND_DRINK_COFFEE", r#"["*"]"#), "a pattern of it has no words"),
        (rule("Food", "FOOD_AND_DRINK_COFFEE", r#"["te*"]"#), "a stem of it is too short"),
        (
            rule("Food", "FOOD_AND_DRINK_COFFEE", r#"["tea", "TEA"]"#),
            "a pattern of it is already used",
        ),
        (format!("{good}, {good}"), "its id is already used"),
    ];
    for (json, fault) in faults {
        assert_eq!(with(&json), Err(format!("rule a: {fault}")));
    }
    assert!(matches!(Rules::parse("{}"), Err(RulesError::Json(_))));
}

#[test]
fn version_is_a_short_hash() {
    assert_eq!(rules_version().len(), 12);
    assert!(rules_version().bytes().all(|byte| byte.is_ascii_hexdigit()));
}

#[test]
fn categorizer_can_be_wrapped_and_is_ready_at_once() {
    struct Wrapper(Box<dyn Categorizer>);
    impl Categorizer for Wrapper {
        fn categorize<'a>(&'a self, input: Input<'a>) -> CategorizeFuture<'a> {
            Box::pin(async move { self.0.categorize(input).await })
        }
    }
    let wrapper = Wrapper(Box::new(RuleCategorizer::new()));
    let input = Input {
        merchant_name: Some("Lyft"),
        description: "",
        merchant_category_code: None,
        bank_category: None,
        is_income: false,
    };
    let mut future = wrapper.categorize(input);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let std::task::Poll::Ready(result) = future.as_mut().poll(&mut context) else {
        panic!("rules never wait");
    };
    assert_eq!(result.unwrap().category, Category::Transport);
}

proptest! {
    #[test]
    fn categorisation_is_deterministic_for_any_text(
        name in proptest::option::of(any::<String>()),
        description in any::<String>(),
        mcc in proptest::option::of("[0-9]{3,5}|\\PC{0,5}"),
        is_income in any::<bool>(),
    ) {
        let once = decide(name.as_deref(), &description, mcc.as_deref(), is_income);
        let again = decide(name.as_deref(), &description, mcc.as_deref(), is_income);
        prop_assert_eq!(&once, &again);
        prop_assert!(once.detailed_code.starts_with(once.primary_code.as_ref()));
    }

    #[test]
    fn case_does_not_change_the_category(text in "[A-Za-z0-9'&*#. éÉüÜ-]{0,60}") {
        prop_assert_eq!(spend(&text.to_uppercase()), spend(&text.to_lowercase()));
    }
}

#[test]
fn category_of_the_bank_decides_where_the_rules_have_low_confidence() {
    let decide = |text: &str, code: &str| {
        RuleCategorizer::new().decide(Input {
            merchant_name: None,
            description: text,
            merchant_category_code: None,
            bank_category: Some(code),
            is_income: false,
        })
    };
    let unknown = decide("XJ-4711", "RENT_AND_UTILITIES_RENT");
    assert_eq!((unknown.category, unknown.confidence), (Category::Housing, Confidence::Medium));
    assert_eq!(unknown.primary_code, "RENT_AND_UTILITIES");
    assert_eq!(
        (&*unknown.rule, &*unknown.detailed_code),
        ("bank-category", "RENT_AND_UTILITIES_RENT")
    );
    let agreed = decide("LYFT RIDE", "TRANSPORTATION_TAXIS_AND_RIDE_SHARES");
    assert_eq!((agreed.category, agreed.confidence), (Category::Transport, Confidence::VeryHigh));
    let contradicted = decide("LYFT RIDE", "TRAVEL_FLIGHTS");
    assert_eq!(contradicted, spend("LYFT RIDE"));
    assert_eq!(decide("XJ-4711", "OTHER_OTHER"), spend("XJ-4711"));
}
