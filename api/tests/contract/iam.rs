//! `SOLUTION.md` lists the permissions of `template.yaml`, and they are limited to what is needed.
//! `UPDATE_DOCS=1` rewrites the table.

use std::path::Path;

use serde_json::Value;
use tributary_store::role::Role;
use tributary_testkit::template::{resource, resources_of};

const BEGIN: &str =
    "<!-- table: written by UPDATE_DOCS=1 cargo test -p tributary-api --test contract iam -->\n";
const END: &str = "<!-- end of table -->";

/// A statement that allows or denies actions to a role.
struct Grant {
    /// The template's condition for it, if any.
    when: Option<&'static str>,
    statement: &'static Value,
}

/// Every statement of a policy document, including those in `Fn::If`.
fn grants(document: &'static Value) -> Vec<Grant> {
    let statements = document["Statement"].as_array().unwrap().iter();
    let grant = |statement: &'static Value| match statement["Fn::If"].as_array() {
        None => Grant { when: None, statement },
        Some(parts) => {
            let [condition, statement, otherwise] = parts.as_slice() else { panic!("{parts:?}") };
            assert_eq!(otherwise["Ref"], "AWS::NoValue");
            Grant { when: condition.as_str(), statement }
        }
    };
    statements.map(grant).collect()
}

/// The grants of a single role.
fn own_grants(role: &'static Value) -> Vec<Grant> {
    let policies = role["Properties"]["Policies"].as_array().unwrap().iter();
    policies.flat_map(|policy| grants(&policy["PolicyDocument"])).collect()
}

/// The grants of every role: all roles share the same policies.
fn shared_grants() -> Vec<Grant> {
    let shared = |role: &'static Value| role["Properties"]["ManagedPolicyArns"].as_array().unwrap();
    let policies = shared(resource("IngestRole"));
    for (id, _) in resources_of("AWS::Serverless::Function") {
        assert_eq!(shared(resource(&role_of(id))), policies, "{id}");
    }
    let of_policy = |policy: &'static Value| {
        let (when, id) = match policy["Fn::If"].as_array() {
            None => (None, &policy["Ref"]),
            Some(parts) => (parts[0].as_str(), &parts[1]["Ref"]),
        };
        let document = &resource(id.as_str().unwrap())["Properties"]["PolicyDocument"];
        grants(document).into_iter().map(move |grant| Grant { when, ..grant })
    };
    policies.iter().flat_map(of_policy).collect()
}

fn role_of(function: &str) -> String {
    function.replace("Function", "Role")
}

fn list(value: &Value) -> Vec<String> {
    match value {
        Value::Array(values) => values.iter().flat_map(list).collect(),
        Value::String(text) => vec![text.clone()],
        Value::Object(_) => vec![resource_text(value)],
        other => panic!("{other} is not a reference"),
    }
}

/// An ARN in readable form: `Queue` for `{"Fn::GetAtt": "Queue.Arn"}`.
fn resource_text(value: &Value) -> String {
    let (function, argument) = value.as_object().and_then(|object| object.iter().next()).unwrap();
    let text = match argument {
        Value::Array(parts) => parts[0].as_str().unwrap(),
        argument => argument.as_str().unwrap(),
    };
    match function.as_str() {
        "Ref" => text.to_owned(),
        "Fn::GetAtt" => text.strip_suffix(".Arn").unwrap_or(text).to_owned(),
        "Fn::Sub" => text
            .replace(
                "arn:${AWS::Partition}:rds-db:${AWS::Region}:${AWS::AccountId}:dbuser:",
                "dbuser:",
            )
            .replace("${", "")
            .replace('}', ""),
        other => panic!("{other} names no resource"),
    }
}

fn code(values: &[String]) -> String {
    values.iter().map(|value| format!("`{value}`")).collect::<Vec<_>>().join(", ")
}

/// A row of the table.
fn row(who: &str, Grant { when, statement }: &Grant) -> String {
    let mut conditions: Vec<_> = when.iter().map(|when| format!("`{when}`")).collect();
    for (operator, tests) in statement["Condition"].as_object().into_iter().flatten() {
        let tests = tests.as_object().unwrap().keys();
        conditions.extend(tests.map(|key| format!("{operator} of `{key}`")));
    }
    format!(
        "| {who} | {} | {} | {} | {} |\n",
        statement["Effect"].as_str().unwrap(),
        code(&list(&statement["Action"])),
        code(&list(&statement["Resource"])),
        if conditions.is_empty() { "always".to_owned() } else { conditions.join(", ") },
    )
}

/// The table in the form of the document.
fn table() -> String {
    let mut table = String::from(
        "| role of | effect | actions | resources | where |\n| --- | --- | --- | --- | --- |\n",
    );
    for (id, _) in resources_of("AWS::Serverless::Function") {
        let name = id.replace("Function", "").to_lowercase();
        table.extend(own_grants(resource(&role_of(id))).iter().map(|grant| row(&name, grant)));
    }
    table.extend(shared_grants().iter().map(|grant| row("each", grant)));
    table
}

#[test]
fn table_of_the_document_matches_the_template() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../SOLUTION.md");
    let document = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = document.split_once(BEGIN).expect("the document has a table");
    let (found, after) = rest.split_once(END).expect("its table has an end");
    let table = table();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, format!("{before}{BEGIN}{table}{END}{after}")).unwrap();
    } else {
        assert_eq!(found, table, "UPDATE_DOCS=1 rewrites it");
    }
}

#[test]
fn only_tracing_and_network_interfaces_are_allowed_without_an_arn() {
    for (id, _) in resources_of("AWS::Serverless::Function") {
        let own = own_grants(resource(&role_of(id)));
        for Grant { statement, .. } in own.into_iter().chain(shared_grants()) {
            let actions = list(&statement["Action"]);
            assert!(actions.iter().all(|action| !action.contains('*')), "{id}: {actions:?}");
            let anything = list(&statement["Resource"]).iter().any(|resource| resource == "*");
            let without_arn =
                |action: &String| action.starts_with("xray:") || action.starts_with("ec2:");
            assert!(!anything || actions.iter().all(without_arn), "{id}: {actions:?}");
        }
    }
}

#[test]
fn function_logs_in_to_the_database_only_as_itself() {
    for (id, _) in resources_of("AWS::Serverless::Function") {
        let name = id.replace("Function", "").to_lowercase();
        let grants = own_grants(resource(&role_of(id)));
        let users: Vec<_> = grants
            .iter()
            .filter(|grant| grant.when == Some("OwnDatabase"))
            .filter(|grant| grant.statement["Action"] == "rds-db:connect")
            .flat_map(|grant| list(&grant.statement["Resource"]))
            .collect();
        let role = Role::of_function(&name).map(|role| format!("dbuser:Proxy/{role}"));
        assert_eq!(users, Vec::from_iter(role), "{id}");
    }
}
