//! The user and password of a Secrets Manager secret in the format that RDS writes and rotates.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};

use futures::FutureExt;
use futures::future::BoxFuture;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use tributary_store::login::{Login, LoginError, LoginSource, Target};

use crate::secrets::{SecretError, Secrets};

/// Reads the secret once, and again when the server rejects the login.
pub struct SecretLogin {
    secrets: Secrets,
    arn: String,
    is_read: AtomicBool,
}

impl SecretLogin {
    pub const fn new(secrets: Secrets, arn: String) -> Self {
        Self { secrets, arn, is_read: AtomicBool::new(false) }
    }

    async fn read(&self) -> Result<Login, LoginError> {
        let text = self.secrets.read(&self.arn).await?;
        let login = parse(&text)?;
        self.is_read.store(true, Ordering::Relaxed);
        Ok(login)
    }
}

impl fmt::Debug for SecretLogin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("SecretLogin").field("arn", &self.arn).finish_non_exhaustive()
    }
}

impl LoginSource for SecretLogin {
    fn login<'a>(
        &'a self,
        _target: &'a Target,
        is_rejected: bool,
    ) -> BoxFuture<'a, Result<Option<Login>, LoginError>> {
        async move {
            if self.is_read.load(Ordering::Relaxed) && !is_rejected {
                return Ok(None);
            }
            self.read().await.map(Some)
        }
        .boxed()
    }
}

/// The secret also contains host and port, but those of the URL are used.
#[derive(Deserialize)]
struct Stored {
    username: String,
    password: SecretText,
}

/// A secret text.
struct SecretText(SecretString);

impl<'de> Deserialize<'de> for SecretText {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self(SecretString::from(text)))
    }
}

fn parse(text: &SecretString) -> Result<Login, SecretError> {
    // The message of serde may quote the text.
    let stored: Stored =
        serde_json::from_str(text.expose_secret()).map_err(|_| SecretError::NotLogin)?;
    Ok(Login { user: Some(stored.username), password: stored.password.0 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secrets::endpoint::Endpoint;

    #[tokio::test]
    async fn secret_is_read_once_and_again_after_rejection() {
        let (endpoint, config) = Endpoint::start().await;
        let store = |password: &str| {
            let secret = format!(r#"{{\"username\":\"me\",\"password\":\"{password}\"}}"#);
            endpoint.respond_with(200, &format!(r#"{{"SecretString":"{secret}"}}"#));
        };
        let source = SecretLogin::new(Secrets::new(&config), "arn:aws:x".to_owned());
        let target = Target { host: "db".to_owned(), port: 5432, user: "ignored".to_owned() };
        let password = async |is_rejected| {
            let login = source.login(&target, is_rejected).await.unwrap()?;
            assert_eq!(login.user.as_deref(), Some("me"));
            Some(login.password.expose_secret().to_owned())
        };
        endpoint.respond_with(400, r#"{"__type":"AccessDeniedException","message":"no"}"#);
        assert!(source.login(&target, false).await.is_err());
        store("one");
        assert_eq!(
            password(false).await.as_deref(),
            Some("one"),
            "requested again after a failure"
        );
        store("two");
        assert_eq!(password(false).await, None);
        assert_eq!(password(true).await.as_deref(), Some("two"));
        assert_eq!(password(false).await, None);
        assert_eq!(endpoint.requests.lock().unwrap().len(), 3);
    }

    #[test]
    fn rds_secret_is_parsed() {
        let text = r#"{"username":"tributary_ingest","password":"p\"w","engine":"postgres",
            "host":"elsewhere","port":5432,"dbname":"x"}"#;
        let login = parse(&SecretString::from(text)).unwrap();
        assert_eq!(login.user.as_deref(), Some("tributary_ingest"));
        assert_eq!(login.password.expose_secret(), "p\"w");
        assert!(!format!("{login:?}").contains("p\"w"));
    }

    #[test]
    fn invalid_secret_is_rejected_and_not_shown() {
        for text in ["", "hunter2", "[]", r#"{"username":"u"}"#, r#"{"username":1,"password":2}"#] {
            let error = parse(&SecretString::from(text)).unwrap_err();
            let shown = format!("{error} {error:?}");
            assert!(!shown.contains("hunter2"), "{shown}");
            assert!(matches!(error, SecretError::NotLogin), "{shown}");
        }
    }
}
