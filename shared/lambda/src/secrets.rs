//! Reads secrets from Secrets Manager. The environment of a function contains only their ARNs.

use std::error::Error;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_secretsmanager::Client;
use secrecy::SecretString;

/// The time limit of one attempt. A cold start waits for it.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(2);
/// The time limit of a read with all its attempts.
const CALL_TIMEOUT: Duration = Duration::from_secs(5);

/// A secret cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The call failed.
    #[error("Secrets Manager did not return the secret")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
    /// The secret is binary or empty.
    #[error("the secret contains no text")]
    NoText,
    /// The secret is not a database login.
    #[error("the secret is not a JSON object with the strings username and password")]
    NotLogin,
}

/// Reads secrets.
#[derive(Clone, Debug)]
pub(crate) struct Secrets {
    client: Client,
}

impl Secrets {
    pub(crate) fn new(aws: &SdkConfig) -> Self {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(ATTEMPT_TIMEOUT)
            .operation_attempt_timeout(ATTEMPT_TIMEOUT)
            .operation_timeout(CALL_TIMEOUT)
            .build();
        let config = aws_sdk_secretsmanager::config::Builder::from(aws).timeout_config(timeouts);
        Self { client: Client::from_conf(config.build()) }
    }

    /// Reads the current text of a secret. Requires `secretsmanager:GetSecretValue`.
    ///
    /// # Errors
    /// [`SecretError`] if the call fails or the secret contains no text. It never shows the text.
    pub(crate) async fn read(&self, arn: &str) -> Result<SecretString, SecretError> {
        let value = self
            .client
            .get_secret_value()
            .secret_id(arn)
            .send()
            .await
            .map_err(|error| SecretError::Unavailable(Box::new(error)))?;
        let text =
            value.secret_string.filter(|text| !text.is_empty()).ok_or(SecretError::NoText)?;
        Ok(SecretString::from(text))
    }
}

/// An HTTP endpoint with canned Secrets Manager responses for the real client.
#[cfg(test)]
pub(crate) mod endpoint {
    use std::sync::{Arc, Mutex};

    use aws_config::{BehaviorVersion, Region, SdkConfig};
    use aws_credential_types::Credentials;
    use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
    use tokio::net::TcpListener;

    /// The next response, as status and body, and the requests so far, as target and body.
    #[derive(Clone, Debug, Default)]
    pub(crate) struct Endpoint {
        pub(crate) response: Arc<Mutex<(u16, String)>>,
        pub(crate) requests: Arc<Mutex<Vec<(String, String)>>>,
    }

    impl Endpoint {
        /// Starts the endpoint and returns a client configuration for it.
        pub(crate) async fn start() -> (Self, SdkConfig) {
            let endpoint = Self::default();
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let config = aws_config::defaults(BehaviorVersion::latest())
                .endpoint_url(format!("http://{}", listener.local_addr().unwrap()))
                .region(Region::new("us-east-1"))
                .credentials_provider(Credentials::new("local", "local", None, None, "local"))
                .load()
                .await;
            let serving = endpoint.clone();
            tokio::spawn(async move {
                loop {
                    let (stream, _) = listener.accept().await.unwrap();
                    serving.serve(stream).await;
                }
            });
            (endpoint, config)
        }

        pub(crate) fn respond_with(&self, status: u16, body: &str) {
            *self.response.lock().unwrap() = (status, body.to_owned());
        }

        async fn serve(&self, stream: tokio::net::TcpStream) {
            let mut stream = BufReader::new(stream);
            let (mut target, mut length) = (String::new(), 0);
            loop {
                let mut line = String::new();
                stream.read_line(&mut line).await.unwrap();
                let (name, value) = line.trim().split_once(": ").unwrap_or((line.trim(), ""));
                match name.to_ascii_lowercase().as_str() {
                    "" => break,
                    "x-amz-target" => target = value.to_owned(),
                    "content-length" => length = value.parse().unwrap(),
                    _ => {}
                }
            }
            let mut body = vec![0; length];
            stream.read_exact(&mut body).await.unwrap();
            self.requests.lock().unwrap().push((target, String::from_utf8(body).unwrap()));
            let (status, body) = self.response.lock().unwrap().clone();
            let head = "content-type: application/x-amz-json-1.1\r\nconnection: close";
            let length = body.len();
            let text =
                format!("HTTP/1.1 {status} X\r\n{head}\r\ncontent-length: {length}\r\n\r\n{body}");
            stream.get_mut().write_all(text.as_bytes()).await.unwrap();
        }
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::endpoint::Endpoint;
    use super::*;

    #[tokio::test]
    async fn secret_is_requested_by_arn() {
        let (endpoint, config) = Endpoint::start().await;
        endpoint.respond_with(200, r#"{"ARN":"arn:aws:x","Name":"x","SecretString":"pepper"}"#);
        let text = Secrets::new(&config).read("arn:aws:x").await.unwrap();
        assert_eq!(text.expose_secret(), "pepper");
        let requests = endpoint.requests.lock().unwrap().clone();
        let expected =
            ("secretsmanager.GetSecretValue".to_owned(), r#"{"SecretId":"arn:aws:x"}"#.to_owned());
        assert_eq!(requests, [expected]);
    }

    #[tokio::test]
    async fn unavailable_or_empty_secret_is_an_error() {
        let (endpoint, config) = Endpoint::start().await;
        endpoint.respond_with(400, r#"{"__type":"ResourceNotFoundException","message":"none"}"#);
        let error = Secrets::new(&config).read("arn:aws:x").await.unwrap_err();
        assert!(matches!(error, SecretError::Unavailable(_)), "{error:?}");
        for empty in [r#"{"SecretString":""}"#, r#"{"SecretBinary":"AAAA"}"#] {
            endpoint.respond_with(200, empty);
            let error = Secrets::new(&config).read("arn:aws:x").await.unwrap_err();
            assert!(matches!(error, SecretError::NoText), "{error:?}");
        }
    }
}
