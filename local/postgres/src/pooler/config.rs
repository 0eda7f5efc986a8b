//! The configuration of PgBouncer: the server, the user, and transaction mode.

use std::path::{Path, PathBuf};

use percent_encoding::percent_decode_str;
use url::Url;

use crate::account::Account;
use crate::error::Error;
use crate::folder::write_secret;
use crate::pooler_binary::PoolerBinary;

/// Server connections for each database. Fewer than the clients of a test, so that they share them.
const POOL_SIZE: u32 = 4;
/// Most client connections.
const CLIENTS_MAX: u32 = 500;
/// The delay before PgBouncer connects to the server again. The default of 15 seconds is too long
/// after a restart of the server.
const SERVER_RETRY_S: u32 = 1;

const DEFAULT_PORT: u16 = 5432;

/// The server behind the pooler, and its user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    host: String,
    port: u16,
    user: String,
    password: String,
    /// `user:password`, encoded as in the URL.
    pub(crate) credentials: String,
    pub(crate) database: String,
}

impl Target {
    /// Parses `postgres://user:password@host:port/database`.
    ///
    /// # Errors
    /// Why the URL is invalid, as text for the user. Never contains the URL, which has a password.
    pub(crate) fn parse(server_url: &str) -> Result<Self, String> {
        let url = Url::parse(server_url).map_err(|error| format!("the server's URL: {error}"))?;
        let decoded = |text: &str| {
            let text = percent_decode_str(text).decode_utf8();
            // A line break would end the line in the configuration file.
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

/// Writes the configuration and the user list to `folder`. Only `account` can read them. Returns
/// the path of the configuration.
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
    write_secret(&config, &settings(target, port, &users, binary.tracks_statements), account)?;
    Ok(config)
}

fn user_list(target: &Target) -> String {
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    format!("{} {}\n", quoted(&target.user), quoted(&target.password))
}

fn settings(target: &Target, port: u16, users: &Path, tracks_statements: bool) -> String {
    let host = target.host.replace('\'', "''");
    // PgBouncer rejects these by default. sqlx sends `extra_float_digits`, URLs may have `options`.
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
    if tracks_statements {
        // RDS Proxy and older versions do not track statements. Tests must find what fails there.
        text.push_str("max_prepared_statements = 0\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn url_with_encoded_parts_is_parsed() {
        let target = Target::parse("postgres://me%40home:a%22b%2Fc@[::1]:5433/ledger?x=y").unwrap();
        assert_eq!((target.host.as_str(), target.port), ("::1", 5433));
        assert_eq!((target.user.as_str(), target.password.as_str()), ("me@home", "a\"b/c"));
        assert_eq!(target.credentials, "me%40home:a%22b%2Fc");
        assert_eq!(target.database, "ledger");
        assert_eq!(user_list(&target), "\"me@home\" \"a\"\"b/c\"\n");
    }

    #[test]
    fn invalid_url_is_rejected_without_showing_its_password() {
        for url in [
            "postgres://me@localhost/ledger",
            "postgres://:secret@localhost/ledger",
            "postgres://me:secret%0A@localhost/ledger",
            "not a url with secret",
        ] {
            let rejected = Target::parse(url).unwrap_err();
            assert!(!rejected.contains("secret"), "{rejected}");
        }
    }

    #[test]
    fn statement_tracking_is_disabled_if_the_version_supports_it() {
        let target = Target::parse("postgres://me:secret@localhost").unwrap();
        let text = |tracks| settings(&target, 6432, Path::new("/users"), tracks);
        assert!(text(true).contains("max_prepared_statements = 0\n"));
        assert!(!text(false).contains("max_prepared_statements"));
        assert!(text(false).contains("pool_mode = transaction\n"));
        assert!(text(false).contains("* = host='localhost' port=5432\n"));
    }
}
