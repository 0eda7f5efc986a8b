//! Start, restart and stop of servers.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::path::Path;

use support::{execute, is_alive, query_int, start, wait_until};
use tributary_postgres::{Error, Options, Postgres, Storage};

#[tokio::test]
async fn stopped_server_leaves_no_process_and_no_folder() {
    let server = start(Storage::Temporary).await;
    let (pid, folder) = (server.pid(), server.folder().to_owned());
    assert_eq!(query_int(&server, "select 1").await, 1);
    assert!(is_alive(pid) && folder.exists());
    server.stop().await.unwrap();
    assert!(!is_alive(pid));
    assert!(!folder.exists());
}

#[tokio::test]
async fn dropped_server_leaves_no_process_and_no_folder() {
    let server = start(Storage::Temporary).await;
    let (pid, folder) = (server.pid(), server.folder().to_owned());
    drop(server);
    wait_until("end of server", || !is_alive(pid) && !folder.exists()).await;
}

#[tokio::test]
async fn server_uses_utf8_and_requires_the_password() {
    let server = start(Storage::Temporary).await;
    let utf8 = "select (current_setting('server_encoding') = 'UTF8')::int";
    assert_eq!(query_int(&server, utf8).await, 1);
    let commits_survive = "select (current_setting('synchronous_commit') = 'on')::int";
    assert_eq!(query_int(&server, commits_survive).await, 1);
    let port = server.port();
    for url in [
        format!("postgres://tributary@127.0.0.1:{port}/postgres"),
        format!("postgres://tributary:guess@127.0.0.1:{port}/postgres"),
    ] {
        let rejected = <sqlx::PgConnection as sqlx::Connection>::connect(&url).await;
        assert!(rejected.is_err(), "{url} was accepted");
    }
    server.stop().await.unwrap();
}

#[tokio::test]
async fn concurrent_starts_succeed() {
    let (one, two, three) = tokio::join!(
        start(Storage::Temporary),
        start(Storage::Temporary),
        start(Storage::Temporary)
    );
    for server in [one, two, three] {
        assert_eq!(query_int(&server, "select 1").await, 1);
        server.stop().await.unwrap();
    }
}

#[tokio::test]
async fn kept_data_and_its_password_survive_a_restart() {
    let home = support::folder();
    let storage = Storage::Kept(home.path().join("made/on/demand"));
    let first = start(storage.clone()).await;
    execute(&first, "create table kept (value int)").await;
    execute(&first, "insert into kept values (42)").await;
    let folder = first.folder().to_owned();
    first.stop().await.unwrap();
    assert_eq!(mode(&folder) & 0o077, 0, "other users may enter");
    assert_eq!(mode(&folder.join("password")) & 0o077, 0, "other users may read the password");

    let second = start(storage).await;
    assert_eq!(query_int(&second, "select value from kept").await, 42);
    second.stop().await.unwrap();
}

#[tokio::test]
async fn second_start_on_a_used_folder_reports_the_first_server() {
    let home = support::folder();
    let storage = Storage::Kept(home.path().join("data"));
    let first = start(storage.clone()).await;
    let rejected = Postgres::start(Options { storage, progress: &|_| {} }).await.unwrap_err();
    let Error::InUse { pid, port, .. } = &rejected else { panic!("{rejected}") };
    assert_eq!((*pid, *port), (Some(first.pid()), Some(u32::from(first.port()))));
    let message = rejected.to_string();
    assert!(
        message.contains(&first.pid().to_string()) && message.contains(&first.port().to_string())
    );
    assert_eq!(query_int(&first, "select 1").await, 1, "the first server is still running");
    first.stop().await.unwrap();
}

#[tokio::test]
async fn restart_keeps_the_port_and_commits() {
    for storage in [Storage::Temporary, Storage::Kept(support::folder().path().join("data"))] {
        let mut server = start(storage).await;
        let (port, pid) = (server.port(), server.pid());
        execute(&server, "create table committed (value int)").await;
        for value in 1..=3 {
            execute(&server, &format!("insert into committed values ({value})")).await;
            server.restart_immediately().await.unwrap();
            let count = query_int(&server, "select count(*)::int from committed").await;
            assert_eq!(count, value, "a committed row is lost");
        }
        assert_eq!(server.port(), port);
        assert_ne!(server.pid(), pid);
        let (pid, folder) = (server.pid(), server.folder().to_owned());
        server.stop().await.unwrap();
        assert!(!is_alive(pid));
        std::fs::remove_dir_all(folder).ok();
    }
}

#[tokio::test]
async fn data_of_another_major_version_is_rejected() {
    let home = support::folder();
    let storage = Storage::Kept(home.path().join("data"));
    let first = start(storage.clone()).await;
    let folder = first.folder().to_owned();
    first.stop().await.unwrap();
    std::fs::write(folder.join("data/PG_VERSION"), "9\n").unwrap();
    let rejected = Postgres::start(Options { storage, progress: &|_| {} }).await.unwrap_err();
    assert!(matches!(rejected, Error::OtherVersion { made_by: 9, .. }), "{rejected}");
}

#[tokio::test]
async fn failed_start_reports_the_reason_and_leaves_no_process() {
    let home = support::folder();
    let storage = Storage::Kept(home.path().join("data"));
    let first = start(storage.clone()).await;
    let folder = first.folder().to_owned();
    first.stop().await.unwrap();
    std::fs::write(folder.join("data/postgresql.auto.conf"), "no_such_setting = 1\n").unwrap();
    let rejected = Postgres::start(Options { storage, progress: &|_| {} }).await.unwrap_err();
    assert!(rejected.to_string().contains("no_such_setting"), "{rejected}");
    assert!(!folder.join("data/postmaster.pid").exists());
}

fn mode(path: &Path) -> u32 {
    std::os::unix::fs::MetadataExt::mode(&path.metadata().unwrap())
}
