//! The fields that the deployment template's saved queries name are ones that a run logs, in the
//! log groups that the query looks into.
#![cfg(test)]

mod support;

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use tributary_system::{System, SystemConfig};
use tributary_testkit::template::{resource, resources_of};

use support::{api_of, connect, eventually, numbered, start_embedded};

/// What the language of queries has for words.
const WORDS: [&str; 20] = [
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
/// By what *failures* knows the lines about callers without a valid key.
const UNAUTHORIZED: &str = r#"error_type: "Unauthorized""#;

/// The fields of ours that a query names: not those of the service (`@log`), not those of Lambda's
/// own lines (`type`, `record`), and not what the query names itself.
fn fields_of(query: &str) -> BTreeSet<&str> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '@');
    // What stands between quotes is a value.
    let words: Vec<&str> = query
        .split('\'')
        .step_by(2)
        .flat_map(|text| text.split(move |c: char| !is_part(c)))
        .filter(|word| !word.is_empty())
        .collect();
    let named: BTreeSet<&str> =
        words.windows(2).filter(|pair| pair[0] == "as").map(|pair| pair[1]).collect();
    let is_field = |word: &&str| {
        word.starts_with(|c: char| c.is_ascii_lowercase())
            && !WORDS.contains(word)
            && !named.contains(word)
            && *word != "type"
            && !word.starts_with("record.")
    };
    words.into_iter().filter(is_field).collect()
}

/// What stands in a log group until now. The access log is written by API Gateway, in a form that
/// the template gives.
fn lines_of(log_group: &str, directory: &Path) -> Vec<Value> {
    if log_group == "ApiLogGroup" {
        let form = &resource("Api")["Properties"]["AccessLogSetting"]["Format"];
        return vec![serde_json::from_str(form.as_str().unwrap()).unwrap()];
    }
    let function = log_group.strip_suffix("LogGroup").unwrap().to_lowercase();
    let path = directory.join(format!("{function}.log"));
    let text = std::fs::read_to_string(path).unwrap_or_default();
    // The last may be half written.
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

/// The fields that a query names and no line of its log groups has, each with the query.
fn missing(directory: &Path) -> Vec<String> {
    let mut missing = Vec::new();
    for (id, query) in resources_of("AWS::Logs::QueryDefinition") {
        let query = &query["Properties"];
        let groups = query["LogGroupNames"].as_array().unwrap().iter();
        let lines: Vec<Value> =
            groups.flat_map(|group| lines_of(group["Ref"].as_str().unwrap(), directory)).collect();
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

async fn relay(system: &System) {
    system.stack().lambda().invoke("relay", "{}", None).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn fields_of_saved_queries_are_logged() {
    let logs = tempfile::tempdir().unwrap();
    let mut config = SystemConfig::throw_away();
    config.log_directory = Some(logs.path().to_owned());
    config.relay_interval = None;
    config.timings.unsent_age = Duration::ZERO;
    let system = start_embedded(config).await;
    let api = api_of(&system);

    // Accepted while SQS rejects requests, so that relay sends its message. Its row has no attempts
    // left.
    let faults = system.sqs().unwrap().faults();
    faults.reject_all_requests(true);
    let batch_id = api.accept(&numbered(1, "-1")).await;
    let mut connection = connect(system.database_url()).await;
    sqlx::query("update transactions set attempts = 5").execute(&mut connection).await.unwrap();
    relay(&system).await;
    faults.reject_all_requests(false);
    relay(&system).await;
    let batch = api.finished(&batch_id).await;
    assert_eq!(batch["processing_status"]["failed"], 1);
    assert_eq!(api.with_key(None).get("/api/batches/none").await.status, 401);

    let mut left = vec!["nothing was looked at".to_owned()];
    let found = tokio::time::timeout(
        Duration::from_secs(60),
        eventually("every field", async || {
            left = missing(logs.path());
            left.is_empty().then_some(())
        }),
    )
    .await;
    assert!(found.is_ok(), "no line has {left:?}");

    // Callers without a valid key do not bury what is wrong.
    let failures = resource("FailuresQuery")["Properties"]["QueryString"].as_str().unwrap();
    assert!(fields_of(failures).contains("span.batch_id"), "{failures}");
    assert!(failures.contains(&format!("message not like '{UNAUTHORIZED}'")), "{failures}");
    eventually("the line about the caller without a key", async || {
        let lines = lines_of("AuthorizeLogGroup", logs.path());
        let is_about_it = |line: &Value| {
            line["level"] == "ERROR"
                && line["message"].as_str().is_some_and(|message| message.contains(UNAUTHORIZED))
        };
        lines.iter().any(is_about_it).then_some(())
    })
    .await;
    system.stop().await.unwrap();
}
