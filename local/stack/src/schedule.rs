//! Invokes a function at a fixed interval, as an EventBridge rule `rate(…)` does.
//!
//! Unlike EventBridge it never overlaps invocations, and does not retry failed ones.

use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::json;
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior, interval_at};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::account::ACCOUNT_ID;
use crate::lambda::Lambda;

/// The payload of a scheduled invocation.
#[must_use]
pub fn scheduled_event(function: &str, region: &str, now: DateTime<Utc>) -> Vec<u8> {
    json!({
        "version": "0",
        "id": Uuid::now_v7(),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": ACCOUNT_ID,
        "time": now.to_rfc3339_opts(SecondsFormat::Secs, true),
        "region": region,
        "resources": [format!("arn:aws:events:{region}:{ACCOUNT_ID}:rule/{function}")],
        "detail": {},
    })
    .to_string()
    .into_bytes()
}

/// A running schedule.
#[derive(Debug)]
pub struct Schedule {
    stopping: CancellationToken,
    task: JoinHandle<()>,
}

impl Schedule {
    /// Invokes `function` every `interval`, first after one `interval`.
    #[must_use]
    pub fn start(lambda: Lambda, function: &str, region: &str, interval: Duration) -> Self {
        let (function, region) = (function.to_owned(), region.to_owned());
        let stopping = CancellationToken::new();
        let stop = stopping.clone();
        let task = tokio::spawn(async move {
            let mut ticks = interval_at(Instant::now() + interval, interval);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
            while stop.run_until_cancelled(ticks.tick()).await.is_some() {
                let event = scheduled_event(&function, &region, Utc::now());
                if let Err(error) = lambda.invoke(&function, event, None).await {
                    tracing::warn!(%function, %error, "a scheduled invocation failed");
                }
            }
        });
        Self { stopping, task }
    }

    /// Ends the schedule and waits for a running invocation.
    pub async fn stop(self) {
        self.stopping.cancel();
        if let Err(error) = self.task.await {
            tracing::error!(%error, "a schedule failed");
        }
    }
}
