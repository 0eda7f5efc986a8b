//! A typed client of the HTTP API of Tributary.
//!
//! ```no_run
//! use tributary_client::{Client, Currency, DateRange, NewAccount, NewBatch, NewTransaction};
//!
//! # async fn post() -> Result<(), Box<dyn std::error::Error>> {
//! let client = Client::new("http://127.0.0.1:8080")?.with_key("trb_…")?;
//! let day = "2025-10-30".parse::<chrono::NaiveDate>()?;
//! // Negative is money out.
//! let amount = "-42.50".parse()?;
//! let usd = Currency::Iso("USD".to_owned());
//! let payment = NewTransaction::new("tx_1", "acc_12345", amount, usd, day, "AMZN Mktp US*2K4");
//! let account = NewAccount::new("acc_12345", "Business Checking", "depository");
//! let batch = NewBatch { accounts: vec![account], ..NewBatch::of(vec![payment]) };
//! let accepted = client.post_batch(&batch, "2025-10-30/acc_12345/1").await?;
//! println!("batch {}", accepted.batch_id);
//!
//! let range = DateRange { start: day, end: day };
//! let summary = client.summary("acc_12345", range, None).await?;
//! println!("spend {}", summary.metrics.total_spend);
//! # Ok(())
//! # }
//! ```
//!
//! - **Amounts are exact.** Requests have [`rust_decimal::Decimal`]; responses have [`Amount`],
//!   since a sum may have more digits than a decimal.
//! - **Later versions of the API** may add fields, which are ignored, and values of enums, which
//!   become `Unknown`.
//! - **Requests are not repeated**, unless [`Client::with_retries`] says so, and then only those
//!   that change nothing more when they are repeated.
//! - **Every request has a time limit**, 30 seconds unless [`Client::with_timeout`] sets another.
//! - [`Client::send`] sends any [`Request`], and returns status, headers and body as they are.

mod amount;
mod calls;
mod client;
mod error;
mod http;
mod pages;
mod retry;
mod text_enum;
mod types;

pub use amount::Amount;
pub use client::Client;
pub use error::{Error, FieldError, Place, Problem};
pub use http::{Request, Response};
pub use pages::{Page, Pages};
pub use reqwest::{Method, StatusCode, header};
pub use retry::RetryPolicy;
pub use types::*;
