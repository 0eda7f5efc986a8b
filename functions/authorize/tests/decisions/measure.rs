//! How long a decision takes, and a cold start. For a reader, not for CI: run with `--ignored --nocapture`.

use std::time::{Duration, Instant};

use http::Method;
use serde_json::json;
use tributary_domain::Scope;
use tributary_stack::Lambda;
use tributary_stack::lambda::{FunctionConfig, LambdaConfig, Pick};
use tributary_testkit::Issuer;

use crate::rig::{Rig, decide, get};

const DECISIONS: u32 = 500;
const COLD_STARTS: usize = 15;

/// Of the binary that `AUTHORIZE_BINARY` names, such as one of another version.
#[tokio::test]
#[ignore = "a measurement"]
async fn time_of_a_process() {
    let binary = std::env::var("AUTHORIZE_BINARY").unwrap();
    let rig = Rig::new().await;
    let mut function = FunctionConfig::new("authorize", binary, Duration::from_secs(30));
    function.environment.insert("DATABASE_URL".into(), rig.database.url().into());
    function.environment.insert("API_KEY_PEPPER".into(), "p".repeat(32));
    let lambda = Lambda::start(LambdaConfig {
        functions: vec![function],
        region: "us-east-1".into(),
        idle_timeout: Duration::from_secs(60),
        log_directory: None,
    });
    let lambda = lambda.await.unwrap();
    // A key that nobody has: looked up and refused, the same work in every version.
    let key = "trb_00000000_000000000000000000000000000000000000000000000000";
    let event = json!({
        "type": "REQUEST", "methodArn": "arn", "path": "/api/batches/b", "httpMethod": Method::GET.as_str(),
        "headers": {"X-API-Key": key}, "requestContext": {}
    })
    .to_string();
    let mut cold = Vec::new();
    for _ in 0..COLD_STARTS {
        let started = Instant::now();
        drop(lambda.invoke("authorize", event.clone(), None).await);
        cold.push(started.elapsed());
        lambda.kill("authorize", Pick::Any).await;
    }
    drop(lambda.invoke("authorize", event.clone(), None).await);
    let mut warm = Vec::new();
    for _ in 0..DECISIONS {
        let started = Instant::now();
        drop(lambda.invoke("authorize", event.clone(), None).await);
        warm.push(started.elapsed());
    }
    println!("cold {} warm {}", shown(cold), shown(warm));
    lambda.stop().await;
}

#[tokio::test]
#[ignore = "a measurement"]
async fn time_of_a_decision() {
    let (rig, issuer) = (Rig::new().await, Issuer::new());
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), issuer.jwks().to_string()).unwrap();
    let authorize = rig.authorize_with(authorize::JwksSource::File(file.path().to_owned()));
    let (_, secret) = rig.key(1, &[Scope::Report]).await;
    let claims = Issuer::claims(&rig.tenant.to_string(), "report");
    for (name, bearer) in [
        ("key", secret.expose().to_owned()),
        ("unknown key", secret.expose().replace("trb_01", "trb_02")),
        ("RS256", issuer.rs256(&claims)),
        ("ES256", issuer.es256(&claims)),
    ] {
        let request = get(&bearer);
        decide(&authorize, &request).await;
        let mut times = Vec::new();
        for _ in 0..DECISIONS {
            let started = Instant::now();
            decide(&authorize, &request).await;
            times.push(started.elapsed());
        }
        println!("{name}: {}", shown(times));
    }
}

/// The least is what the work takes, the median what it took on this machine now.
fn shown(mut times: Vec<Duration>) -> String {
    times.sort_unstable();
    format!("least {:?}, median {:?}", times[0], times[times.len() / 2])
}
