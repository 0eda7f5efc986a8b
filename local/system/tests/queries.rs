//! The functions log every field that the saved queries of the deployment template use, in the log
//! groups of the query.
#![cfg(test)]

mod support;

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use tributary_system::SystemConfig;
use tributary_testkit::template::{resource, resources_of};

use support::{
    api_of, connect, eventually, invoke_relay, log_lines, make_due, numbered, start_embedded,
};

/// The commands, operators and functions of the query language.
const KEYWORDS: [&str; 20] = [
    "and",
    "as",
    "asc",
    "by",
    "coalesce",
    "count",
    "desc",
    "fields",
    "filter",
    "in",
    "ispresent",
    "like",
    "limit",
    "max",
    "not",
    "or",
    "pct",
    "sort",
    "stats",
    "sum",
];
/// How the query *failures* recognises rejections of unauthorized clients.
const UNAUTHORIZED: &str = r#"error_type: "Unauthorized""#;

/// The fields of a query that the functions log: without fields of CloudWatch (`@log`) and of
/// Lambda's platform logs (`type`, `record`), and without aliases of the query.
fn fields_of(query: &str) -> BTreeSet<&str> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '@');
    // Text in quotes is a value.
    let words: Vec<&str> = query
        .split('\'')
        .step_by(2)
        .flat_map(|text| text.split(move |c: char| !is_part(c)))
        .filter(|word| !word.is_empty())
        .collect();
    let aliases: BTreeSet<&str> =
        words.windows(2).filter(|pair| pair[0] == "as").map(|pair| pair[1]).collect();
    let is_field = |word: &&str| {
        word.starts_with(|c: char| c.is_ascii_lowercase())
            && !KEYWORDS.contains(word)
            && !aliases.contains(word)
            && *word != "type"
            && !word.starts_with("record.")
    };
    words.into_iter().filter(is_field).collect()
}

/// The log lines of a log group so far. The only line of the access log is the format in the
/// template, by which API Gateway writes it.
fn group_lines(log_group: &str, directory: &Path) -> Vec<Value> {
    if log_group == "ApiLogGroup" {
        let format = &resource("Api")["Properties"]["AccessLogSetting"]["Format"];
        return vec![serde_json::from_str(format.as_str().unwrap()).unwrap()];
    }
    let function = log_group.strip_suffix("LogGroup").unwrap().to_lowercase();
    log_lines(directory, &function)
}

/// The fields that no line in the log groups of their query has, as `query: field`.
fn missing(directory: &Path) -> Vec<String> {
    let mut missing = Vec::new();
    for (id, query) in resources_of("AWS::Logs::QueryDefinition") {
        let query = &query["Properties"];
        let groups = query["LogGroupNames"].as_array().unwrap().iter();
        let lines: Vec<Value> = groups
            .flat_map(|group| group_lines(group["Ref"].as_str().unwrap(), directory))
            .collect();
        for field in fields_of(query["QueryString"].as_str().unwrap()) {
            let pointer = format!("/{}", field.replace('.', "/"));
            let is_logged = lines
                .iter()
                .any(|line| line.pointer(&pointer).is_some_and(|value| !value.is_null()));
            if !is_logged {
                missing.push(format!("{id}: {field}"));
            }
        }
    }
    missing
}

#[tokio::test(flavor = "multi_thread")]
async fn fields_of_saved_queries_are_logged() {
    let logs = tempfile::tempdir().unwrap();
    let mut config = SystemConfig::throw_away();
    config.log_directory = Some(logs.path().to_owned());
    config.relay_interval = None;
    config.timings.announce_after = Duration::ZERO;
    let system = start_embedded(config).await;
    let api = api_of(&system);

    // SQS rejects requests, so that relay sends the message. The transaction has no attempts left.
    let faults = system.sqs().unwrap().faults();
    faults.reject_all_requests(true);
    let batch_id = api.accept(&numbered(1, "-1")).await;
    let mut connection = connect(system.database_url()).await;
    sqlx::query("update slices set attempts = 5").execute(&mut connection).await.unwrap();
    invoke_relay(&system).await;
    faults.reject_all_requests(false);
    make_due(&mut connection).await;
    invoke_relay(&system).await;
    let batch = api.finished(&batch_id).await;
    assert_eq!(batch["processing_status"]["failed"], 1);
    assert_eq!(api.with_key(None).get("/api/batches/none").await.status, 401);

    let mut not_logged = Vec::new();
    let found = tokio::time::timeout(
        Duration::from_secs(60),
        eventually("every field", async || {
            not_logged = missing(logs.path());
            not_logged.is_empty().then_some(())
        }),
    )
    .await;
    assert!(found.is_ok(), "not logged: {not_logged:?}");

    // The query excludes rejections of unauthorized clients.
    let failures = resource("FailuresQuery")["Properties"]["QueryString"].as_str().unwrap();
    assert!(fields_of(failures).contains("span.batch_id"), "{failures}");
    assert!(failures.contains(&format!("message not like '{UNAUTHORIZED}'")), "{failures}");
    eventually("the log line of the rejection", async || {
        let lines = group_lines("AuthorizeLogGroup", logs.path());
        let is_rejection = |line: &Value| {
            line["level"] == "ERROR"
                && line["message"].as_str().is_some_and(|message| message.contains(UNAUTHORIZED))
        };
        lines.iter().any(is_rejection).then_some(())
    })
    .await;
    system.stop().await.unwrap();
}
