//! Writes a batch, completes its transactions as a worker does and prints the sums of the account.
//!
//! Starts a PostgreSQL server of its own, unless `DATABASE_URL` names one. Run it with
//! `cargo run -p tributary-store --example ledger`.

use std::error::Error;
use std::time::Duration;

use tributary_domain::Period;
use tributary_domain::identity::LeaseToken;
use tributary_store::enrichment::{self, Category, ClaimedTransaction, Lease, Outcome};
use tributary_store::report;
use tributary_testkit::TestDatabase;
use tributary_testkit::ledger::{bookings, write};
use uuid::Uuid;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let database = TestDatabase::create().await;
    let (store, tenant) = (database.store(), database.tenant("example").await);
    let (batch, written) = write(&store, tenant, &bookings(3, "-42.50")).await?;
    println!("{} transactions inserted", written.inserted);

    let token = LeaseToken(Uuid::now_v7());
    let lease = Lease { tenant, batch, token, duration: Duration::from_secs(30) };
    let mut tx = store.begin(tenant).await?;
    let announce_after = Duration::from_secs(900);
    let claim = enrichment::claim(&mut tx, &lease, announce_after).await?.ok_or("no slice")?;
    tx.commit().await?;

    let shopping = Category {
        category: "Shopping",
        primary_code: "GENERAL_MERCHANDISE",
        detailed_code: "GENERAL_MERCHANDISE_ONLINE_MARKETPLACES",
        confidence: "VERY_HIGH",
        rule: "example",
    };
    let outcome = |row: &ClaimedTransaction| Outcome {
        position: row.position,
        revision: row.revision,
        result: Ok(shopping),
    };
    let outcomes: Vec<_> = claim.rows.iter().map(outcome).collect();
    let mut tx = store.begin(tenant).await?;
    let finished = enrichment::finish(&mut tx, &lease, "1", &outcomes).await?;
    tx.commit().await?;
    println!("{} completed, {} failed", finished.completed(), finished.failed);

    let october = Period::parse(Some("2025-10-01"), Some("2025-10-31"))
        .map_err(|faults| format!("{faults:?}"))?;
    let mut tx = store.begin(tenant).await?;
    for sums in report::summary(&mut tx, tenant, "acc", october).await?.unwrap_or_default() {
        println!("{} {} spent, {} completed", sums.spend, sums.currency, sums.counts.completed);
    }
    Ok(())
}
