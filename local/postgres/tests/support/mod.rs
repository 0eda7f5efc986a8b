//! Shared by the tests of this crate.
#![allow(dead_code, reason = "no test file uses all of it")]

use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use rustix::process::{Pid, test_kill_process};
use sqlx::{Connection, PgConnection};
use tributary_postgres::{Options, Pooler, Postgres, Storage};

/// Much longer than a stop takes, since the machine may be busy.
const DEADLINE: Duration = Duration::from_secs(120);

pub async fn start(storage: Storage) -> Postgres {
    Postgres::start(Options { storage, progress: &|step| eprintln!("{step}") }).await.unwrap()
}

pub async fn start_pooler(server: &Postgres) -> Pooler {
    Pooler::start(&server.url("postgres"), &|step| eprintln!("{step}")).await.unwrap()
}

pub async fn query_int(server: &Postgres, query: &str) -> i32 {
    let mut connection = PgConnection::connect(&server.url("postgres")).await.unwrap();
    let query = sqlx::query_scalar(sqlx::AssertSqlSafe(query.to_owned()));
    query.fetch_one(&mut connection).await.unwrap()
}

pub async fn execute(server: &Postgres, statement: &str) {
    let mut connection = PgConnection::connect(&server.url("postgres")).await.unwrap();
    sqlx::query(sqlx::AssertSqlSafe(statement.to_owned())).execute(&mut connection).await.unwrap();
}

/// A folder that the server's user may enter, even if that is another user.
pub fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

pub fn is_alive(pid: u32) -> bool {
    let pid = Pid::from_raw(pid.try_into().unwrap()).unwrap();
    test_kill_process(pid) != Err(rustix::io::Errno::SRCH)
}

pub async fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + DEADLINE;
    while !is_so() {
        assert!(Instant::now() < deadline, "no {what} within {DEADLINE:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
