//! Tests the operations on a real database and an SQS server, and the custom resource with an HTTP
//! server that receives its response.
#![cfg(test)]

mod custom_resource;
mod database;
mod dead_letters;
mod erasure;
mod events;
mod keys;

use std::time::{Duration, SystemTime};

use admin::{Admin, AdminError};
use secrecy::SecretString;
use serde_json::Value;
use tributary_store::{Store, database as databases};
use tributary_testkit::TestDatabase;
use uuid::Uuid;

/// Handles an event with plenty of time.
async fn handle(admin: &Admin, event: Value) -> Result<Value, AdminError> {
    admin::handle(admin, event, SystemTime::now() + Duration::from_secs(300)).await
}

/// Creates a database without migrations on the server of `of` and returns its URL.
async fn empty_database(of: &TestDatabase) -> String {
    let name = format!("tributary_empty_{}", Uuid::now_v7().simple());
    databases::create(of.url(), &name, None).await.unwrap();
    let (server, _) = of.url().rsplit_once('/').unwrap();
    format!("{server}/{name}")
}

fn admin_of(database_url: &str) -> Admin {
    Admin::default().with_store(Store::connect_lazily(&SecretString::from(database_url)).unwrap())
}
