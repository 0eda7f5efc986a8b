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

/// A system, its database, and the reference in the same database.
pub struct Subject<'s> {
    pub api: Api<'s>,
    pub database: PgPool,
    pub bare: Bare,
}

/// Runs futures, `at_once` at the same time. Returns their results and how long it took.
async fn timed<T, F: Future<Output = Result<T, BenchError>>>(
    work: impl Iterator<Item = F>,
    at_once: usize,
) -> Result<(Vec<T>, Duration), BenchError> {
    let started = Instant::now();
    let results = stream::iter(work).buffer_unordered(at_once).try_collect().await?;
    Ok((results, started.elapsed()))
}

impl Subject<'_> {
    /// Posts batches with this many clients. Returns the ids and how long it took.
    async fn post(
        &self,
        batches: &[Batch],
        clients: usize,
    ) -> Result<(Vec<Uuid>, Duration), BenchError> {
        let bodies: Vec<_> = batches.iter().map(Batch::to_body).collect();
        timed(bodies.into_iter().map(|body| self.api.post(body)), clients).await
    }

    /// Inserts and then updates batches by bare SQL. Returns how long each took.
    async fn write_bare(
        &self,
        batches: &[Batch],
        connections: usize,
    ) -> Result<(Duration, Duration), BenchError> {
        let inserts = batches.iter().map(|batch| self.bare.insert(batch));
        let (_, inserted) = timed(inserts, connections).await?;
        self.bare.analyze().await?;
        let updates = batches.iter().map(|batch| self.bare.update(batch));
        let (_, updated) = timed(updates, connections).await?;
        Ok((inserted, updated))
    }

    /// Ingest by this many clients, then enrichment of the same batches by as many workers. The
    /// event source is off.
    pub async fn ingest_and_enrich(
        &self,
        workload: &mut Workload,
        size: Size,
        at_once: usize,
        rounds: usize,
    ) -> Result<[Timing; 2], BenchError> {
        let rows = size.rows * size.batches;
        let (mut ingest, mut enrichment) = (Rounds::of_rows(rows), Rounds::of_rows(rows));
        // The first round starts the functions and is not counted.
        for round in 0..=rounds {
            let batches = workload.batches(size.batches, size.rows);
            let (ids, posted) = self.post(&batches, at_once).await?;
            let works = ids.into_iter().map(|id| self.api.enrich(id));
            let (_, enriched) = timed(works, at_once).await?;
            let (inserted, updated) = self.write_bare(&batches, at_once).await?;
            let batches = unfinished(&self.database).await?;
            if batches > 0 {
                return Err(BenchError::Unfinished { batches, after: "enrichment" });
            }
            if round > 0 {
                ingest.add(posted, inserted);
                enrichment.add(enriched, updated);
            }
        }
        let of = |name: &str, who: &str| {
            let plural = if at_once == 1 { "" } else { "s" };
            format!("{name}, batches of {}, {at_once} {who}{plural}", size.rows)
        };
        Ok([ingest.timing(of("ingest", "client")), enrichment.timing(of("enrich", "worker"))])
    }

    /// From the first request until the last batch is finished. The event source is on.
    pub async fn pipeline(
        &self,
        workload: &mut Workload,
        size: Size,
        clients: usize,
        rounds: usize,
    ) -> Result<Timing, BenchError> {
        let mut measured = Rounds::of_rows(size.rows * size.batches);
        for round in 0..=rounds {
            let batches = workload.batches(size.batches, size.rows);
            let started = Instant::now();
            self.post(&batches, clients).await?;
            loop {
                match unfinished(&self.database).await? {
                    0 => break,
                    batches if started.elapsed() > FINISH_TIMEOUT => {
                        return Err(BenchError::Unfinished { batches, after: "the pipeline" });
                    }
                    _ => tokio::time::sleep(POLL).await,
                }
            }
            let finished = started.elapsed();
            let (inserted, updated) = self.write_bare(&batches, clients).await?;
            if round > 0 {
                measured.add(finished, inserted + updated);
            }
        }
        Ok(measured.timing(format!("pipeline, batches of {}, {clients} clients", size.rows)))
    }
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
