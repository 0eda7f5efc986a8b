//! The chores of relay, on a real database and an SQS server.
#![cfg(test)]

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::{Credentials, SharedCredentialsProvider};
use aws_sdk_sqs::types::QueueAttributeName;
use relay::{Days, Outcome, Relay, RelayError, Retention};
use serde_json::Value;
use sqlx::{Executor, PgConnection};
use tributary_lambda::metrics::Metrics;
use tributary_queue::Queue;
use tributary_sqs::SqsServer;
use tributary_testkit::ledger::{booking, write};
use tributary_testkit::{TestDatabase, sqs_client};

const REQUEUE_AFTER: Duration = Duration::from_secs(15 * 60);
/// The messages of each batch of the tests.
const MESSAGES: u64 = 3;

struct Bench {
    database: TestDatabase,
    server: SqsServer,
    client: Client,
    queue_url: String,
    metrics: Metrics,
    relay: Relay,
}

impl Bench {
    /// A database with batches that are due.
    async fn with_due_batches(count: usize) -> Self {
        let database = TestDatabase::create().await;
        let tenant = database.tenant("tenant").await;
        let store = database.store();
        for index in 0..count {
            write(&store, tenant, &[booking(&format!("tx_{index:03}"), "-1")]).await.unwrap();
        }
        let server = SqsServer::start(0).await.unwrap();
        let client = sqs_client(&server.endpoint_url());
        let created = client.create_queue().queue_name("work").send().await.unwrap();
        let queue_url = created.queue_url.unwrap();
        let credentials = Credentials::new("local", "local", None, None, "test");
        let aws = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .endpoint_url(server.endpoint_url())
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .build();
        let metrics = Metrics::new("relay", "test");
        let queue = Queue::new(&aws, queue_url.clone());
        let retention = Retention {
            bookkeeping: Days::new(30),
            revisions: Days::new(100),
            transactions: Days::new(30_000),
        };
        let relay = Relay::new(database.store(), queue, REQUEUE_AFTER, retention, metrics.clone());
        let bench = Self { database, server, client, queue_url, metrics, relay };
        bench.execute("update batches set announce_at = now() - interval '1 second'").await;
        bench
    }

    async fn connection(&self) -> PgConnection {
        self.database.connection().await
    }

    async fn execute(&self, statement: &'static str) {
        (&mut self.connection().await).execute(statement).await.unwrap();
    }

    async fn count(&self, query: &'static str) -> i64 {
        sqlx::query_scalar(query).fetch_one(&mut self.connection().await).await.unwrap()
    }

    /// Runs relay with plenty of time.
    async fn run(&self) -> Result<Outcome, RelayError> {
        self.relay.run(SystemTime::now() + Duration::from_secs(120)).await
    }

    /// The number of messages in the queue.
    async fn messages(&self) -> u64 {
        let name = QueueAttributeName::ApproximateNumberOfMessages;
        let read = self.client.get_queue_attributes().queue_url(&self.queue_url);
        let read = read.attribute_names(name.clone()).send().await.unwrap();
        read.attributes.unwrap()[&name].parse().unwrap()
    }

    /// The metrics since the last call: sums, or the last value.
    fn measured(&self) -> BTreeMap<String, u64> {
        let lines = self.metrics.take_lines(SystemTime::now());
        let lines = lines.iter().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let members = lines.flat_map(|line| line.as_object().unwrap().clone());
        let number = |value: &Value| value.as_u64().or_else(|| value.as_array()?.last()?.as_u64());
        members.filter_map(|(name, value)| Some((name, number(&value)?))).collect()
    }
}

#[tokio::test]
async fn work_of_several_turns_is_done_in_one_run() {
    let bench = Bench::with_due_batches(45).await;
    // As after a day in which every transaction was moved to another one.
    bench
        .execute(
            "insert into report_days select tenant_id, 'acc', '2030-01-01'::date + day, 'USD', \
             'open', 'spend', '', 0, 0 from tenants cross join generate_series(1, 10500) as day",
        )
        .await;
    for _ in 0..10 {
        bench.execute("update transactions set amount = amount - 1").await;
    }
    let packs = bench.count("select count(*) from report_packs").await;
    assert!(packs > 400, "{packs}");
    let outcome = bench.run().await.unwrap();
    let folded = u64::try_from(packs).unwrap();
    assert_eq!(outcome, Outcome { announced: 45, folded, deleted: 10_500, ..<_>::default() });
    assert_eq!(bench.messages().await, 45 * MESSAGES);
    assert_eq!(bench.count("select count(*) from report_packs").await, 0);
    assert_eq!(bench.run().await.unwrap(), Outcome::default());
    bench.server.stop().await;
}

#[tokio::test]
async fn chore_that_fails_delays_no_other_and_is_counted() {
    let bench = Bench::with_due_batches(2).await;
    bench.execute("alter table report_packs rename to elsewhere").await;
    let error = bench.run().await.unwrap_err();
    // Deleting transactions writes packs, too.
    assert_eq!(error.to_string(), "2 of 8 chores failed");
    assert_eq!(bench.messages().await, 2 * MESSAGES);
    let measured = bench.measured();
    let failures = ["AnnounceFailures", "FoldFailures", "CleanupFailures"];
    assert_eq!(failures.map(|name| measured[name]), [0, 1, 1]);
    bench.execute("alter table elsewhere rename to report_packs").await;
    assert_eq!(bench.run().await.unwrap().folded, 2);
    bench.server.stop().await;
}

/// SQS refuses a correlation id with a control character, whenever it is sent.
#[tokio::test]
async fn batch_whose_messages_are_always_refused_delays_no_other() {
    let bench = Bench::with_due_batches(30).await;
    bench
        .execute(
            "update batches set correlation_id = e'\\x01', announce_at = now() - interval '1 hour' \
             where transaction_ids = '{tx_007}'",
        )
        .await;
    assert_eq!(bench.run().await.unwrap().announced, 29);
    assert_eq!(bench.messages().await, 29 * MESSAGES);
    assert_eq!(bench.measured()["AnnounceFailures"], 1);
    let soon = "select count(*) from batches \
                where announce_at < now() + interval '2 minutes'";
    assert_eq!(bench.count(soon).await, 1, "it is due again in a minute");
    bench.server.stop().await;
}

#[tokio::test]
async fn unavailable_queue_is_tried_three_times_and_loses_nothing() {
    let bench = Bench::with_due_batches(30).await;
    bench.server.faults().reject_all_requests(true);
    assert_eq!(bench.run().await.unwrap().announced, 0);
    assert_eq!(bench.measured()["AnnounceFailures"], 3);
    bench.server.faults().reject_all_requests(false);
    bench.execute("update batches set announce_at = now() - interval '1 second'").await;
    assert_eq!(bench.run().await.unwrap().announced, 30);
    bench.server.stop().await;
}

#[tokio::test]
async fn no_turn_begins_near_the_deadline() {
    let bench = Bench::with_due_batches(2).await;
    let near = SystemTime::now() + Duration::from_secs(14);
    assert_eq!(bench.relay.run(near).await.unwrap(), Outcome::default());
    assert_eq!(bench.messages().await, 0);
    assert_eq!(bench.measured()["UnfinishedBatches"], 2, "the backlog is measured all the same");
    bench.server.stop().await;
}

#[tokio::test]
async fn old_batches_are_reduced_and_then_deleted_in_several_turns() {
    let bench = Bench::with_due_batches(3).await;
    bench
        .execute(
            "update transactions set status = 'completed', attempts = 1, category = 'Food', \
             primary_code = 'p', detailed_code = 'd', confidence = 'HIGH', rule = 'r', \
             rules_version = 'v', enriched_at = now()",
        )
        .await;
    bench.execute("delete from slices").await;
    bench
        .execute(
            "update batches set announce_at = null, started_at = now(), \
             finished_at = now() - interval '29 days' \
             - case transaction_ids when '{tx_000}' then 0 else 2 end * interval '1 day'",
        )
        .await;
    // More than one turn can examine, without transactions.
    bench
        .execute(
            "insert into batches (tenant_id, batch_id, correlation_id, inserted, erased, \
             message_count, finished_at) \
             select tenant_id, gen_random_uuid(), 'old', 1, 1, 1, now() - interval '31 days' \
             from tenants cross join generate_series(1, 1100)",
        )
        .await;
    let outcome = bench.run().await.unwrap();
    assert_eq!((outcome.lists_dropped, outcome.batches_deleted), (2, 1_100));
    assert_eq!(bench.run().await.unwrap(), Outcome::default());
    assert_eq!(bench.count("select count(*) from batches").await, 3);
    let listed = "select count(*) from batches where transaction_ids = '{tx_000}'";
    assert_eq!(bench.count(listed).await, 1, "the one that is not old enough");
    bench.server.stop().await;
}

#[tokio::test]
async fn old_revisions_and_transactions_are_deleted_if_configured() {
    let bench = Bench::with_due_batches(3).await;
    bench
        .execute(
            "update transactions set status = 'failed', attempts = 1, failure_reason = 'r', \
             enriched_at = now(), revision = 2, \
             booked_on = booked_on - case transaction_id when 'tx_000' then 30001 else 0 end; \
             insert into transaction_revisions \
             select tenant_id, transaction_id, 1, batch_id, '{}', now() - interval '101 days' \
             from transactions where transaction_id <> 'tx_002'; \
             insert into deleted_transactions \
             select tenant_id, 'long ago', 'acc', now() - interval '91 days' from tenants",
        )
        .await;
    let outcome = bench.run().await.unwrap();
    assert_eq!((outcome.revisions_deleted, outcome.transactions_deleted), (2, 1));
    assert_eq!(outcome.records_deleted, 1);
    assert_eq!(bench.count("select count(*) from transactions").await, 2);
    bench.server.stop().await;
}
