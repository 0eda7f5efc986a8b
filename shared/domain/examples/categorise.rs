//! Parses a batch and categorises its transactions.
//!
//! Run it with `cargo run -p tributary-domain --example categorise`.

use chrono::Utc;
use tributary_domain::categorise::{Input, RuleCategorizer};
use tributary_domain::{Format, IngestRequest};

const BODY: &str = r#"{
    "accounts": [{"account_id": "acc_1", "name": "Business Checking", "type": "depository"}],
    "transactions": [
        {"transaction_id": "tx_1", "account_id": "acc_1", "amount": -42.50,
         "iso_currency_code": "USD", "date": "2025-10-30", "name": "AMZN Mktp US*2K4"},
        {"transaction_id": "tx_2", "account_id": "acc_1", "amount": -4.20,
         "iso_currency_code": "USD", "date": "2025-10-30T08:00:00Z", "name": "STARBUCKS #12"}
    ],
    "total_transactions": 2
}"#;

fn main() -> Result<(), tributary_domain::RequestError> {
    let request = IngestRequest::parse(BODY.as_bytes(), Format::Plain, Utc::now())?;
    let categorizer = RuleCategorizer::new();
    for transaction in &request.transactions {
        let money = transaction.money;
        let result = categorizer.decide(Input {
            merchant_name: transaction.merchant_name.as_deref(),
            description: &transaction.description,
            merchant_category_code: transaction.merchant_category_code.as_deref(),
            bank_category: None,
            is_income: money.amount().is_sign_positive(),
        });
        println!(
            "{} {} {}: {} ({})",
            transaction.transaction_id,
            money.amount(),
            money.currency(),
            result.category,
            result.rule
        );
    }
    Ok(())
}
