//! The log lines about a failing categoriser whose errors quote its input.

use std::io;
use std::sync::{Arc, Mutex};

use enrich::Ending;
use tracing::Level;
use tributary_domain::categorise::CategorizeError;

use crate::bench::{Bench, Scripted, permanent};

/// A writer that keeps the log.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl io::Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn log_omits_categoriser_errors_that_quote_the_input() {
    let written = Written::default();
    let writer = written.clone();
    let lines = tracing_subscriber::fmt()
        .json()
        .with_max_level(Level::INFO)
        .with_writer(move || writer.clone())
        .finish();
    let _logging = tracing::subscriber::set_default(lines);

    let bench = Bench::with_batch(3).await;
    let worker = bench.worker(Scripted::new(|id: &str| match id {
        "tx_0001" => permanent("SECRET DESCRIPTION is no purchase"),
        _ => Err(CategorizeError::Transient("overloaded by SECRET DESCRIPTION".into())),
    }));
    assert_eq!(bench.work(&worker).await.unwrap(), Ending::RetryLater);

    let lines = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
    assert!(lines.contains("enrichment is to be retried"), "{lines}");
    for secret in ["SECRET", "tx_000", "100", "1.00"] {
        assert!(!lines.contains(secret), "{secret}: {lines}");
    }
}
