//! A routed request with its correlation id, tenant and parameters.

use std::collections::HashMap;

use http::HeaderValue;
use lambda_http::request::RequestContext;
use lambda_http::{Body, RequestExt};
use percent_encoding::percent_decode_str;
use serde_json::Value;
use tributary_domain::{CorrelationId, TenantId, text};

use super::problem::Problem;
use super::response::CORRELATION_HEADER;
use crate::routes::{self, Access, Call, NoRoute};
use crate::trace;

/// The trace header. `lambda_http` sets it to the trace of the invocation.
const TRACE_HEADER: &str = "x-amzn-trace-id";

/// A request of a known route. Its tenant comes from the authorizer only.
#[derive(Debug)]
pub struct Request {
    /// Identifies the request and everything that it causes.
    pub correlation: CorrelationId,
    tenant: Option<TenantId>,
    /// The names and values of the path parameters that are UTF-8, decoded.
    parameters: Vec<(String, String)>,
    request: lambda_http::Request,
}

impl Request {
    /// Routes a request and reads its tenant from the authorizer's context. `own_call` converts the
    /// calls that the function serves and returns `None` for the others.
    ///
    /// # Errors
    /// [`Problem`] if the function does not serve the route, or if the request has no tenant. Only
    /// the function's own open routes need no tenant.
    pub fn route<C>(
        request: lambda_http::Request,
        correlation: CorrelationId,
        own_call: impl Fn(Call) -> Option<C>,
    ) -> Result<(C, Self), Problem> {
        let path = request.raw_http_path().to_owned();
        let matched =
            routes::find(request.method().as_str(), &path).map_err(|no_route| match no_route {
                NoRoute::UnknownPath => Problem::NotFound,
                NoRoute::OtherMethod(methods) => Problem::MethodNotAllowed(methods),
            })?;
        let tenant = tenant_of(&request);
        let own = own_call(matched.route.call);
        if tenant.is_none() && !(own.is_some() && matched.route.access == Access::Open) {
            return Err(Problem::Unauthorized);
        }
        let call = own.ok_or(Problem::NotFound)?;
        // API Gateway decodes path parameters; emulators may leave them in the path only.
        let given = request.path_parameters_ref();
        let parameters = matched.parameters.into_iter().filter_map(|(name, raw)| {
            let value = match given.and_then(|given| given.first(name)) {
                Some(value) => value.to_owned(),
                None => percent_decode_str(raw).decode_utf8().ok()?.into_owned(),
            };
            Some((name.to_owned(), value))
        });
        let parameters = parameters.collect();
        Ok((call, Self { correlation, tenant, parameters, request }))
    }

    /// The tenant from the authorizer.
    ///
    /// # Errors
    /// [`Problem::Unauthorized`] if there is none, which only happens on an open route.
    pub fn tenant(&self) -> Result<TenantId, Problem> {
        self.tenant.ok_or(Problem::Unauthorized)
    }

    /// A text of the authorizer's context.
    #[must_use]
    pub fn authorizer(&self, name: &str) -> Option<&str> {
        context_of(&self.request)?.get(name)?.as_str()
    }

    /// The path as sent.
    #[must_use]
    pub fn path(&self) -> &str {
        self.request.raw_http_path()
    }

    /// A path parameter, decoded.
    ///
    /// # Errors
    /// [`Problem::NotFound`] if it is not UTF-8.
    pub fn parameter(&self, name: &str) -> Result<&str, Problem> {
        let parameter = self.parameters.iter().find(|(known, _)| known == name);
        parameter.map(|(_, value)| value.as_str()).ok_or(Problem::NotFound)
    }

    /// A path parameter that is an id of the bank. It is compared exactly.
    ///
    /// # Errors
    /// [`Problem::NotFound`] if no account or transaction can have this id.
    pub fn bank_id(&self, name: &str) -> Result<&str, Problem> {
        text::accept_id(self.parameter(name)?).map_err(|_| Problem::NotFound)
    }

    /// A query parameter, decoded; the first one if it is repeated.
    #[must_use]
    pub fn query(&self, name: &str) -> Option<&str> {
        self.request.query_string_parameters_ref().and_then(|map| map.first(name))
    }

    /// A header, if it is present and text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.request.headers().get(name).and_then(|value| value.to_str().ok())
    }

    /// The X-Ray trace header of the invocation, for messages that continue its trace.
    #[must_use]
    pub fn trace_header(&self) -> Option<&str> {
        trace_header_of(&self.request)
    }

    /// A header, if it is present, whether or not it is text.
    #[must_use]
    pub fn header_bytes(&self, name: &str) -> Option<&[u8]> {
        self.request.headers().get(name).map(HeaderValue::as_bytes)
    }

    /// The body.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        match self.request.body() {
            Body::Text(text) => text.as_bytes(),
            Body::Binary(bytes) => bytes,
            _ => &[],
        }
    }
}

/// The correlation id of a request, if it is valid.
pub fn correlation_of(request: &lambda_http::Request) -> Option<CorrelationId> {
    let value = request.headers().get(CORRELATION_HEADER)?;
    CorrelationId::accept(value.to_str().ok()?)
}

/// The X-Ray trace header of a request. An invalid header is dropped, because SQS would reject
/// every message that carries it.
pub fn trace_header_of(request: &lambda_http::Request) -> Option<&str> {
    let header = request.headers().get(TRACE_HEADER)?.to_str().ok()?;
    (header.len() <= trace::HEADER_LENGTH_MAX && trace::id_of(header).is_some()).then_some(header)
}

/// The client address that the gateway saw.
pub fn client_ip_of(request: &lambda_http::Request) -> Option<String> {
    match request.request_context_ref()? {
        RequestContext::ApiGatewayV1(context) => context.identity.source_ip.clone(),
        RequestContext::ApiGatewayV2(context) => context.http.source_ip.clone(),
        _ => None,
    }
}

fn tenant_of(request: &lambda_http::Request) -> Option<TenantId> {
    context_of(request)?.get("tenant_id")?.as_str()?.parse().ok()
}

/// The authorizer's context.
fn context_of(request: &lambda_http::Request) -> Option<&HashMap<String, Value>> {
    match request.request_context_ref()? {
        RequestContext::ApiGatewayV1(context) => Some(&context.authorizer.fields),
        RequestContext::ApiGatewayV2(context) => Some(&context.authorizer.as_ref()?.fields),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn valid_trace_header_is_propagated() {
        let trace = "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1";
        let longest = format!("{trace};Lineage={}", "a".repeat(512 - trace.len() - 9));
        let too_long = format!("{longest}a");
        for (given, expected) in [
            (trace, Some(trace)),
            (longest.as_str(), Some(longest.as_str())),
            (too_long.as_str(), None),
            ("Root=1-made-up", None),
            ("anything", None),
        ] {
            let request = http::Request::builder().header(TRACE_HEADER, given);
            let request = request.body(Body::Empty).unwrap();
            assert_eq!(trace_header_of(&request), expected, "{given}");
        }
    }
}
