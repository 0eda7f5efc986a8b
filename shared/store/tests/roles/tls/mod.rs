//! `sslmode=verify-full` against a server with a certificate of a root of our own making: let
//! through with that root, refused with another, with none, and under another name.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, Row};
use tributary_postgres::{Options, Postgres, Storage};
use tributary_store::Store;

/// The name in the certificate. The server listens on 127.0.0.1, which is not in it.
const NAME: &str = "localhost";
const CERTIFICATE: &str = include_str!("server.pem");
const KEY: &str = include_str!("server.key");

/// Writes a file into the server's folder, as the server, who alone may read it.
async fn give(connection: &mut PgConnection, name: &str, text: &str) {
    // Each line a row: a line break inside of one would be written as `\n`.
    let statement = format!(
        "copy (select line from string_to_table($pem${text}$pem$, E'\\n') as line) \
         to program 'umask 077; cat > {name}'"
    );
    connection.execute(AssertSqlSafe(statement)).await.unwrap();
}

async fn serve_with_tls(server: &Postgres) {
    let mut connection = PgConnection::connect(&server.url("postgres")).await.unwrap();
    give(&mut connection, "server.crt", CERTIFICATE).await;
    give(&mut connection, "server.key", KEY).await;
    for statement in ["alter system set ssl = on", "select pg_reload_conf()"] {
        connection.execute(statement).await.unwrap();
    }
}

/// The version of TLS that a connection by this URL speaks.
async fn version(url: &str) -> Result<Option<String>, String> {
    let store = Store::connect_lazily(&url.into()).unwrap();
    let mut tx = store.begin_for_all().await.map_err(|error| format!("{error:?}"))?;
    let asked = "select version from pg_stat_ssl where pid = pg_backend_pid()";
    Ok(tx.fetch_one(asked).await.unwrap().get(0))
}

fn root(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/roles/tls").join(name)
}

#[tokio::test]
async fn only_a_server_that_proves_its_name_is_talked_to() {
    let options = Options { storage: Storage::Temporary, progress: &|_| {} };
    let server = Postgres::start(options).await.unwrap();
    serve_with_tls(&server).await;

    let by_address = server.url("postgres");
    let by_name = by_address.replace("127.0.0.1", NAME);
    let verified = |url: &str, name: &str| {
        format!("{url}?sslmode=verify-full&sslrootcert={}", root(name).display())
    };
    // Settings are reloaded some moments after they are asked for.
    let deadline = Instant::now() + Duration::from_secs(30);
    while version(&by_name).await.unwrap().is_none() {
        assert!(Instant::now() < deadline, "the server never spoke TLS");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }

    let spoken = version(&verified(&by_name, "own.pem")).await.unwrap();
    assert_eq!(spoken.as_deref(), Some("TLSv1.3"));
    let refused = version(&verified(&by_name, "other.pem")).await.unwrap_err();
    assert!(refused.contains("UnknownIssuer"), "{refused}");
    let refused = version(&format!("{by_name}?sslmode=verify-full")).await.unwrap_err();
    assert!(refused.contains("UnknownIssuer"), "the public roots do not know it: {refused}");
    let refused = version(&verified(&by_address, "own.pem")).await.unwrap_err();
    assert!(refused.contains("NotValidForName"), "{refused}");
}
