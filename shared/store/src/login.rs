//! Who logs in, where the database's URL alone does not say: a token that is made anew, a password that
//! is kept elsewhere. Not for where it comes from: that is the caller's.

use std::error::Error;
use std::fmt;

use futures::future::BoxFuture;
use secrecy::SecretString;

/// The server to log in to, by the database's URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Its name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Who logs in, unless a [`Login`] says otherwise.
    pub user: String,
}

/// What to log in with.
#[derive(Clone, Debug)]
pub struct Login {
    /// The user, where it is not the URL's.
    pub user: Option<String>,
    /// The password.
    pub password: SecretString,
}

/// Why there is no login now.
pub type LoginError = Box<dyn Error + Send + Sync>;

/// Gives logins. It is asked before each transaction, since any may have to connect anew: what it gave and
/// what still serves it does not give again.
pub trait LoginSource: fmt::Debug + Send + Sync {
    /// The login for connections from now on; `None` where the last one still serves. `is_refused` says
    /// that the server refused the last one.
    fn login<'a>(
        &'a self,
        target: &'a Target,
        is_refused: bool,
    ) -> BoxFuture<'a, Result<Option<Login>, LoginError>>;
}
