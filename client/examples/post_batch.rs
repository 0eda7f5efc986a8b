//! Posts a batch, waits until it is finished, and prints the summary.
//!
//! ```sh
//! source .tributary/env         # while `cargo tributary up` runs
//! cargo run -p tributary-client --example post_batch
//! ```

use std::env;
use std::error::Error;
use std::time::{Duration, Instant};

use chrono::{Days, Utc};
use rust_decimal::Decimal;
use tributary_client::{
    Client, Currency, DateRange, NewAccount, NewBatch, NewTransaction, RetryPolicy,
};

const DEADLINE: Duration = Duration::from_secs(60);
const POLL_INTERVAL: Duration = Duration::from_millis(200);

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    run(&env::var("TRIBUTARY_URL")?, &env::var("TRIBUTARY_API_KEY")?).await
}

/// A test of the system runs this too.
pub async fn run(url: &str, api_key: &str) -> Result<(), Box<dyn Error>> {
    let client = Client::new(url)?.with_key(api_key)?.with_retries(RetryPolicy::default());

    let today = Utc::now().date_naive();
    let account_id = "acc_example";
    let transaction = |id: &str, cents: i64, name: &str| {
        let usd = Currency::Iso("USD".to_owned());
        NewTransaction::new(id, account_id, Decimal::new(cents, 2), usd, today, name)
    };
    // Negative is money out.
    let batch = NewBatch {
        accounts: vec![NewAccount::new(account_id, "Business Checking", "depository")],
        ..NewBatch::of(vec![
            transaction("tx_example_1", -4_250, "AMZN Mktp US*2K4"),
            transaction("tx_example_2", -475, "STARBUCKS STORE 05521"),
            transaction("tx_example_3", 250_000, "STRIPE TRANSFER ST-J4"),
        ])
    };
    // The same key with the same batch returns the same response: a repeated run is harmless.
    let key = format!("example/{today}");
    let accepted = client.post_batch(&batch, &*key).await?;
    println!("batch {}: {} transactions", accepted.batch_id, accepted.total_transactions);

    let started = Instant::now();
    while !client.batch(accepted.batch_id).await?.is_finished() {
        if started.elapsed() > DEADLINE {
            return Err("the batch is not finished in time".into());
        }
        tokio::time::sleep(POLL_INTERVAL).await;
    }

    let days = DateRange { start: today - Days::new(30), end: today };
    let summary = client.summary(account_id, days, None).await?;
    println!("spend {}, income {}", summary.metrics.total_spend, summary.metrics.total_income);
    for top in summary.top_categories {
        println!("{:<16} {:>12}", top.category, top.total_spend);
    }
    Ok(())
}
