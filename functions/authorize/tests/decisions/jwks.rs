//! The issuer's keys: when they are fetched, how long they are used, and invalid sets.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use authorize::{Jwks, JwksSource};
use axum::Router;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::get as route;
use serde_json::{Value, json};
use tributary_testkit::Issuer;
use tributary_testkit::issuer::{EC_KEY_ID, RSA_KEY_ID};

use crate::rig::{Decision, Rig, decide, get};

/// A server of a key set that counts its requests.
#[derive(Clone, Default)]
struct Server {
    set: Arc<Mutex<String>>,
    is_down: Arc<AtomicBool>,
    fetches: Arc<AtomicUsize>,
    url: String,
}

impl Server {
    async fn start(set: &Value) -> Self {
        let mut server = Self { set: Arc::new(Mutex::new(set.to_string())), ..Self::default() };
        let serving = server.clone();
        let respond = move || {
            let server = serving.clone();
            async move {
                server.fetches.fetch_add(1, Ordering::Relaxed);
                if server.is_down.load(Ordering::Relaxed) {
                    return (StatusCode::INTERNAL_SERVER_ERROR, "down").into_response();
                }
                server.set.lock().unwrap().clone().into_response()
            }
        };
        let moved = || async { (StatusCode::FOUND, [("location", "/jwks.json")]) };
        let router =
            Router::new().route("/jwks.json", route(respond)).route("/moved", route(moved));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        server.url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        server
    }

    fn jwks(&self, path: &str) -> Jwks {
        Jwks::new(self.source(path))
    }

    fn source(&self, path: &str) -> JwksSource {
        JwksSource::Url(format!("{}{path}", self.url).parse().unwrap())
    }

    fn fetches(&self) -> usize {
        self.fetches.load(Ordering::Relaxed)
    }
}

fn after(start: SystemTime, seconds: u64) -> SystemTime {
    start + Duration::from_secs(seconds)
}

#[tokio::test]
async fn keys_are_fetched_when_first_needed_and_used_for_ten_minutes() {
    let server = Server::start(&Issuer::new().jwks()).await;
    let (jwks, start) = (server.jwks("/jwks.json"), SystemTime::now());
    assert_eq!(server.fetches(), 0);
    for seconds in [0, 1, 599] {
        assert!(jwks.key(RSA_KEY_ID, after(start, seconds)).await.unwrap().is_some());
        assert!(jwks.key(EC_KEY_ID, after(start, seconds)).await.unwrap().is_some());
    }
    assert_eq!(server.fetches(), 1);
    // The issuer withdraws the keys.
    *server.set.lock().unwrap() = json!({"keys": []}).to_string();
    assert!(jwks.key(RSA_KEY_ID, after(start, 600)).await.unwrap().is_none());
    assert_eq!(server.fetches(), 2);
}

#[tokio::test]
async fn unknown_key_causes_a_fetch_at_most_every_thirty_seconds() {
    let server = Server::start(&json!({"keys": []})).await;
    let (jwks, start) = (server.jwks("/jwks.json"), SystemTime::now());
    for _ in 0..100 {
        assert!(jwks.key(RSA_KEY_ID, start).await.unwrap().is_none());
        assert!(jwks.key("made up", after(start, 29)).await.unwrap().is_none());
    }
    assert_eq!(server.fetches(), 1, "unknown key ids cause no further fetch");
    *server.set.lock().unwrap() = Issuer::new().jwks().to_string();
    assert!(jwks.key(RSA_KEY_ID, after(start, 30)).await.unwrap().is_some());
    assert_eq!(server.fetches(), 2);
}

#[tokio::test]
async fn cached_keys_are_used_for_an_hour_while_the_issuer_is_unavailable() {
    let server = Server::start(&Issuer::new().jwks()).await;
    let (jwks, start) = (server.jwks("/jwks.json"), SystemTime::now());
    assert!(jwks.key(RSA_KEY_ID, start).await.unwrap().is_some());
    server.is_down.store(true, Ordering::Relaxed);
    assert!(jwks.key(RSA_KEY_ID, after(start, 601)).await.unwrap().is_some());
    assert!(jwks.key(RSA_KEY_ID, after(start, 3_599)).await.unwrap().is_some());
    assert!(jwks.key(RSA_KEY_ID, after(start, 3_600)).await.is_err());
    server.is_down.store(false, Ordering::Relaxed);
    assert!(jwks.key(RSA_KEY_ID, after(start, 3_610)).await.unwrap().is_some());
}

#[tokio::test]
async fn failed_fetch_is_retried_after_five_seconds() {
    let server = Server::start(&Issuer::new().jwks()).await;
    server.is_down.store(true, Ordering::Relaxed);
    let (jwks, start) = (server.jwks("/jwks.json"), SystemTime::now());
    assert!(jwks.key(RSA_KEY_ID, start).await.is_err());
    server.is_down.store(false, Ordering::Relaxed);
    assert!(jwks.key(RSA_KEY_ID, after(start, 4)).await.is_err());
    assert_eq!(server.fetches(), 1);
    assert!(jwks.key(RSA_KEY_ID, after(start, 5)).await.unwrap().is_some());
}

#[tokio::test]
async fn invalid_or_oversized_or_redirected_set_is_rejected() {
    let issuer = Issuer::new();
    let server = Server::start(&issuer.jwks()).await;
    let now = SystemTime::now();
    assert!(server.jwks("/moved").key(RSA_KEY_ID, now).await.is_err(), "no redirect is followed");
    assert!(server.jwks("/none").key(RSA_KEY_ID, now).await.is_err());
    let padded = |length: usize| {
        let mut set = issuer.jwks().to_string();
        set.push_str(&" ".repeat(length - set.len()));
        set
    };
    for (set, is_accepted) in [
        (padded(256 * 1024), true),
        (padded(256 * 1024 + 1), false),
        ("[]".to_owned(), false),
        (String::new(), false),
    ] {
        *server.set.lock().unwrap() = set;
        let key = server.jwks("/jwks.json").key(RSA_KEY_ID, now).await;
        assert_eq!(key.is_ok_and(|key| key.is_some()), is_accepted);
    }
    let missing = JwksSource::File("/missing/jwks.json".into());
    assert!(Jwks::new(missing).key(RSA_KEY_ID, now).await.is_err());
}

#[tokio::test]
async fn set_is_read_up_to_a_hundred_keys() {
    let key = |index: usize| {
        let mut key = Issuer::new().jwks()["keys"][1].clone();
        key["kid"] = json!(format!("k{index}"));
        key
    };
    let keys: Vec<_> = (0..=100).map(key).collect();
    let server = Server::start(&json!({"keys": keys})).await;
    let (jwks, now) = (server.jwks("/jwks.json"), SystemTime::now());
    assert!(jwks.key("k99", now).await.unwrap().is_some());
    assert!(jwks.key("k100", now).await.unwrap().is_none());
}

#[tokio::test]
async fn unavailable_issuer_is_503_and_not_401() {
    let (rig, issuer) = (Rig::new().await, Issuer::new());
    let server = Server::start(&issuer.jwks()).await;
    server.is_down.store(true, Ordering::Relaxed);
    let authorize = rig.authorize_with(server.source("/jwks.json"));
    let claims = Issuer::claims(&rig.tenant.to_string(), "report");
    let token = issuer.rs256(&claims);
    assert_eq!(decide(&authorize, &get(&token)).await.0, Decision::Unavailable, "503, not 401");

    server.is_down.store(false, Ordering::Relaxed);
    let authorize = rig.authorize_with(server.source("/jwks.json"));
    assert_eq!(decide(&authorize, &get(&token)).await.0, Decision::Allowed);
}
