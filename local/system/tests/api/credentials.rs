//! Every route with valid and invalid credentials. Responses to invalid credentials are identical,
//! and responses do not reveal whether a resource of another tenant exists.

use reqwest::Method;
use serde_json::{Value, json};
use tributary_lambda::routes::{Access, Call, IngestCall, KeysCall, ROUTES, ReportCall, Route};
use tributary_testkit::Issuer;
use tributary_testkit::issuer::{RSA_KEY_ID, now_s, token};

use crate::shared_system::{Tenant, issuer, lines_about};
use crate::support::{Api, Response, eventually, payload, transaction};

/// A request to a route.
struct Request {
    route: &'static Route,
    path: String,
}

/// A request to each route for this batch and account, in the order of [`ROUTES`].
fn requests(batch_id: &str, account_id: &str) -> Vec<Request> {
    let request = |route: &'static Route| {
        let path = route.path.replace("{batch_id}", batch_id).replace("{account_id}", account_id);
        let path = path.replace("{transaction_id}", "a").replace("{file}", "index.html");
        let path = path.replace("{prefix}", "trb_ffffffff");
        let query = match route.call {
            Call::Report(
                ReportCall::GetSummary | ReportCall::GetCashflow | ReportCall::GetMerchants,
            ) => "?start_date=2025-10-01&end_date=2025-10-31",
            Call::Ingest(_)
            | Call::Report(_)
            | Call::Keys(_)
            | Call::Health(_)
            | Call::Pages(_) => "",
        };
        Request { route, path: format!("{path}{query}") }
    };
    ROUTES.iter().map(request).collect()
}

impl Request {
    async fn send(&self, api: &Api, headers: &[(&str, &str)]) -> Response {
        let method: Method = self.route.method.parse().unwrap();
        let mut headers = headers.to_vec();
        let body = match self.route.call {
            Call::Ingest(IngestCall::IngestTransactions | IngestCall::IngestPlaidTransactions) => {
                Some(payload(&[transaction("a", "-1")]).to_string())
            }
            Call::Keys(KeysCall::CreateKey) => {
                Some(json!({"name": "new", "scopes": ["report"]}).to_string())
            }
            _ => None,
        };
        headers.extend(body.as_ref().map(|_| ("content-type", "application/json")));
        api.with_key(None).send(method, &self.path, &headers, body.map(String::into_bytes)).await
    }

    async fn send_as(&self, api: &Api, bearer: &str) -> Response {
        self.send(api, &[("authorization", &format!("Bearer {bearer}"))]).await
    }

    /// The status for an authorized client of another tenant than that of the resource.
    fn status_for_other_tenant(&self) -> u16 {
        match self.route.call {
            // They create a batch of that tenant.
            Call::Ingest(IngestCall::IngestTransactions | IngestCall::IngestPlaidTransactions) => {
                202
            }
            // They list what is that tenant's.
            Call::Report(ReportCall::ListBatches | ReportCall::ListAccounts) => 200,
            Call::Ingest(IngestCall::RetryBatch | IngestCall::RemoveTransaction)
            | Call::Report(_)
            | Call::Keys(KeysCall::RevokeKey) => 404,
            // They read and write the keys of that tenant.
            Call::Keys(KeysCall::CreateKey) => 201,
            Call::Keys(KeysCall::GetCredential | KeysCall::ListKeys)
            | Call::Health(_)
            | Call::Pages(_) => 200,
        }
    }

    fn status_for_owner(&self) -> u16 {
        match self.route.call {
            Call::Ingest(IngestCall::RemoveTransaction) => 204,
            Call::Ingest(_) => 202,
            Call::Keys(KeysCall::CreateKey) => 201,
            // No key has the prefix.
            Call::Keys(KeysCall::RevokeKey) => 404,
            Call::Keys(KeysCall::GetCredential | KeysCall::ListKeys)
            | Call::Report(_)
            | Call::Health(_)
            | Call::Pages(_) => 200,
        }
    }
}

/// Status, headers and body, without what differs between requests.
type Comparable = (u16, Vec<(String, String)>, Value);

/// Removes the ids of the request, and the date.
fn comparable(response: &Response) -> Comparable {
    const PER_REQUEST: [&str; 4] =
        ["x-correlation-id", "x-amzn-requestid", "date", "x-amzn-trace-id"];
    let mut body = response.json();
    body.as_object_mut().unwrap().remove("correlation_id").expect("a correlation id");
    let headers = response.headers.iter().filter(|(name, _)| !PER_REQUEST.contains(&name.as_str()));
    let headers = headers
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
        .collect();
    (response.status, headers, body)
}

/// Asserts that all responses are equal, except for what differs between requests.
#[derive(Default)]
struct SameProblem(Option<Comparable>);

impl SameProblem {
    #[track_caller]
    fn assert(&mut self, status: u16, response: &Response, description: &str) {
        response.assert_problem(status);
        let comparable = comparable(response);
        let members: Vec<_> = comparable.2.as_object().unwrap().keys().cloned().collect();
        assert_eq!(members, ["detail", "status", "title", "type"], "{description}");
        let first = self.0.get_or_insert_with(|| comparable.clone());
        assert_eq!(*first, comparable, "{description}");
    }
}

/// Header names and values.
type Headers = Vec<(&'static str, String)>;

/// Every invalid credential, with a description.
async fn invalid_credentials(tenant: &Tenant) -> Vec<(String, Headers)> {
    let key = tenant.key_for(&["admin"]).await;
    let revoked = tenant.key_for(&["admin"]).await;
    let path = "/api/batches/x";
    let response = tenant.api.with_key(Some(&revoked)).get(path).await;
    assert_eq!(response.status, 404, "it is valid until it is revoked");
    tenant.revoke(&revoked).await;

    let issuer = issuer().await;
    let claims = Issuer::claims(&tenant.id.to_string(), "admin");
    let with = |name: &str, value: Value| {
        let mut claims = claims.clone();
        claims[name] = value;
        claims
    };
    let header = |alg: &str| json!({"alg": alg, "typ": "JWT", "kid": RSA_KEY_ID});
    let valid = issuer.rs256(&claims);
    let unsigned = format!("{}.", valid.rsplit_once('.').unwrap().0);
    let mut wrong = key.clone();
    wrong.replace_range(60.., if key.ends_with('0') { "1" } else { "0" });
    let mut bearers = vec![
        ("malformed key".to_owned(), "trb_x".to_owned()),
        ("no key or token".to_owned(), "x".to_owned()),
        ("wrong key".to_owned(), wrong),
        ("unknown key".to_owned(), format!("trb_00000000_{}", "0".repeat(48))),
        ("revoked key".to_owned(), revoked),
        ("expired token".to_owned(), issuer.rs256(&with("exp", json!(now_s() - 60)))),
        ("future token".to_owned(), issuer.rs256(&with("nbf", json!(now_s() + 120)))),
        ("wrong issuer".to_owned(), issuer.rs256(&with("iss", json!("https://evil.example")))),
        ("wrong audience".to_owned(), issuer.rs256(&with("aud", json!("another")))),
        (
            "unknown tenant".to_owned(),
            issuer.rs256(&with("tenant_id", json!(uuid::Uuid::now_v7()))),
        ),
        ("no tenant".to_owned(), issuer.rs256(&with("tenant_id", json!(null)))),
        (
            "unknown kid".to_owned(),
            issuer.rs256_with(&json!({"alg": "RS256", "kid": "other"}), &claims),
        ),
        ("unsigned token".to_owned(), unsigned),
        ("alg none".to_owned(), token(&header("none"), &claims, b"")),
        ("alg none, signed".to_owned(), issuer.rs256_with(&header("none"), &claims)),
        ("another issuer's signature".to_owned(), Issuer::new().rs256(&claims)),
    ];
    for token in issuer.hs256_with_public_key(&claims) {
        bearers.push(("HS256 with the public key".to_owned(), token));
    }
    let mut credentials: Vec<_> = bearers
        .into_iter()
        .map(|(name, bearer)| (name, vec![("authorization", format!("Bearer {bearer}"))]))
        .collect();
    credentials.push(("none".to_owned(), Vec::new()));
    credentials.push(("empty".to_owned(), vec![("authorization", String::new())]));
    credentials.push(("basic".to_owned(), vec![("authorization", format!("Basic {key}"))]));
    credentials.push(("token in x-api-key".to_owned(), vec![("x-api-key", valid)]));
    credentials.push(("key without a scheme".to_owned(), vec![("authorization", key)]));
    credentials
}

#[tokio::test]
async fn invalid_credential_is_the_same_401_on_every_route() {
    let tenant = Tenant::new("credentials: 401").await;
    let batch_id = tenant.api.accept(&payload(&[transaction("a", "-1")])).await;
    tenant.api.finished(&batch_id).await;
    let before = tenant.rows().await;
    let mut same = SameProblem::default();
    for (name, headers) in invalid_credentials(&tenant).await {
        let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        for request in requests(&batch_id, "acc") {
            let response = request.send(&tenant.api, &headers).await;
            let description = format!("{name}: {}", request.path);
            if request.route.access == Access::Open {
                assert_eq!(response.status, 200, "{description}");
            } else {
                same.assert(401, &response, &description);
                assert_eq!(response.header("www-authenticate"), "Bearer", "{description}");
            }
        }
    }
    assert_eq!(tenant.rows().await, before);
}

#[tokio::test]
async fn missing_scope_is_the_same_403_on_every_route() {
    let tenant = Tenant::new("credentials: 403").await;
    let batch_id = tenant.api.accept(&payload(&[transaction("a", "-1")])).await;
    tenant.api.finished(&batch_id).await;
    let mut same = SameProblem::default();
    let before = tenant.rows().await;
    for request in requests(&batch_id, "acc") {
        let other_scope = match request.route.access {
            Access::Open | Access::AnyScope => continue,
            Access::Ingest | Access::Admin => "report",
            Access::Report => "ingest",
        };
        for bearer in [
            tenant.key_for(&[other_scope]).await,
            tenant.token(other_scope).await,
            tenant.token("openid").await,
        ] {
            same.assert(403, &request.send_as(&tenant.api, &bearer).await, &request.path);
        }
    }
    assert_eq!(tenant.rows().await, before);
}

#[tokio::test]
async fn key_and_token_with_the_scope_are_accepted_on_every_route() {
    let tenant = Tenant::new("credentials: good").await;
    let batch_id = tenant.api.accept(&payload(&[transaction("a", "-1")])).await;
    for request in requests(&batch_id, "acc") {
        let scope = request.route.access.scope().map_or("report", |scope| scope.name());
        for bearer in [
            tenant.key_for(&[scope]).await,
            tenant.key_for(&["admin"]).await,
            tenant.token(scope).await,
            tenant.token("admin").await,
        ] {
            let response = request.send_as(&tenant.api, &bearer).await;
            assert_eq!(
                response.status,
                request.status_for_owner(),
                "{}: {}",
                request.path,
                response.text
            );
        }
    }
}

#[tokio::test]
async fn resource_of_another_tenant_is_the_same_404_as_an_unknown_one_on_every_route() {
    let owner = Tenant::new("credentials: owner").await;
    let other = Tenant::new("credentials: other").await;
    let batch_id = owner.api.accept(&payload(&[transaction("a", "-1")])).await;
    owner.api.finished(&batch_id).await;
    let unknown_id = uuid::Uuid::now_v7().to_string();
    let mut same = SameProblem::default();
    for bearer in [other.key_for(&["admin"]).await, other.token("admin").await] {
        let existing = requests(&batch_id, "acc");
        let unknown = requests(&unknown_id, "unknown_acc");
        for (existing, unknown) in existing.iter().zip(&unknown) {
            if existing.status_for_other_tenant() != 404 {
                let response = existing.send_as(&other.api, &bearer).await;
                assert_eq!(
                    response.status,
                    existing.status_for_other_tenant(),
                    "{}",
                    existing.path
                );
                continue;
            }
            // The other tenant has posted a batch by now, with its own account of that id.
            if existing.path.contains("/acc") {
                continue;
            }
            for request in [existing, unknown] {
                same.assert(404, &request.send_as(&other.api, &bearer).await, &request.path);
            }
        }
    }
    let without_batch = Tenant::new("credentials: other without a batch").await;
    for bearer in [without_batch.key_for(&["admin"]).await, without_batch.token("admin").await] {
        for account in ["acc", "unknown_acc"] {
            for request in requests(&batch_id, account) {
                if matches!(
                    request.route.call,
                    Call::Ingest(IngestCall::RemoveTransaction)
                        | Call::Report(
                            ReportCall::GetAccount
                                | ReportCall::ListTransactions
                                | ReportCall::GetTransaction
                                | ReportCall::GetSummary
                                | ReportCall::GetCashflow
                                | ReportCall::GetMerchants
                        )
                ) {
                    let response = request.send_as(&without_batch.api, &bearer).await;
                    same.assert(404, &response, &request.path);
                }
            }
        }
    }
}

/// Response times do not reveal whether a resource exists, because the statements are the same.
#[tokio::test]
async fn resource_of_another_tenant_runs_the_same_statements_as_an_unknown_one() {
    let owner = Tenant::new("statements: owner").await;
    let other = Tenant::new("statements: other").await;
    let batch_id = owner.api.accept(&payload(&[transaction("a", "-1")])).await;
    owner.api.finished(&batch_id).await;
    let unknown_id = uuid::Uuid::now_v7().to_string();
    let key = other.key_for(&["admin"]).await;
    let existing = requests(&batch_id, "acc");
    let unknown = requests(&unknown_id, "unknown_acc");
    for (number, (existing, unknown)) in existing.iter().zip(&unknown).enumerate() {
        if existing.status_for_other_tenant() != 404 {
            continue;
        }
        let mut executed = Vec::new();
        for (name, request) in [("existing", existing), ("unknown", unknown)] {
            let id = format!("statements-{number}-{name}");
            let bearer = format!("Bearer {key}");
            let headers = [("x-correlation-id", id.as_str()), ("authorization", &bearer)];
            assert_eq!(request.send(&other.api, &headers).await.status, 404);
            executed.push(statements(request.route.function(), &id).await);
        }
        assert!(!executed[0].is_empty(), "{executed:?}");
        assert_eq!(executed[0], executed[1], "{}", existing.path);
    }
}

/// The SQL statements of a request. "request completed" is its last log line.
async fn statements(function: &str, correlation_id: &str) -> Vec<String> {
    let lines = eventually("the log lines of the request", async || {
        let lines = lines_about(function, correlation_id).await;
        lines.iter().any(|line| line["message"] == "request completed").then_some(lines)
    })
    .await;
    let queries = lines.iter().filter(|line| line["target"] == "sqlx::query");
    let sql = |line: &Value| {
        let statement = line["db.statement"].as_str().filter(|sql| !sql.is_empty());
        statement.or(line["summary"].as_str()).unwrap().to_owned()
    };
    queries.map(sql).collect()
}

#[tokio::test]
async fn revoked_key_is_rejected_by_the_next_request() {
    let tenant = Tenant::new("credentials: revoked").await;
    let key = tenant.key_for(&["report"]).await;
    let api = tenant.api.with_key(Some(&key));
    assert_eq!(api.get("/api/batches/x").await.status, 404);
    tenant.revoke(&key).await;
    api.get("/api/batches/x").await.assert_problem(401);
}
