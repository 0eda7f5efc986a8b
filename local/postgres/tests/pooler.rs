//! PgBouncer authenticates clients and shares connections in transaction mode.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::collections::HashSet;
use std::os::unix::fs::MetadataExt;

use sqlx::{AssertSqlSafe, Connection, PgConnection};
use support::{is_alive, start, start_pooler, wait_until};
use tributary_postgres::{Error, Pooler, Storage};

/// More than the pooler has connections to the server.
const CLIENTS: usize = 8;

#[tokio::test]
async fn query_succeeds_and_stopped_pooler_leaves_no_process_and_no_folder() {
    let server = start(Storage::Temporary).await;
    let pooler = start_pooler(&server).await;
    let (pid, folder) = (pooler.pid(), pooler.folder().to_owned());
    let mut client = PgConnection::connect(&pooler.url("postgres")).await.unwrap();
    let one: i32 = sqlx::query_scalar("select 1").fetch_one(&mut client).await.unwrap();
    assert_eq!(one, 1);
    for secret in ["users", "pgbouncer.ini"] {
        assert_eq!(folder.join(secret).metadata().unwrap().mode() & 0o077, 0, "{secret}");
    }
    // A graceful stop would wait for this transaction.
    sqlx::raw_sql("begin").execute(&mut client).await.unwrap();
    pooler.stop().await.unwrap();
    assert!(!is_alive(pid) && !folder.exists());
    assert_eq!(support::query_int(&server, "select 1").await, 1, "the server is still running");
    server.stop().await.unwrap();
}

#[tokio::test]
async fn connection_requires_the_password() {
    let server = start(Storage::Temporary).await;
    let pooler = start_pooler(&server).await;
    let port = pooler.port();
    for url in [
        format!("postgres://tributary@127.0.0.1:{port}/postgres"),
        format!("postgres://tributary:guess@127.0.0.1:{port}/postgres"),
        format!("postgres://postgres:guess@127.0.0.1:{port}/postgres"),
    ] {
        assert!(PgConnection::connect(&url).await.is_err(), "{url} was accepted");
    }
    pooler.stop().await.unwrap();
    server.stop().await.unwrap();
}

#[tokio::test]
async fn clients_share_connections_between_transactions() {
    let server = start(Storage::Temporary).await;
    let pooler = start_pooler(&server).await;
    let mut clients = clients(&pooler).await;
    let mut backends = HashSet::new();
    for client in &mut clients {
        backends.insert(backend(client).await);
    }
    assert!(backends.len() < CLIENTS, "each client has a connection of its own: {backends:?}");

    // During a transaction, no other client uses its connection.
    let (first, others) = clients.split_first_mut().unwrap();
    let mut tx = first.begin_with("begin").await.unwrap();
    let held = backend(&mut tx).await;
    for other in others {
        assert_ne!(backend(other).await, held);
    }
    assert_eq!(backend(&mut tx).await, held);
    tx.commit().await.unwrap();
    pooler.stop().await.unwrap();
    server.stop().await.unwrap();
}

/// Tests through the pooler must find code that fails in transaction mode.
#[tokio::test]
async fn named_statements_of_two_clients_collide() {
    let server = start(Storage::Temporary).await;
    let pooler = start_pooler(&server).await;
    let mut errors = Vec::new();
    for client in &mut clients(&pooler).await {
        let query = sqlx::query_scalar::<_, i32>("select $1::int").bind(1).persistent(true);
        let result = query.fetch_one(client).await;
        errors.extend(
            result.err().and_then(|error| Some(error.into_database_error()?.code()?.into_owned())),
        );
    }
    let statement_errors = ["42P05", "26000"];
    assert!(!errors.is_empty(), "every client has a statement of its own");
    assert!(errors.iter().all(|code| statement_errors.contains(&code.as_str())), "{errors:?}");
    pooler.stop().await.unwrap();
    server.stop().await.unwrap();
}

#[tokio::test]
async fn pooler_reconnects_to_a_restarted_server() {
    let mut server = start(Storage::Temporary).await;
    let pooler = start_pooler(&server).await;
    server.restart_immediately().await.unwrap();
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while PgConnection::connect(&pooler.url("postgres")).await.is_err() {
        assert!(std::time::Instant::now() < deadline, "no connection within a minute");
    }
    pooler.stop().await.unwrap();
    server.stop().await.unwrap();
}

#[tokio::test]
async fn dropped_pooler_leaves_no_process_and_no_folder() {
    let server = start(Storage::Temporary).await;
    let pooler = start_pooler(&server).await;
    let (pid, folder) = (pooler.pid(), pooler.folder().to_owned());
    drop(pooler);
    wait_until("end of pooler", || !is_alive(pid) && !folder.exists()).await;
    server.stop().await.unwrap();
}

#[tokio::test]
async fn start_reports_a_wrong_password_for_the_server() {
    let server = start(Storage::Temporary).await;
    let url = format!("postgres://tributary:guess@127.0.0.1:{}/postgres", server.port());
    let rejected = Pooler::start(&url, &|_| {}).await.unwrap_err();
    assert!(matches!(rejected, Error::NotStarted { server: "PgBouncer", .. }), "{rejected}");
    let message = rejected.to_string();
    assert!(message.contains("password") && !message.contains("guess"), "{message}");
    server.stop().await.unwrap();
}

async fn clients(pooler: &Pooler) -> Vec<PgConnection> {
    let mut clients = Vec::new();
    for _ in 0..CLIENTS {
        clients.push(PgConnection::connect(&pooler.url("postgres")).await.unwrap());
    }
    clients
}

/// The server process of the connection. Uses the simple query protocol, one message.
async fn backend(client: &mut PgConnection) -> i32 {
    use sqlx::{Executor, Row};
    let query = sqlx::raw_sql(AssertSqlSafe("select pg_backend_pid()".to_owned()));
    let rows = client.fetch_all(query).await.unwrap();
    rows.first().unwrap().get(0)
}
