//! Enrichment by several workers, by killed workers, and of messages that cannot be parsed.
#![cfg(test)]

mod support;

use std::collections::HashSet;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use tributary_queue::{DeadLetters, Redrive};
use tributary_stack::lambda::Pick;
use tributary_system::{System, SystemConfig, Timings, sqs_client};

use support::{
    api_of, connect, create_key, eventually, number, numbered, queue_message, send_message, start,
    tenant_id,
};

fn all_completed(count: u64) -> Value {
    json!({"pending": 0, "processing": 0, "completed": count, "failed": 0})
}

/// Sends another message for a batch, so that another worker processes it.
async fn send_again(system: &System, batch_id: &str) {
    send_message(system, &queue_message(tenant_id(system).await, batch_id)).await;
}

/// The lease tokens in use, and the ids of their transactions.
async fn leases(system: &System) -> Vec<(uuid::Uuid, Vec<String>)> {
    sqlx::query_as(
        "select token, array_agg(transaction_id order by transaction_id) \
         from slices as slice inner join transactions as row on slice.batch_id = row.batch_id \
         and row.batch_position between first_position and last_position \
         where token is not null and status = 'pending' group by token",
    )
    .fetch_all(&mut connect(system.database_url()).await)
    .await
    .unwrap()
}

fn enrich_pids(system: &System) -> HashSet<u32> {
    let environments = system.stack().lambda().environments().into_iter();
    environments.filter(|it| it.function == "enrich").map(|it| it.pid).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_workers_on_one_batch_categorise_every_transaction_once() {
    let mut config = SystemConfig::throw_away();
    // Longer than the start of a second worker, so that both process the batch at the same time.
    config.simulated_latency = Some("1500-2000".to_owned());
    let system = start(config).await;
    let api = api_of(&system);
    let batch_id = api.accept(&numbered(1_000, "-0.10")).await;
    send_again(&system, &batch_id).await;
    send_again(&system, &batch_id).await;

    let leased = eventually("two workers with leases", async || {
        Some(leases(&system).await).filter(|leases| leases.len() >= 2)
    })
    .await;
    let ids: HashSet<_> = leased.iter().flat_map(|(_, ids)| ids).collect();
    let count = leased.iter().map(|(_, ids)| ids.len()).sum::<usize>();
    assert_eq!(ids.len(), count, "no transaction has two leases");
    assert!(enrich_pids(&system).len() >= 2, "each worker is a process");

    let batch = api.finished(&batch_id).await;
    assert_eq!(batch["processing_status"], all_completed(1_000));
    let mut connection = connect(system.database_url()).await;
    let attempts = "select count(*) from transactions where attempts = 1 and status = 'completed'";
    assert_eq!(number(&mut connection, attempts).await, 1_000);
    let summary = api.settled_summary("acc", "").await.text;
    assert!(summary.contains(r#""total_transactions":1000,"total_spend":100.00,"#), "{summary}");
    system.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn transactions_of_a_killed_worker_are_completed_after_the_lease_expires() {
    let mut config = SystemConfig::throw_away();
    // Long enough to kill the worker during its first transactions, also on a busy machine.
    config.simulated_latency = Some("3000-3500".to_owned());
    config.enrich_concurrency = 1;
    config.relay_interval = None;
    config.timings = Timings {
        enrich_timeout: Duration::from_secs(20),
        stop_before_deadline: Duration::from_secs(5),
        lease: Duration::from_secs(6),
        visibility_timeout: Duration::from_secs(8),
        ..Timings::default()
    };
    let system = start(config).await;
    let api = api_of(&system);
    let batch_id = api.accept(&numbered(1_000, "-0.10")).await;
    let before = eventually("a worker with a lease", async || {
        Some(leases(&system).await).filter(|leases| !leases.is_empty())
    })
    .await;
    let killed = system.stack().lambda().kill("enrich", Pick::Busy).await;
    assert!(killed.is_some(), "the worker was busy");
    let after = leases(&system).await;
    assert_eq!(after, before, "the leases remain");
    let leased: Vec<_> = before.into_iter().flat_map(|(_, ids)| ids).collect();
    assert_eq!(leased.len(), 500);

    let batch = api.finished(&batch_id).await;
    assert_eq!(batch["processing_status"], all_completed(1_000));
    let attempts: Vec<i32> =
        sqlx::query_scalar("select attempts from transactions where transaction_id = any($1)")
            .bind(&leased)
            .fetch_all(&mut connect(system.database_url()).await)
            .await
            .unwrap();
    assert_eq!(attempts.len(), leased.len());
    assert!(attempts.iter().all(|attempts| *attempts >= 2), "{attempts:?}");
    let summary = api.settled_summary("acc", "").await.text;
    assert!(
        summary.contains(
            r#""total_transactions":1000,"total_spend":100.00,"total_income":0.00,"net":-100.00"#
        ),
        "{summary}"
    );
    system.stop().await.unwrap();
}

/// Of 500 transactions each of three tenants, one kills its worker each time. The tenants share one
/// worker.
#[tokio::test(flavor = "multi_thread")]
async fn transaction_that_kills_its_worker_fails_alone() {
    const DEADLY: &str = "DEADLY";
    let mut config = SystemConfig::throw_away();
    config.enrich_concurrency = 1;
    config.relay_interval = None;
    config.timings = Timings {
        lease: Duration::from_millis(1_500),
        visibility_timeout: Duration::from_secs(2),
        ..Timings::default()
    };
    config.adjust_stack = |stack| {
        stack.environment.insert("SIMULATED_CRASH_TEXT".to_owned(), DEADLY.to_owned());
    };
    let system = start(config).await;
    let mut batches = Vec::new();
    for tenant in ["one", "two", "three"] {
        let key = create_key(&system, tenant).await;
        let api = api_of(&system).with_key(Some(&key));
        let mut body = numbered(500, "-0.10");
        body["transactions"][137]["name"] = json!(DEADLY);
        batches.push((api.accept(&body).await, api));
    }
    for (batch_id, api) in &batches {
        let batch = api.finished(batch_id).await;
        let expected = json!({"pending": 0, "processing": 0, "completed": 499, "failed": 1});
        assert_eq!(batch["processing_status"], expected);
        let failure = &batch["failures"][0];
        assert_eq!(failure["transaction_id"], "tx_00137");
        assert_eq!(failure["reason"], "the maximum number of attempts was reached");
    }
    let queue_url = system.queues().dead_letter_queue.clone();
    let dead_letters = DeadLetters::new(sqs_client(system.sqs_endpoint_url()).await, queue_url);
    assert_eq!(dead_letters.count().await.unwrap(), 0);
    system.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn fifteen_transactions_are_categorised_concurrently() {
    let mut config = SystemConfig::throw_away();
    config.simulated_latency = Some("500-1000".to_owned());
    let system = start(config).await;
    let api = api_of(&system);
    let batch_id = api.accept(&numbered(15, "-1")).await;
    let batch = api.finished(&batch_id).await;
    let time = |field: &str| batch[field].as_str().unwrap().parse::<DateTime<Utc>>().unwrap();
    let duration = time("finished_at") - time("accepted_at");
    // Sequential categorisation would take at least 7.5 s.
    assert!(duration.num_milliseconds() < 5_000, "{duration}");
    assert!(duration.num_milliseconds() >= 500, "no simulated latency: {duration}");
    system.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn unreadable_message_becomes_a_dead_letter_and_does_not_block_other_messages() {
    let mut config = SystemConfig::throw_away();
    config.timings.visibility_timeout = Duration::from_secs(1);
    let system = start(config).await;
    let unreadable = r#"{"v": 2, "batch_id": "later"}"#;
    send_message(&system, unreadable).await;
    let api = api_of(&system);
    let batch_id = api.accept(&numbered(1, "-1")).await;
    api.finished(&batch_id).await;

    let queue_url = system.queues().dead_letter_queue.clone();
    let dead_letters = DeadLetters::new(sqs_client(system.sqs_endpoint_url()).await, queue_url);
    for round in 0..2 {
        let dead_letter = eventually("the message in the dead-letter queue", async || {
            dead_letters.list(10).await.unwrap().pop()
        })
        .await;
        assert_eq!(dead_letter.body, unreadable, "round {round}");
        assert_eq!(dead_letters.count().await.unwrap(), 1, "listing does not delete it");
        // The redriven message becomes a dead letter again.
        dead_letters.redrive().await.unwrap();
        eventually("the end of the redrive", async || {
            dead_letters.last_redrive().await.unwrap().filter(Redrive::has_ended)
        })
        .await;
    }
    system.stop().await.unwrap();
}
