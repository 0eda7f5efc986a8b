//! The category that an aggregator gave a transaction, as evidence.

use super::Category;

/// Primary codes of Plaid's personal finance taxonomy, and the categories that they mean. A longer
/// code has precedence over the code that it starts with.
const CATEGORIES: [(&str, &str, Category); 20] = [
    ("BANK_FEES", "BANK_FEES", Category::Fees),
    ("ENTERTAINMENT", "ENTERTAINMENT", Category::Entertainment),
    ("FOOD_AND_DRINK", "FOOD_AND_DRINK", Category::Food),
    ("GENERAL_MERCHANDISE", "GENERAL_MERCHANDISE", Category::Shopping),
    ("GENERAL_SERVICES_EDUCATION", "GENERAL_SERVICES", Category::Education),
    ("GENERAL_SERVICES", "GENERAL_SERVICES", Category::Services),
    ("GOVERNMENT_AND_NON_PROFIT_DONATIONS", "GOVERNMENT_AND_NON_PROFIT", Category::Nonprofit),
    ("GOVERNMENT_AND_NON_PROFIT", "GOVERNMENT_AND_NON_PROFIT", Category::Government),
    ("HOME_IMPROVEMENT", "HOME_IMPROVEMENT", Category::Home),
    ("INCOME", "INCOME", Category::Income),
    ("LOAN_DISBURSEMENTS", "LOAN_DISBURSEMENTS", Category::Loans),
    ("LOAN_PAYMENTS", "LOAN_PAYMENTS", Category::Loans),
    ("MEDICAL", "MEDICAL", Category::Health),
    ("PERSONAL_CARE", "PERSONAL_CARE", Category::Personal),
    ("RENT_AND_UTILITIES_RENT", "RENT_AND_UTILITIES", Category::Housing),
    ("RENT_AND_UTILITIES", "RENT_AND_UTILITIES", Category::Utilities),
    ("TRANSFER_IN", "TRANSFER_IN", Category::Transfers),
    ("TRANSFER_OUT", "TRANSFER_OUT", Category::Transfers),
    ("TRANSPORTATION", "TRANSPORTATION", Category::Transport),
    ("TRAVEL", "TRAVEL", Category::Travel),
];

/// The category and the primary code of a detailed code; `None` for `OTHER` and unknown codes.
pub(super) fn find(detailed_code: &str) -> Option<(Category, &'static str)> {
    CATEGORIES.iter().find_map(|(start, primary, category)| {
        let rest = detailed_code.strip_prefix(start)?;
        (rest.is_empty() || rest.starts_with('_')).then_some((*category, *primary))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn detailed_code_has_the_category_of_its_longest_known_start() {
        for (code, category) in [
            ("FOOD_AND_DRINK_FAST_FOOD", Some(Category::Food)),
            ("GENERAL_SERVICES_EDUCATION", Some(Category::Education)),
            ("GENERAL_SERVICES_INSURANCE", Some(Category::Services)),
            ("RENT_AND_UTILITIES_RENT", Some(Category::Housing)),
            ("RENT_AND_UTILITIES_WATER", Some(Category::Utilities)),
            ("TRANSFER_OUT_SAVINGS", Some(Category::Transfers)),
            ("INCOME", Some(Category::Income)),
            ("INCOMEX", None),
            ("OTHER_OTHER", None),
            ("", None),
        ] {
            assert_eq!(find(code).map(|(category, _)| category), category, "{code}");
        }
    }

    #[test]
    fn detailed_code_starts_with_its_primary_code() {
        for (start, primary, _) in CATEGORIES {
            assert!(start.starts_with(primary));
            assert!(super::super::rules::PRIMARIES.contains(&primary));
        }
    }
}
