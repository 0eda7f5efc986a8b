//! Hostile bodies, one after the other: each is refused, in little time and memory, and leaves nothing.
//!
//! Ten thousand in a release build, where the time is asserted, since that is what ships; some of them in
//! a debug build, for the rest. `.ci/hostile` runs the former.
#![cfg(test)]

use std::collections::BTreeMap;
use std::time::Duration;

use ingest::Ingest;
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
/// What one body may cost; where the machine is slow, so many times what [`reference_time`] takes there, which is
/// as much where it is not.
const CPU_MAX: Duration = Duration::from_millis(100);
const REFERENCES_MAX: u32 = 6;
/// A body that seemed to cost more is sent again up to so many times, and the least counts: what else a
/// machine does (other threads of a core, interrupts) is counted as this thread's time too.
const MEASURED_AGAIN_MAX: u32 = 9;
/// What may be allocated beside the body: far less than the body itself may have.
const ALLOCATED_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Counts what is allocated; this program has one test, so that it counts nothing else.
#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// The most that a kind of body cost.
#[derive(Default)]
struct Cost {
    bodies: u64,
    bytes: usize,
    cpu: Duration,
    allocated_bytes: usize,
    statuses: BTreeMap<u16, u64>,
}

/// What this thread has worked so far. Everything runs on it but PostgreSQL, which is not asked about
/// most bodies.
fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap())
}

/// What `serde_json` alone takes just now, on six megabytes of zeros.
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

/// As API Gateway passes it: text as text, else bytes.
fn body_of(bytes: Vec<u8>) -> Body {
    String::from_utf8(bytes).map_or_else(|error| Body::Binary(error.into_bytes()), Body::Text)
}

#[tokio::test]
async fn a_hostile_body_is_refused_in_little_time_and_memory_and_leaves_nothing() {
    let database = TestDatabase::create().await;
    let tenant = database.tenant("hostile").await;
    let queue = Queue::new(Aws::default().config().await, "http://127.0.0.1:1/queue".to_owned());
    let ingest = Ingest::new(database.store(), queue, Metrics::new("ingest", "test"));
    let (parts, outcome) = request_of(&tenant.to_string()).into_parts();

    let zeros = format!("[{}0]", "0,".repeat(3_000_000));
    let mut costs = BTreeMap::<&str, Cost>::new();
    let mut references = Vec::new();
    for number in 0..BODIES {
        let hostile::HostileBody { kind, bytes } = hostile::body(SEED, number);
        let length = bytes.len();
        let what = format!("{kind}, number {number}, {length} bytes");
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
        let cost = costs.entry(kind).or_default();
        cost.bodies += 1;
        cost.bytes = cost.bytes.max(length);
        cost.cpu = cost.cpu.max(cpu);
        cost.allocated_bytes = cost.allocated_bytes.max(allocated_bytes);
        *cost.statuses.entry(status).or_default() += 1;
    }
    for (kind, cost) in &costs {
        println!(
            "{kind}: {} bodies of up to {} bytes, at most {:?} of CPU and {} bytes allocated, {:?}",
            cost.bodies, cost.bytes, cost.cpu, cost.allocated_bytes, cost.statuses
        );
    }
    println!("the reference, now and then: {references:?}");
    assert_eq!(stored_rows(&database).await, 0, "nothing of them is stored");

    // The same request with a good body is taken: nothing but the bodies was refused.
    let response = respond(&ingest, Request::from_parts(parts, outcome)).await;
    assert_eq!(response.status(), 202, "{response:?}");
    assert!(stored_rows(&database).await > 0);
}

async fn stored_rows(database: &TestDatabase) -> i64 {
    sqlx::query_scalar(
        "select (select count(*) from batches) + (select count(*) from accounts) \
         + (select count(*) from transactions) + (select count(*) from transaction_revisions) \
         + (select count(*) from outbox) + (select count(*) from idempotency_keys) \
         + (select count(*) from report_deltas) + (select count(*) from report_days)",
    )
    .fetch_one(&mut database.connection().await)
    .await
    .unwrap()
}
