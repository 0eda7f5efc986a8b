//! Sends each call to what answers it.

use tributary_lambda::http::{Answer, Handler, Incoming, Problem};
use tributary_lambda::routes::Call;
use tributary_store::Store;

use crate::{batch, summary, transactions};

/// Answers what is known.
#[derive(Debug)]
pub struct Report {
    store: Store,
}

impl Report {
    /// Reads from a store.
    #[must_use]
    pub const fn new(store: Store) -> Self {
        Self { store }
    }
}

impl Handler for Report {
    const FUNCTION: &'static str = "report";

    async fn handle(&self, incoming: &Incoming) -> Result<Answer, Problem> {
        match incoming.call {
            Call::GetSummary => summary::get(&self.store, incoming).await,
            Call::GetBatch => batch::get(&self.store, incoming).await,
            Call::ListTransactions => transactions::list(&self.store, incoming).await,
            Call::IngestTransactions | Call::RetryBatch | Call::GetHealth | Call::GetOpenApi => {
                Err(Problem::NotFound)
            }
        }
    }
}
