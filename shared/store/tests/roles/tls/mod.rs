//! `sslmode=verify-full` against a server whose certificate is signed by a test root: accepted with
//! that root; rejected with another root, with the public roots and with another host name.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, Row};
use tributary_postgres::Postgres;

use crate::server::{self, store};

/// The host name in the certificate. The address 127.0.0.1 is not in it.
const HOST_NAME: &str = "localhost";
const CERTIFICATE: &str = include_str!("server.pem");
const KEY: &str = include_str!("server.key");

/// Writes a file to the data directory of the server, readable only by the server's user.
async fn write_file(connection: &mut PgConnection, name: &str, text: &str) {
    // One row per line, since `copy` writes a line break within a row as `\n`.
    let statement = format!(
        "copy (select line from string_to_table($pem${text}$pem$, E'\\n') as line) \
         to program 'umask 077; cat > {name}'"
    );
    connection.execute(AssertSqlSafe(statement)).await.unwrap();
}

async fn enable_tls(server: &Postgres) {
    let mut connection = PgConnection::connect(&server.url("postgres")).await.unwrap();
    write_file(&mut connection, "server.crt", CERTIFICATE).await;
    write_file(&mut connection, "server.key", KEY).await;
    for statement in ["alter system set ssl = on", "select pg_reload_conf()"] {
        connection.execute(statement).await.unwrap();
    }
}

/// Returns the TLS version of a connection to this URL; `None` without TLS.
async fn tls_version(url: &str) -> Result<Option<String>, String> {
    let mut tx = store(url).begin_for_all().await.map_err(|error| format!("{error:?}"))?;
    let query = "select version from pg_stat_ssl where pid = pg_backend_pid()";
    Ok(tx.fetch_one(query).await.unwrap().get(0))
}

fn root_path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/roles/tls").join(name)
}

#[tokio::test]
async fn verify_full_rejects_unknown_roots_and_other_host_names() {
    let server = server::start().await;
    enable_tls(&server).await;

    let by_address = server.url("postgres");
    let by_name = by_address.replace("127.0.0.1", HOST_NAME);
    let verify_full = |url: &str, name: &str| {
        format!("{url}?sslmode=verify-full&sslrootcert={}", root_path(name).display())
    };
    // The server reloads its settings asynchronously.
    let deadline = Instant::now() + Duration::from_secs(30);
    while tls_version(&by_name).await.unwrap().is_none() {
        assert!(Instant::now() < deadline, "the server did not enable TLS");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }

    let version = tls_version(&verify_full(&by_name, "own.pem")).await.unwrap();
    assert_eq!(version.as_deref(), Some("TLSv1.3"));
    let error = tls_version(&verify_full(&by_name, "other.pem")).await.unwrap_err();
    assert!(error.contains("UnknownIssuer"), "{error}");
    let error = tls_version(&format!("{by_name}?sslmode=verify-full")).await.unwrap_err();
    assert!(error.contains("UnknownIssuer"), "with the public roots: {error}");
    let error = tls_version(&verify_full(&by_address, "own.pem")).await.unwrap_err();
    assert!(error.contains("NotValidForName"), "{error}");
}
