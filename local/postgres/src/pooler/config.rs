//! What PgBouncer is told: the server behind it, who may connect, and transaction mode.

use std::path::{Path, PathBuf};

use percent_encoding::percent_decode_str;
use url::Url;

use crate::account::Account;
use crate::error::Error;
use crate::folder::write_secret;
use crate::pooler_binary::PoolerBinary;

/// Server connections for each database: fewer than the clients of any test, so that they share them.
const POOL_SIZE: u32 = 4;
/// Client connections in all.
const CLIENTS_MAX: u32 = 500;
/// How long after a refused connection to the server it tries again: by default that is 15 seconds, in
/// which a server that was restarted is not reached.
const SERVER_RETRY_S: u32 = 1;

const DEFAULT_PORT: u16 = 5432;

/// The server behind the pooler, and who logs in there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    host: String,
    port: u16,
    user: String,
    password: String,
    /// `user:password` as in the URL.
    pub(crate) credentials: String,
    pub(crate) database: String,
}

impl Target {
    /// Reads `postgres://user:password@host:port/database`.
    ///
    /// # Errors
    /// The reason for people; it never quotes the URL, which holds a password.
    pub(crate) fn parse(server_url: &str) -> Result<Self, String> {
        let url = Url::parse(server_url).map_err(|error| format!("the server's URL: {error}"))?;
        let decoded = |text: &str| {
            let text = percent_decode_str(text).decode_utf8();
            // A line of its files ends where a value has a line break.
            text.ok().filter(|text| !text.contains(char::is_control)).map(String::from)
        };
        let host = url.host_str().map(|host| host.trim_matches(['[', ']'])).and_then(decoded);
        let host = host.filter(|host| !host.is_empty());
        let password = url.password().and_then(decoded);
        let user = decoded(url.username()).filter(|user| !user.is_empty());
        let (Some(host), Some(user), Some(password)) = (host, user, password) else {
            return Err("the server's URL lacks its host, user or password".to_owned());
        };
        let database = url.path().trim_start_matches('/');
        let credentials = format!("{}:{}", url.username(), url.password().unwrap_or_default());
        Ok(Self {
            host,
            port: url.port().unwrap_or(DEFAULT_PORT),
            user,
            password,
            credentials,
            database: database.to_owned(),
        })
    }
}

/// Writes the configuration and the list of users into `folder`, for the eyes of `account` alone.
/// Gives the configuration's path.
pub(crate) fn write(
    folder: &Path,
    target: &Target,
    port: u16,
    binary: &PoolerBinary,
    account: Account,
) -> Result<PathBuf, Error> {
    let users = folder.join("users");
    write_secret(&users, &user_list(target), account)?;
    let config = folder.join("pgbouncer.ini");
    write_secret(&config, &settings(target, port, &users, binary.may_carry_statements), account)?;
    Ok(config)
}

fn user_list(target: &Target) -> String {
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    format!("{} {}\n", quoted(&target.user), quoted(&target.password))
}

fn settings(target: &Target, port: u16, users: &Path, may_carry_statements: bool) -> String {
    let host = target.host.replace('\'', "''");
    // sqlx asks for `extra_float_digits`, a URL for `options`: PgBouncer refuses what it does not know.
    let mut text = format!(
        "[databases]\n\
         * = host='{host}' port={server_port}\n\
         [pgbouncer]\n\
         listen_addr = 127.0.0.1\n\
         listen_port = {port}\n\
         unix_socket_dir =\n\
         auth_type = scram-sha-256\n\
         auth_file = {users}\n\
         pool_mode = transaction\n\
         default_pool_size = {POOL_SIZE}\n\
         max_client_conn = {CLIENTS_MAX}\n\
         server_login_retry = {SERVER_RETRY_S}\n\
         ignore_startup_parameters = extra_float_digits,options\n",
        server_port = target.port,
        users = users.display(),
    );
    if may_carry_statements {
        // RDS Proxy and older versions do not, and newer ones would hide what breaks there.
        text.push_str("max_prepared_statements = 0\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_read_with_everything_that_may_be_encoded_in_it() {
        let target = Target::parse("postgres://me%40home:a%22b%2Fc@[::1]:5433/ledger?x=y").unwrap();
        assert_eq!((target.host.as_str(), target.port), ("::1", 5433));
        assert_eq!((target.user.as_str(), target.password.as_str()), ("me@home", "a\"b/c"));
        assert_eq!(target.credentials, "me%40home:a%22b%2Fc");
        assert_eq!(target.database, "ledger");
        assert_eq!(user_list(&target), "\"me@home\" \"a\"\"b/c\"\n");
    }

    #[test]
    fn a_url_that_cannot_be_pooled_is_refused_without_its_password() {
        for url in [
            "postgres://me@localhost/ledger",
            "postgres://:secret@localhost/ledger",
            "postgres://me:secret%0A@localhost/ledger",
            "not a url with secret",
        ] {
            let refused = Target::parse(url).unwrap_err();
            assert!(!refused.contains("secret"), "{refused}");
        }
    }

    #[test]
    fn statements_are_never_carried_where_the_version_could() {
        let target = Target::parse("postgres://me:secret@localhost").unwrap();
        let text = |may| settings(&target, 6432, Path::new("/users"), may);
        assert!(text(true).contains("max_prepared_statements = 0\n"));
        assert!(!text(false).contains("max_prepared_statements"));
        assert!(text(false).contains("pool_mode = transaction\n"));
        assert!(text(false).contains("* = host='localhost' port=5432\n"));
    }
}
