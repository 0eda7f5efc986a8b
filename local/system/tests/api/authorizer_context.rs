//! The functions, invoked without the gateway, reject events whose authorizer context is missing or
//! invalid.

use serde_json::{Value, json};
use tributary_lambda::routes::{Access, ROUTES, Route};

use crate::shared_system::{Tenant, lambda};
use crate::support::{payload, transaction};

const FUNCTIONS: [&str; 5] = ["ingest", "report", "keys", "health", "pages"];

/// The path of a route for this batch and key, the account `acc` and the transaction `a`.
fn path_of(route: &Route, batch_id: &str, prefix: &str) -> String {
    let path = route.path.replace("{batch_id}", batch_id).replace("{account_id}", "acc");
    let path = path.replace("{transaction_id}", "a").replace("{file}", "index.html");
    path.replace("{prefix}", prefix)
}

fn event(method: &str, path: &str, authorizer: Option<Value>) -> String {
    // Valid for every call with a body.
    let mut body = payload(&[transaction("direct", "-1")]);
    body["name"] = json!("key");
    body["scopes"] = json!(["report"]);
    let mut event = json!({
        "resource": path, "path": path, "httpMethod": method,
        "headers": {"Content-Type": "application/json"},
        "multiValueHeaders": {"Content-Type": ["application/json"]},
        "queryStringParameters": {"start_date": "2025-10-01", "end_date": "2025-10-31"},
        "multiValueQueryStringParameters": {
            "start_date": ["2025-10-01"], "end_date": ["2025-10-31"]
        },
        "pathParameters": null, "stageVariables": null,
        "requestContext": {
            "resourcePath": path, "path": path, "httpMethod": method, "stage": "local",
            "requestId": "r", "accountId": "0", "apiId": "a", "identity": {"sourceIp": "192.0.2.1"}
        },
        "body": body.to_string(), "isBase64Encoded": false
    });
    if let Some(authorizer) = authorizer {
        event["requestContext"]["authorizer"] = authorizer;
    }
    event.to_string()
}

async fn invoke(function: &str, event: String) -> Value {
    let invocation = lambda().await.invoke(function, event, None).await.unwrap();
    serde_json::from_slice(&invocation.payload).unwrap()
}

#[tokio::test]
async fn functions_reject_every_route_without_authorizer_context() {
    let tenant = Tenant::new("direct: none").await;
    let prefix = tenant.key_for(&["report"]).await[..12].to_owned();
    let batch_id = tenant.api.accept(&payload(&[transaction("a", "-1")])).await;
    tenant.api.finished(&batch_id).await;
    let before = tenant.rows().await;
    let contexts = [
        None,
        Some(Value::Null),
        Some(json!({})),
        Some(json!({"principalId": "someone"})),
        Some(json!({"tenant_id": null})),
        Some(json!({"tenant_id": ""})),
        Some(json!({"tenant_id": "tenant"})),
        Some(json!({"tenant_id": 7})),
        Some(json!({"tenant_id": [tenant.id]})),
        Some(json!({"lambda": {"tenant_id": tenant.id}})),
        Some(json!({"claims": {"tenant_id": tenant.id}})),
    ];
    // Including routes that the function does not serve.
    for function in FUNCTIONS {
        let is_own_open_route =
            |route: &Route| route.access == Access::Open && route.function() == function;
        for route in ROUTES.iter().filter(|route| !is_own_open_route(route)) {
            let path = path_of(route, &batch_id, &prefix);
            for context in &contexts {
                let response = invoke(function, event(route.method, &path, context.clone())).await;
                let request = format!("{function} {path} {context:?}: {response}");
                assert_eq!(response["statusCode"], 401, "{request}");
                let body: Value = serde_json::from_str(response["body"].as_str().unwrap()).unwrap();
                assert_eq!(body["type"], "urn:tributary:problem:unauthorized", "{request}");
            }
        }
    }
    assert_eq!(tenant.rows().await, before);
}

#[tokio::test]
async fn functions_serve_their_routes_with_the_context_of_a_key_or_a_token() {
    let tenant = Tenant::new("direct: context").await;
    let prefix = tenant.key_for(&["report"]).await[..12].to_owned();
    let batch_id = tenant.api.accept(&payload(&[transaction("a", "-1")])).await;
    for route in ROUTES.iter().filter(|route| route.access != Access::Open) {
        let path = path_of(route, &batch_id, &prefix);
        for context in [
            json!({"tenant_id": tenant.id, "api_key_id": uuid::Uuid::now_v7()}),
            json!({"tenant_id": tenant.id, "subject": "client-1", "principalId": "client-1"}),
        ] {
            let response =
                invoke(route.function(), event(route.method, &path, Some(context))).await;
            let status = response["statusCode"].as_u64().unwrap();
            assert!([200, 201, 202, 204].contains(&status), "{path}: {response}");
        }
    }
}

#[tokio::test]
async fn functions_return_404_for_routes_of_other_functions() {
    let tenant = Tenant::new("direct: others").await;
    let prefix = tenant.key_for(&["report"]).await[..12].to_owned();
    let batch_id = tenant.api.accept(&payload(&[transaction("a", "-1")])).await;
    for function in FUNCTIONS {
        for route in ROUTES.iter().filter(|route| route.function() != function) {
            let path = path_of(route, &batch_id, &prefix);
            let context = json!({"tenant_id": tenant.id});
            let response = invoke(function, event(route.method, &path, Some(context))).await;
            assert_eq!(response["statusCode"], 404, "{function} {path}: {response}");
        }
    }
}
