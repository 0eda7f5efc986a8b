//! An account as the API returns it.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use serde_json::value::RawValue;
use tributary_domain::{Balances, Currency, Money};
use tributary_lambda::http::Problem;
use tributary_store::accounts::{AccountSums, StateCounts, StoredAccount};

/// An account, and what its transactions add up to.
#[derive(Serialize)]
pub struct AccountBody {
    account_id: String,
    name: String,
    #[serde(rename = "type")]
    account_type: String,
    subtype: Option<String>,
    mask: Option<String>,
    balances: Option<BalancesBody>,
    total_transactions: i64,
    transaction_counts: CountsBody,
    /// The most used first.
    currencies: Vec<Currency>,
    first_date: Option<NaiveDate>,
    last_date: Option<NaiveDate>,
}

#[derive(Serialize)]
struct CountsBody {
    open: i64,
    completed: i64,
    failed: i64,
}

#[derive(Serialize)]
struct BalancesBody {
    available: Option<Box<RawValue>>,
    current: Option<Box<RawValue>>,
    limit: Option<Box<RawValue>>,
    /// At most one of the two codes is present.
    iso_currency_code: Option<Currency>,
    unofficial_currency_code: Option<Currency>,
    updated_at: Option<DateTime<Utc>>,
}

/// An account with a currency that this version does not know.
#[derive(Debug, thiserror::Error)]
#[error("the currency {0:?} of an account is unknown")]
struct UnknownCurrency(String);

impl AccountBody {
    /// The body of a stored account.
    pub fn of(account: StoredAccount) -> Result<Self, Problem> {
        let known = |code: String| Currency::from_stored(&code).ok_or(UnknownCurrency(code));
        let AccountSums { counts, currencies, first_day, last_day } = account.sums;
        let StateCounts { open, completed, failed } = counts;
        Ok(Self {
            account_id: account.account_id,
            name: account.name,
            account_type: account.account_type,
            subtype: account.subtype,
            mask: account.mask,
            balances: account.balances.map(BalancesBody::of).transpose()?,
            total_transactions: open + completed + failed,
            transaction_counts: CountsBody { open, completed, failed },
            currencies: currencies
                .into_iter()
                .map(known)
                .collect::<Result<_, _>>()
                .map_err(|error| Problem::Internal(error.into()))?,
            first_date: first_day,
            last_date: last_day,
        })
    }
}

impl BalancesBody {
    /// Balances are stored as the bank sent them: their currency may be missing or not be a code.
    fn of(balances: Balances) -> Result<Self, serde_json::Error> {
        let currency = balances.currency.as_deref().and_then(Currency::from_stored);
        let number = |amount| {
            let written = match currency {
                Some(currency) => Money::new(amount, currency).amount(),
                None => amount.normalize(),
            };
            RawValue::from_string(written.to_string())
        };
        Ok(Self {
            available: balances.available.map(number).transpose()?,
            current: balances.current.map(number).transpose()?,
            limit: balances.limit.map(number).transpose()?,
            iso_currency_code: currency.filter(|it| it.iso_code().is_some()),
            unofficial_currency_code: currency.filter(|it| it.unofficial_code().is_some()),
            updated_at: balances.updated_at,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(current: &str, currency: Option<&str>) -> String {
        let balances = Balances {
            available: None,
            current: Some(current.parse().unwrap()),
            limit: None,
            currency: currency.map(str::to_owned),
            updated_at: None,
        };
        serde_json::to_string(&BalancesBody::of(balances).unwrap()).unwrap()
    }

    #[test]
    fn balance_is_written_with_the_decimals_of_its_currency() {
        for (current, currency, number, codes) in [
            ("100", Some("USD"), "100.00", [r#""USD""#, "null"]),
            ("-0.5", Some("BTC"), "-0.5", ["null", r#""BTC""#]),
            ("12345678901234567890.120", None, "12345678901234567890.12", ["null", "null"]),
            ("1", Some("usd"), "1", ["null", "null"]),
        ] {
            let [iso, unofficial] = codes;
            let expected = format!(
                r#"{{"available":null,"current":{number},"limit":null,"iso_currency_code":{iso},"unofficial_currency_code":{unofficial},"updated_at":null}}"#
            );
            assert_eq!(written(current, currency), expected);
        }
    }
}
