//! Sends hostile bodies: each must be rejected with little CPU time and memory, and store nothing.
//!
//! A release build sends ten thousand and asserts the CPU time (`.ci/hostile`); a debug build sends
//! fewer and does not assert the time.
#![cfg(test)]

use std::collections::BTreeMap;
use std::time::Duration;

use ingest::{Ingest, Limits};
use lambda_http::{Body, Request};
use peak_alloc::PeakAlloc;
use rustix::time::{ClockId, clock_gettime};
use serde::de::IgnoredAny;
use serde_json::{Value, json};
use tributary_lambda::aws::Aws;
use tributary_lambda::http::respond;
use tributary_lambda::metrics::Metrics;
use tributary_queue::Queue;
use tributary_testkit::{TestDatabase, hostile};

const EVENT: &str = include_str!("../../../events/api-ingest.json");
const SEED: u64 = 0x7269_7665_7273;
const BODIES: u64 = if cfg!(debug_assertions) { 500 } else { 10_000 };
const CPU_MAX: Duration = Duration::from_millis(100);
/// On a slow machine: how many times [`reference_time`] one body may take, about the same limit.
const REFERENCES_MAX: u32 = 6;
/// How often a body over the limit is measured again. The lowest time counts, because interrupts
/// and other threads of a core add to the CPU time of this thread.
const MEASURED_AGAIN_MAX: u32 = 9;
/// The memory that may be allocated in addition to the body.
const ALLOCATED_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Measures allocations. This program has a single test, so nothing else is measured.
#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// The highest cost of the bodies of one generator.
#[derive(Default)]
struct Cost {
    bodies: u64,
    bytes: usize,
    cpu: Duration,
    allocated_bytes: usize,
    statuses: BTreeMap<u16, u64>,
}

/// The CPU time of this thread so far. Everything but PostgreSQL runs on it.
fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap())
}

/// The CPU time of `serde_json` alone on six megabytes of zeros.
fn reference_time(zeros: &str) -> Duration {
    let begun = cpu_time();
    serde_json::from_str::<IgnoredAny>(zeros).unwrap();
    cpu_time() - begun
}

fn request_of(tenant: &str) -> Request {
    let mut event: Value = serde_json::from_str(EVENT).unwrap();
    event["requestContext"]["authorizer"] = json!({"tenant_id": tenant});
    lambda_http::request::from_str(&event.to_string()).unwrap()
}

/// The body as API Gateway passes it: text if it is UTF-8, else bytes.
fn body_of(bytes: Vec<u8>) -> Body {
    String::from_utf8(bytes).map_or_else(|error| Body::Binary(error.into_bytes()), Body::Text)
}

#[tokio::test]
async fn hostile_body_is_rejected_with_little_time_and_memory_and_stores_nothing() {
    let database = TestDatabase::create().await;
    let tenant = database.tenant("hostile").await;
    let queue = Queue::new(Aws::default().config().await, "http://127.0.0.1:1/queue".to_owned());
    let ingest =
        Ingest::new(database.store(), queue, Limits::default(), Metrics::new("ingest", "test"));
    let (parts, outcome) = request_of(&tenant.to_string()).into_parts();

    let zeros = format!("[{}0]", "0,".repeat(3_000_000));
    let mut costs = BTreeMap::<&str, Cost>::new();
    let mut references = Vec::new();
    for number in 0..BODIES {
        let hostile::HostileBody { generator, bytes } = hostile::body(SEED, number);
        let length = bytes.len();
        let what = format!("{generator}, number {number}, {length} bytes");
        let body = body_of(bytes);
        let (mut cpu, mut cpu_max) = (Duration::MAX, CPU_MAX);
        let (mut status, mut allocated_bytes) = (0, 0);
        for _ in 0..=MEASURED_AGAIN_MAX {
            let request = Request::from_parts(parts.clone(), body.clone());
            let before = ALLOCATOR.current_usage();
            ALLOCATOR.reset_peak_usage();
            let begun = cpu_time();
            let response = respond(&ingest, request).await;
            cpu = cpu.min(cpu_time() - begun);
            allocated_bytes = ALLOCATOR.peak_usage() - before;
            status = response.status().as_u16();
            assert!(matches!(status, 400 | 413 | 422), "{what}: {response:?}");
            assert!(
                allocated_bytes <= ALLOCATED_BYTES_MAX,
                "{what}: {allocated_bytes} bytes allocated"
            );
            if cfg!(debug_assertions) || cpu <= CPU_MAX {
                break;
            }
            let reference = reference_time(&zeros);
            println!("{what}: {cpu:?}, reference {reference:?}");
            cpu_max = CPU_MAX.max(reference * REFERENCES_MAX);
            if cpu <= cpu_max {
                break;
            }
        }
        assert!(cfg!(debug_assertions) || cpu <= cpu_max, "{what}: {cpu:?}, not {cpu_max:?}");
        if !cfg!(debug_assertions) && number % (BODIES / 20) == 0 {
            references.push(reference_time(&zeros));
        }
        let cost = costs.entry(generator).or_default();
        cost.bodies += 1;
        cost.bytes = cost.bytes.max(length);
        cost.cpu = cost.cpu.max(cpu);
        cost.allocated_bytes = cost.allocated_bytes.max(allocated_bytes);
        *cost.statuses.entry(status).or_default() += 1;
    }
    for (generator, cost) in &costs {
        println!(
            "{generator}: {} bodies of up to {} bytes, up to {:?} of CPU, {} bytes allocated, {:?}",
            cost.bodies, cost.bytes, cost.cpu, cost.allocated_bytes, cost.statuses
        );
    }
    println!("reference times: {references:?}");
    assert_eq!(stored_rows(&database).await, 0, "no hostile body may store anything");

    // The same request with a valid body is accepted, so the bodies were the reason.
    let response = respond(&ingest, Request::from_parts(parts, outcome)).await;
    assert_eq!(response.status(), 202, "{response:?}");
    assert!(stored_rows(&database).await > 0);
}

async fn stored_rows(database: &TestDatabase) -> i64 {
    sqlx::query_scalar(
        "select (select count(*) from batches) + (select count(*) from accounts) \
         + (select count(*) from transactions) + (select count(*) from transaction_revisions) \
         + (select count(*) from slices) + (select count(*) from report_packs) \
         + (select count(*) from report_days)",
    )
    .fetch_one(&mut database.connection().await)
    .await
    .unwrap()
}
