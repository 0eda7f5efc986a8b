//! Measures a decision in round trips to the database. Both are measured alternately in one run, so
//! that the ratio does not depend on the machine. A key costs one database transaction with one
//! query.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed measurement has no result")]

#[allow(dead_code, clippy::indexing_slicing, reason = "the tests use the rest")]
#[path = "../tests/decisions/rig.rs"]
mod rig;

use std::time::{Duration, Instant};

use sqlx::Executor;
use tributary_domain::Scope;
use tributary_testkit::Issuer;

use rig::{Rig, decide, get};

/// The number of measurements. The median is reported.
const ROUNDS: usize = 500;

#[tokio::main]
async fn main() {
    let (rig, issuer) = (Rig::new().await, Issuer::new());
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), issuer.jwks().to_string()).unwrap();
    let authorize = rig.authorize_with(authorize::JwksSource::File(file.path().to_owned()));
    let mut connection = rig.database.connection().await;
    let (_, secret) = rig.key(1, &[Scope::Report]).await;
    let claims = Issuer::claims(&rig.tenant.to_string(), "report");
    for (name, bearer) in [
        ("key", secret.expose().to_owned()),
        ("unknown key", secret.expose().replace("trb_01", "trb_02")),
        ("RS256", issuer.rs256(&claims)),
        ("ES256", issuer.es256(&claims)),
    ] {
        let request = get(&bearer);
        // Connects, and reads the issuer's keys.
        decide(&authorize, &request).await;
        let (mut decisions, mut round_trips) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            let started = Instant::now();
            decide(&authorize, &request).await;
            decisions.push(started.elapsed());
            let started = Instant::now();
            connection.execute("select 1").await.unwrap();
            round_trips.push(started.elapsed());
        }
        let (decision, round_trip) = (median(decisions), median(round_trips));
        let ratio = decision.div_duration_f64(round_trip);
        println!("{name}: {decision:?}, {ratio:.1} round trips of {round_trip:?}");
    }
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}
