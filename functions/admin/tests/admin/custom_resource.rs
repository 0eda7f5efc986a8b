//! CloudFormation's custom resource: what is answered, where, and that it always is.

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

/// One PUT that came in.
struct Put {
    uri: Uri,
    content_types: Vec<String>,
    body: Value,
}

/// A server that takes answers, as S3 does for CloudFormation; it refuses the first so many.
struct Taker {
    url: String,
    taken: Arc<Mutex<Vec<Put>>>,
}

#[derive(Clone)]
struct Shared {
    refuse: Arc<Mutex<usize>>,
    taken: Arc<Mutex<Vec<Put>>>,
}

impl Taker {
    async fn start(refuse: usize) -> Self {
        let taken = Arc::default();
        let shared = Shared { refuse: Arc::new(Mutex::new(refuse)), taken: Arc::clone(&taken) };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/answers?{SIGNATURE}", listener.local_addr().unwrap());
        let router = Router::new().route("/answers", put(take)).with_state(shared);
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, taken }
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

    /// The one answer that was taken.
    fn answer(&self) -> Value {
        let taken = self.taken.lock().unwrap();
        assert_eq!(taken.len(), 1, "answered once");
        assert_eq!(taken[0].uri.query(), Some(SIGNATURE), "to the URL as it was signed");
        assert_eq!(taken[0].content_types, [""], "signed for no content type");
        taken[0].body.clone()
    }
}

async fn take(
    State(shared): State<Shared>,
    uri: Uri,
    headers: HeaderMap,
    body: String,
) -> StatusCode {
    let mut refuse = shared.refuse.lock().unwrap();
    if *refuse > 0 {
        *refuse -= 1;
        return StatusCode::SERVICE_UNAVAILABLE;
    }
    let content_types = headers.get_all("content-type").iter();
    let content_types = content_types.map(|it| it.to_str().unwrap().to_owned()).collect();
    let body = serde_json::from_str(&body).unwrap();
    shared.taken.lock().unwrap().push(Put { uri, content_types, body });
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
async fn made_and_updated_the_schema_is_migrated_under_one_name() {
    let test = TestDatabase::create().await;
    let admin = admin_of(&empty_database(&test).await);
    let taker = Taker::start(0).await;
    handle(&admin, taker.event("Create")).await.unwrap();
    assert_eq!(taker.answer(), success("tributary-schema"));
    let migrated = handle(&admin, json!({"operation": "migrate"})).await.unwrap();
    assert_eq!(migrated, json!({"migrations": MIGRATOR.iter().count(), "applied": []}));

    let taker = Taker::start(0).await;
    let mut update = taker.event("Update");
    update["PhysicalResourceId"] = "tributary-schema".into();
    update["OldResourceProperties"] = json!({"Version": "0"});
    handle(&admin, update).await.unwrap();
    assert_eq!(taker.answer(), success("tributary-schema"));
}

#[tokio::test]
async fn deleted_the_schema_stays_and_nothing_is_asked_of_the_database() {
    let taker = Taker::start(0).await;
    let mut delete = taker.event("Delete");
    delete["PhysicalResourceId"] = "made-up-by-cloudformation".into();
    handle(&Admin::default(), delete).await.unwrap();
    assert_eq!(taker.answer(), success("made-up-by-cloudformation"));
}

#[tokio::test]
async fn a_database_that_never_comes_is_waited_for_and_answered_before_time_is_up() {
    let admin = admin_of("postgres://admin:hunter2@127.0.0.1:1/nothing");
    let taker = Taker::start(0).await;
    let deadline = SystemTime::now() + Duration::from_secs(26);
    admin::handle(&admin, taker.event("Create"), deadline).await.unwrap();
    assert!(SystemTime::now() < deadline);
    let answer = taker.answer();
    assert_eq!(answer["Status"], "FAILED");
    let reason = answer["Reason"].as_str().unwrap();
    assert!(!reason.contains("hunter2"), "{reason}");
    assert_eq!(answer["PhysicalResourceId"], "tributary-schema");
}

#[tokio::test]
async fn a_migration_that_fails_is_answered_with_its_reason() {
    let test = TestDatabase::create().await;
    let url = empty_database(&test).await;
    let admin = admin_of(&url);
    let store = tributary_store::Store::connect_lazily(&url.into()).unwrap();
    let mut tx = store.begin_for_all().await.unwrap();
    sqlx::query("create table tenants (in_the_way int)").execute(&mut *tx).await.unwrap();
    tx.commit().await.unwrap();

    let taker = Taker::start(0).await;
    handle(&admin, taker.event("Create")).await.unwrap();
    let answer = taker.answer();
    assert_eq!(answer["Status"], "FAILED");
    let reason = answer["Reason"].as_str().unwrap();
    assert!(reason.starts_with("the migrations cannot be applied: "), "{reason}");
    assert!(reason.contains(r#"relation "tenants" already exists"#), "{reason}");
}

#[tokio::test]
async fn an_unknown_request_is_answered_as_failed() {
    let taker = Taker::start(0).await;
    handle(&Admin::default(), taker.event("Rename")).await.unwrap();
    let answer = taker.answer();
    assert_eq!(answer["Status"], "FAILED");
    assert!(answer["Reason"].as_str().unwrap().contains("Rename"));
}

#[tokio::test]
async fn an_answer_that_is_refused_is_given_again_and_its_url_never_shown() {
    let taker = Taker::start(2).await;
    handle(&Admin::default(), taker.event("Delete")).await.unwrap();
    assert_eq!(taker.answer()["Status"], "SUCCESS");

    let refusing = Taker::start(100).await;
    let error = handle(&Admin::default(), refusing.event("Delete")).await.unwrap_err();
    let words = format!("{} {error:?}", tributary_lambda::error_chain::Chain(&error));
    assert!(words.starts_with("the response to CloudFormation failed: "), "{words}");
    assert!(!words.contains("c0ffee"), "{words}");
}

#[tokio::test]
async fn an_event_that_lacks_a_member_says_which() {
    let taker = Taker::start(0).await;
    let mut event = taker.event("Create");
    event.as_object_mut().unwrap().remove("StackId");
    let error = handle(&Admin::default(), event).await.unwrap_err();
    assert!(error.to_string().contains("missing field `StackId`"), "{error}");
}
