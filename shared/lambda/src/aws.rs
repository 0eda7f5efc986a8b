//! The AWS configuration of a process, loaded lazily.

use aws_config::{BehaviorVersion, SdkConfig};
use tokio::sync::OnceCell;

/// Region, credentials and endpoint from the default providers of the AWS SDK. Loading may use the
/// network, so it is deferred. Clients with the same configuration share connections and
/// credentials.
#[derive(Debug, Default)]
pub struct Aws(OnceCell<SdkConfig>);

impl Aws {
    /// The configuration, loaded on the first call.
    pub async fn config(&self) -> &SdkConfig {
        self.0.get_or_init(|| aws_config::load_defaults(BehaviorVersion::latest())).await
    }
}
