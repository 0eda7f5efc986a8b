//! Every route with every credential that there can be: the documented answer, in the same words
//! whatever is wrong, and nothing in it that tells whether a thing exists at another tenant.

use reqwest::Method;
use serde_json::{Value, json};
use tributary_lambda::routes::{Access, Call, IngestCall, ROUTES, ReportCall, Route};
use tributary_testkit::Issuer;
use tributary_testkit::issuer::{RSA_KEY_ID, now_s, token};

use crate::shared_system::{Tenant, issuer, lines_about};
use crate::support::{Answer, Api, eventually, payload, transaction};

/// A request to a route, about things that are at a tenant or nowhere.
struct Request {
    route: &'static Route,
    path: String,
}

/// A request to each route, in the order of the table.
fn calls(batch_id: &str, account_id: &str) -> Vec<Request> {
    let call = |route: &'static Route| {
        let path = route.path.replace("{batch_id}", batch_id).replace("{account_id}", account_id);
        let query = match route.call {
            Call::Report(ReportCall::GetSummary) => "?start_date=2025-10-01&end_date=2025-10-31",
            Call::Ingest(_) | Call::Report(_) | Call::Health(_) => "",
        };
        Request { route, path: format!("{path}{query}") }
    };
    ROUTES.iter().map(call).collect()
}

impl Request {
    async fn send(&self, api: &Api, headers: &[(&str, &str)]) -> Answer {
        let method: Method = self.route.method.parse().unwrap();
        let mut headers = headers.to_vec();
        let posts_batch = self.route.call == Call::Ingest(IngestCall::IngestTransactions);
        let body = posts_batch.then(|| payload(&[transaction("a", "-1")]).to_string());
        headers.extend(posts_batch.then_some(("content-type", "application/json")));
        api.with_key(None).send(method, &self.path, &headers, body.map(String::into_bytes)).await
    }

    async fn send_as(&self, api: &Api, bearer: &str) -> Answer {
        self.send(api, &[("authorization", &format!("Bearer {bearer}"))]).await
    }

    /// What a caller gets who may call, and has not what is named in the path.
    fn status_of_stranger(&self) -> u16 {
        match self.route.call {
            // It gets its own.
            Call::Ingest(IngestCall::IngestTransactions) => 202,
            Call::Ingest(IngestCall::RetryBatch) | Call::Report(_) => 404,
            Call::Health(_) => 200,
        }
    }

    fn status_of_owner(&self) -> u16 {
        match self.route.call {
            Call::Ingest(_) => 202,
            Call::Report(_) | Call::Health(_) => 200,
        }
    }
}

/// Status, headers, body.
type Words = (u16, Vec<(String, String)>, Value);

/// All of an answer that does not name the request.
fn words(answer: &Answer) -> Words {
    const OF_REQUEST: [&str; 4] =
        ["x-correlation-id", "x-amzn-requestid", "date", "x-amzn-trace-id"];
    let mut body = answer.json();
    body.as_object_mut().unwrap().remove("correlation_id").expect("it names the request");
    let headers = answer.headers.iter().filter(|(name, _)| !OF_REQUEST.contains(&name.as_str()));
    let headers = headers
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
        .collect();
    (answer.status, headers, body)
}

/// Answers must be the same in all that does not name the request.
#[derive(Default)]
struct Same(Option<Words>);

impl Same {
    #[track_caller]
    fn assert(&mut self, status: u16, answer: &Answer, what: &str) {
        answer.assert_problem(status);
        let words = words(answer);
        let members: Vec<_> = words.2.as_object().unwrap().keys().cloned().collect();
        assert_eq!(members, ["detail", "status", "title", "type"], "{what}");
        let first = self.0.get_or_insert_with(|| words.clone());
        assert_eq!(*first, words, "{what}");
    }
}

/// Names and values.
type Headers = Vec<(&'static str, String)>;

/// Every invalid credential, with a description.
async fn invalid_credentials(tenant: &Tenant) -> Vec<(String, Headers)> {
    let key = tenant.key_for(&["admin"]).await;
    let revoked = tenant.key_for(&["admin"]).await;
    let path = "/api/batches/x";
    let answer = tenant.api.with_key(Some(&revoked)).get(path).await;
    assert_eq!(answer.status, 404, "until it is revoked it is good");
    tenant.revoke(&revoked).await;

    let issuer = issuer().await;
    let claims = Issuer::claims(&tenant.id.to_string(), "admin");
    let with = |name: &str, value: Value| {
        let mut claims = claims.clone();
        claims[name] = value;
        claims
    };
    let header = |alg: &str| json!({"alg": alg, "typ": "JWT", "kid": RSA_KEY_ID});
    let good = issuer.rs256(&claims);
    let unsigned = format!("{}.", good.rsplit_once('.').unwrap().0);
    let mut wrong = key.clone();
    wrong.replace_range(60.., if key.ends_with('0') { "1" } else { "0" });
    let mut bearers = vec![
        ("malformed key".to_owned(), "trb_x".to_owned()),
        ("no key at all".to_owned(), "x".to_owned()),
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
        ("other's signature".to_owned(), Issuer::new().rs256(&claims)),
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
    credentials.push(("token in the other header".to_owned(), vec![("x-api-key", good)]));
    credentials.push(("bare key".to_owned(), vec![("authorization", key)]));
    credentials
}

#[tokio::test]
async fn invalid_credential_is_the_same_401_on_every_route() {
    let tenant = Tenant::new("credentials: 401").await;
    let batch_id = tenant.api.accept(&payload(&[transaction("a", "-1")])).await;
    tenant.api.finished(&batch_id).await;
    let before = tenant.rows().await;
    let mut same = Same::default();
    for (name, headers) in invalid_credentials(&tenant).await {
        let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        for call in calls(&batch_id, "acc") {
            let answer = call.send(&tenant.api, &headers).await;
            let what = format!("{name}: {}", call.path);
            if call.route.access == Access::Open {
                assert_eq!(answer.status, 200, "{what}");
            } else {
                same.assert(401, &answer, &what);
                assert_eq!(answer.header("www-authenticate"), "Bearer", "{what}");
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
    let mut same = Same::default();
    let before = tenant.rows().await;
    for call in calls(&batch_id, "acc") {
        let other = match call.route.access {
            Access::Open => continue,
            Access::Ingest => "report",
            Access::Report => "ingest",
        };
        for bearer in [
            tenant.key_for(&[other]).await,
            tenant.token(other).await,
            tenant.token("openid").await,
        ] {
            same.assert(403, &call.send_as(&tenant.api, &bearer).await, &call.path);
        }
    }
    assert_eq!(tenant.rows().await, before);
}

#[tokio::test]
async fn a_key_and_a_token_with_the_scope_get_the_same_everywhere() {
    let tenant = Tenant::new("credentials: good").await;
    let batch_id = tenant.api.accept(&payload(&[transaction("a", "-1")])).await;
    for call in calls(&batch_id, "acc") {
        let scope = call.route.access.scope().map_or("report", |scope| scope.name());
        for bearer in [
            tenant.key_for(&[scope]).await,
            tenant.key_for(&["admin"]).await,
            tenant.token(scope).await,
            tenant.token("admin").await,
        ] {
            let answer = call.send_as(&tenant.api, &bearer).await;
            assert_eq!(answer.status, call.status_of_owner(), "{}: {}", call.path, answer.text);
        }
    }
}

#[tokio::test]
async fn resource_of_another_tenant_is_the_same_404_as_an_unknown_one_on_every_route() {
    let owner = Tenant::new("credentials: owner").await;
    let stranger = Tenant::new("credentials: stranger").await;
    let batch_id = owner.api.accept(&payload(&[transaction("a", "-1")])).await;
    owner.api.finished(&batch_id).await;
    let nobodys_id = uuid::Uuid::now_v7().to_string();
    let mut same = Same::default();
    for bearer in [stranger.key_for(&["admin"]).await, stranger.token("admin").await] {
        let of_other = calls(&batch_id, "acc");
        let of_nobody = calls(&nobodys_id, "acc_of_nobody");
        for (of_other, of_nobody) in of_other.iter().zip(&of_nobody) {
            if of_other.status_of_stranger() != 404 {
                let answer = of_other.send_as(&stranger.api, &bearer).await;
                assert_eq!(answer.status, of_other.status_of_stranger(), "{}", of_other.path);
                continue;
            }
            // The stranger has sent a batch of its own by now, with an account of that name.
            if of_other.path.contains("/acc") {
                continue;
            }
            for call in [of_other, of_nobody] {
                same.assert(404, &call.send_as(&stranger.api, &bearer).await, &call.path);
            }
        }
    }
    let other = Tenant::new("credentials: stranger without a batch").await;
    for bearer in [other.key_for(&["report"]).await, other.token("report").await] {
        for account in ["acc", "acc_of_nobody"] {
            for call in calls(&batch_id, account) {
                if matches!(
                    call.route.call,
                    Call::Report(ReportCall::ListTransactions | ReportCall::GetSummary)
                ) {
                    same.assert(404, &call.send_as(&other.api, &bearer).await, &call.path);
                }
            }
        }
    }
}

/// Without a clock: the functions send the same statements, so there is nothing for a clock to see.
#[tokio::test]
async fn resource_of_another_tenant_runs_the_same_statements_as_an_unknown_one() {
    let owner = Tenant::new("statements: owner").await;
    let stranger = Tenant::new("statements: stranger").await;
    let batch_id = owner.api.accept(&payload(&[transaction("a", "-1")])).await;
    owner.api.finished(&batch_id).await;
    let nobodys_id = uuid::Uuid::now_v7().to_string();
    let key = stranger.key_for(&["admin"]).await;
    let of_other = calls(&batch_id, "acc");
    let of_nobody = calls(&nobodys_id, "acc_of_nobody");
    for (number, (of_other, of_nobody)) in of_other.iter().zip(&of_nobody).enumerate() {
        if of_other.status_of_stranger() != 404 {
            continue;
        }
        let mut sent = Vec::new();
        for (whose, call) in [("other", of_other), ("nobody", of_nobody)] {
            let id = format!("statements-{number}-{whose}");
            let bearer = format!("Bearer {key}");
            let headers = [("x-correlation-id", id.as_str()), ("authorization", &bearer)];
            assert_eq!(call.send(&stranger.api, &headers).await.status, 404);
            sent.push(statements(call.route.function(), &id).await);
        }
        assert!(!sent[0].is_empty(), "{sent:?}");
        assert_eq!(sent[0], sent[1], "{}", of_other.path);
    }
}

/// What a function sent to the database for a request; the line of its answer is its last.
async fn statements(function: &str, correlation_id: &str) -> Vec<String> {
    let lines = eventually("the line of the request", async || {
        let lines = lines_about(function, correlation_id).await;
        lines.iter().any(|line| line["message"] == "request answered").then_some(lines)
    })
    .await;
    let queries = lines.iter().filter(|line| line["target"] == "sqlx::query");
    let sql = |line: &Value| {
        let whole = line["db.statement"].as_str().filter(|sql| !sql.is_empty());
        whole.or(line["summary"].as_str()).unwrap().to_owned()
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
