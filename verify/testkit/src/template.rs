//! `template.yaml` as JSON, with CloudFormation's tags in their long form: `!Ref Queue` becomes
//! `{"Ref": "Queue"}`. Transforms and conditions are not evaluated.
#![expect(
    clippy::panic,
    clippy::indexing_slicing,
    reason = "an unreadable template fails the test"
)]

use std::sync::LazyLock;

use saphyr::{LoadableYamlNode, Scalar, Yaml};
use serde_json::{Map, Value};

const SOURCE: &str = include_str!("../../../template.yaml");

static TEMPLATE: LazyLock<Value> = LazyLock::new(|| {
    let documents = Yaml::load_from_str(SOURCE).unwrap_or_else(|error| panic!("{error}"));
    documents.first().map(to_json).unwrap_or_default()
});

/// The whole template.
#[must_use]
pub fn template() -> &'static Value {
    &TEMPLATE
}

/// The resources of a type with their logical ids, ordered by id.
pub fn resources_of(resource_type: &str) -> impl Iterator<Item = (&'static str, &'static Value)> {
    let resources = template()["Resources"].as_object().into_iter().flatten();
    let of_type = resources.filter(move |(_, resource)| resource["Type"] == resource_type);
    of_type.map(|(id, resource)| (id.as_str(), resource))
}

/// The resource with a logical id.
#[must_use]
pub fn resource(id: &str) -> &'static Value {
    &template()["Resources"][id]
}

fn to_json(node: &Yaml<'_>) -> Value {
    match node {
        Yaml::Value(Scalar::Null) => Value::Null,
        Yaml::Value(Scalar::Boolean(value)) => (*value).into(),
        Yaml::Value(Scalar::Integer(value)) => (*value).into(),
        Yaml::Value(Scalar::FloatingPoint(value)) => value.into_inner().into(),
        Yaml::Value(Scalar::String(value)) => value.as_ref().into(),
        Yaml::Sequence(nodes) => nodes.iter().map(to_json).collect(),
        Yaml::Mapping(nodes) => {
            let member = |(key, value)| (name_of(key), to_json(value));
            Value::Object(nodes.iter().map(member).collect())
        }
        Yaml::Tagged(tag, node) => {
            let name = match tag.suffix.as_str() {
                "Ref" | "Condition" => tag.suffix.clone(),
                function => format!("Fn::{function}"),
            };
            Value::Object(Map::from_iter([(name, to_json(node))]))
        }
        Yaml::Representation(..) | Yaml::Alias(_) | Yaml::BadValue => {
            panic!("{node:?} is not a value")
        }
    }
}

/// A mapping key as a JSON object name.
fn name_of(key: &Yaml<'_>) -> String {
    match to_json(key) {
        Value::String(name) => name,
        other => other.to_string(),
    }
}
