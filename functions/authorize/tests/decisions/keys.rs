//! API keys: which are accepted, the statements they cost, and the record of their last use.

use std::time::Duration;

use authorize::{Authorize, Principal};
use http::Method;
use sqlx::{Executor, Row};
use tracing::Level;
use tributary_domain::Scope;
use tributary_domain::api_key::Peppers;
use tributary_store::api_keys;
use tributary_testkit::logs::CapturedLogs;

use crate::rig::{Decision, Rig, context, decide, get, pepper, peppers, request};

#[tokio::test]
async fn key_is_allowed_the_calls_of_its_scopes_for_its_tenant() {
    let rig = Rig::new().await;
    let authorize = rig.authorize();
    let any = Decision::Allowed;
    for (number, scope, ingest, report, admin) in [
        (1, Scope::Ingest, Decision::Allowed, Decision::Denied, Decision::Denied),
        (2, Scope::Report, Decision::Denied, Decision::Allowed, Decision::Denied),
        (3, Scope::Admin, Decision::Allowed, Decision::Allowed, Decision::Allowed),
    ] {
        let (key, secret) = rig.key(number, &[scope]).await;
        let headers = [("x-api-key", secret.expose())];
        for (method, path, expected) in [
            (Method::POST, "/api/integrations/transactions/", &ingest),
            (Method::POST, "/api/batches/b/retry", &ingest),
            (Method::GET, "/api/batches/b", &report),
            (Method::GET, "/api/accounts/a/transactions", &report),
            (Method::GET, "/api/reports/account/a/summary/", &report),
            (Method::GET, "/api/credential", &any),
            (Method::GET, "/api/keys", &admin),
            (Method::POST, "/api/keys/", &admin),
            (Method::DELETE, "/api/keys/trb_00000000", &admin),
            (Method::GET, "/api/nothing", &Decision::Denied),
            (Method::DELETE, "/api/batches/b", &Decision::Denied),
        ] {
            let (decision, given) = decide(&authorize, &request(method, path, &headers)).await;
            assert_eq!(&decision, expected, "{scope} {path}");
            let prefix = secret.prefix().to_owned();
            let principal = Principal::ApiKey { id: key.api_key_id, prefix };
            assert_eq!(given, context(rig.tenant, &principal, scope.name()));
        }
    }
}

#[tokio::test]
async fn invalid_or_unknown_or_revoked_key_is_unauthorized() {
    let rig = Rig::new().await;
    let authorize = rig.authorize();
    let (_, secret) = rig.key(1, &[Scope::Report]).await;
    assert_eq!(decide(&authorize, &get(secret.expose())).await.0, Decision::Allowed);

    let mut wrong = secret.expose().to_owned();
    wrong.replace_range(60.., "2");
    let unknown = secret.expose().replace("trb_01010101", "trb_01010102");
    for key in [wrong.as_str(), unknown.as_str(), "trb_", "x", "", "a.b.c"] {
        assert_eq!(decide(&authorize, &get(key)).await.0, Decision::Unauthorized, "{key}");
    }
    rig.revoke(&secret).await;
    assert_eq!(decide(&authorize, &get(secret.expose())).await.0, Decision::Unauthorized);
}

#[tokio::test]
async fn key_of_previous_pepper_is_accepted_until_that_is_removed() {
    let rig = Rig::new().await;
    let (_, secret) = rig.key(1, &[Scope::Report]).await;
    for (previous, expected) in
        [(Some(pepper('p')), Decision::Allowed), (None, Decision::Unauthorized)]
    {
        let peppers = Peppers { current: pepper('q'), previous };
        let authorize = Authorize::new(rig.database.store(), peppers, None);
        assert_eq!(decide(&authorize, &get(secret.expose())).await.0, expected);
    }
}

async fn last_use(rig: &Rig) -> Option<String> {
    let mut connection = rig.database.connection().await;
    let query = "select last_used_at::text from api_keys";
    sqlx::query(query).fetch_one(&mut connection).await.unwrap().get(0)
}

#[tokio::test]
async fn last_use_is_recorded_at_a_minimum_interval() {
    let rig = Rig::new().await;
    let authorize = rig.authorize();
    let (_, secret) = rig.key(1, &[Scope::Report]).await;
    assert_eq!(last_use(&rig).await, None);
    let mut connection = rig.database.connection().await;
    decide(&authorize, &get(secret.expose())).await;
    let first = last_use(&rig).await;
    assert!(first.is_some());
    decide(&authorize, &get(secret.expose())).await;
    assert_eq!(last_use(&rig).await, first, "not recorded again");

    let long_ago = format!(
        "update api_keys set last_used_at = now() - interval '{} seconds'",
        api_keys::LAST_USED_INTERVAL.as_secs() + 1
    );
    connection.execute(sqlx::AssertSqlSafe(long_ago)).await.unwrap();
    let before = last_use(&rig).await;
    decide(&authorize, &get(secret.expose())).await;
    assert!(last_use(&rig).await > before);
}

#[tokio::test]
async fn use_of_an_invalid_key_is_not_recorded() {
    let rig = Rig::new().await;
    let (_, secret) = rig.key(1, &[Scope::Report]).await;
    let wrong = secret.expose().replace("_010101010101", "_010101010102");
    assert_eq!(decide(&rig.authorize(), &get(&wrong)).await.0, Decision::Unauthorized);
    assert_eq!(last_use(&rig).await, None);
}

#[tokio::test]
async fn request_does_not_wait_for_a_concurrent_record_of_the_use() {
    let rig = Rig::new().await;
    let (_, secret) = rig.key(1, &[Scope::Report]).await;
    let mut other = rig.database.connection().await;
    other.execute("begin; update api_keys set last_used_at = now()").await.unwrap();
    let authorize = rig.authorize();
    let request = get(secret.expose());
    let decided = tokio::time::timeout(Duration::from_secs(20), decide(&authorize, &request));
    assert_eq!(decided.await.expect("it waited").0, Decision::Allowed);
    other.execute("rollback").await.unwrap();
    assert_eq!(last_use(&rig).await, None, "the locked row was skipped");
}

#[tokio::test]
async fn request_is_allowed_if_its_use_cannot_be_recorded() {
    let rig = Rig::new().await;
    let (_, secret) = rig.key(1, &[Scope::Report]).await;
    let mut connection = rig.database.connection().await;
    let reject = "create function reject() returns trigger language plpgsql \
                      as $$ begin raise exception 'no' using errcode = '25006'; end $$; \
                  create trigger reject before update on api_keys execute function reject()";
    connection.execute(reject).await.unwrap();
    let authorize = rig.authorize();
    for _ in 0..2 {
        assert_eq!(decide(&authorize, &get(secret.expose())).await.0, Decision::Allowed);
    }
    assert_eq!(last_use(&rig).await, None);
}

/// Compares the statements instead of response times, which depend on them.
#[tokio::test]
async fn invalid_and_unknown_and_revoked_keys_cost_the_same_statements() {
    let logs = CapturedLogs::start(Level::DEBUG);
    let rig = Rig::new().await;
    let (_, secret) = rig.key(1, &[Scope::Report]).await;
    let (_, revoked) = rig.key(2, &[Scope::Report]).await;
    rig.revoke(&revoked).await;
    let authorize = rig.authorize();
    // Connects and records the use.
    decide(&authorize, &get(secret.expose())).await;
    let mut sent = Vec::new();
    for key in [
        secret.expose().replace("_010101010101", "_010101010102"),
        secret.expose().replace("trb_01010101", "trb_01010102"),
        revoked.expose().to_owned(),
    ] {
        drop(logs.take());
        assert_eq!(decide(&authorize, &get(&key)).await.0, Decision::Unauthorized);
        sent.push(statements(&logs.take()));
    }
    assert!(sent[0].iter().any(|sql| sql.contains("from api_keys")), "{sent:?}");
    assert_eq!(sent[0], sent[1], "wrong and unknown");
    assert_eq!(sent[0], sent[2], "wrong and revoked");
}

/// The statements among log lines.
fn statements(lines: &str) -> Vec<String> {
    let lines = lines.lines().map(|line| serde_json::from_str(line).unwrap());
    let of_queries = lines.filter(|line: &serde_json::Value| line["target"] == "sqlx::query");
    let sql = |fields: &serde_json::Value| {
        let whole = fields["db.statement"].as_str().filter(|sql| !sql.is_empty());
        whole.or(fields["summary"].as_str()).unwrap().to_owned()
    };
    of_queries.map(|line| sql(&line["fields"])).collect()
}

#[tokio::test]
async fn token_is_rejected_without_configured_issuer() {
    let rig = Rig::new().await;
    let issuer = tributary_testkit::Issuer::new();
    let claims = tributary_testkit::Issuer::claims(&rig.tenant.to_string(), "report");
    let authorize = Authorize::new(rig.database.store(), peppers(), None);
    let token = issuer.rs256(&claims);
    assert_eq!(decide(&authorize, &get(&token)).await.0, Decision::Unauthorized);
}
