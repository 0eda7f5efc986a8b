//! PgBouncer lets the right user through, and in transaction mode: connections are shared.
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
async fn a_statement_passes_through_and_a_stop_leaves_no_process_and_no_folder() {
    let server = start(Storage::Temporary).await;
    let pooler = start_pooler(&server).await;
    let (pid, folder) = (pooler.pid(), pooler.folder().to_owned());
    let mut client = PgConnection::connect(&pooler.url("postgres")).await.unwrap();
    let one: i32 = sqlx::query_scalar("select 1").fetch_one(&mut client).await.unwrap();
    assert_eq!(one, 1);
    for secret in ["users", "pgbouncer.ini"] {
        assert_eq!(folder.join(secret).metadata().unwrap().mode() & 0o077, 0, "{secret}");
    }
    // With a transaction open, which a polite stop would wait for.
    sqlx::raw_sql("begin").execute(&mut client).await.unwrap();
    pooler.stop().await.unwrap();
    assert!(!is_alive(pid) && !folder.exists());
    assert_eq!(support::answer(&server, "select 1").await, 1, "the server goes on");
    server.stop().await.unwrap();
}

#[tokio::test]
async fn nobody_is_let_in_without_the_password() {
    let server = start(Storage::Temporary).await;
    let pooler = start_pooler(&server).await;
    let port = pooler.port();
    for url in [
        format!("postgres://tributary@127.0.0.1:{port}/postgres"),
        format!("postgres://tributary:guess@127.0.0.1:{port}/postgres"),
        format!("postgres://postgres:guess@127.0.0.1:{port}/postgres"),
    ] {
        assert!(PgConnection::connect(&url).await.is_err(), "{url} was let in");
    }
    pooler.stop().await.unwrap();
    server.stop().await.unwrap();
}

#[tokio::test]
async fn clients_share_connections_from_transaction_to_transaction() {
    let server = start(Storage::Temporary).await;
    let pooler = start_pooler(&server).await;
    let mut clients = clients(&pooler).await;
    let mut backends = HashSet::new();
    for client in &mut clients {
        backends.insert(backend(client).await);
    }
    assert!(backends.len() < CLIENTS, "each client has a connection of its own: {backends:?}");

    // While one is in a transaction, its connection is nobody else's.
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

/// What makes a run through the pooler worth anything: it finds what transaction mode breaks.
#[tokio::test]
async fn named_statements_of_two_clients_collide() {
    let server = start(Storage::Temporary).await;
    let pooler = start_pooler(&server).await;
    let mut refusals = Vec::new();
    for client in &mut clients(&pooler).await {
        let asked = sqlx::query_scalar::<_, i32>("select $1::int").bind(1).persistent(true);
        let answer = asked.fetch_one(client).await;
        refusals.extend(
            answer.err().and_then(|error| Some(error.into_database_error()?.code()?.into_owned())),
        );
    }
    let of_statements = ["42P05", "26000"];
    assert!(!refusals.is_empty(), "every client has its statement");
    assert!(refusals.iter().all(|code| of_statements.contains(&code.as_str())), "{refusals:?}");
    pooler.stop().await.unwrap();
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_server_that_crashed_is_reached_again() {
    let mut server = start(Storage::Temporary).await;
    let pooler = start_pooler(&server).await;
    server.restart_immediately().await.unwrap();
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while PgConnection::connect(&pooler.url("postgres")).await.is_err() {
        assert!(std::time::Instant::now() < deadline, "not within a minute");
    }
    pooler.stop().await.unwrap();
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_dropped_pooler_leaves_no_process_and_no_folder() {
    let server = start(Storage::Temporary).await;
    let pooler = start_pooler(&server).await;
    let (pid, folder) = (pooler.pid(), pooler.folder().to_owned());
    drop(pooler);
    wait_until("pooler gone", || !is_alive(pid) && !folder.exists()).await;
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_wrong_password_for_the_server_is_told_at_the_start() {
    let server = start(Storage::Temporary).await;
    let url = format!("postgres://tributary:guess@127.0.0.1:{}/postgres", server.port());
    let refused = Pooler::start(&url, &|_| {}).await.unwrap_err();
    assert!(matches!(refused, Error::NotStarted { server: "PgBouncer", .. }), "{refused}");
    let said = refused.to_string();
    assert!(said.contains("password") && !said.contains("guess"), "{said}");
    server.stop().await.unwrap();
}

async fn clients(pooler: &Pooler) -> Vec<PgConnection> {
    let mut clients = Vec::new();
    for _ in 0..CLIENTS {
        clients.push(PgConnection::connect(&pooler.url("postgres")).await.unwrap());
    }
    clients
}

/// The process of the server that answers, asked for in one message.
async fn backend(client: &mut PgConnection) -> i32 {
    use sqlx::{Executor, Row};
    let asked = sqlx::raw_sql(AssertSqlSafe("select pg_backend_pid()".to_owned()));
    let rows = client.fetch_all(asked).await.unwrap();
    rows.first().unwrap().get(0)
}
