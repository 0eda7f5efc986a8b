//! The events of an API Gateway REST API for proxy integrations and `REQUEST` authorizers.
//!
//! Built as JSON rather than from the types of `aws_lambda_events`, which write `{}` where API
//! Gateway writes `null`. Tests parse them with those types and with `lambda_http`.
//! Source: *Lambda proxy integrations in API Gateway* in the Amazon API Gateway Developer Guide.

use std::collections::BTreeMap;
use std::net::IpAddr;

use axum::body::Bytes;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use http::HeaderMap;
use http::header::{HOST, USER_AGENT};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};
use tributary_lambda::routes::Route;

use crate::account::ACCOUNT_ID;

/// The API's id in ARNs.
pub(crate) const API_ID: &str = "local";

/// The stage. Paths do not include it, as with a custom domain name.
pub(crate) const STAGE: &str = "local";

/// The properties of a request that both events contain.
pub(crate) struct RequestFacts<'r> {
    pub(crate) route: &'static Route,
    /// The names and values of the path parameters, percent-encoded.
    pub(crate) parameters: Vec<(&'static str, &'r str)>,
    /// The path, percent-encoded as in REST API events.
    pub(crate) path: &'r str,
    pub(crate) query: Option<&'r str>,
    pub(crate) headers: &'r HeaderMap,
    pub(crate) client: IpAddr,
    pub(crate) request_id: &'r str,
    pub(crate) region: &'r str,
    pub(crate) received: DateTime<Utc>,
}

type Values = BTreeMap<String, Vec<String>>;

impl RequestFacts<'_> {
    /// The event for the route's function; `authorizer` is the authorizer's context.
    pub(crate) fn proxy_event(
        &self,
        authorizer: Option<Map<String, Value>>,
        body: Bytes,
    ) -> Vec<u8> {
        let mut event = self.common();
        let (body, is_base64) = match String::from_utf8(body.into()) {
            Ok(text) if text.is_empty() => (Value::Null, false),
            Ok(text) => (Value::String(text), false),
            Err(binary) => (Value::String(STANDARD.encode(binary.as_bytes())), true),
        };
        let mut context = self.context();
        if let Some(authorizer) = authorizer {
            context.insert("authorizer".to_owned(), Value::Object(authorizer));
        }
        event.insert("requestContext".to_owned(), Value::Object(context));
        event.insert("body".to_owned(), body);
        event.insert("isBase64Encoded".to_owned(), Value::Bool(is_base64));
        Value::Object(event).to_string().into_bytes()
    }

    /// The event for the authorizer.
    pub(crate) fn authorizer_event(&self) -> Vec<u8> {
        let mut event = self.common();
        event.insert("type".to_owned(), "REQUEST".into());
        event.insert("methodArn".to_owned(), self.method_arn().into());
        event.insert("requestContext".to_owned(), Value::Object(self.context()));
        Value::Object(event).to_string().into_bytes()
    }

    /// The ARN that an authorizer's policy must allow.
    pub(crate) fn method_arn(&self) -> String {
        let (region, method) = (self.region, self.route.method);
        let path = self.path.trim_start_matches('/');
        format!("arn:aws:execute-api:{region}:{ACCOUNT_ID}:{API_ID}/{STAGE}/{method}/{path}")
    }

    fn common(&self) -> Map<String, Value> {
        let headers = multiple(self.headers.iter().map(|(name, value)| {
            (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
        }));
        let query = multiple(self.query.unwrap_or_default().split('&').filter_map(parameter));
        let path_parameters: Map<_, _> = self
            .parameters
            .iter()
            .map(|(name, value)| ((*name).to_owned(), Value::String(decode(value))))
            .collect();
        let path_parameters = (!path_parameters.is_empty()).then_some(path_parameters.into());
        Map::from_iter([
            ("resource".to_owned(), self.route.path.into()),
            ("path".to_owned(), self.path.into()),
            ("httpMethod".to_owned(), self.route.method.into()),
            ("headers".to_owned(), last_of_each(&headers)),
            ("multiValueHeaders".to_owned(), or_null(&headers)),
            ("queryStringParameters".to_owned(), last_of_each(&query)),
            ("multiValueQueryStringParameters".to_owned(), or_null(&query)),
            ("pathParameters".to_owned(), path_parameters.unwrap_or(Value::Null)),
            ("stageVariables".to_owned(), Value::Null),
        ])
    }

    fn context(&self) -> Map<String, Value> {
        let text = |name| self.headers.get(name).and_then(|value| value.to_str().ok());
        Map::from_iter([
            ("accountId".to_owned(), ACCOUNT_ID.into()),
            ("apiId".to_owned(), API_ID.into()),
            ("domainName".to_owned(), text(HOST).into()),
            ("domainPrefix".to_owned(), API_ID.into()),
            ("extendedRequestId".to_owned(), self.request_id.into()),
            ("httpMethod".to_owned(), self.route.method.into()),
            (
                "identity".to_owned(),
                json!({"sourceIp": self.client, "userAgent": text(USER_AGENT), "apiKey": null}),
            ),
            ("path".to_owned(), self.path.into()),
            ("protocol".to_owned(), "HTTP/1.1".into()),
            ("requestId".to_owned(), self.request_id.into()),
            (
                "requestTime".to_owned(),
                self.received.format("%d/%b/%Y:%H:%M:%S +0000").to_string().into(),
            ),
            ("requestTimeEpoch".to_owned(), self.received.timestamp_millis().into()),
            ("resourceId".to_owned(), API_ID.into()),
            ("resourcePath".to_owned(), self.route.path.into()),
            ("stage".to_owned(), STAGE.into()),
        ])
    }
}

/// Decodes one `name=value` of a query string; `None` if it is empty.
fn parameter(pair: &str) -> Option<(String, String)> {
    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
    let form = |text: &str| decode(&text.replace('+', " "));
    (!pair.is_empty()).then(|| (form(name), form(value)))
}

fn decode(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

fn multiple(pairs: impl Iterator<Item = (String, String)>) -> Values {
    let mut values = Values::new();
    for (name, value) in pairs {
        values.entry(name).or_default().push(value);
    }
    values
}

fn last_of_each(values: &Values) -> Value {
    let last = values
        .iter()
        .filter_map(|(name, values)| Some((name.clone(), values.last()?.clone().into())));
    if values.is_empty() { Value::Null } else { Value::Object(last.collect()) }
}

fn or_null(values: &Values) -> Value {
    if values.is_empty() { Value::Null } else { json!(values) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_lambda_events::apigw::{
        ApiGatewayCustomAuthorizerRequestTypeRequest, ApiGatewayProxyRequest,
    };
    use tributary_lambda::routes;

    fn with_facts(check: impl FnOnce(&RequestFacts<'_>)) {
        let matched = routes::find("GET", "/api/batches/b%201/").unwrap();
        let headers = HeaderMap::from_iter([(HOST, "api.example".parse().unwrap())]);
        check(&RequestFacts {
            route: matched.route,
            parameters: matched.parameters,
            path: "/api/batches/b%201/",
            query: Some("a=1&a=2"),
            headers: &headers,
            client: [192, 0, 2, 1].into(),
            request_id: "r-1",
            region: "us-east-1",
            received: DateTime::from_timestamp_millis(1_589_522_469_693).unwrap(),
        });
    }

    #[test]
    fn proxy_event_is_parsed_by_the_functions_types() {
        with_facts(|facts| {
            let authorizer = Map::from_iter([("tenant_id".to_owned(), "t1".into())]);
            let event = facts.proxy_event(Some(authorizer), Bytes::from_static(b"{}"));
            let event: ApiGatewayProxyRequest = serde_json::from_slice(&event).unwrap();
            assert_eq!(event.resource.unwrap(), "/api/batches/{batch_id}");
            assert_eq!(event.path_parameters["batch_id"], "b 1");
            assert_eq!(event.query_string_parameters.first("a"), Some("2"));
            assert_eq!(event.multi_value_query_string_parameters.all("a").unwrap(), ["1", "2"]);
            assert_eq!(event.body.unwrap(), "{}");
            let context = event.request_context;
            assert_eq!(context.authorizer.fields["tenant_id"], "t1");
            assert_eq!(context.identity.source_ip.unwrap(), "192.0.2.1");
            assert_eq!(context.request_time.unwrap(), "15/May/2020:06:01:09 +0000");
            assert_eq!(context.request_time_epoch, 1_589_522_469_693);
        });
    }

    #[test]
    fn authorizer_event_is_parsed_by_the_authorizers_type() {
        with_facts(|facts| {
            let event: ApiGatewayCustomAuthorizerRequestTypeRequest =
                serde_json::from_slice(&facts.authorizer_event()).unwrap();
            assert_eq!(event.type_.unwrap(), "REQUEST");
            let arn =
                "arn:aws:execute-api:us-east-1:000000000000:local/local/GET/api/batches/b%201/";
            assert_eq!(event.method_arn.unwrap(), arn);
            assert_eq!(event.headers["host"], "api.example");
            assert_eq!(event.request_context.identity.unwrap().source_ip.unwrap(), "192.0.2.1");
        });
    }
}
