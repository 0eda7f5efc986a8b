//! Secrets Manager: secrets that are named in a function's environment by ARN and read when it starts,
//! so that none stands in the environment itself.

use std::error::Error;
use std::time::Duration;

use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_secretsmanager::Client;
use secrecy::SecretString;

/// How long one try may take. A cold start waits for it.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(2);
/// How long a read may take with all its tries.
const CALL_TIMEOUT: Duration = Duration::from_secs(5);

/// A secret that could not be read.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The call failed, or was refused.
    #[error("Secrets Manager did not give the secret")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
    /// It holds bytes, or an empty text.
    #[error("the secret holds no text")]
    NoText,
    /// It holds something else than what it is read for.
    #[error("the secret is not JSON with the texts username and password")]
    NotLogin,
}

/// Reads the current text of a secret; region, credentials and endpoint come from the environment, as
/// every AWS SDK takes them. Needs `secretsmanager:GetSecretValue` on it.
///
/// # Errors
/// [`SecretError`] if the call fails or there is no text in it. None shows the text.
pub async fn read(arn: &str) -> Result<SecretString, SecretError> {
    read_by(&aws_config::load_defaults(BehaviorVersion::latest()).await, arn).await
}

/// Reads with a configuration that is there already.
pub(crate) async fn read_by(config: &SdkConfig, arn: &str) -> Result<SecretString, SecretError> {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(ATTEMPT_TIMEOUT)
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .operation_timeout(CALL_TIMEOUT)
        .build();
    let config = aws_sdk_secretsmanager::config::Builder::from(config).timeout_config(timeouts);
    let value = Client::from_conf(config.build())
        .get_secret_value()
        .secret_id(arn)
        .send()
        .await
        .map_err(|error| SecretError::Unavailable(Box::new(error)))?;
    let text = value.secret_string.filter(|text| !text.is_empty()).ok_or(SecretError::NoText)?;
    Ok(SecretString::from(text))
}
