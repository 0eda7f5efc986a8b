//! The server runs as the current user, or as another one if that is root.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::os::unix::fs::{MetadataExt, PermissionsExt};

use support::{query_int, start};
use tributary_postgres::{Options, Postgres, Storage};

#[tokio::test]
async fn server_of_root_runs_as_another_user() {
    let server = start(Storage::Temporary).await;
    let owner = server.folder().join("data").metadata().unwrap().uid();
    let current = rustix::process::geteuid().as_raw();
    assert_ne!(owner, 0);
    assert_eq!(owner == current, current != 0, "only root changes the user");
    server.stop().await.unwrap();
}

#[tokio::test]
async fn kept_data_is_in_another_folder_if_the_servers_user_may_not_enter() {
    let closed = support::folder();
    std::fs::set_permissions(closed.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
    let requested = closed.path().join("data");
    let messages = std::sync::Mutex::new(String::new());
    let progress = |step: &str| messages.lock().unwrap().push_str(step);
    let storage = Storage::Kept(requested.clone());
    let server = Postgres::start(Options { storage, progress: &progress }).await.unwrap();
    assert_eq!(query_int(&server, "select 1").await, 1);
    let place = server.folder().to_owned();
    server.stop().await.unwrap();
    if rustix::process::geteuid().is_root() {
        assert!(place.starts_with("/var/lib/tributary"), "{}", place.display());
        assert!(messages.lock().unwrap().contains(&place.display().to_string()));
        std::fs::remove_dir_all(place).unwrap();
    } else {
        assert_eq!(place, requested);
    }
}
