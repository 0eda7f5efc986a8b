//! A client of the HTTP API, and direct invocations of the background functions.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};
use sqlx::PgPool;
use tributary_client::{AcceptedBatch, Client, DateRange, Method, Request};
use tributary_system::System;
use uuid::Uuid;

use crate::error::BenchError;

/// The time limit of a request, beyond that of the gateway.
const TIMEOUT: Duration = Duration::from_secs(60);

/// A system under test.
pub struct Api<'s> {
    system: &'s System,
    client: Client,
    database: PgPool,
    tenant: Uuid,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct BatchResponse {
    batch_item_failures: Vec<Value>,
}

impl<'s> Api<'s> {
    /// A client with the key of the system's tenant.
    pub async fn new(system: &'s System, database: &PgPool) -> Result<Self, BenchError> {
        let tenant =
            sqlx::query_scalar("select tenant_id from tenants").fetch_one(database).await?;
        let client = Client::new(&system.url())?.with_key(system.api_key())?.with_timeout(TIMEOUT);
        Ok(Self { system, client, database: database.clone(), tenant })
    }

    /// Posts a batch and returns its id. The body is written before, so that this is not measured.
    pub async fn post(&self, body: String) -> Result<Uuid, BenchError> {
        let request = Request::new(Method::POST, &["api", "integrations", "transactions"]);
        let response = self.client.send(&request.json_text(body)).await?;
        Ok(response.json::<AcceptedBatch>()?.batch_id)
    }

    /// Reads an account's summary.
    pub async fn summary(&self, account_id: &str, days: DateRange) -> Result<(), BenchError> {
        self.client.summary(account_id, days, None).await?;
        Ok(())
    }

    /// Invokes enrich, as the event source does, until the batch is finished: a turn of a worker ends
    /// after a second.
    pub async fn enrich(&self, batch_id: Uuid) -> Result<(), BenchError> {
        let is_finished = "select finished_at is not null from batches where batch_id = $1";
        loop {
            self.take_turn(batch_id).await?;
            let is_finished = sqlx::query_scalar(is_finished).bind(batch_id);
            if is_finished.fetch_one(&self.database).await? {
                return Ok(());
            }
        }
    }

    async fn take_turn(&self, batch_id: Uuid) -> Result<(), BenchError> {
        let body = json!({"v": 1, "tenant_id": self.tenant, "batch_id": batch_id}).to_string();
        let record = json!({
            "messageId": Uuid::now_v7(),
            "receiptHandle": "bench",
            "body": body,
            "attributes": {},
            "messageAttributes": {},
            "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:tributary",
            "awsRegion": "us-east-1",
        });
        let event = json!({"Records": [record]}).to_string();
        let invocation = self.system.stack().lambda().invoke("enrich", event, None).await?;
        let response: BatchResponse = serde_json::from_slice(&invocation.payload)
            .map_err(|error| BenchError::Response(error.to_string()))?;
        if response.batch_item_failures.is_empty() {
            Ok(())
        } else {
            Err(BenchError::Response("enrich reported a failed message".to_owned()))
        }
    }

    /// Invokes relay once.
    pub async fn relay(&self) -> Result<(), BenchError> {
        self.system.stack().lambda().invoke("relay", "{}", None).await?;
        Ok(())
    }
}

/// The number of unfinished batches.
pub async fn unfinished(database: &PgPool) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar("select count(*) from batches where finished_at is null")
        .fetch_one(database)
        .await
}
