//! Query plans under row-level security do not cost more with more tenants.

use sqlx::{AssertSqlSafe, Executor, Row};
use tributary_domain::TenantId;
use tributary_store::Store;
use tributary_testkit::TestDatabase;
use tributary_testkit::ledger::{bookings, write};

use crate::server::as_function;

/// Returns the plan of a query of one tenant.
async fn plan(store: &Store, tenant: TenantId, query: &str) -> String {
    let mut tx = store.begin(tenant).await.unwrap();
    let query = format!("explain (costs off) {query}");
    let rows = tx.fetch_all(AssertSqlSafe(query)).await.unwrap();
    rows.iter().map(|row| row.get::<String, _>(0)).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn plans_use_the_primary_key_with_and_without_a_condition_on_the_tenant() {
    let database = TestDatabase::create().await;
    let mut tenants = Vec::new();
    for index in 0..20 {
        let tenant = database.tenant(&format!("tenant {index}")).await;
        write(&database.store(), tenant, &bookings(200, "-1")).await.unwrap();
        tenants.push(tenant);
    }
    (&mut database.connection().await).execute("analyze").await.unwrap();
    let report = as_function(database.store(), "report");
    let tenant = tenants[7];
    let condition = "transaction_id = 'tx_00007'";
    for query in [
        format!("select status from transactions where tenant_id = '{tenant}' and {condition}"),
        format!("select status from transactions where {condition}"),
    ] {
        let plan = plan(&report, tenant, &query).await;
        let uses_primary_key = plan.lines().any(|line| {
            line.contains("Index Cond")
                && line.contains("tenant_id")
                && line.contains("transaction_id")
        });
        assert!(uses_primary_key, "{query}\n{plan}");
        // The policy is evaluated once for the statement, not for each row.
        assert!(plan.contains("InitPlan"), "{query}\n{plan}");
    }
}
