//! Dispatches the calls that manage API keys.

use tributary_domain::api_key::Pepper;
use tributary_lambda::http::{Handler, Problem, Request, Response};
use tributary_lambda::routes::{Call, KeysCall};
use tributary_store::Store;

use crate::{credential, management};

/// The handler of keys.
#[derive(Debug)]
pub struct Keys {
    store: Store,
    pepper: Pepper,
}

impl Keys {
    /// Keeps keys in a store and hashes new ones under a pepper.
    #[must_use]
    pub const fn new(store: Store, pepper: Pepper) -> Self {
        Self { store, pepper }
    }
}

impl Handler for Keys {
    type Call = KeysCall;

    fn own_call(call: Call) -> Option<KeysCall> {
        if let Call::Keys(call) = call { Some(call) } else { None }
    }

    async fn handle(&self, call: KeysCall, request: &Request) -> Result<Response, Problem> {
        match call {
            KeysCall::GetCredential => credential::get(request),
            KeysCall::ListKeys => management::list(&self.store, request).await,
            KeysCall::CreateKey => management::create(&self.store, &self.pepper, request).await,
            KeysCall::RevokeKey => management::revoke(&self.store, request).await,
        }
    }
}
