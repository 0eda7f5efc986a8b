//! Access to the document for the tests: follows references, finds and compiles schemas.

use std::sync::LazyLock;

use jsonschema::{Draft, Validator};
use serde_json::{Map, Value, json};

static DOCUMENT: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(tributary_api::OPENAPI).expect("openapi.json is JSON"));

/// The whole document.
pub fn document() -> &'static Value {
    &DOCUMENT
}

/// The value at a JSON Pointer.
pub fn at(pointer: &str) -> &'static Value {
    document().pointer(pointer).unwrap_or_else(|| panic!("no value at {pointer}"))
}

/// The target of a reference; any other value itself.
pub fn follow(value: &'static Value) -> &'static Value {
    match value.get("$ref").and_then(Value::as_str) {
        Some(reference) => at(reference.strip_prefix('#').expect("it refers to the document")),
        None => value,
    }
}

/// The operation of an id.
pub fn operation(id: &str) -> &'static Value {
    operations()
        .into_iter()
        .map(|(_, _, operation)| operation)
        .find(|operation| operation["operationId"] == id)
        .unwrap_or_else(|| panic!("no operation {id}"))
}

/// Every operation with its method, upper case, and its path.
pub fn operations() -> Vec<(String, &'static str, &'static Value)> {
    let paths = at("/paths").as_object().unwrap();
    let of_path = |(path, methods): (&'static String, &'static Value)| {
        let methods = methods.as_object().unwrap().iter();
        methods.map(|(method, operation)| (method.to_uppercase(), path.as_str(), operation))
    };
    paths.iter().flat_map(of_path).collect()
}

/// Visits every value of the document with its JSON Pointer.
pub fn visit(see: &mut impl FnMut(&str, &'static Value)) {
    visit_from("", document(), see);
}

fn visit_from(pointer: &str, value: &'static Value, see: &mut impl FnMut(&str, &'static Value)) {
    see(pointer, value);
    let children: Vec<(String, &'static Value)> = match value {
        Value::Object(fields) => {
            let escape = |name: &str| name.replace('~', "~0").replace('/', "~1");
            fields.iter().map(|(name, value)| (escape(name), value)).collect()
        }
        Value::Array(elements) => {
            elements.iter().enumerate().map(|(index, value)| (index.to_string(), value)).collect()
        }
        _ => Vec::new(),
    };
    for (name, child) in children {
        visit_from(&format!("{pointer}/{name}"), child, see);
    }
}

/// Every top-level schema with its JSON Pointer: the named ones, and those of parameters, headers
/// and bodies.
pub fn schemas() -> Vec<(String, &'static Value)> {
    let mut schemas = Vec::new();
    visit(&mut |pointer, value| {
        let name = pointer.strip_prefix("/components/schemas/");
        if name.is_some_and(|name| !name.contains('/')) || pointer.ends_with("/schema") {
            schemas.push((pointer.to_owned(), value));
        }
    });
    schemas
}

/// Compiles a schema unchanged.
pub fn validator(schema: &Value) -> Validator {
    compile(schema, at("/components").clone())
}

/// Compiles a schema that accepts no undocumented fields: our own responses must not have any.
pub fn closed_validator(schema: &Value) -> Validator {
    let (mut schema, mut components) = (schema.clone(), at("/components").clone());
    close(&mut schema);
    close(&mut components["schemas"]);
    compile(&schema, components)
}

fn compile(schema: &Value, components: Value) -> Validator {
    let mut root = schema.clone();
    // The targets of the schema's references.
    root["components"] = components;
    jsonschema::options()
        .with_draft(Draft::Draft202012)
        .should_validate_formats(true)
        .should_ignore_unknown_formats(false)
        .build(&root)
        .unwrap_or_else(|error| panic!("{schema} is not a schema: {error}"))
}

fn close(schema: &mut Value) {
    match schema {
        Value::Object(keywords) => {
            merge_all_of(keywords);
            if keywords.get("properties").is_some_and(Value::is_object) {
                keywords.insert("additionalProperties".to_owned(), json!(false));
            }
            // The schemas under these keywords state a part of the properties.
            keywords
                .iter_mut()
                .filter(|(keyword, _)| {
                    !["anyOf", "else", "if", "not", "oneOf", "then"].contains(&keyword.as_str())
                })
                .for_each(|(_, value)| close(value));
        }
        Value::Array(elements) => elements.iter_mut().for_each(close),
        _ => {}
    }
}

/// Moves the properties of the schemas that are referenced under `allOf` to the schema itself,
/// which can be closed then. Conditions remain: they state a part of the properties.
fn merge_all_of(keywords: &mut Map<String, Value>) {
    let Some(Value::Array(parts)) = keywords.remove("allOf") else { return };
    let (references, conditions): (Vec<_>, Vec<_>) =
        parts.into_iter().partition(|part| part.get("$ref").is_some());
    if !conditions.is_empty() {
        keywords.insert("allOf".to_owned(), Value::Array(conditions));
    }
    for part in &references {
        let part = at(part["$ref"].as_str().unwrap().strip_prefix('#').unwrap());
        let properties = keywords["properties"].as_object_mut().unwrap();
        properties.extend(part["properties"].as_object().unwrap().clone());
        let required = keywords["required"].as_array_mut().unwrap();
        required.extend(part["required"].as_array().unwrap().iter().cloned());
    }
}

/// The errors of a value under a schema.
pub fn faults(validator: &Validator, value: &Value) -> Vec<String> {
    let errors = validator.iter_errors(value);
    errors.map(|error| format!("{} at {:?}", error, error.instance_path().as_str())).collect()
}
