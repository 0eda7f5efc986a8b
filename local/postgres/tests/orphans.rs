//! No server and no pooler outlives its owner, even if the owner is killed.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use support::{is_alive, query_int, start, wait_until};
use tributary_postgres::Storage;

/// The variable with the data folder for an owner process.
const OWNER: &str = "TRIBUTARY_TEST_OWNER_OF";

/// Not a test: other tests run it in another process as the owner of a server.
#[tokio::test]
async fn owner() {
    let Some(folder) = std::env::var_os(OWNER).map(PathBuf::from) else { return };
    let report = folder.join("report");
    let kept = folder.join("kept");
    let storage = if kept.exists() { Storage::Kept(kept.join("data")) } else { Storage::Temporary };
    let server = start(storage).await;
    let mut text = format!("{}\n{}\n", server.pid(), server.folder().display());
    let pooler = if folder.join("pooled").exists() {
        let pooler = support::start_pooler(&server).await;
        text = format!("{}\n{}\n", pooler.pid(), pooler.folder().display());
        Some(pooler)
    } else {
        None
    };
    std::fs::write(folder.join("report.new"), text).unwrap();
    std::fs::rename(folder.join("report.new"), report).unwrap();
    std::future::pending::<()>().await;
    drop(pooler);
}

#[tokio::test]
async fn no_server_remains_when_the_owner_is_killed() {
    let home = support::folder();
    let mut owner = owner_of(home.path());
    let (pid, folder) = reported(home.path()).await;
    assert!(is_alive(pid) && folder.exists());
    owner.kill().unwrap();
    owner.wait().unwrap();
    wait_until("end of server and folder", || !is_alive(pid) && !folder.exists()).await;
}

#[tokio::test]
async fn no_pooler_remains_when_the_owner_is_killed() {
    let home = support::folder();
    std::fs::create_dir(home.path().join("pooled")).unwrap();
    let mut owner = owner_of(home.path());
    let (pid, folder) = reported(home.path()).await;
    assert!(is_alive(pid) && folder.join("pgbouncer.ini").exists());
    owner.kill().unwrap();
    owner.wait().unwrap();
    wait_until("end of pooler and folder", || !is_alive(pid) && !folder.exists()).await;
}

#[tokio::test]
async fn no_folder_remains_when_the_owner_is_killed_during_initdb() {
    let home = support::folder();
    let temporary = support::folder();
    std::fs::set_permissions(
        temporary.path(),
        std::os::unix::fs::PermissionsExt::from_mode(0o1777),
    )
    .unwrap();
    let mut owner = command_of_owner(home.path()).env("TMPDIR", temporary.path()).spawn().unwrap();
    let entries = || temporary.path().read_dir().unwrap().flatten().next();
    let is_started = || entries().is_some_and(|entry| entry.path().join("data.new").exists());
    wait_until("start of initdb", is_started).await;
    owner.kill().unwrap();
    owner.wait().unwrap();
    wait_until("end of folder", || entries().is_none()).await;
}

#[tokio::test]
async fn next_start_waits_for_the_server_of_a_killed_owner_and_finds_its_data() {
    let home = support::folder();
    std::fs::create_dir(home.path().join("kept")).unwrap();
    let mut owner = owner_of(home.path());
    let (pid, _) = reported(home.path()).await;
    owner.kill().unwrap();
    owner.wait().unwrap();
    let next = start(Storage::Kept(home.path().join("kept/data"))).await;
    assert!(!is_alive(pid));
    assert_eq!(query_int(&next, "select 1").await, 1);
    next.stop().await.unwrap();
}

#[tokio::test]
async fn data_of_a_killed_server_is_recovered() {
    let home = support::folder();
    let storage = Storage::Kept(home.path().join("data"));
    let first = start(storage.clone()).await;
    support::execute(&first, "create table committed as select 7 as value").await;
    let pid = first.pid();
    // Kills the server instead of the owner: it cannot remove its process id file.
    kill_process(Pid::from_raw(pid.try_into().unwrap()).unwrap(), Signal::KILL).unwrap();
    wait_until("end of server", || !is_alive(pid)).await;
    assert!(first.folder().join("data/postmaster.pid").exists());
    first.stop().await.unwrap();
    let second = start(storage).await;
    assert_eq!(query_int(&second, "select value from committed").await, 7);
    second.stop().await.unwrap();
}

fn owner_of(folder: &Path) -> Child {
    command_of_owner(folder).spawn().unwrap()
}

fn command_of_owner(folder: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "owner", "--nocapture"]).env(OWNER, folder).stdin(Stdio::null());
    command
}

async fn reported(folder: &Path) -> (u32, PathBuf) {
    let report = folder.join("report");
    wait_until("report of the owner", || report.exists()).await;
    let text = std::fs::read_to_string(report).unwrap();
    let mut lines = text.lines();
    (lines.next().unwrap().parse().unwrap(), PathBuf::from(lines.next().unwrap()))
}
