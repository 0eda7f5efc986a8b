//! Operators' commands give the same output with `--function`, through Lambda's `Invoke` of the
//! local stack, as with direct access to database and queue.
#![cfg(test)]

use std::process::Output;

use tokio::process::Command;
use tributary_domain::TenantId;
use tributary_store::tenants;
use tributary_system::{System, SystemConfig};
use tributary_testkit::ledger::{bookings, write};
use uuid::Uuid;

/// Runs the command with only these variables of the project.
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

/// Whether it succeeded, its standard output and its standard error.
fn outcome(output: &Output) -> (bool, String, String) {
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    (output.status.success(), text(&output.stdout), text(&output.stderr))
}

#[tokio::test(flavor = "multi_thread")]
async fn command_gives_equal_output_locally_and_on_a_function() {
    let config = SystemConfig {
        adjust_stack: |stack| stack.invoke_api = true,
        ..SystemConfig::throw_away()
    };
    let system = System::start(config, &|step| eprintln!("{step}")).await.unwrap();
    let local = [
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
        (vec!["check"], " checks passed."),
        (vec!["check", "--settled", "--grace", "0"], " checks passed."),
        (vec!["dlq", "list"], "about 0 dead letters\n"),
        (vec!["dlq", "redrive"], "no dead letters\n"),
    ] {
        let expected = outcome(&run(&command, &local).await);
        assert!(expected.0 && expected.1.contains(words), "{command:?}: {expected:?}");
        let on_function = [command.as_slice(), &["--function", "admin"]].concat();
        assert_eq!(outcome(&run(&on_function, &deployed).await), expected, "{command:?}");
    }

    // Each is run on a tenant of its own, since it leaves nothing to be erased again.
    for (of, name) in [(None, "local"), (Some("admin"), "deployed")] {
        let mut tx = system.store().unwrap().begin_for_all().await.unwrap();
        let id = TenantId(Uuid::now_v7());
        let id = tenants::find_or_create(&mut tx, name, id).await.unwrap();
        tx.commit().await.unwrap();
        write(&system.store().unwrap(), id, &bookings(3, "-1")).await.unwrap();
        let environment = if of.is_some() { &deployed[..] } else { &local[..] };
        let target = of.map_or(vec![], |function| vec!["--function", function]);
        let erase = [&["erase", "--tenant", name][..], &target].concat();
        let (succeeded, _, error) = outcome(&run(&erase, environment).await);
        assert!(!succeeded && error.contains("use --yes"), "{error}");
        let account = [&erase[..], &["--account", "acc", "--yes"]].concat();
        let (succeeded, text, error) = outcome(&run(&account, environment).await);
        let expected = format!("Account acc of tenant {name} is erased: ");
        assert!(succeeded && text.starts_with(&expected), "{text} {error}");
        let erase = [&erase[..], &["--yes"]].concat();
        let (succeeded, text, error) = outcome(&run(&erase, environment).await);
        assert!(
            succeeded && text == format!("Tenant {name} is erased: 0 rows.\n"),
            "{text} {error}"
        );
        let (succeeded, _, error) = outcome(&run(&erase, environment).await);
        assert!(!succeeded && error.contains("tenant: unknown tenant"), "{error}");
    }

    // The operator reads the function's own error.
    let mut tx = system.store().unwrap().begin_for_all().await.unwrap();
    sqlx::query("delete from _sqlx_migrations where version = 1").execute(&mut *tx).await.unwrap();
    tx.commit().await.unwrap();
    let words = "the database lacks 1 of ";
    let (succeeded, _, error) = outcome(&run(&["check"], &local).await);
    assert!(!succeeded && error.starts_with(&format!("error: {words}")), "{error}");
    let (succeeded, _, remote) = outcome(&run(&["check", "--function", "admin"], &deployed).await);
    let expected = format!("error: admin failed: Unmigrated: {words}");
    assert!(!succeeded && remote.starts_with(&expected), "{remote}");

    let (succeeded, _, unknown) =
        outcome(&run(&["check", "--function", "no-such"], &deployed).await);
    assert!(!succeeded && unknown.starts_with("error: no-such cannot be invoked: "), "{unknown}");
    let (succeeded, _, error) = outcome(&run(&["check"], &[]).await);
    assert!(!succeeded && error.contains("--function"), "{error}");
    system.stop().await.unwrap();
}
