//! Operators' commands on a deployed stack: `--function` and nothing but Lambda's `Invoke`, as the local
//! stack serves it, gives what the same command gives on the database and the queue themselves.
#![cfg(test)]

use std::process::Output;

use tokio::process::Command;
use tributary_system::{System, SystemConfig};

/// Runs the command with these variables and no others of ours.
async fn run(arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tributary"))
        .args(arguments)
        .env_remove("DATABASE_URL")
        .env_remove("SQS_ENDPOINT_URL")
        .env_remove("DEAD_LETTER_QUEUE_URL")
        .envs(environment.iter().copied())
        .output()
        .await
        .unwrap()
}

/// What it wrote, and whether it succeeded.
fn told(output: &Output) -> (bool, String, String) {
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    (output.status.success(), text(&output.stdout), text(&output.stderr))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_gives_the_same_in_process_and_on_a_function() {
    let config = SystemConfig {
        adjust_stack: |stack| stack.invoke_api = true,
        ..SystemConfig::throw_away()
    };
    let system = System::start(config, &|step| eprintln!("{step}")).await.unwrap();
    let here = [
        ("DATABASE_URL", system.database_url()),
        ("SQS_ENDPOINT_URL", system.sqs_endpoint_url()),
        ("DEAD_LETTER_QUEUE_URL", system.queues().dead_letter_queue.as_str()),
    ];
    let invoke_url = system.stack().invoke_url().unwrap();
    let deployed = [
        ("AWS_ENDPOINT_URL_LAMBDA", invoke_url.as_str()),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "local"),
        ("AWS_SECRET_ACCESS_KEY", "local"),
    ];
    for (command, words) in [
        (vec!["migrate"], "The database has all "),
        (vec!["check"], " checks hold."),
        (vec!["check", "--settled", "--grace", "0"], " checks hold."),
        (vec!["dlq", "list"], "about 0 dead letters\n"),
        (vec!["dlq", "redrive"], "no dead letters\n"),
    ] {
        let local = told(&run(&command, &here).await);
        assert!(local.0 && local.1.contains(words), "{command:?}: {local:?}");
        let on_function = [command.as_slice(), &["--function", "admin"]].concat();
        assert_eq!(told(&run(&on_function, &deployed).await), local, "{command:?}");
    }

    // What the function says of a failure is what the operator reads.
    let mut tx = system.store().unwrap().begin_for_all().await.unwrap();
    sqlx::query("delete from _sqlx_migrations where version = 1").execute(&mut *tx).await.unwrap();
    tx.commit().await.unwrap();
    let words = "the database lacks 1 of ";
    let (ended_well, _, local) = told(&run(&["check"], &here).await);
    assert!(!ended_well && local.starts_with(&format!("error: {words}")), "{local}");
    let (ended_well, _, remote) = told(&run(&["check", "--function", "admin"], &deployed).await);
    let expected = format!("error: admin failed: Unmigrated: {words}");
    assert!(!ended_well && remote.starts_with(&expected), "{remote}");

    let (ended_well, _, unknown) = told(&run(&["check", "--function", "no-such"], &deployed).await);
    assert!(!ended_well && unknown.starts_with("error: no-such cannot be invoked: "), "{unknown}");
    let (ended_well, _, nowhere) = told(&run(&["check"], &[]).await);
    assert!(!ended_well && nowhere.contains("--function"), "{nowhere}");
    system.stop().await.unwrap();
}
