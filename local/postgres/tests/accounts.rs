//! Started by root, the server runs as somebody else; where these tests are not root, as ourselves.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::os::unix::fs::{MetadataExt, PermissionsExt};

use support::{answer, start};
use tributary_postgres::{Options, Postgres, Storage};

#[tokio::test]
async fn root_gives_the_server_to_another_user() {
    let server = start(Storage::Temporary).await;
    let owner = server.folder().join("data").metadata().unwrap().uid();
    let us = rustix::process::geteuid().as_raw();
    assert_ne!(owner, 0);
    assert_eq!(owner == us, us != 0, "only root gives it away");
    server.stop().await.unwrap();
}

#[tokio::test]
async fn kept_data_goes_elsewhere_where_the_servers_user_may_not_go() {
    let closed = support::folder();
    std::fs::set_permissions(closed.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
    let asked_for = closed.path().join("data");
    let said = std::sync::Mutex::new(String::new());
    let progress = |step: &str| said.lock().unwrap().push_str(step);
    let storage = Storage::Kept(asked_for.clone());
    let server = Postgres::start(Options { storage, progress: &progress }).await.unwrap();
    assert_eq!(answer(&server, "select 1").await, 1);
    let place = server.folder().to_owned();
    server.stop().await.unwrap();
    if rustix::process::geteuid().is_root() {
        assert!(place.starts_with("/var/lib/tributary"), "{}", place.display());
        assert!(said.lock().unwrap().contains(&place.display().to_string()));
        std::fs::remove_dir_all(place).unwrap();
    } else {
        assert_eq!(place, asked_for);
    }
}
