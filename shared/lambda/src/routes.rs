//! The HTTP routes: which function serves which call, and what a caller needs for it.
//!
//! The one table behind the functions' own dispatch and the local gateway; the OpenAPI document and
//! the `cargo lambda watch` router are held to it by tests. Not for handlers: those live in the functions.

use tributary_domain::Scope;

/// What a caller's key must be allowed to do for a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// No key needed.
    Open,
    /// A key with the named scope, see [`Access::scope`].
    Ingest,
    /// A key with the named scope, see [`Access::scope`].
    Report,
}

impl Access {
    /// The scope a caller needs, `None` where nobody is asked who they are.
    #[must_use]
    pub const fn scope(self) -> Option<Scope> {
        match self {
            Self::Open => None,
            Self::Ingest => Some(Scope::Ingest),
            Self::Report => Some(Scope::Report),
        }
    }
}

/// One call of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// `POST /api/integrations/transactions`
    IngestTransactions,
    /// `POST /api/batches/{batch_id}/retry`
    RetryBatch,
    /// `GET /api/batches/{batch_id}`
    GetBatch,
    /// `GET /api/accounts/{account_id}/transactions`
    ListTransactions,
    /// `GET /api/reports/account/{account_id}/summary`
    GetSummary,
    /// `GET /api/health`
    GetHealth,
    /// `GET /api/openapi.json`
    GetOpenApi,
}

/// A row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    /// Which call this is.
    pub call: Call,
    /// The HTTP method, upper case.
    pub method: &'static str,
    /// The path template without trailing slash, as API Gateway writes a resource.
    pub path: &'static str,
    /// The function that serves it: its package, binary and Lambda name.
    pub function: &'static str,
    /// What a caller needs.
    pub access: Access,
}

/// Every route of the API. Each is served with and without a trailing slash.
pub const ROUTES: &[Route] = &[
    Route {
        call: Call::IngestTransactions,
        method: "POST",
        path: "/api/integrations/transactions",
        function: "ingest",
        access: Access::Ingest,
    },
    Route {
        call: Call::RetryBatch,
        method: "POST",
        path: "/api/batches/{batch_id}/retry",
        function: "ingest",
        access: Access::Ingest,
    },
    Route {
        call: Call::GetBatch,
        method: "GET",
        path: "/api/batches/{batch_id}",
        function: "report",
        access: Access::Report,
    },
    Route {
        call: Call::ListTransactions,
        method: "GET",
        path: "/api/accounts/{account_id}/transactions",
        function: "report",
        access: Access::Report,
    },
    Route {
        call: Call::GetSummary,
        method: "GET",
        path: "/api/reports/account/{account_id}/summary",
        function: "report",
        access: Access::Report,
    },
    Route {
        call: Call::GetHealth,
        method: "GET",
        path: "/api/health",
        function: "health",
        access: Access::Open,
    },
    Route {
        call: Call::GetOpenApi,
        method: "GET",
        path: "/api/openapi.json",
        function: "health",
        access: Access::Open,
    },
];

/// A request's place in the table.
#[derive(Debug, PartialEq, Eq)]
pub struct Matched<'p> {
    /// The row.
    pub route: &'static Route,
    /// The path's one parameter as it stands in the path (percent-encoded), if the template has one.
    pub parameter: Option<&'p str>,
}

/// Why no route serves a request.
#[derive(Debug, PartialEq, Eq)]
pub enum NoRoute {
    /// No template has this path.
    UnknownPath,
    /// The path is known, with another method: these.
    OtherMethod(Vec<&'static str>),
}

/// Finds the route of a request; a trailing slash makes no difference.
///
/// # Errors
/// [`NoRoute`] where the path, or the path with this method, is not in the table.
pub fn find<'p>(method: &str, path: &'p str) -> Result<Matched<'p>, NoRoute> {
    let path = path.strip_suffix('/').unwrap_or(path);
    let mut other_methods = Vec::new();
    for route in ROUTES {
        if let Some(parameter) = match_template(route.path, path) {
            if route.method == method {
                return Ok(Matched { route, parameter });
            }
            other_methods.push(route.method);
        }
    }
    if other_methods.is_empty() {
        Err(NoRoute::UnknownPath)
    } else {
        Err(NoRoute::OtherMethod(other_methods))
    }
}

/// `Some(parameter)` where the path is of the template; a template has at most one parameter.
fn match_template<'p>(template: &str, path: &'p str) -> Option<Option<&'p str>> {
    let mut parameter = None;
    let mut segments = path.split('/');
    for expected in template.split('/') {
        let segment = segments.next()?;
        if expected.starts_with('{') {
            if segment.is_empty() {
                return None;
            }
            parameter = Some(segment);
        } else if segment != expected {
            return None;
        }
    }
    segments.next().is_none().then_some(parameter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_route_is_found_with_and_without_a_trailing_slash() {
        for route in ROUTES {
            let path = route.path.replace("{batch_id}", "b1").replace("{account_id}", "b1");
            for path in [path.clone(), format!("{path}/")] {
                let matched = find(route.method, &path).unwrap();
                assert_eq!(matched.route, route);
                assert_eq!(matched.parameter.is_some(), route.path.contains('{'));
                assert!(matched.parameter.is_none_or(|parameter| parameter == "b1"));
            }
        }
    }

    #[test]
    fn an_unknown_path_is_told_from_a_known_path_with_another_method() {
        assert_eq!(find("GET", "/api/nothing"), Err(NoRoute::UnknownPath));
        assert_eq!(find("GET", "/api/batches/"), Err(NoRoute::UnknownPath));
        assert_eq!(find("GET", "/api/batches/b1/more"), Err(NoRoute::UnknownPath));
        assert_eq!(find("DELETE", "/api/batches/b1"), Err(NoRoute::OtherMethod(vec!["GET"])));
    }
}
