//! Durations of each phase beside those of bare SQL.

use std::time::{Duration, Instant};

use futures::{StreamExt, TryStreamExt, stream};
use sqlx::PgPool;
use uuid::Uuid;

use crate::api::{Api, unfinished};
use crate::bare::Bare;
use crate::error::BenchError;
use crate::rounds::{Rounds, Timing, median_ms as median_of};
use crate::workload::{Batch, Workload};

/// How long the pipeline may take to finish what was posted.
const FINISH_TIMEOUT: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(10);

/// The batches of one round.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// Transactions in each batch.
    pub rows: usize,
    /// The number of batches.
    pub batches: usize,
}

/// Posts batches. Returns their ids and how long it took.
async fn post(
    api: &Api<'_>,
    batches: &[Batch],
    clients: usize,
) -> Result<(Vec<Uuid>, Duration), BenchError> {
    let bodies: Vec<_> = batches.iter().map(Batch::to_body).collect();
    let started = Instant::now();
    let posts = stream::iter(bodies).map(|body| api.post(body));
    let ids = posts.buffer_unordered(clients).try_collect().await?;
    Ok((ids, started.elapsed()))
}

async fn insert(bare: &Bare, batches: &[Batch], clients: usize) -> Result<Duration, BenchError> {
    let started = Instant::now();
    let inserts = stream::iter(batches).map(|batch| bare.insert(batch));
    inserts.buffer_unordered(clients).try_collect::<()>().await?;
    Ok(started.elapsed())
}

async fn update(bare: &Bare, batches: &[Batch], clients: usize) -> Result<Duration, BenchError> {
    let started = Instant::now();
    let updates = stream::iter(batches).map(|batch| bare.update(batch));
    updates.buffer_unordered(clients).try_collect::<()>().await?;
    Ok(started.elapsed())
}

async fn enrich(api: &Api<'_>, ids: &[Uuid], workers: usize) -> Result<Duration, BenchError> {
    let started = Instant::now();
    let works = stream::iter(ids).map(|id| api.enrich(*id));
    works.buffer_unordered(workers).try_collect::<()>().await?;
    Ok(started.elapsed())
}

/// Ingest, then enrichment of the same batches. The event source is off.
pub async fn ingest_and_enrich(
    api: &Api<'_>,
    database: &PgPool,
    bare: &Bare,
    workload: &mut Workload,
    size: Size,
    clients: usize,
    rounds: usize,
) -> Result<[Timing; 2], BenchError> {
    let rows = size.rows * size.batches;
    let (mut ingest, mut enrichment) = (Rounds::of_rows(rows), Rounds::of_rows(rows));
    // The first round starts the functions and is not counted.
    for round in 0..=rounds {
        let batches = workload.batches(size.batches, size.rows);
        let (ids, posted) = post(api, &batches, clients).await?;
        let inserted = insert(bare, &batches, clients).await?;
        bare.analyze().await?;
        let enriched = enrich(api, &ids, clients).await?;
        let updated = update(bare, &batches, clients).await?;
        let batches = unfinished(database).await?;
        if batches > 0 {
            return Err(BenchError::Unfinished { batches, after: "enrichment" });
        }
        if round > 0 {
            ingest.add(posted, inserted);
            enrichment.add(enriched, updated);
        }
    }
    let of = |name: &str, who: &str| {
        let plural = if clients == 1 { "" } else { "s" };
        format!("{name}, batches of {}, {clients} {who}{plural}", size.rows)
    };
    Ok([ingest.timing(of("ingest", "client")), enrichment.timing(of("enrich", "worker"))])
}

/// From the first request until the last batch is finished. The event source is on.
pub async fn pipeline(
    api: &Api<'_>,
    database: &PgPool,
    bare: &Bare,
    workload: &mut Workload,
    size: Size,
    clients: usize,
    rounds: usize,
) -> Result<Timing, BenchError> {
    let mut measured = Rounds::of_rows(size.rows * size.batches);
    for round in 0..=rounds {
        let batches = workload.batches(size.batches, size.rows);
        let started = Instant::now();
        post(api, &batches, clients).await?;
        loop {
            match unfinished(database).await? {
                0 => break,
                batches if started.elapsed() > FINISH_TIMEOUT => {
                    return Err(BenchError::Unfinished { batches, after: "the pipeline" });
                }
                _ => tokio::time::sleep(POLL).await,
            }
        }
        let finished = started.elapsed();
        let inserted = insert(bare, &batches, clients).await?;
        bare.analyze().await?;
        let written = inserted + update(bare, &batches, clients).await?;
        if round > 0 {
            measured.add(finished, written);
        }
    }
    let name = format!("pipeline, batches of {}, {clients} clients", size.rows);
    Ok(measured.timing(name))
}

/// The median duration of `count` calls, in milliseconds.
pub async fn median_ms(
    count: usize,
    mut call: impl AsyncFnMut() -> Result<(), BenchError>,
) -> Result<f64, BenchError> {
    let mut durations = Vec::with_capacity(count);
    for _ in 0..count {
        let started = Instant::now();
        call().await?;
        durations.push(started.elapsed());
    }
    Ok(median_of(&durations))
}
