//! Compressed requests and responses, through the gateway and real functions.

use std::time::{Duration, Instant};

use reqwest::Method;
use tributary_testkit::gzip::{bomb, gzip};

use crate::shared_system::Tenant;
use crate::support::{TRANSACTIONS, example, numbered, payload, transaction};

/// The documented limit of a body.
const BODY_BYTES_MAX: usize = 6 * 1024 * 1024;
/// The time limit for rejecting a body. To decompress a gigabyte takes longer.
const REJECTED_WITHIN: Duration = Duration::from_secs(2);

const KEY: (&str, &str) = ("idempotency-key", "key");
const GZIP: (&str, &str) = ("content-encoding", "gzip");
const ACCEPT_GZIP: (&str, &str) = ("accept-encoding", "deflate, gzip, br, zstd");

#[tokio::test]
async fn gzip_body_replays_the_plain_one() {
    let tenant = Tenant::new("compression: replay").await;
    let body = payload(&[transaction("a", "-1")]).to_string().into_bytes();
    let first = tenant.api.post_bytes(&[KEY], body.clone()).await;
    assert_eq!(first.status, 202, "{}", first.text);
    // The gateway decompresses the first one, ingest the others.
    for headers in [&[KEY, GZIP][..], &[KEY, ("content-encoding", "x-gzip")], &[KEY]] {
        let again = tenant.api.post_bytes(headers, gzip(&body)).await;
        assert_eq!((again.status, again.header("idempotency-replayed")), (202, "true"));
        assert_eq!(again.text, first.text);
    }
    assert_eq!(tenant.row_counts().await[0], ("batches", 1));
}

#[tokio::test]
async fn responses_and_errors_are_compressed_and_equal_the_plain_ones() {
    let tenant = Tenant::new("compression: responses").await;
    let body = numbered(100, "-1.00").to_string().into_bytes();
    let accepted = tenant.api.post_bytes(&[GZIP, ACCEPT_GZIP], gzip(&body)).await;
    assert_eq!((accepted.status, accepted.header("content-encoding")), (202, "gzip"));
    tenant.api.finished(accepted.json()["batch_id"].as_str().unwrap()).await;

    let id = ("x-correlation-id", "c-1");
    for (path, status) in
        [(TRANSACTIONS, 200), ("/api/batches/none", 404), ("/api/openapi.json", 200)]
    {
        let plain = tenant.api.send(Method::GET, path, &[id], None).await;
        assert_eq!((plain.status, plain.header("content-encoding")), (status, ""), "{path}");
        let response = tenant.api.send(Method::GET, path, &[id, ACCEPT_GZIP], None).await;
        assert_eq!((response.status, response.header("content-encoding")), (status, "gzip"));
        assert_eq!(response.text, plain.text);
        let sent: usize = response.header("content-length").parse().unwrap();
        assert!(status != 200 || sent * 4 < plain.text.len(), "{path}: {sent} bytes");
    }
    let uncompressed = ("accept-encoding", "gzip;q=0.5, identity");
    let response = tenant.api.send(Method::GET, TRANSACTIONS, &[uncompressed], None).await;
    assert_eq!((response.status, response.header("content-encoding")), (200, ""));
}

#[tokio::test]
async fn decompressed_body_at_the_limit_is_accepted_and_one_past_it_is_413() {
    let tenant = Tenant::new("compression: limit").await;
    let padded = |length: usize| {
        let mut body = example().as_bytes().to_vec();
        body.resize(length, b' ');
        gzip(&body)
    };
    let response = tenant.api.post_bytes(&[], padded(BODY_BYTES_MAX)).await;
    assert_eq!(response.status, 202, "{}", response.text);
    let before = tenant.row_counts().await[0];
    for headers in [&[][..], &[GZIP]] {
        for body in [padded(BODY_BYTES_MAX + 1), bomb()] {
            let started = Instant::now();
            tenant.api.post_bytes(headers, body).await.assert_problem(413);
            assert!(started.elapsed() < REJECTED_WITHIN, "{:?}", started.elapsed());
        }
    }
    assert_eq!(tenant.row_counts().await[0], before);
}

#[tokio::test]
async fn invalid_gzip_is_400_or_415_and_other_codings_are_415() {
    let tenant = Tenant::new("compression: invalid").await;
    let before = tenant.row_counts().await;
    let body = gzip(example().as_bytes());
    let cut = body[..body.len() - 1].to_vec();
    let problem = tenant.api.post_bytes(&[], cut.clone()).await.assert_problem(400);
    assert!(problem["detail"].as_str().unwrap().contains("not valid gzip"), "{problem}");
    // API Gateway rejects what is not in the declared coding.
    tenant.api.post_bytes(&[GZIP], cut).await.assert_problem(415);
    for coding in ["br", "deflate", "gzip, gzip"] {
        for body in [example().as_bytes(), &body] {
            let headers = [("content-encoding", coding)];
            tenant.api.post_bytes(&headers, body.to_vec()).await.assert_problem(415);
        }
    }
    assert_eq!(tenant.row_counts().await, before);
}
