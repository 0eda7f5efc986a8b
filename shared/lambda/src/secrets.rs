//! Secrets Manager: secrets that are named in a function's environment by ARN and read when it starts,
//! so that none stands in the environment itself.

use std::error::Error;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::timeout::TimeoutConfig;
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

    /// The current text of a secret. Needs `secretsmanager:GetSecretValue` on it.
    ///
    /// # Errors
    /// [`SecretError`] if the call fails or there is no text in it. None shows the text.
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

/// An endpoint that speaks just enough of Secrets Manager's protocol to be read from, by the real client.
#[cfg(test)]
pub(crate) mod endpoint {
    use std::sync::{Arc, Mutex};

    use aws_config::{BehaviorVersion, Region, SdkConfig};
    use aws_credential_types::Credentials;
    use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
    use tokio::net::TcpListener;

    /// What it answers next, status and body, and what it was asked: target and body.
    #[derive(Clone, Debug, Default)]
    pub(crate) struct Endpoint {
        pub(crate) answer: Arc<Mutex<(u16, String)>>,
        pub(crate) asked: Arc<Mutex<Vec<(String, String)>>>,
    }

    impl Endpoint {
        /// Serves, and gives the configuration that leads there.
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

        pub(crate) fn answers(&self, status: u16, body: &str) {
            *self.answer.lock().unwrap() = (status, body.to_owned());
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
            self.asked.lock().unwrap().push((target, String::from_utf8(body).unwrap()));
            let (status, answer) = self.answer.lock().unwrap().clone();
            let head = "content-type: application/x-amz-json-1.1\r\nconnection: close";
            let length = answer.len();
            let text = format!(
                "HTTP/1.1 {status} X\r\n{head}\r\ncontent-length: {length}\r\n\r\n{answer}"
            );
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
    async fn a_secret_is_asked_for_by_its_arn() {
        let (endpoint, config) = Endpoint::start().await;
        endpoint.answers(200, r#"{"ARN":"arn:aws:x","Name":"x","SecretString":"pepper"}"#);
        let text = Secrets::new(&config).read("arn:aws:x").await.unwrap();
        assert_eq!(text.expose_secret(), "pepper");
        let asked = endpoint.asked.lock().unwrap().clone();
        let expected =
            ("secretsmanager.GetSecretValue".to_owned(), r#"{"SecretId":"arn:aws:x"}"#.to_owned());
        assert_eq!(asked, [expected]);
    }

    #[tokio::test]
    async fn a_secret_that_is_refused_or_empty_is_an_error() {
        let (endpoint, config) = Endpoint::start().await;
        endpoint.answers(400, r#"{"__type":"ResourceNotFoundException","message":"none"}"#);
        let refused = Secrets::new(&config).read("arn:aws:x").await.unwrap_err();
        assert!(matches!(refused, SecretError::Unavailable(_)), "{refused:?}");
        for nothing in [r#"{"SecretString":""}"#, r#"{"SecretBinary":"AAAA"}"#] {
            endpoint.answers(200, nothing);
            let refused = Secrets::new(&config).read("arn:aws:x").await.unwrap_err();
            assert!(matches!(refused, SecretError::NoText), "{refused:?}");
        }
    }
}
