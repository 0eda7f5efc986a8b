//! The HTTP routes: the function that serves each call and the scope that a caller needs.
//!
//! The functions and the local gateway dispatch by this table. Tests compare it with the OpenAPI
//! document, the deployment template and the `cargo lambda watch` router.

use tributary_domain::Scope;

/// The access that a route requires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// No credential.
    Open,
    /// A credential with the scope `ingest`.
    Ingest,
    /// A credential with the scope `report`.
    Report,
    /// A credential with the scope `admin`.
    Admin,
    /// Any valid credential.
    AnyScope,
}

impl Access {
    /// The scope that a caller needs; `None` if none is needed.
    #[must_use]
    pub const fn scope(self) -> Option<Scope> {
        match self {
            Self::Open | Self::AnyScope => None,
            Self::Ingest => Some(Scope::Ingest),
            Self::Report => Some(Scope::Report),
            Self::Admin => Some(Scope::Admin),
        }
    }
}

/// A call of the API, by the function that serves it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// A call that ingest serves.
    Ingest(IngestCall),
    /// A call that report serves.
    Report(ReportCall),
    /// A call that keys serves.
    Keys(KeysCall),
    /// A call that health serves.
    Health(HealthCall),
    /// A call that pages serves.
    Pages(PagesCall),
}

/// A call that ingest serves. The variants of all calls are the operation ids of the OpenAPI
/// document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IngestCall {
    /// `POST /api/integrations/transactions`
    IngestTransactions,
    /// `POST /api/integrations/plaid/transactions`
    IngestPlaidTransactions,
    /// `POST /api/batches/{batch_id}/retry`
    RetryBatch,
    /// `DELETE /api/accounts/{account_id}/transactions/{transaction_id}`
    RemoveTransaction,
}

/// A call that report serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReportCall {
    /// `GET /api/batches`
    ListBatches,
    /// `GET /api/batches/{batch_id}`
    GetBatch,
    /// `GET /api/accounts`
    ListAccounts,
    /// `GET /api/accounts/{account_id}`
    GetAccount,
    /// `GET /api/accounts/{account_id}/transactions`
    ListTransactions,
    /// `GET /api/accounts/{account_id}/transactions/{transaction_id}`
    GetTransaction,
    /// `GET /api/reports/account/{account_id}/summary`
    GetSummary,
    /// `GET /api/reports/account/{account_id}/cashflow`
    GetCashflow,
    /// `GET /api/reports/account/{account_id}/merchants`
    GetMerchants,
}

/// A call that keys serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeysCall {
    /// `GET /api/credential`
    GetCredential,
    /// `GET /api/keys`
    ListKeys,
    /// `POST /api/keys`
    CreateKey,
    /// `DELETE /api/keys/{prefix}`
    RevokeKey,
}

/// A call that health serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HealthCall {
    /// `GET /api/health`
    GetHealth,
    /// `GET /api/openapi.json`
    GetOpenApi,
}

/// A call that pages serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PagesCall {
    /// `GET /console`
    GetConsole,
    /// `GET /console/{file}`
    GetConsoleFile,
    /// `GET /api/docs`
    GetDocs,
    /// `GET /api/docs/{file}`
    GetDocsFile,
}

/// A row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    /// The call.
    pub call: Call,
    /// The HTTP method, upper case.
    pub method: &'static str,
    /// The path template without trailing slash, as API Gateway writes a resource.
    pub path: &'static str,
    /// The access that it requires.
    pub access: Access,
}

impl Route {
    /// The package, binary and Lambda name of the function that serves it.
    #[must_use]
    pub const fn function(&self) -> &'static str {
        match self.call {
            Call::Ingest(_) => "ingest",
            Call::Report(_) => "report",
            Call::Keys(_) => "keys",
            Call::Health(_) => "health",
            Call::Pages(_) => "pages",
        }
    }
}

/// Every route of the API. Each is served with and without a trailing slash.
pub const ROUTES: &[Route] = &[
    Route {
        call: Call::Ingest(IngestCall::IngestTransactions),
        method: "POST",
        path: "/api/integrations/transactions",
        access: Access::Ingest,
    },
    Route {
        call: Call::Ingest(IngestCall::IngestPlaidTransactions),
        method: "POST",
        path: "/api/integrations/plaid/transactions",
        access: Access::Ingest,
    },
    Route {
        call: Call::Ingest(IngestCall::RetryBatch),
        method: "POST",
        path: "/api/batches/{batch_id}/retry",
        access: Access::Ingest,
    },
    Route {
        call: Call::Ingest(IngestCall::RemoveTransaction),
        method: "DELETE",
        path: "/api/accounts/{account_id}/transactions/{transaction_id}",
        access: Access::Ingest,
    },
    Route {
        call: Call::Report(ReportCall::ListBatches),
        method: "GET",
        path: "/api/batches",
        access: Access::Report,
    },
    Route {
        call: Call::Report(ReportCall::GetBatch),
        method: "GET",
        path: "/api/batches/{batch_id}",
        access: Access::Report,
    },
    Route {
        call: Call::Report(ReportCall::ListAccounts),
        method: "GET",
        path: "/api/accounts",
        access: Access::Report,
    },
    Route {
        call: Call::Report(ReportCall::GetAccount),
        method: "GET",
        path: "/api/accounts/{account_id}",
        access: Access::Report,
    },
    Route {
        call: Call::Report(ReportCall::ListTransactions),
        method: "GET",
        path: "/api/accounts/{account_id}/transactions",
        access: Access::Report,
    },
    Route {
        call: Call::Report(ReportCall::GetTransaction),
        method: "GET",
        path: "/api/accounts/{account_id}/transactions/{transaction_id}",
        access: Access::Report,
    },
    Route {
        call: Call::Report(ReportCall::GetSummary),
        method: "GET",
        path: "/api/reports/account/{account_id}/summary",
        access: Access::Report,
    },
    Route {
        call: Call::Report(ReportCall::GetCashflow),
        method: "GET",
        path: "/api/reports/account/{account_id}/cashflow",
        access: Access::Report,
    },
    Route {
        call: Call::Report(ReportCall::GetMerchants),
        method: "GET",
        path: "/api/reports/account/{account_id}/merchants",
        access: Access::Report,
    },
    Route {
        call: Call::Keys(KeysCall::GetCredential),
        method: "GET",
        path: "/api/credential",
        access: Access::AnyScope,
    },
    Route {
        call: Call::Keys(KeysCall::ListKeys),
        method: "GET",
        path: "/api/keys",
        access: Access::Admin,
    },
    Route {
        call: Call::Keys(KeysCall::CreateKey),
        method: "POST",
        path: "/api/keys",
        access: Access::Admin,
    },
    Route {
        call: Call::Keys(KeysCall::RevokeKey),
        method: "DELETE",
        path: "/api/keys/{prefix}",
        access: Access::Admin,
    },
    Route {
        call: Call::Health(HealthCall::GetHealth),
        method: "GET",
        path: "/api/health",
        access: Access::Open,
    },
    Route {
        call: Call::Health(HealthCall::GetOpenApi),
        method: "GET",
        path: "/api/openapi.json",
        access: Access::Open,
    },
    Route {
        call: Call::Pages(PagesCall::GetConsole),
        method: "GET",
        path: "/console",
        access: Access::Open,
    },
    Route {
        call: Call::Pages(PagesCall::GetConsoleFile),
        method: "GET",
        path: "/console/{file}",
        access: Access::Open,
    },
    Route {
        call: Call::Pages(PagesCall::GetDocs),
        method: "GET",
        path: "/api/docs",
        access: Access::Open,
    },
    Route {
        call: Call::Pages(PagesCall::GetDocsFile),
        method: "GET",
        path: "/api/docs/{file}",
        access: Access::Open,
    },
];

/// The route of a request.
#[derive(Debug, PartialEq, Eq)]
pub struct Matched<'p> {
    /// The row of the table.
    pub route: &'static Route,
    /// The names and values of the path parameters, percent-encoded, in the order of the template.
    pub parameters: Vec<(&'static str, &'p str)>,
}

/// Why no route serves a request.
#[derive(Debug, PartialEq, Eq)]
pub enum NoRoute {
    /// No route has this path.
    UnknownPath,
    /// The path exists with these other methods.
    OtherMethod(Vec<&'static str>),
}

/// Finds the route of a request. A trailing slash is ignored.
///
/// # Errors
/// [`NoRoute`] if the path, or the path with this method, is not in the table.
pub fn find<'p>(method: &str, path: &'p str) -> Result<Matched<'p>, NoRoute> {
    let path = path.strip_suffix('/').unwrap_or(path);
    let mut other_methods = Vec::new();
    for route in ROUTES {
        if let Some(parameters) = match_template(route.path, path) {
            if route.method == method {
                return Ok(Matched { route, parameters });
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

/// Returns the parameters of a path that matches the template.
fn match_template<'p>(
    template: &'static str,
    path: &'p str,
) -> Option<Vec<(&'static str, &'p str)>> {
    let mut parameters = Vec::new();
    let mut segments = path.split('/');
    for expected in template.split('/') {
        let segment = segments.next()?;
        let name = expected.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
        match name {
            Some(_) if segment.is_empty() => return None,
            Some(name) => parameters.push((name, segment)),
            None if segment != expected => return None,
            None => {}
        }
    }
    segments.next().is_none().then_some(parameters)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn route_is_found_with_and_without_trailing_slash() {
        for route in ROUTES {
            let path = route.path.replace("{batch_id}", "b1").replace("{account_id}", "a%2F1");
            let path = path.replace("{transaction_id}", "t1");
            let path = path.replace("{prefix}", "p1").replace("{file}", "f1");
            for path in [path.clone(), format!("{path}/")] {
                let matched = find(route.method, &path).unwrap();
                assert_eq!(matched.route, route);
                for (name, value) in matched.parameters {
                    assert!(route.path.contains(&format!("{{{name}}}")));
                    let expected = match name {
                        "batch_id" => "b1",
                        "account_id" => "a%2F1",
                        "prefix" => "p1",
                        "file" => "f1",
                        _ => "t1",
                    };
                    assert_eq!(value, expected);
                }
            }
        }
    }

    #[test]
    fn unknown_path_differs_from_known_path_with_another_method() {
        assert_eq!(find("GET", "/api/nothing"), Err(NoRoute::UnknownPath));
        assert_eq!(find("GET", "/api/reports/"), Err(NoRoute::UnknownPath));
        assert_eq!(find("GET", "/api/batches/b1/more"), Err(NoRoute::UnknownPath));
        assert_eq!(find("DELETE", "/api/batches/b1"), Err(NoRoute::OtherMethod(vec!["GET"])));
    }
}
