//! The deployment template has the routes, functions, timeouts and queue of the code. Its gateway
//! responses are those of the document.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use tributary_domain::CorrelationId;
use tributary_lambda::functions::{FUNCTIONS, QUEUE_RECEIVES_MAX, QUEUE_VISIBILITY_TIMEOUT, find};
use tributary_lambda::http::Problem;
use tributary_lambda::routes::{Access, ROUTES};
use tributary_testkit::template::{resource, resources_of, template};

use super::document::{at, faults, operations, validator};

const FUNCTION: &str = "AWS::Serverless::Function";
/// The variable for the request's id in gateway responses.
const REQUEST_ID: &str = "$context.requestId";

/// `IngestFunction` is `ingest`.
fn name_of(id: &str) -> String {
    id.strip_suffix("Function").expect("a function's id ends in `Function`").to_lowercase()
}

/// The events of a type: the name of the function, and the properties.
fn events_of(event_type: &str) -> Vec<(String, &'static Value)> {
    let functions = resources_of(FUNCTION);
    let of_function = functions.flat_map(|(id, function)| {
        let events = function["Properties"]["Events"].as_object().into_iter().flatten();
        events.map(move |(_, event)| (name_of(id), event))
    });
    of_function
        .filter(|(_, event)| event["Type"] == event_type)
        .map(|(function, event)| (function, &event["Properties"]))
        .collect()
}

#[test]
fn functions_of_the_template_are_those_of_the_code() {
    let deployed: BTreeMap<_, _> = resources_of(FUNCTION)
        .map(|(id, function)| (name_of(id), function["Properties"]["Timeout"].as_u64().unwrap()))
        .collect();
    let known: BTreeMap<_, _> = FUNCTIONS
        .iter()
        .map(|function| (function.name.to_owned(), function.timeout.as_secs()))
        .collect();
    assert_eq!(deployed, known);
}

#[test]
fn function_has_its_own_package_role_log_group_and_alias() {
    let globals = &template()["Globals"]["Function"];
    assert_eq!(globals["Runtime"], "provided.al2023");
    assert_eq!(globals["Handler"], "bootstrap");
    assert_eq!(globals["Tracing"], "Active");
    assert_eq!(globals["AutoPublishAlias"], "live");
    for (id, function) in resources_of(FUNCTION) {
        let (name, properties) = (name_of(id), &function["Properties"]);
        let own = |suffix: &str| id.replace("Function", suffix);
        assert_eq!(properties["CodeUri"], format!("functions/{name}"), "{id}");
        assert_eq!(function["Metadata"]["BuildMethod"], "rust-cargolambda", "{id}");
        assert_eq!(function["Metadata"]["BuildProperties"]["Binary"], name, "{id}");
        assert_eq!(properties["Role"], json!({"Fn::GetAtt": own("Role.Arn")}), "{id}");
        assert_eq!(
            properties["LoggingConfig"]["LogGroup"],
            json!({"Ref": own("LogGroup")}),
            "{id}"
        );
        assert_eq!(properties["AutoPublishAliasAllProperties"], true, "{id}");
    }
}

#[test]
fn calls_of_the_template_are_the_routes_with_their_methods_functions_and_keys() {
    let deployed: BTreeSet<_> = events_of("Api")
        .into_iter()
        .map(|(function, event)| {
            assert_eq!(event["RestApiId"], json!({"Ref": "Api"}));
            let path = event["Path"].as_str().unwrap().to_owned();
            let open = match &event["Auth"]["Authorizer"] {
                Value::Null => false,
                authorizer => *authorizer == "NONE",
            };
            (path, event["Method"].as_str().unwrap().to_uppercase(), function, open)
        })
        .collect();
    let routed: BTreeSet<_> = ROUTES
        .iter()
        .map(|route| {
            let open = route.access == Access::Open;
            (route.path.to_owned(), route.method.to_owned(), route.function().to_owned(), open)
        })
        .collect();
    // API Gateway matches a resource with and without a trailing slash, and would create one
    // resource for two paths that differ only in that.
    assert_eq!(deployed, routed);
}

#[test]
fn every_call_except_the_open_ones_invokes_the_authorizer() {
    let auth = &resource("Api")["Properties"]["Auth"];
    let name = auth["DefaultAuthorizer"].as_str().unwrap();
    let authorizer = &auth["Authorizers"][name];
    assert_eq!(authorizer["FunctionArn"], json!({"Fn::Sub": "${AuthorizeFunction.Arn}:live"}));
    // SAM does not recognise the function by that name, and creates no permission.
    let permission = &resource("AuthorizePermission")["Properties"];
    assert_eq!(permission["FunctionName"], json!({"Ref": "AuthorizeFunction.Alias"}));
    assert_eq!(authorizer["FunctionPayloadType"], "REQUEST");
    // An identity source would reject callers that send the key in the other header.
    assert_eq!(authorizer["Identity"], json!({"ReauthorizeEvery": 0}));
}

#[test]
fn call_without_key_has_its_own_throttle() {
    let settings = resource("Api")["Properties"]["MethodSettings"].as_array().unwrap();
    let [stage, methods @ ..] = settings.as_slice() else { panic!("{settings:?}") };
    assert_eq!((&stage["ResourcePath"], &stage["HttpMethod"]), (&json!("/*"), &json!("*")));
    let throttled: BTreeSet<_> = methods
        .iter()
        .map(|method| {
            assert!(method["ThrottlingRateLimit"].is_u64(), "{method}");
            assert!(method["ThrottlingBurstLimit"].is_u64(), "{method}");
            // The settings of a method replace all settings of the stage.
            for setting in ["MetricsEnabled", "LoggingLevel", "DataTraceEnabled"] {
                assert_eq!(method[setting], stage[setting], "{method}");
            }
            let path = method["ResourcePath"].as_str().unwrap();
            let path = path.strip_prefix('/').unwrap().replace("~1", "/");
            (path, method["HttpMethod"].as_str().unwrap().to_owned())
        })
        .collect();
    let open: BTreeSet<_> = ROUTES
        .iter()
        .filter(|route| route.access == Access::Open)
        .map(|route| (route.path.to_owned(), route.method.to_owned()))
        .collect();
    assert_eq!(throttled, open);
}

#[test]
fn queue_is_that_of_the_code() {
    let queue = &resource("Queue")["Properties"];
    assert_eq!(queue["VisibilityTimeout"], QUEUE_VISIBILITY_TIMEOUT.as_secs());
    assert_eq!(queue["RedrivePolicy"]["maxReceiveCount"], QUEUE_RECEIVES_MAX);
    let dead_letters = json!({"Fn::GetAtt": "DeadLetterQueue.Arn"});
    assert_eq!(queue["RedrivePolicy"]["deadLetterTargetArn"], dead_letters);

    let events = events_of("SQS");
    let [(function, event)] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(function, "enrich");
    assert_eq!(event["Queue"], json!({"Fn::GetAtt": "Queue.Arn"}));
    assert_eq!(event["BatchSize"], 10);
    assert_eq!(event["FunctionResponseTypes"], json!(["ReportBatchItemFailures"]));
}

#[test]
fn relay_runs_each_minute_and_ends_before_the_next() {
    let events = events_of("ScheduleV2");
    let [(function, event)] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(function, "relay");
    assert_eq!(event["ScheduleExpression"], "rate(1 minute)");
    assert!(find("relay").unwrap().timeout.as_secs() < 60);
    // The next run is the retry, instead of Lambda's own retries.
    let config = &resource("RelayFunction")["Properties"]["EventInvokeConfig"];
    assert_eq!(config["MaximumRetryAttempts"], 0);
}

#[test]
fn schema_is_deployed_after_admin_and_before_the_other_functions() {
    let migrations = &resource("Migrations")["Properties"];
    assert_eq!(migrations["ServiceToken"], json!({"Fn::GetAtt": "AdminFunction.Arn"}));
    assert_eq!(migrations["Code"], json!({"Ref": "AdminFunction.Version"}));
    for (id, function) in resources_of(FUNCTION) {
        let waits = function["DependsOn"] == json!(["Migrations"]);
        assert_eq!(waits, id != "AdminFunction", "{id}");
    }
}

/// The gateway responses: name, definition and body.
fn gateway_responses() -> impl Iterator<Item = (&'static str, &'static Value, Value)> {
    let responses = resource("Api")["Properties"]["GatewayResponses"].as_object().unwrap();
    responses.iter().map(|(name, response)| {
        let body = response["ResponseTemplates"]["application/json"].as_str().unwrap();
        let body = serde_json::from_str(body).unwrap_or_else(|error| panic!("{name}: {error}"));
        (name.as_str(), response, body)
    })
}

#[test]
fn gateway_responses_are_problems_of_the_document() {
    let problem = validator(at("/components/schemas/Problem"));
    let documented: BTreeSet<_> = operations()
        .into_iter()
        .flat_map(|(_, _, operation)| operation["responses"].as_object().unwrap().keys())
        .collect();
    for (name, response, mut body) in gateway_responses() {
        let status = &response["StatusCode"];
        assert_eq!(body["status"], *status, "{name}");
        assert!(documented.contains(&status.to_string()), "{name}: {status}");
        let headers = &response["ResponseParameters"]["Headers"];
        assert_eq!(headers["Content-Type"], format!("'{}'", Problem::CONTENT_TYPE), "{name}");
        assert_eq!(headers["X-Correlation-ID"], "context.requestId", "{name}");
        assert_eq!(body["correlation_id"], REQUEST_ID, "{name}");
        body["correlation_id"] = "0b2a5ce6-1ef9-4a63-a7e4-25b2f1d7a001".into();
        assert_eq!(faults(&problem, &body), Vec::<String>::new(), "{name}");
    }
}

#[test]
fn shared_problems_have_the_same_text_in_gateway_and_functions() {
    let correlation = CorrelationId::accept("c-1").unwrap();
    for (name, problem) in [
        ("UNAUTHORIZED", Problem::Unauthorized),
        ("MISSING_AUTHENTICATION_TOKEN", Problem::NotFound),
        ("DEFAULT_4XX", Problem::NotFound),
        ("UNSUPPORTED_MEDIA_TYPE", Problem::UnsupportedMediaType),
        ("AUTHORIZER_FAILURE", Problem::Unavailable("gone".into())),
        ("AUTHORIZER_CONFIGURATION_ERROR", Problem::Unavailable("gone".into())),
    ] {
        let (_, response, mut body) = gateway_responses()
            .find(|(found, ..)| *found == name)
            .unwrap_or_else(|| panic!("{name}"));
        body["correlation_id"] = "c-1".into();
        let ours: Value = serde_json::from_str(&problem.body(&correlation)).unwrap();
        assert_eq!(body, ours, "{name}");
        for (header, value) in problem.headers() {
            let sent = response["ResponseParameters"]["Headers"].as_object().unwrap();
            let sent = sent.iter().find(|(sent, _)| sent.eq_ignore_ascii_case(header.as_str()));
            let quoted = format!("'{}'", value.to_str().unwrap());
            assert_eq!(sent.map(|(_, value)| value), Some(&json!(quoted)), "{name}: {header}");
        }
    }
}

#[test]
fn every_alarm_has_a_chapter_in_the_runbook() {
    const RUNBOOK: &str = include_str!("../../../docs/runbook.md");
    let chapters = RUNBOOK.lines().filter_map(|line| line.strip_prefix("## "));
    let chapters: BTreeSet<_> = chapters.map(str::to_lowercase).collect();
    for (id, alarm) in resources_of("AWS::CloudWatch::Alarm") {
        let description = alarm["Properties"]["AlarmDescription"].as_str().unwrap();
        let (_, chapter) = description.split_once("docs/runbook.md#").expect(id);
        assert!(chapters.contains(chapter), "{id}: {chapter} is not among {chapters:?}");
        let topic = json!([{"Ref": "AlarmTopic"}]);
        assert_eq!(alarm["Properties"]["AlarmActions"], topic, "{id}");
    }
}
