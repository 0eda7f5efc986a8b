//! The calls of the document and of the `cargo lambda watch` router are those of the code.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::{Value, json};
use tributary_lambda::routes::{Access, Call, ROUTES, Route};

use super::document::{follow, operation, operations};

/// `IngestTransactions` is `ingestTransactions`.
fn operation_id(route: &Route) -> String {
    let name = match route.call {
        Call::Ingest(call) => format!("{call:?}"),
        Call::Report(call) => format!("{call:?}"),
        Call::Keys(call) => format!("{call:?}"),
        Call::Health(call) => format!("{call:?}"),
        Call::Pages(call) => format!("{call:?}"),
    };
    let (first, rest) = name.split_at(1);
    first.to_lowercase() + rest
}

/// The routes of the API. The pages of the console are no part of it.
fn api_routes() -> impl Iterator<Item = &'static Route> {
    ROUTES.iter().filter(|route| !matches!(route.call, Call::Pages(_)))
}

#[test]
fn calls_of_the_document_are_the_routes() {
    let documented: BTreeSet<_> = operations()
        .into_iter()
        .map(|(method, path, operation)| {
            (method, path.to_owned(), operation["operationId"].as_str().unwrap().to_owned())
        })
        .collect();
    let routed: BTreeSet<_> = api_routes()
        .map(|route| (route.method.to_owned(), route.path.to_owned(), operation_id(route)))
        .collect();
    assert_eq!(documented, routed);
}

#[test]
fn call_needs_a_key_or_token_with_the_scope_of_its_route() {
    for route in api_routes() {
        let scopes: Vec<_> = route.access.scope().into_iter().collect();
        let expected = match route.access {
            Access::Open => json!([]),
            Access::Ingest | Access::Report | Access::Admin | Access::AnyScope => json!([
                {"bearerKey": scopes},
                {"bearerToken": scopes},
                {"headerKey": scopes}
            ]),
        };
        assert_eq!(operation(&operation_id(route))["security"], expected, "{}", route.path);
    }
}

#[test]
fn every_link_names_an_operation_and_its_parameters() {
    let mut links = 0;
    for (_, _, linking) in operations() {
        let responses = linking["responses"].as_object().unwrap().values().map(follow);
        for link in
            responses.flat_map(|response| response["links"].as_object().into_iter().flatten())
        {
            let called = operation(link.1["operationId"].as_str().unwrap());
            let parameters = called["parameters"].as_array().unwrap().iter().map(follow);
            let known: BTreeSet<_> =
                parameters.map(|parameter| parameter["name"].as_str().unwrap()).collect();
            let named = link.1["parameters"].as_object().unwrap().keys();
            assert!(named.into_iter().all(|name| known.contains(name.as_str())), "{link:?}");
            links += 1;
        }
    }
    assert!(links > 0);
}

#[test]
fn every_parameter_of_a_path_is_documented() {
    for (_, path, operation) in operations() {
        let in_template: BTreeSet<_> = path
            .split('/')
            .filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'))
            .collect();
        let parameters = operation["parameters"].as_array().unwrap().iter().map(follow);
        let documented: BTreeSet<_> = parameters
            .filter(|parameter| parameter["in"] == "path" && parameter["required"] == true)
            .map(|parameter| parameter["name"].as_str().unwrap())
            .collect();
        assert_eq!(documented, in_template, "{path}");
    }
}

#[test]
fn watch_router_has_every_route_with_and_without_slash() {
    let router = workspace_metadata()["lambda"]["watch"]["router"].take();
    let served: BTreeSet<_> = router
        .as_object()
        .expect("the workspace has a watch router")
        .iter()
        .flat_map(|(path, served)| {
            let served = served.as_array().unwrap().iter();
            served.map(move |served| {
                let text = |name: &str| served[name].as_str().unwrap().to_owned();
                (path.clone(), text("method"), text("function"))
            })
        })
        .collect();
    let routed: BTreeSet<_> = ROUTES
        .iter()
        .flat_map(|route| {
            ["", "/"].map(|slash| {
                let path = format!("{}{slash}", route.path);
                (path, route.method.to_owned(), route.function().to_owned())
            })
        })
        .collect();
    assert_eq!(served, routed);
}

/// `[workspace.metadata]` as cargo reads it.
fn workspace_metadata() -> Value {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version=1"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice::<Value>(&output.stdout).unwrap()["metadata"].take()
}
