//! Servers start, answer, crash and stop on demand, and leave nothing behind.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::path::Path;

use support::{answer, execute, is_alive, start, wait_until};
use tributary_postgres::{Error, Options, Postgres, Storage};

#[tokio::test]
async fn a_stopped_server_leaves_no_process_and_no_folder() {
    let server = start(Storage::Temporary).await;
    let (pid, folder) = (server.pid(), server.folder().to_owned());
    assert_eq!(answer(&server, "select 1").await, 1);
    assert!(is_alive(pid) && folder.exists());
    server.stop().await.unwrap();
    assert!(!is_alive(pid));
    assert!(!folder.exists());
}

#[tokio::test]
async fn a_dropped_server_leaves_no_process_and_no_folder() {
    let server = start(Storage::Temporary).await;
    let (pid, folder) = (server.pid(), server.folder().to_owned());
    drop(server);
    wait_until("server gone", || !is_alive(pid) && !folder.exists()).await;
}

#[tokio::test]
async fn a_server_is_unicode_and_open_to_the_password_only() {
    let server = start(Storage::Temporary).await;
    let utf8 = "select (current_setting('server_encoding') = 'UTF8')::int";
    assert_eq!(answer(&server, utf8).await, 1);
    let commits_survive = "select (current_setting('synchronous_commit') = 'on')::int";
    assert_eq!(answer(&server, commits_survive).await, 1);
    let port = server.port();
    for url in [
        format!("postgres://tributary@127.0.0.1:{port}/postgres"),
        format!("postgres://tributary:guess@127.0.0.1:{port}/postgres"),
    ] {
        let refused = <sqlx::PgConnection as sqlx::Connection>::connect(&url).await;
        assert!(refused.is_err(), "{url} was let in");
    }
    server.stop().await.unwrap();
}

#[tokio::test]
async fn servers_started_together_do_not_disturb_each_other() {
    let (one, two, three) = tokio::join!(
        start(Storage::Temporary),
        start(Storage::Temporary),
        start(Storage::Temporary)
    );
    for server in [one, two, three] {
        assert_eq!(answer(&server, "select 1").await, 1);
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
    assert_eq!(mode(&folder) & 0o077, 0, "others may enter");
    assert_eq!(mode(&folder.join("password")) & 0o077, 0, "others may read the password");

    let second = start(storage).await;
    assert_eq!(answer(&second, "select value from kept").await, 42);
    second.stop().await.unwrap();
}

#[tokio::test]
async fn a_second_start_on_a_used_folder_is_refused_by_name() {
    let home = support::folder();
    let storage = Storage::Kept(home.path().join("data"));
    let first = start(storage.clone()).await;
    let refused = Postgres::start(Options { storage, progress: &|_| {} }).await.unwrap_err();
    let Error::InUse { pid, port, .. } = &refused else { panic!("{refused}") };
    assert_eq!((*pid, *port), (Some(first.pid()), Some(u32::from(first.port()))));
    let said = refused.to_string();
    assert!(said.contains(&first.pid().to_string()) && said.contains(&first.port().to_string()));
    assert_eq!(answer(&first, "select 1").await, 1, "the first one goes on");
    first.stop().await.unwrap();
}

#[tokio::test]
async fn a_crash_keeps_port_and_commits() {
    for storage in [Storage::Temporary, Storage::Kept(support::folder().path().join("data"))] {
        let mut server = start(storage).await;
        let (port, pid) = (server.port(), server.pid());
        execute(&server, "create table committed (value int)").await;
        for value in 1..=3 {
            execute(&server, &format!("insert into committed values ({value})")).await;
            server.restart_immediately().await.unwrap();
            let count = answer(&server, "select count(*)::int from committed").await;
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
async fn data_of_another_major_version_is_refused() {
    let home = support::folder();
    let storage = Storage::Kept(home.path().join("data"));
    let first = start(storage.clone()).await;
    let folder = first.folder().to_owned();
    first.stop().await.unwrap();
    std::fs::write(folder.join("data/PG_VERSION"), "9\n").unwrap();
    let refused = Postgres::start(Options { storage, progress: &|_| {} }).await.unwrap_err();
    assert!(matches!(refused, Error::OtherVersion { made_by: 9, .. }), "{refused}");
}

#[tokio::test]
async fn a_server_that_cannot_start_says_why_and_leaves_nothing() {
    let home = support::folder();
    let storage = Storage::Kept(home.path().join("data"));
    let first = start(storage.clone()).await;
    let folder = first.folder().to_owned();
    first.stop().await.unwrap();
    std::fs::write(folder.join("data/postgresql.auto.conf"), "no_such_setting = 1\n").unwrap();
    let refused = Postgres::start(Options { storage, progress: &|_| {} }).await.unwrap_err();
    assert!(refused.to_string().contains("no_such_setting"), "{refused}");
    assert!(!folder.join("data/postmaster.pid").exists());
}

fn mode(path: &Path) -> u32 {
    std::os::unix::fs::MetadataExt::mode(&path.metadata().unwrap())
}
