//! Dispatches the calls that read.

use tributary_lambda::http::{Handler, Problem, Request, Response};
use tributary_lambda::routes::{Call, ReportCall};
use tributary_store::Store;

use crate::{accounts, batch, batches, cashflow, merchants, summary, transaction, transactions};

/// The handler of report.
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
    type Call = ReportCall;

    fn own_call(call: Call) -> Option<ReportCall> {
        if let Call::Report(call) = call { Some(call) } else { None }
    }

    async fn handle(&self, call: ReportCall, request: &Request) -> Result<Response, Problem> {
        match call {
            ReportCall::GetSummary => summary::get(&self.store, request).await,
            ReportCall::GetCashflow => cashflow::get(&self.store, request).await,
            ReportCall::GetMerchants => merchants::get(&self.store, request).await,
            ReportCall::ListBatches => batches::list(&self.store, request).await,
            ReportCall::GetBatch => batch::get(&self.store, request).await,
            ReportCall::ListAccounts => accounts::list(&self.store, request).await,
            ReportCall::GetAccount => accounts::get(&self.store, request).await,
            ReportCall::ListTransactions => transactions::list(&self.store, request).await,
            ReportCall::GetTransaction => transaction::get(&self.store, request).await,
        }
    }
}
