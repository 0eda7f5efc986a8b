//! The document is consistent: references resolve, schemas are valid, examples match their schemas.

use chrono::Utc;
use http::StatusCode;
use serde_json::{Value, json};
use tributary_domain::categorise::{Input, RuleCategorizer};
use tributary_domain::request::limits::BODY_BYTES_MAX;
use tributary_domain::{CorrelationId, Fault, FaultCode, FaultPlace, Format, IngestRequest};
use tributary_lambda::http::Problem;

use super::document::{
    at, closed_validator, document, faults, follow, operation, operations, schemas, validator,
    visit,
};

/// The keywords that schemas may use. Another keyword would be a typing error and have no effect.
const KEYWORDS: &str = "$ref additionalProperties allOf anyOf const default description else enum \
    exclusiveMaximum exclusiveMinimum format if items maxItems maxLength maxProperties maximum \
    minItems minLength minimum not oneOf pattern properties propertyNames required then type \
    uniqueItems";

#[test]
fn every_reference_resolves_and_every_component_is_used() {
    let mut references = std::collections::BTreeSet::new();
    visit(&mut |_, value| {
        if let Some(reference) = value.get("$ref").and_then(Value::as_str) {
            references.insert(reference);
        }
    });
    for reference in &references {
        at(reference.strip_prefix('#').unwrap());
    }
    for (section, components) in at("/components").as_object().unwrap() {
        for name in components.as_object().unwrap().keys() {
            let reference = format!("#/components/{section}/{name}");
            // No operation returns 405; its path does, with another method.
            let is_used = references.contains(reference.as_str())
                || section == "securitySchemes"
                || name == "MethodNotAllowed";
            assert!(is_used, "{reference} is not used");
        }
    }
}

#[test]
fn every_schema_is_valid_and_uses_known_keywords() {
    let schemas = schemas();
    assert!(schemas.len() > 50, "{}", schemas.len());
    for (pointer, schema) in schemas {
        validator(schema);
        assert_keywords(&pointer, schema);
    }
}

fn assert_keywords(pointer: &str, schema: &Value) {
    let keywords = schema.as_object().unwrap_or_else(|| panic!("{pointer} is not an object"));
    for (keyword, value) in keywords {
        assert!(KEYWORDS.split(' ').any(|known| known == keyword), "{pointer}: {keyword}");
        match keyword.as_str() {
            "properties" => {
                let fields = value.as_object().unwrap();
                for (field, schema) in fields {
                    assert_keywords(&format!("{pointer}/{field}"), schema);
                }
                let required = keywords["required"].as_array().unwrap();
                let known = |name: &Value| fields.contains_key(name.as_str().unwrap());
                assert!(required.iter().all(known), "{pointer} requires an undefined property");
            }
            "else" | "if" | "items" | "not" | "propertyNames" | "then" => {
                assert_keywords(&format!("{pointer}/{keyword}"), value)
            }
            "allOf" | "anyOf" | "oneOf" => {
                value
                    .as_array()
                    .unwrap()
                    .iter()
                    .for_each(|schema| assert_keywords(pointer, schema));
            }
            _ => {}
        }
    }
}

#[test]
fn every_example_matches_its_schema_and_everything_has_one() {
    let mut examples = 0;
    visit(&mut |pointer, value| {
        let Some(schema) = value.get("schema") else { return };
        let of_value = value.get("example").into_iter();
        let named = value.get("examples").and_then(Value::as_object).into_iter().flatten();
        let all: Vec<_> = of_value.chain(named.map(|(_, example)| &example["value"])).collect();
        assert!(!all.is_empty(), "{pointer} has no example");
        let validator = closed_validator(schema);
        for example in all {
            examples += 1;
            let faults = faults(&validator, example);
            assert!(faults.is_empty(), "{pointer}: {faults:?}");
        }
    });
    assert!(examples > 40, "{examples}");
}

#[test]
fn every_response_has_a_correlation_id_and_every_one_but_204_a_body() {
    let mut all: Vec<&Value> = at("/components/responses").as_object().unwrap().values().collect();
    for (_, path, operation) in operations() {
        let responses = operation["responses"].as_object().unwrap();
        assert!(responses.contains_key("502"), "{path}");
        let with_body = responses.iter().filter(|(status, _)| *status != "204");
        all.extend(with_body.map(|(_, response)| follow(response)));
        if let Some(empty) = responses.get("204") {
            assert!(empty["headers"].is_object() && empty.get("content").is_none(), "{path}");
        }
    }
    for response in all {
        let header = &response["headers"]["X-Correlation-ID"];
        assert_eq!(header["$ref"], "#/components/headers/CorrelationId", "{response}");
        assert!(!response["content"].as_object().unwrap().is_empty(), "{response}");
    }
}

#[test]
fn parser_accepts_the_example_batches() {
    for (id, format, count) in
        [("ingestTransactions", Format::Plain, 4), ("ingestPlaidTransactions", Format::Plaid, 2)]
    {
        let body = &operation(id)["requestBody"]["content"]["application/json"];
        let examples = body["examples"].as_object().unwrap();
        assert_eq!(examples.len(), count);
        for (name, example) in examples {
            let body = serde_json::to_vec(&example["value"]).unwrap();
            let request = IngestRequest::parse(&body, format, Utc::now());
            let content = request.map(|it| it.transactions.len() + it.removals.len());
            assert!(content.is_ok_and(|content| content > 0), "{name}");
        }
    }
}

#[test]
fn categorised_example_matches_the_rules() {
    let page = &operation("listTransactions")["responses"]["200"]["content"]["application/json"];
    let example = &page["examples"]["categorised"]["value"]["transactions"][0];
    let decided = RuleCategorizer::new().decide(Input {
        merchant_name: example["merchant_name"].as_str(),
        description: example["name"].as_str().unwrap(),
        merchant_category_code: example["merchant_category_code"].as_str(),
        bank_category: None,
        is_income: false,
    });
    assert_eq!(example["category"], decided.category.as_str());
    assert_eq!(example["rule"], *decided.rule);
    assert_eq!(
        example["personal_finance_category"],
        json!({
            "primary": decided.primary_code,
            "detailed": decided.detailed_code,
            "confidence_level": decided.confidence,
        })
    );
}

#[test]
fn example_problems_are_those_of_the_code() {
    let documented = problem_examples();
    let fault = || Fault {
        place: FaultPlace::Pointer("/a".into()),
        code: FaultCode::Blank,
        detail: "is wrong".into(),
    };
    for problem in [
        Problem::NotJson("It stops being JSON at line 1, column 14.".into()),
        Problem::Unauthorized,
        Problem::NotFound,
        Problem::MethodNotAllowed(vec!["GET"]),
        Problem::KeyReused,
        Problem::UnderWay,
        Problem::TooLarge { bytes_max: BODY_BYTES_MAX },
        Problem::UnsupportedMediaType,
        Problem::Invalid(vec![fault()]),
        Problem::Unavailable("gone".into()),
        Problem::Internal("broken".into()),
    ] {
        let correlation: CorrelationId =
            serde_json::from_value(documented[0]["correlation_id"].clone()).unwrap();
        let mut body: Value = serde_json::from_str(&problem.body(&correlation)).unwrap();
        let examples: Vec<_> =
            documented.iter().filter(|example| example["type"] == body["type"]).collect();
        assert!(!examples.is_empty(), "{body}");
        for example in examples {
            if let Some(errors) = example.get("errors") {
                body["errors"] = errors.clone();
            }
            assert_eq!(**example, body);
        }
    }
}

#[test]
fn problem_without_type_has_the_title_of_its_status() {
    let blank: Vec<_> =
        problem_examples().into_iter().filter(|example| example["type"] == "about:blank").collect();
    assert!(!blank.is_empty());
    for example in blank {
        let status = u16::try_from(example["status"].as_u64().unwrap()).unwrap();
        let title = StatusCode::from_u16(status).unwrap().canonical_reason().unwrap();
        assert_eq!(example["title"], title);
    }
}

/// Every example of a problem in the document. Asserts that every type has an example.
fn problem_examples() -> Vec<&'static Value> {
    let mut examples = Vec::new();
    visit(&mut |pointer, value| {
        if pointer.contains("problem+json/example") && value.get("title").is_some() {
            examples.push(value);
        }
    });
    let types = document()["components"]["schemas"]["ProblemType"]["enum"].as_array().unwrap();
    for name in types {
        assert!(examples.iter().any(|example| example["type"] == *name), "no example of {name}");
    }
    examples
}
