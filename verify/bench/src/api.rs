//! A client of the HTTP API, and direct invocations of the background functions.

use std::time::Duration;

use reqwest::{Client, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use sqlx::PgPool;
use tributary_system::System;
use uuid::Uuid;

use crate::error::BenchError;

/// The time limit of a request, beyond that of the gateway.
const TIMEOUT: Duration = Duration::from_secs(60);

/// A system under test.
pub struct Api<'s> {
    system: &'s System,
    http: Client,
    database: PgPool,
    tenant: Uuid,
}

#[derive(Deserialize)]
struct Accepted {
    batch_id: Uuid,
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
        let http = Client::builder().timeout(TIMEOUT).build()?;
        Ok(Self { system, http, database: database.clone(), tenant })
    }

    /// Posts a batch and returns its id.
    pub async fn post(&self, body: String) -> Result<Uuid, BenchError> {
        let response = self
            .http
            .post(format!("{}/api/integrations/transactions/", self.system.url()))
            .bearer_auth(self.system.api_key())
            .header("content-type", "application/json")
            .body(body)
            .send()
            .await?;
        let status = response.status();
        if status != StatusCode::ACCEPTED {
            return Err(BenchError::Response(format!("{status}: {}", response.text().await?)));
        }
        Ok(response.json::<Accepted>().await?.batch_id)
    }

    /// Reads an account's summary.
    pub async fn summary(
        &self,
        account_id: &str,
        start: chrono::NaiveDate,
        end: chrono::NaiveDate,
    ) -> Result<(), BenchError> {
        let path = format!(
            "{}/api/reports/account/{account_id}/summary?start_date={start}&end_date={end}",
            self.system.url()
        );
        let response = self.http.get(path).bearer_auth(self.system.api_key()).send().await?;
        response.error_for_status()?.bytes().await?;
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
