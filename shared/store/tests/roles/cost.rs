//! What roles and row-level security cost: the same batch as the owner, who is past all of it, and as the
//! functions' roles, by turns in one run.

use std::time::{Duration, Instant};

use sqlx::{AssertSqlSafe, Executor, Row};
use tributary_domain::TenantId;
use tributary_store::enrichment::{self, Lease, Outcome};
use tributary_store::{Role, Store};
use tributary_testkit::TestDatabase;
use tributary_testkit::ledger::{booking, bookings, write};
use uuid::Uuid;

use crate::ledger::{LEASE, SHOPPING, ids};

const ROWS: usize = 10_000;
/// What enrich claims at a time.
const CLAIM: i64 = 500;
/// How often both are measured. The fastest of each counts: the machine does other things too.
const ROUNDS: usize = 3;
/// Row-level security costs a few per cent. A plan that lost its index would cost a hundredfold.
const RATIO_MAX: f64 = 2.0;
/// How often all of that may be disturbed.
const TRIES: usize = 3;

#[derive(Clone, Copy, Debug)]
struct Timings {
    ingest: Duration,
    enrich: Duration,
}

impl Timings {
    fn fastest(self, other: Self) -> Self {
        Self { ingest: self.ingest.min(other.ingest), enrich: self.enrich.min(other.enrich) }
    }
}

/// Ingests and enriches a batch in a database of its own, as the functions or as the owner.
async fn measure(as_functions: bool) -> Timings {
    let database = TestDatabase::create().await;
    let tenant = database.tenant("first").await;
    let store_of = |function: &str| {
        let store = database.store();
        if as_functions { store.as_role(Role::of_function(function).unwrap()) } else { store }
    };
    let (ingest, enrich) = (store_of("ingest"), store_of("enrich"));
    // Connects, so that neither pays for it.
    write(&ingest, tenant, &[booking("warm", "1")]).await.unwrap();
    enrich.begin(tenant).await.unwrap().rollback().await.unwrap();

    let started = Instant::now();
    let (batch, _) = write(&ingest, tenant, &bookings(ROWS, "-0.10")).await.unwrap();
    let ingested = started.elapsed();

    let started = Instant::now();
    let mut finished = 0;
    loop {
        let token = tributary_domain::identity::LeaseToken(Uuid::now_v7());
        let lease = Lease { tenant, batch, token, duration: LEASE };
        let mut transaction = enrich.begin(tenant).await.unwrap();
        let claimed = enrichment::claim(&mut transaction, &lease, CLAIM).await.unwrap();
        transaction.commit().await.unwrap();
        if claimed.is_empty() {
            break;
        }
        let outcomes: Vec<_> = ids(&claimed)
            .into_iter()
            .map(|transaction_id| Outcome { transaction_id, result: Ok(SHOPPING) })
            .collect();
        let mut transaction = enrich.begin(tenant).await.unwrap();
        let done =
            enrichment::finish(&mut transaction, &lease, "rules-1", &outcomes).await.unwrap();
        finished += done.completed();
        transaction.commit().await.unwrap();
    }
    assert_eq!(usize::try_from(finished), Ok(ROWS));
    Timings { ingest: ingested, enrich: started.elapsed() }
}

#[tokio::test]
async fn row_level_security_costs_next_to_nothing() {
    let mut tries = Vec::new();
    for _ in 0..TRIES {
        let (mut owner, mut functions) = (measure(false).await, measure(true).await);
        for _ in 1..ROUNDS {
            owner = owner.fastest(measure(false).await);
            functions = functions.fastest(measure(true).await);
        }
        let ratio = |functions: Duration, owner: Duration| functions.div_duration_f64(owner);
        let ingest = ratio(functions.ingest, owner.ingest);
        let enrich = ratio(functions.enrich, owner.enrich);
        eprintln!(
            "{ROWS} rows: owner {owner:?}, functions {functions:?}, \
             ratio of ingest {ingest:.3}, of enrich {enrich:.3}"
        );
        if ingest < RATIO_MAX && enrich < RATIO_MAX {
            return;
        }
        tries.push((owner, functions));
    }
    panic!("never: {tries:?}");
}

/// The plan of a query as a role, for a tenant among many.
async fn plan(store: &Store, tenant: TenantId, query: &str) -> String {
    let mut transaction = store.begin(tenant).await.unwrap();
    let query = format!("explain (costs off) {query}");
    let rows = transaction.fetch_all(AssertSqlSafe(query)).await.unwrap();
    rows.iter().map(|row| row.get::<String, _>(0)).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn plans_go_by_the_index_whether_a_statement_names_the_tenant_or_forgets_it() {
    let database = TestDatabase::create().await;
    let mut tenants = Vec::new();
    for index in 0..20 {
        let tenant = database.tenant(&format!("tenant {index}")).await;
        write(&database.store(), tenant, &bookings(200, "-1")).await.unwrap();
        tenants.push(tenant);
    }
    (&mut database.connection().await).execute("analyze").await.unwrap();
    let report = database.store().as_role(Role::of_function("report").unwrap());
    let tenant = tenants[7];
    let one = "transaction_id = 'tx_00007'";
    for query in [
        format!("select status from transactions where tenant_id = '{tenant}' and {one}"),
        format!("select status from transactions where {one}"),
    ] {
        let plan = plan(&report, tenant, &query).await;
        let by_key = plan.lines().any(|line| {
            line.contains("Index Cond")
                && line.contains("tenant_id")
                && line.contains(one.split(' ').next().unwrap())
        });
        assert!(by_key, "{query}\n{plan}");
        // Asked once for the statement, not once for each row.
        assert!(plan.contains("InitPlan"), "{query}\n{plan}");
    }
}
