//! The round trips to PostgreSQL of an accepted batch, counted on the wire.

use std::time::Duration;

use serde_json::json;
use tributary_bench::Wire;
use tributary_client::{Client, Method, Request};
use tributary_system::{System, SystemConfig};

/// For a batch of new transactions. The last one is that of the connection pool, which checks the
/// connection when the database transaction has ended.
const INGEST_MAX: u64 = 10;
const AUTHORIZE_MAX: u64 = 4;

#[tokio::test(flavor = "multi_thread")]
async fn accepted_batch_of_fifteen_takes_few_round_trips() {
    let wire = Wire::start().await.unwrap();
    let config = SystemConfig {
        database_route: Some(wire.route()),
        enrich_concurrency: 0,
        relay_interval: None,
        pooler: false,
        ..SystemConfig::throw_away()
    };
    let system = System::start(config, &|step| eprintln!("{step}")).await.unwrap();
    let client = Client::new(&system.url()).unwrap().with_key(system.api_key()).unwrap();
    let client = client.with_timeout(Duration::from_secs(120));
    let post = async |first: usize| {
        let transaction = |index| {
            json!({
                "transaction_id": format!("tx_{index}"), "account_id": "acc", "amount": "-1.00",
                "iso_currency_code": "USD", "date": "2025-10-30", "name": "Amazon"
            })
        };
        let transactions: Vec<_> = (first..first + 15).map(transaction).collect();
        let body = json!({
            "accounts": [{"account_id": "acc", "name": "Checking", "type": "depository"}],
            "transactions": transactions, "total_transactions": 15,
            "request_id": format!("req_{first}")
        });
        let request = Request::new(Method::POST, &["api", "integrations", "transactions"]);
        let response = client.send(&request.json(&body).unwrap()).await.unwrap();
        assert_eq!(response.status, 202);
        // The pool checks its connection after the response.
        tokio::time::sleep(Duration::from_millis(500)).await;
    };
    // Cold starts, connections, and the first use of the key.
    post(0).await;
    post(15).await;
    let before = wire.round_trips();
    post(30).await;
    let after = wire.round_trips();
    let count = |function: &str| after[function] - before[function];
    let (ingest, authorize) = (count("ingest"), count("authorize"));
    eprintln!("ingest {ingest}, authorize {authorize}");
    assert!(ingest <= INGEST_MAX, "{ingest}");
    assert!(authorize <= AUTHORIZE_MAX, "{authorize}");
    system.stop().await.unwrap();
}
