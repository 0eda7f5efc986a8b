//! Credentials that are not part of the database URL, such as IAM tokens and rotated passwords. The
//! caller implements [`LoginSource`].

use std::error::Error;
use std::fmt;

use futures::future::BoxFuture;
use secrecy::SecretString;

/// The server to log in to, from the database URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The host name or address.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The user, unless the [`Login`] has another.
    pub user: String,
}

/// Credentials.
#[derive(Clone, Debug)]
pub struct Login {
    /// The user, if not that of the URL.
    pub user: Option<String>,
    /// The password.
    pub password: SecretString,
}

/// The error of a [`LoginSource`].
pub type LoginError = Box<dyn Error + Send + Sync>;

/// A source of credentials. It is called before each database transaction, since any may need a new
/// connection.
pub trait LoginSource: fmt::Debug + Send + Sync {
    /// Returns credentials for new connections, or `None` if the previous ones are still valid.
    /// `is_rejected`: the server rejected the previous ones.
    fn login<'a>(
        &'a self,
        target: &'a Target,
        is_rejected: bool,
    ) -> BoxFuture<'a, Result<Option<Login>, LoginError>>;
}
