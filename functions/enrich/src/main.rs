//! The `enrich` function, invoked with messages of the queue.

use std::time::{Duration, SystemTime};

use aws_lambda_events::sqs::SqsEvent;
use enrich::{Config, Enrich, SimulatedCrash, SimulatedLatency, Worker};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tributary_domain::categorise::{Categorizer, RuleCategorizer};
use tributary_lambda::metrics::Metrics;
use tributary_lambda::{deadline, functions, logs};

#[tokio::main]
async fn main() -> Result<(), Error> {
    logs::init();
    let metrics = &Metrics::of_process("enrich");
    let config = Config::from_env()?;
    let (store, queue) = config.backends.connect(&functions::ENRICH).await?;
    let rules = RuleCategorizer::new();
    let mut categorizer: Box<dyn Categorizer> = match config.simulated_latency {
        Some(range) => Box::new(SimulatedLatency::new(rules, range)),
        None => Box::new(rules),
    };
    if let Some(text) = config.simulated_crash {
        categorizer = Box::new(SimulatedCrash::new(categorizer, text));
    }
    let (stop, at_work) = (CancellationToken::new(), TaskTracker::new());
    let worker = Worker::new(store, categorizer, config.limits, stop.clone(), metrics.clone());
    let (enrich, tracker) = (&Enrich::new(worker, queue), &at_work);
    let serve = lambda_runtime::run(service_fn(async move |event: LambdaEvent<SqsEvent>| {
        let _at_work = tracker.token();
        let deadline = deadline::of_invocation(event.context.deadline(), SystemTime::now());
        let response = enrich.handle(event.payload, deadline).await;
        metrics.flush();
        Ok::<_, Error>(response)
    }));
    tokio::select! {
        ended = serve => ended,
        ended = stopped(&stop, &at_work) => ended,
    }
}

/// Returns after SIGTERM, when running invocations have finished or released their rows and
/// responded.
async fn stopped(stop: &CancellationToken, at_work: &TaskTracker) -> Result<(), Error> {
    const RESPONSE_TIME: Duration = Duration::from_millis(50);
    signal(SignalKind::terminate())?.recv().await;
    stop.cancel();
    at_work.close();
    at_work.wait().await;
    tokio::time::sleep(RESPONSE_TIME).await;
    Ok(())
}
