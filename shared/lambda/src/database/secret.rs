//! User and password of a Secrets Manager secret, as RDS writes and rotates them.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};

use futures::FutureExt;
use futures::future::BoxFuture;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use tributary_store::login::{Login, LoginError, LoginSource, Target};

use crate::secrets::{SecretError, Secrets};

/// Reads the secret once, and again when the server refuses what it said.
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
        is_refused: bool,
    ) -> BoxFuture<'a, Result<Option<Login>, LoginError>> {
        async move {
            if self.is_read.load(Ordering::Relaxed) && !is_refused {
                return Ok(None);
            }
            self.read().await.map(Some)
        }
        .boxed()
    }
}

/// Where the database is stands in the secret too; the URL is what counts.
#[derive(Deserialize)]
struct Stored {
    username: String,
    password: SecretText,
}

/// A text that is a secret from the moment it is read.
struct SecretText(SecretString);

impl<'de> Deserialize<'de> for SecretText {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self(SecretString::from(text)))
    }
}

fn parse(text: &SecretString) -> Result<Login, SecretError> {
    // Serde's message may quote the text.
    let stored: Stored =
        serde_json::from_str(text.expose_secret()).map_err(|_| SecretError::NotLogin)?;
    Ok(Login { user: Some(stored.username), password: stored.password.0 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secrets::endpoint::Endpoint;

    #[tokio::test]
    async fn a_secret_is_read_once_and_again_when_it_is_refused() {
        let (endpoint, config) = Endpoint::start().await;
        let says = |password: &str| {
            let secret = format!(r#"{{\"username\":\"me\",\"password\":\"{password}\"}}"#);
            endpoint.answers(200, &format!(r#"{{"SecretString":"{secret}"}}"#));
        };
        let source = SecretLogin::new(Secrets::new(&config), "arn:aws:x".to_owned());
        let target = Target { host: "db".to_owned(), port: 5432, user: "nobody".to_owned() };
        let password = async |is_refused| {
            let login = source.login(&target, is_refused).await.unwrap()?;
            assert_eq!(login.user.as_deref(), Some("me"));
            Some(login.password.expose_secret().to_owned())
        };
        endpoint.answers(400, r#"{"__type":"AccessDeniedException","message":"no"}"#);
        assert!(source.login(&target, false).await.is_err());
        says("one");
        assert_eq!(password(false).await.as_deref(), Some("one"), "asked again after a failure");
        says("two");
        assert_eq!(password(false).await, None);
        assert_eq!(password(true).await.as_deref(), Some("two"));
        assert_eq!(password(false).await, None);
        assert_eq!(endpoint.asked.lock().unwrap().len(), 3);
    }

    #[test]
    fn a_secret_as_rds_writes_it_is_read() {
        let text = r#"{"username":"tributary_ingest","password":"p\"w","engine":"postgres",
            "host":"elsewhere","port":5432,"dbname":"x"}"#;
        let login = parse(&SecretString::from(text)).unwrap();
        assert_eq!(login.user.as_deref(), Some("tributary_ingest"));
        assert_eq!(login.password.expose_secret(), "p\"w");
        assert!(!format!("{login:?}").contains("p\"w"));
    }

    #[test]
    fn anything_else_is_refused_without_being_shown() {
        for text in ["", "hunter2", "[]", r#"{"username":"u"}"#, r#"{"username":1,"password":2}"#] {
            let refused = parse(&SecretString::from(text)).unwrap_err();
            let shown = format!("{refused} {refused:?}");
            assert!(!shown.contains("hunter2"), "{shown}");
            assert!(matches!(refused, SecretError::NotLogin), "{shown}");
        }
    }
}
