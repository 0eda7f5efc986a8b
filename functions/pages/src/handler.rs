//! Dispatches the calls for files.

use http::StatusCode;
use http::header::{HeaderValue, LOCATION};
use tributary_lambda::http::{Handler, Problem, Request, Response};
use tributary_lambda::routes::{Call, PagesCall};

use crate::{file, files, policy};

/// The handler of pages.
#[derive(Debug)]
pub struct Pages;

impl Handler for Pages {
    type Call = PagesCall;

    fn own_call(call: Call) -> Option<PagesCall> {
        if let Call::Pages(call) = call { Some(call) } else { None }
    }

    async fn handle(&self, call: PagesCall, request: &Request) -> Result<Response, Problem> {
        let name = request.parameter("file");
        let (found, policy) = match call {
            PagesCall::GetConsole if request.path().ends_with('/') => {
                return Ok(redirect("../console"));
            }
            PagesCall::GetDocs if request.path().ends_with('/') => {
                return Ok(redirect("../docs"));
            }
            PagesCall::GetConsole => (files::console("index.html"), policy::CONSOLE),
            PagesCall::GetConsoleFile => (files::console(name?), policy::CONSOLE),
            PagesCall::GetDocs => (files::docs("index.html"), policy::DOCS),
            PagesCall::GetDocsFile => (files::docs(name?), policy::DOCS),
        };
        file::respond(request, found.ok_or(Problem::NotFound)?, policy)
    }
}

/// To the path without a trailing slash, to which the links of the pages are relative. Relative
/// itself, since API Gateway's stage may stand before the path.
fn redirect(location: &'static str) -> Response {
    Response::empty(StatusCode::PERMANENT_REDIRECT)
        .with_header(LOCATION, HeaderValue::from_static(location))
}
