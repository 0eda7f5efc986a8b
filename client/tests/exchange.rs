//! What the client sends and repeats, against a server with prepared responses.
#![cfg(test)]

use std::time::Duration;

use reqwest::StatusCode;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tributary_client::{Client, Error, Method, NewBatch, Request, RetryPolicy, TransactionQuery};

const QUICK: RetryPolicy = RetryPolicy {
    attempts_max: 3,
    first_pause: Duration::from_millis(1),
    pause_max: Duration::from_secs(1),
};
const UNAVAILABLE: &str = r#"503 x
{"title": "Service unavailable"}"#;
const ACCEPTED: &str = r#"202 x
{"batch_id": "0199c2f4-7a11-7d02-8f60-3c5a9e7b1d20", "total_transactions": 0, "inserted": 0,
"updated": 0, "unchanged": 0, "removed": 0, "removed_unknown": 0, "correlation_id": "c"}"#;

/// A server that gives these responses, a status and a body each, one to a connection. An empty one
/// closes the connection, and after the last one it does not respond. Returns the requests.
async fn server(responses: &'static [&'static str]) -> (Client, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/prod", listener.local_addr().unwrap());
    let serve = tokio::spawn(async move {
        let mut requests = Vec::new();
        for response in responses {
            let (mut connection, _) = listener.accept().await.unwrap();
            requests.push(read(&mut connection).await);
            if let Some((status, body)) = response.split_once('\n') {
                let length = body.len();
                let head =
                    format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close");
                connection.write_all(format!("{head}\r\n\r\n{body}").as_bytes()).await.unwrap();
            }
        }
        requests
    });
    (Client::new(&url).unwrap().with_key("trb_key").unwrap(), serve)
}

/// Reads the head of a request, and its body if it ends with a brace.
async fn read(connection: &mut TcpStream) -> String {
    let (mut text, mut buffer) = (String::new(), [0; 4096]);
    while !text.contains("\r\n\r\n") || text.contains("content-length") && !text.ends_with('}') {
        let count = connection.read(&mut buffer).await.unwrap();
        assert!(count > 0, "{text}");
        text.push_str(std::str::from_utf8(&buffer[..count]).unwrap());
    }
    text
}

#[tokio::test]
async fn batch_with_a_key_is_repeated_until_it_is_accepted() {
    let (client, serve) = server(&[UNAVAILABLE, "", ACCEPTED]).await;
    let client = client.with_retries(QUICK).with_correlation_id("nightly").unwrap();
    let accepted = client.post_batch(&NewBatch::default(), "key 1").await.unwrap();
    assert_eq!(accepted.correlation_id, "c");
    let requests = serve.await.unwrap();
    assert_eq!(requests.len(), 3);
    for request in &requests {
        assert_eq!(request, &requests[0]);
        assert!(request.starts_with("POST /prod/api/integrations/transactions HTTP/1.1"));
        for header in [
            "authorization: Bearer trb_key",
            "idempotency-key: key 1",
            "x-correlation-id: nightly",
            "content-type: application/json",
        ] {
            assert!(request.contains(header), "{header}: {request}");
        }
    }
}

#[tokio::test]
async fn request_id_is_a_key_as_well() {
    let (client, serve) = server(&[UNAVAILABLE, ACCEPTED]).await;
    let batch = NewBatch { request_id: Some("r".to_owned()), ..NewBatch::default() };
    client.with_retries(QUICK).post_batch(&batch, None).await.unwrap();
    assert_eq!(serve.await.unwrap().len(), 2);
}

#[tokio::test]
async fn batch_without_a_key_and_a_client_without_a_policy_send_once() {
    let (client, serve) = server(&[UNAVAILABLE, UNAVAILABLE]).await;
    let repeating = client.clone().with_retries(QUICK);
    let error = repeating.post_batch(&NewBatch::default(), None).await.unwrap_err();
    assert_eq!(error.status(), Some(StatusCode::SERVICE_UNAVAILABLE));
    client.credential().await.unwrap_err();
    assert_eq!(serve.await.unwrap().len(), 2);
}

#[tokio::test]
async fn last_failure_is_returned_after_the_maximum_of_attempts() {
    let (client, serve) = server(&[UNAVAILABLE, UNAVAILABLE, UNAVAILABLE]).await;
    let error = client.with_retries(QUICK).credential().await.unwrap_err();
    assert_eq!(error.status(), Some(StatusCode::SERVICE_UNAVAILABLE));
    assert_eq!(serve.await.unwrap().len(), 3);
}

#[tokio::test]
async fn sent_request_is_neither_repeated_nor_interpreted() {
    let (client, serve) = server(&[UNAVAILABLE]).await;
    let request = Request::new(Method::GET, &["api", "credential"]);
    let response = client.with_retries(QUICK).send(&request).await.unwrap();
    assert_eq!(response.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(&*response.body, br#"{"title": "Service unavailable"}"#);
    assert_eq!(serve.await.unwrap().len(), 1);
}

#[tokio::test]
async fn request_without_a_response_ends_at_its_time_limit() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = Client::new(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    let error = client.with_timeout(Duration::from_millis(50)).credential().await.unwrap_err();
    assert!(matches!(&error, Error::Transport(cause) if cause.is_timeout()), "{error}");
}

#[tokio::test]
async fn redirect_is_not_followed() {
    let (client, serve) = server(&["307 x\nlocation"]).await;
    let error = client.credential().await.unwrap_err();
    assert!(matches!(error, Error::Unexpected { .. }), "{error}");
    serve.await.unwrap();
}

#[tokio::test]
async fn pages_follow_the_cursor_and_read_a_failed_page_again() {
    const FIRST: &str = r#"200 x
{"account_id": "a", "transactions": [], "has_more": true, "next_cursor": "c1"}"#;
    const LAST: &str = r#"200 x
{"account_id": "a", "transactions": [], "has_more": false, "next_cursor": null}"#;
    let (client, serve) = server(&[FIRST, UNAVAILABLE, LAST]).await;
    let query = TransactionQuery { limit: Some(7), ..TransactionQuery::default() };
    let mut pages = client.transaction_pages("a", &query);
    assert!(pages.next().await.unwrap().is_some());
    pages.next().await.unwrap_err();
    assert!(pages.next().await.unwrap().is_some());
    assert!(pages.next().await.unwrap().is_none());
    assert!(pages.next().await.unwrap().is_none());
    let requests = serve.await.unwrap();
    let lines: Vec<_> = requests.iter().map(|it| it.lines().next().unwrap()).collect();
    let path = "GET /prod/api/accounts/a/transactions?limit=7";
    let next = format!("{path}&cursor=c1 HTTP/1.1");
    assert_eq!(lines, [format!("{path} HTTP/1.1"), next.clone(), next]);
}

#[test]
fn key_is_not_shown_and_addresses_and_keys_are_checked() {
    let client = Client::new("https://example.test").unwrap().with_key("trb_secret").unwrap();
    assert!(!format!("{client:?}").contains("trb_secret"), "{client:?}");
    for url in ["", "example.test", "ftp://example.test", "mailto:a@example.test"] {
        assert!(matches!(Client::new(url), Err(Error::Invalid(_))), "{url}");
    }
    assert!(matches!(client.with_key("a\nb"), Err(Error::Invalid(_))));
}
