//! Valid and invalid tokens.

use std::io::Write;

use authorize::{JwksSource, Principal};
use serde_json::{Value, json};
use tempfile::NamedTempFile;
use tributary_testkit::Issuer;
use tributary_testkit::issuer::{EC_KEY_ID, RSA_KEY_ID, now_s, token};
use uuid::Uuid;

use crate::rig::{Decision, Rig, context, decide, get};

fn file_of(jwks: &Value) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    write!(file, "{jwks}").unwrap();
    file
}

/// The claims with one of them changed, or removed if the value is null.
fn with(claims: &Value, name: &str, value: Value) -> Value {
    let mut claims = claims.clone();
    let fields = claims.as_object_mut().unwrap();
    if value.is_null() {
        fields.remove(name);
    } else {
        fields.insert(name.to_owned(), value);
    }
    claims
}

#[tokio::test]
async fn valid_token_is_allowed_the_calls_of_its_scopes() {
    let (rig, issuer) = (Rig::new().await, Issuer::new());
    let file = file_of(&issuer.jwks());
    let authorize = rig.authorize_with(JwksSource::File(file.path().to_owned()));
    let claims = Issuer::claims(&rig.tenant.to_string(), "openid report");
    let subject = Principal::Subject("client-1".to_owned());
    for (name, token, expected) in [
        ("RS256", issuer.rs256(&claims), Decision::Allowed),
        ("ES256", issuer.es256(&claims), Decision::Allowed),
        ("array", issuer.es256(&with(&claims, "scope", json!(["report"]))), Decision::Allowed),
        ("admin", issuer.es256(&with(&claims, "scope", json!("admin"))), Decision::Allowed),
        (
            "audiences",
            issuer.es256(&with(&claims, "aud", json!(["x", "tributary"]))),
            Decision::Allowed,
        ),
        ("nbf passed", issuer.es256(&with(&claims, "nbf", json!(now_s() - 1))), Decision::Allowed),
        (
            "clocks apart",
            issuer.es256(&with(&claims, "exp", json!(now_s() - 10))),
            Decision::Allowed,
        ),
        ("other scope", issuer.es256(&with(&claims, "scope", json!("ingest"))), Decision::Denied),
        ("no scope", issuer.es256(&with(&claims, "scope", Value::Null)), Decision::Denied),
        (
            "near scope",
            issuer.es256(&with(&claims, "scope", json!("reports Report"))),
            Decision::Denied,
        ),
        (
            "odd scope",
            issuer.es256(&with(&claims, "scope", json!({"report": true}))),
            Decision::Denied,
        ),
    ] {
        let scopes = match name {
            "admin" => "admin",
            "other scope" => "ingest",
            "no scope" | "near scope" | "odd scope" => "",
            _ => "report",
        };
        let (decision, given) = decide(&authorize, &get(&token)).await;
        assert_eq!(decision, expected, "{name}");
        assert_eq!(given, context(rig.tenant, &subject, scopes), "{name}");
    }
}

#[tokio::test]
async fn token_with_any_fault_is_unauthorized() {
    let (rig, issuer, other) = (Rig::new().await, Issuer::new(), Issuer::new());
    let file = file_of(&issuer.jwks());
    let authorize = rig.authorize_with(JwksSource::File(file.path().to_owned()));
    let claims = Issuer::claims(&rig.tenant.to_string(), "report");
    let good = issuer.rs256(&claims);
    assert_eq!(decide(&authorize, &get(&good)).await.0, Decision::Allowed);

    let header = |alg: &str| json!({"alg": alg, "typ": "JWT", "kid": RSA_KEY_ID});
    let faulty = |name: &str, value: Value| issuer.rs256(&with(&claims, name, value));
    let (message, signature) = good.rsplit_once('.').unwrap();
    let claims_of_other = issuer.rs256(&with(&claims, "sub", json!("another")));
    let erased = rig.database.tenant("erased").await;
    sqlx::query("update tenants set erasing_at = now() where tenant_id = $1")
        .bind(erased.0)
        .execute(&mut rig.database.connection().await)
        .await
        .unwrap();
    let mut cases = vec![
        ("expired", faulty("exp", json!(now_s() - 60))),
        ("no expiry", faulty("exp", Value::Null)),
        ("expiry is not a number", faulty("exp", json!("tomorrow"))),
        ("not valid yet", faulty("nbf", json!(now_s() + 120))),
        ("validity is not a number", faulty("nbf", json!("now"))),
        ("other issuer", faulty("iss", json!("https://other.example/"))),
        ("issuer among others", faulty("iss", json!([Issuer::ISSUER, "x"]))),
        ("no issuer", faulty("iss", Value::Null)),
        ("other audience", faulty("aud", json!("other"))),
        ("no audience", faulty("aud", Value::Null)),
        ("empty audience", faulty("aud", json!([]))),
        ("no subject", faulty("sub", Value::Null)),
        ("empty subject", faulty("sub", json!(""))),
        ("long subject", faulty("sub", json!("s".repeat(256)))),
        ("control characters", faulty("sub", json!("a\nb"))),
        ("no tenant", faulty("tenant_id", Value::Null)),
        ("tenant is not an id", faulty("tenant_id", json!("tenant"))),
        ("tenant is several", faulty("tenant_id", json!([rig.tenant]))),
        ("unknown tenant", faulty("tenant_id", json!(Uuid::now_v7()))),
        ("tenant that is being erased", faulty("tenant_id", json!(erased))),
        ("unsigned", format!("{message}.")),
        ("no signature", message.to_owned()),
        ("signature of another token", {
            let (other, _) = claims_of_other.rsplit_once('.').unwrap();
            format!("{other}.{signature}")
        }),
        ("signed by another", other.rs256(&claims)),
        ("alg none", token(&header("none"), &claims, b"")),
        ("alg none, signed", token(&header("none"), &claims, b"signature")),
        ("alg NONE, signed", issuer.rs256_with(&header("NONE"), &claims)),
        ("alg RS384", issuer.rs256_with(&header("RS384"), &claims)),
        ("alg PS256", issuer.rs256_with(&header("PS256"), &claims)),
        ("alg ES256, of the RSA key", issuer.rs256_with(&header("ES256"), &claims)),
        (
            "alg RS256, of the P-256 key",
            issuer.es256_with(&json!({"alg": "RS256", "kid": EC_KEY_ID}), &claims),
        ),
        (
            "kid of the other key",
            issuer.es256_with(&json!({"alg": "ES256", "kid": RSA_KEY_ID}), &claims),
        ),
        ("unknown kid", issuer.rs256_with(&json!({"alg": "RS256", "kid": "?"}), &claims)),
        ("no kid", issuer.rs256_with(&json!({"alg": "RS256"}), &claims)),
        (
            "kid of a shared secret",
            issuer.rs256_with(&json!({"alg": "HS256", "kid": "secret"}), &claims),
        ),
        (
            "kid of a key for encryption",
            issuer.rs256_with(&json!({"alg": "RS256", "kid": "encryption"}), &claims),
        ),
        (
            "critical extension",
            issuer
                .rs256_with(&json!({"alg": "RS256", "kid": RSA_KEY_ID, "crit": ["exp"]}), &claims),
        ),
        (
            "key in the header",
            other.rs256_with(
                &json!({"alg": "RS256", "kid": RSA_KEY_ID, "jwk": other.jwks()["keys"][0]}),
                &claims,
            ),
        ),
        ("claims are not an object", issuer.rs256(&json!(["iss"]))),
    ];
    let confused = issuer.hs256_with_public_key(&claims);
    cases.extend(confused.into_iter().map(|token| ("HS256 with the public key", token)));
    for (name, token) in cases {
        let (decision, _) = decide(&authorize, &get(&token)).await;
        assert_eq!(decision, Decision::Unauthorized, "{name}");
    }
    assert_eq!(decide(&authorize, &get(&good)).await.0, Decision::Allowed, "still");
}
