//! The custom resource of CloudFormation and its responses.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use admin::Admin;
use axum::Router;
use axum::extract::State;
use axum::routing::put;
use http::{HeaderMap, StatusCode, Uri};
use serde_json::{Value, json};
use tributary_store::MIGRATOR;
use tributary_testkit::TestDatabase;

use super::{admin_of, empty_database, handle};

const SIGNATURE: &str = "X-Amz-Signature=c0ffee";

/// A received PUT request.
struct Put {
    uri: Uri,
    content_types: Vec<String>,
    body: Value,
}

/// A server that receives responses, like S3 does for CloudFormation. It rejects the first ones.
struct Receiver {
    url: String,
    received: Arc<Mutex<Vec<Put>>>,
}

#[derive(Clone)]
struct Shared {
    rejections: Arc<Mutex<usize>>,
    received: Arc<Mutex<Vec<Put>>>,
}

impl Receiver {
    async fn start(rejections: usize) -> Self {
        let received = Arc::default();
        let shared = Shared {
            rejections: Arc::new(Mutex::new(rejections)),
            received: Arc::clone(&received),
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/responses?{SIGNATURE}", listener.local_addr().unwrap());
        let router = Router::new().route("/responses", put(receive)).with_state(shared);
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, received }
    }

    fn event(&self, request_type: &str) -> Value {
        json!({
            "RequestType": request_type,
            "ServiceToken": "arn:aws:lambda:us-east-1:000000000000:function:admin",
            "ResponseURL": self.url,
            "StackId": "arn:aws:cloudformation:us-east-1:000000000000:stack/tributary/1",
            "RequestId": "request-1",
            "LogicalResourceId": "Schema",
            "ResourceType": "Custom::Schema",
            "ResourceProperties": {"Version": "1"}
        })
    }

    /// The one received response.
    fn response(&self) -> Value {
        let received = self.received.lock().unwrap();
        assert_eq!(received.len(), 1, "one response");
        assert_eq!(received[0].uri.query(), Some(SIGNATURE), "to the signed URL");
        assert_eq!(received[0].content_types, [""], "signed for an empty content type");
        received[0].body.clone()
    }
}

async fn receive(
    State(shared): State<Shared>,
    uri: Uri,
    headers: HeaderMap,
    body: String,
) -> StatusCode {
    let mut rejections = shared.rejections.lock().unwrap();
    if *rejections > 0 {
        *rejections -= 1;
        return StatusCode::SERVICE_UNAVAILABLE;
    }
    let content_types = headers.get_all("content-type").iter();
    let content_types = content_types.map(|it| it.to_str().unwrap().to_owned()).collect();
    let body = serde_json::from_str(&body).unwrap();
    shared.received.lock().unwrap().push(Put { uri, content_types, body });
    StatusCode::OK
}

fn success(physical_resource_id: &str) -> Value {
    json!({
        "Status": "SUCCESS",
        "PhysicalResourceId": physical_resource_id,
        "StackId": "arn:aws:cloudformation:us-east-1:000000000000:stack/tributary/1",
        "RequestId": "request-1",
        "LogicalResourceId": "Schema"
    })
}

#[tokio::test]
async fn create_and_update_migrate_the_schema_under_one_id() {
    let test = TestDatabase::create().await;
    let admin = admin_of(&empty_database(&test).await);
    let receiver = Receiver::start(0).await;
    handle(&admin, receiver.event("Create")).await.unwrap();
    assert_eq!(receiver.response(), success("tributary-schema"));
    let migrated = handle(&admin, json!({"operation": "migrate"})).await.unwrap();
    assert_eq!(migrated, json!({"migrations": MIGRATOR.iter().count(), "applied": []}));

    let receiver = Receiver::start(0).await;
    let mut update = receiver.event("Update");
    update["PhysicalResourceId"] = "tributary-schema".into();
    update["OldResourceProperties"] = json!({"Version": "0"});
    handle(&admin, update).await.unwrap();
    assert_eq!(receiver.response(), success("tributary-schema"));
}

#[tokio::test]
async fn delete_keeps_the_schema_without_a_database() {
    let receiver = Receiver::start(0).await;
    let mut delete = receiver.event("Delete");
    delete["PhysicalResourceId"] = "made-up-by-cloudformation".into();
    handle(&Admin::default(), delete).await.unwrap();
    assert_eq!(receiver.response(), success("made-up-by-cloudformation"));
}

#[tokio::test]
async fn unavailable_database_is_reported_before_the_deadline() {
    let admin = admin_of("postgres://admin:hunter2@127.0.0.1:1/nothing");
    let receiver = Receiver::start(0).await;
    let deadline = SystemTime::now() + Duration::from_secs(26);
    admin::handle(&admin, receiver.event("Create"), deadline).await.unwrap();
    assert!(SystemTime::now() < deadline);
    let response = receiver.response();
    assert_eq!(response["Status"], "FAILED");
    let reason = response["Reason"].as_str().unwrap();
    assert!(!reason.contains("hunter2"), "{reason}");
    assert_eq!(response["PhysicalResourceId"], "tributary-schema");
}

#[tokio::test]
async fn failed_migration_is_reported_with_its_reason() {
    let test = TestDatabase::create().await;
    let url = empty_database(&test).await;
    let admin = admin_of(&url);
    let store = tributary_store::Store::connect_lazily(&url.into()).unwrap();
    let mut tx = store.begin_for_all().await.unwrap();
    sqlx::query("create table tenants (in_the_way int)").execute(&mut *tx).await.unwrap();
    tx.commit().await.unwrap();

    let receiver = Receiver::start(0).await;
    handle(&admin, receiver.event("Create")).await.unwrap();
    let response = receiver.response();
    assert_eq!(response["Status"], "FAILED");
    let reason = response["Reason"].as_str().unwrap();
    assert!(reason.starts_with("the migrations cannot be applied: "), "{reason}");
    assert!(reason.contains(r#"relation "tenants" already exists"#), "{reason}");
}

#[tokio::test]
async fn unknown_request_type_is_reported_as_failed() {
    let receiver = Receiver::start(0).await;
    handle(&Admin::default(), receiver.event("Rename")).await.unwrap();
    let response = receiver.response();
    assert_eq!(response["Status"], "FAILED");
    assert!(response["Reason"].as_str().unwrap().contains("Rename"));
}

#[tokio::test]
async fn rejected_response_is_retried_and_its_url_never_shown() {
    let receiver = Receiver::start(2).await;
    handle(&Admin::default(), receiver.event("Delete")).await.unwrap();
    assert_eq!(receiver.response()["Status"], "SUCCESS");

    let rejecting = Receiver::start(100).await;
    let error = handle(&Admin::default(), rejecting.event("Delete")).await.unwrap_err();
    let message = format!("{} {error:?}", tributary_lambda::error_chain::Chain(&error));
    assert!(message.starts_with("the response to CloudFormation failed: "), "{message}");
    assert!(!message.contains("c0ffee"), "{message}");
}

#[tokio::test]
async fn incomplete_event_names_the_missing_member() {
    let receiver = Receiver::start(0).await;
    let mut event = receiver.event("Create");
    event.as_object_mut().unwrap().remove("StackId");
    let error = handle(&Admin::default(), event).await.unwrap_err();
    assert!(error.to_string().contains("missing field `StackId`"), "{error}");
}
