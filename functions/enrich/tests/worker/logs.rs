//! The log lines about a failing categoriser whose errors quote its input.

use enrich::Ending;
use tracing::Level;
use tributary_domain::categorise::CategorizeError;
use tributary_testkit::logs::CapturedLogs;

use crate::bench::{Bench, Scripted, permanent};

#[tokio::test]
async fn log_omits_categoriser_errors_that_quote_the_input() {
    let logs = CapturedLogs::start(Level::INFO);
    let bench = Bench::with_batch(3).await;
    let worker = bench.worker(Scripted::new(|id: &str| match id {
        "tx_0001" => permanent("SECRET DESCRIPTION is no purchase"),
        _ => Err(CategorizeError::Transient("overloaded by SECRET DESCRIPTION".into())),
    }));
    assert_eq!(bench.work(&worker).await.unwrap(), Ending::RetryLater);

    let lines = logs.take();
    assert!(lines.contains("enrichment is to be retried"), "{lines}");
    for secret in ["SECRET", "tx_000", "98765432"] {
        assert!(!lines.contains(secret), "{secret}: {lines}");
    }
}
