//! A request as a handler gets it: routed, with its correlation id, its tenant and its parameters.

use http::HeaderValue;
use lambda_http::request::RequestContext;
use lambda_http::{Body, Request, RequestExt};
use percent_encoding::percent_decode_str;
use tributary_domain::{CorrelationId, TenantId};

use super::answer::CORRELATION_HEADER;
use super::problem::Problem;
use crate::routes::{self, Access, Call, NoRoute};
use crate::trace;

/// What carries the trace: `lambda_http` puts that of the invocation in its place.
const TRACE_HEADER: &str = "x-amzn-trace-id";

/// A request of a known route. Its tenant comes from the authorizer alone.
#[derive(Debug)]
pub struct Incoming {
    /// Which call it is.
    pub call: Call,
    /// Joins everything that this request sets off.
    pub correlation: CorrelationId,
    tenant: Option<TenantId>,
    parameter: Option<String>,
    request: Request,
}

impl Incoming {
    /// Routes a request to `function` and takes its tenant from the authorizer's context.
    ///
    /// # Errors
    /// [`Problem`] where no route serves it, or it has no tenant: a request that no authorizer let through is
    /// refused, whoever sent it, but for the function's own routes that need none.
    pub fn of(
        request: Request,
        correlation: CorrelationId,
        function: &str,
    ) -> Result<Self, Problem> {
        let path = request.raw_http_path().to_owned();
        let matched =
            routes::find(request.method().as_str(), &path).map_err(|no_route| match no_route {
                NoRoute::UnknownPath => Problem::NotFound,
                NoRoute::OtherMethod(methods) => Problem::MethodNotAllowed(methods),
            })?;
        let tenant = tenant_of(&request);
        let is_own = matched.route.function == function;
        if tenant.is_none() && !(is_own && matched.route.access == Access::Open) {
            return Err(Problem::Unauthorized);
        }
        if !is_own {
            return Err(Problem::NotFound);
        }
        // API Gateway hands parameters over decoded; emulators may leave them in the path.
        let decoded = request.path_parameters_ref().and_then(|map| map.iter().next());
        let parameter = match (matched.parameter, decoded) {
            (None, _) => None,
            (Some(_), Some((_, value))) => Some(value.to_owned()),
            (Some(raw), None) => percent_decode_str(raw).decode_utf8().ok().map(String::from),
        };
        Ok(Self { call: matched.route.call, correlation, tenant, parameter, request })
    }

    /// The tenant that the authorizer named.
    ///
    /// # Errors
    /// [`Problem::Unauthorized`] on a route that needs none.
    pub fn tenant(&self) -> Result<TenantId, Problem> {
        self.tenant.ok_or(Problem::Unauthorized)
    }

    /// The parameter of the path, decoded.
    ///
    /// # Errors
    /// [`Problem::NotFound`] if it is no text.
    pub fn parameter(&self) -> Result<&str, Problem> {
        self.parameter.as_deref().ok_or(Problem::NotFound)
    }

    /// A parameter of the query, decoded; the first if it stands more than once.
    #[must_use]
    pub fn query(&self, name: &str) -> Option<&str> {
        self.request.query_string_parameters_ref().and_then(|map| map.first(name))
    }

    /// A header, if it is there and text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.request.headers().get(name).and_then(|value| value.to_str().ok())
    }

    /// The X-Ray trace header of the invocation, for what the request sets off to join its trace.
    #[must_use]
    pub fn trace_header(&self) -> Option<&str> {
        trace_header_of(&self.request)
    }

    /// A header, if it is there, text or not.
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

/// The correlation id that a request brings, if it is sane.
pub fn correlation_of(request: &Request) -> Option<CorrelationId> {
    let value = request.headers().get(CORRELATION_HEADER)?;
    CorrelationId::accept(value.to_str().ok()?)
}

/// The X-Ray trace header of a request: that of its invocation, where the runtime knows one. What is no
/// trace is left out: SQS would refuse a message for it, each time that it is sent.
pub fn trace_header_of(request: &Request) -> Option<&str> {
    let header = request.headers().get(TRACE_HEADER)?.to_str().ok()?;
    (header.len() <= trace::HEADER_LENGTH_MAX && trace::id_of(header).is_some()).then_some(header)
}

/// The address that the request came from, as the gateway saw it.
pub fn client_ip_of(request: &Request) -> Option<String> {
    match request.request_context_ref()? {
        RequestContext::ApiGatewayV1(context) => context.identity.source_ip.clone(),
        RequestContext::ApiGatewayV2(context) => context.http.source_ip.clone(),
        _ => None,
    }
}

fn tenant_of(request: &Request) -> Option<TenantId> {
    let fields = match request.request_context_ref()? {
        RequestContext::ApiGatewayV1(context) => &context.authorizer.fields,
        RequestContext::ApiGatewayV2(context) => &context.authorizer.as_ref()?.fields,
        _ => return None,
    };
    fields.get("tenant_id")?.as_str()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_header_is_passed_on_if_it_is_one() {
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
