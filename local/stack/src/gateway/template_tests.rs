//! The gateway's error responses and minimum size of compression are those of the deployment
//! template.

use axum::body::to_bytes;
use http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use serde_json::Value;
use tributary_domain::CorrelationId;
use tributary_lambda::routes::NoRoute;
use tributary_testkit::template::resource;

use super::compression::COMPRESSED_BYTES_MIN;
use super::problem::Problem;

#[test]
fn minimum_size_of_compression_is_that_of_the_template() {
    assert_eq!(resource("Api")["Properties"]["MinimumCompressionSize"], COMPRESSED_BYTES_MIN);
}

#[tokio::test]
async fn gateway_responses_of_the_template_are_equal() {
    let responses = &resource("Api")["Properties"]["GatewayResponses"];
    for (response_type, problem) in [
        ("UNAUTHORIZED", Problem::unauthorized()),
        ("ACCESS_DENIED", Problem::Forbidden),
        ("MISSING_AUTHENTICATION_TOKEN", Problem::of_route(NoRoute::UnknownPath)),
        ("REQUEST_TOO_LARGE", Problem::body_too_large()),
        ("UNSUPPORTED_MEDIA_TYPE", Problem::unsupported_media_type()),
        ("THROTTLED", Problem::Throttled),
        ("AUTHORIZER_FAILURE", Problem::unavailable("the authorizer failed")),
        ("INTEGRATION_FAILURE", Problem::FunctionFailed),
        ("DEFAULT_5XX", Problem::FunctionFailed),
        ("INTEGRATION_TIMEOUT", Problem::FunctionTooSlow),
    ] {
        let deployed = &responses[response_type];
        let ours = problem.into_response(&CorrelationId::accept("c-1").unwrap());
        assert_eq!(deployed["StatusCode"], ours.status().as_u16(), "{response_type}");
        let headers = &deployed["ResponseParameters"]["Headers"];
        for (name, header) in [
            ("Content-Type", CONTENT_TYPE),
            ("Retry-After", RETRY_AFTER),
            ("WWW-Authenticate", WWW_AUTHENTICATE),
        ] {
            let ours = ours.headers().get(header).map(|value| value.to_str().unwrap());
            let deployed = headers[name].as_str().map(|value| value.trim_matches('\''));
            assert_eq!(deployed, ours, "{response_type}: {name}");
        }
        let body = deployed["ResponseTemplates"]["application/json"].as_str().unwrap();
        let deployed: Value =
            serde_json::from_str(&body.replace("$context.requestId", "c-1")).unwrap();
        let ours = to_bytes(ours.into_body(), usize::MAX).await.unwrap();
        assert_eq!(deployed, serde_json::from_slice::<Value>(&ours).unwrap(), "{response_type}");
    }
}
