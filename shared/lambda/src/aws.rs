//! The AWS configuration of a process: loaded once, and only where something asks for it.

use aws_config::{BehaviorVersion, SdkConfig};
use tokio::sync::OnceCell;

/// Region, credentials and endpoint, from the environment, as every AWS SDK takes them. Loading may ask
/// other machines, so what needs nothing of AWS does not wait for it; clients made from the same one
/// share their connections and credentials.
#[derive(Debug, Default)]
pub struct Aws(OnceCell<SdkConfig>);

impl Aws {
    /// The configuration, loaded by whoever comes first.
    pub async fn config(&self) -> &SdkConfig {
        self.0.get_or_init(|| aws_config::load_defaults(BehaviorVersion::latest())).await
    }
}
