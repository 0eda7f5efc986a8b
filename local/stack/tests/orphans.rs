//! No function process outlives the process that started it, even if that is killed.
#![cfg(test)]

mod rig;

use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

use rig::{echo_function, eventually, is_alive};

#[tokio::test]
async fn no_function_process_remains_when_the_owner_is_killed() {
    let echo = echo_function();
    let mut owner = Command::new(echo.with_file_name("stack_owner"))
        .arg(&echo)
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(owner.stdout.take().unwrap()).lines();
    let pids = lines.next_line().await.unwrap().unwrap();
    let pids: Vec<u32> = pids.split(' ').map(|pid| pid.parse().unwrap()).collect();
    assert_eq!(pids.len(), 2);
    assert!(pids.iter().all(|pid| is_alive(*pid)));
    owner.kill().await.unwrap();
    eventually("the end of the function processes", async || {
        !pids.iter().any(|pid| is_alive(*pid))
    })
    .await;
}
