//! The top-level categories that reports group by.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The category of a transaction. Stored and sent as its name ([`Category::as_str`]).
///
/// Categories do not map one to one to primary codes of the Plaid personal finance taxonomy
/// (`Software` has no code there), so a rule names both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Category {
    /// Goods that no narrower category covers.
    Shopping,
    /// Earnings and payment processors' payouts.
    Income,
    /// Local transport: fuel, parking, transit, ride shares, running a vehicle.
    Transport,
    /// Software, cloud and hosting.
    Software,
    /// Groceries, restaurants, drink.
    Food,
    /// Flights, lodging, rental cars.
    Travel,
    /// Streaming, games, events, sports.
    Entertainment,
    /// Power, water, waste, telephone, internet.
    Utilities,
    /// Medicine for people and animals.
    Health,
    /// Hair, beauty, gyms, laundry.
    Personal,
    /// Rent and other charges of a landlord.
    Housing,
    /// Building materials, hardware, furniture, garden, repairs of a building.
    Home,
    /// Bank fees and interest.
    Fees,
    /// Money lent and money paid back.
    Loans,
    /// Money moved between accounts, to people, or to and from cash.
    Transfers,
    /// Taxes, fines, licences, public bodies.
    Government,
    /// Charities, churches, associations.
    Nonprofit,
    /// Schools, courses, tuition.
    Education,
    /// Professional and other services, including insurance and postage.
    Services,
    /// Any other purpose, or unknown.
    Other,
}

impl Category {
    /// Every category, in the order of declaration.
    pub const ALL: [Self; 20] = [
        Self::Shopping,
        Self::Income,
        Self::Transport,
        Self::Software,
        Self::Food,
        Self::Travel,
        Self::Entertainment,
        Self::Utilities,
        Self::Health,
        Self::Personal,
        Self::Housing,
        Self::Home,
        Self::Fees,
        Self::Loans,
        Self::Transfers,
        Self::Government,
        Self::Nonprofit,
        Self::Education,
        Self::Services,
        Self::Other,
    ];

    /// The name as stored, sent and written in the rules.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Shopping => "Shopping",
            Self::Income => "Income",
            Self::Transport => "Transport",
            Self::Software => "Software",
            Self::Food => "Food",
            Self::Travel => "Travel",
            Self::Entertainment => "Entertainment",
            Self::Utilities => "Utilities",
            Self::Health => "Health",
            Self::Personal => "Personal",
            Self::Housing => "Housing",
            Self::Home => "Home",
            Self::Fees => "Fees",
            Self::Loans => "Loans",
            Self::Transfers => "Transfers",
            Self::Government => "Government",
            Self::Nonprofit => "Nonprofit",
            Self::Education => "Education",
            Self::Services => "Services",
            Self::Other => "Other",
        }
    }
}

impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Category {
    type Err = UnknownCategory;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|category| category.as_str() == name).ok_or(UnknownCategory)
    }
}

/// The text is not the exact name of a [`Category`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the name of a category")]
pub struct UnknownCategory;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_category_has_one_name_everywhere() {
        for (index, category) in Category::ALL.into_iter().enumerate() {
            assert_eq!(category as usize, index, "ALL lists each category once, in order");
            assert_eq!(category.as_str().parse(), Ok(category));
            assert_eq!(category.to_string(), category.as_str());
            assert_eq!(serde_json::to_value(category).unwrap(), category.as_str());
        }
        assert_eq!("food".parse::<Category>(), Err(UnknownCategory));
    }
}
