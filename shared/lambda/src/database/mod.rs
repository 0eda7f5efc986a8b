//! Connects a function to PostgreSQL: the URL, the login and the role of its transactions.

mod secret;
mod token;

use std::str::FromStr;
use std::sync::Arc;

use secrecy::SecretString;
use tracing::warn;
use tributary_store::{Role, Store, StoreError};

use crate::aws::Aws;
use crate::environment::Environment;
use crate::error_chain::Chain;
use crate::functions::Function;
use crate::secrets::Secrets;
use secret::SecretLogin;
use token::TokenLogin;

/// The database configuration of a function.
#[derive(Debug)]
pub struct DatabaseConfig {
    /// `DATABASE_URL`
    pub url: SecretString,
    /// `DATABASE_ROLE`: set for each transaction; the default is the login itself.
    pub role: Option<Role>,
    /// `DATABASE_AUTH` and `DATABASE_SECRET_ARN`.
    pub login: LoginKind,
}

/// How a function logs in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoginKind {
    /// The user and password of the URL.
    Url,
    /// The user of the URL and an RDS IAM token as password: `DATABASE_AUTH` is `iam`.
    IamToken,
    /// The user and password of a Secrets Manager secret: `DATABASE_SECRET_ARN` is its ARN.
    Secret(String),
}

/// An invalid database configuration.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// The database URL is invalid.
    #[error("DATABASE_URL is invalid")]
    Url(#[source] StoreError),
    /// A token or a secret must not be sent to a server with an unverified certificate.
    #[error("logging in with IAM or a secret needs sslmode=verify-full in DATABASE_URL")]
    ServerNotVerified,
    /// Signing a token needs a region and credentials.
    #[error("DATABASE_AUTH=iam needs AWS_REGION and AWS credentials")]
    NoIdentity,
}

/// `DATABASE_AUTH`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Auth {
    Password,
    Iam,
}

impl FromStr for Auth {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "password" => Ok(Self::Password),
            "iam" => Ok(Self::Iam),
            _ => Err(()),
        }
    }
}

impl DatabaseConfig {
    /// Reads the variables that begin with `DATABASE_`.
    pub fn read<L: Fn(&str) -> Option<String>>(environment: &mut Environment<L>) -> Self {
        let url = environment.required_secret("DATABASE_URL");
        let role = environment.optional("DATABASE_ROLE");
        let auth = environment.optional("DATABASE_AUTH").unwrap_or(Auth::Password);
        let secret_arn = environment.optional("DATABASE_SECRET_ARN");
        let login = match (auth, secret_arn) {
            (Auth::Password, None) => LoginKind::Url,
            (Auth::Password, Some(arn)) => LoginKind::Secret(arn),
            (Auth::Iam, None) => LoginKind::IamToken,
            (Auth::Iam, Some(_)) => {
                environment.fault("DATABASE_AUTH=iam takes no DATABASE_SECRET_ARN");
                LoginKind::IamToken
            }
        };
        Self { url, role, login }
    }

    /// Creates a store for a function, which connects lazily. The login is fetched now, during the
    /// cold start. If that fails, the first transaction fetches it again.
    ///
    /// # Errors
    /// [`DatabaseError`] names the variable that is invalid.
    pub async fn connect(self, function: &Function, aws: &Aws) -> Result<Store, DatabaseError> {
        let mut store = Store::connect_lazily(&self.url)
            .map_err(DatabaseError::Url)?
            .with_statement_timeout(function.statement_timeout);
        if let Some(role) = self.role {
            store = store.as_role(role);
        }
        if self.login == LoginKind::Url {
            return Ok(store);
        }
        if !store.is_server_verified() {
            return Err(DatabaseError::ServerNotVerified);
        }
        store = match self.login {
            LoginKind::Url => store,
            LoginKind::IamToken => {
                let login = TokenLogin::new(aws.config().await).ok_or(DatabaseError::NoIdentity)?;
                store.with_login(Arc::new(login))
            }
            LoginKind::Secret(arn) => {
                let secrets = Secrets::new(aws.config().await);
                store.with_login(Arc::new(SecretLogin::new(secrets, arn)))
            }
        };
        if let Err(error) = store.prepare_login().await {
            warn!(error = %Chain(&error), "fetching the database login failed; will retry");
        }
        Ok(store)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::functions::INGEST;

    fn read(variables: &[(&str, &str)]) -> Result<DatabaseConfig, String> {
        let mut environment = Environment::new(|name| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        });
        let config = DatabaseConfig::read(&mut environment);
        environment.finish(config).map_err(|error| error.to_string())
    }

    const URL: (&str, &str) = ("DATABASE_URL", "postgres://me@localhost/ledger");

    #[test]
    fn url_is_sufficient() {
        let config = read(&[URL]).unwrap();
        assert_eq!((config.role, config.login), (None, LoginKind::Url));
    }

    #[test]
    fn role_and_login_are_parsed() {
        let config = read(&[URL, ("DATABASE_ROLE", "tributary_ingest"), ("DATABASE_AUTH", "iam")]);
        let config = config.unwrap();
        assert_eq!(config.role, Role::of_function("ingest"));
        assert_eq!(config.login, LoginKind::IamToken);
        let config = read(&[URL, ("DATABASE_SECRET_ARN", "arn:aws:x")]).unwrap();
        assert_eq!(config.login, LoginKind::Secret("arn:aws:x".to_owned()));
    }

    #[test]
    fn errors_name_variables_without_values() {
        let faults = read(&[
            ("DATABASE_ROLE", "x; drop table batches"),
            ("DATABASE_AUTH", "iam"),
            ("DATABASE_SECRET_ARN", "arn:aws:x"),
        ]);
        assert_eq!(
            faults.unwrap_err(),
            "environment: DATABASE_URL is missing; DATABASE_ROLE is invalid; \
             DATABASE_AUTH=iam takes no DATABASE_SECRET_ARN"
        );
        let fault = read(&[URL, ("DATABASE_AUTH", "kerberos")]).unwrap_err();
        assert_eq!(fault, "environment: DATABASE_AUTH is invalid");
    }

    #[tokio::test]
    async fn aws_credentials_need_a_verified_server() {
        for mode in ["disable", "prefer", "require", "verify-ca"] {
            for login in [("DATABASE_AUTH", "iam"), ("DATABASE_SECRET_ARN", "arn:aws:x")] {
                let url = format!("{}?sslmode={mode}", URL.1);
                let config = read(&[("DATABASE_URL", &url), login]).unwrap();
                let error = config.connect(&INGEST, &Aws::default()).await.unwrap_err();
                assert!(matches!(error, DatabaseError::ServerNotVerified), "{mode}: {error}");
            }
        }
    }
}
