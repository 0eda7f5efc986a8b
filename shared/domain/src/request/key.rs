//! The body of a request for a new API key.

use chrono::{DateTime, Utc};

use super::fields::FieldReader;
use super::json::string::{unescape, unquote};
use super::json::{Reader, Stop};
use super::parse::read_body;
use super::place::Place;
use super::progress::Progress;
use super::raw::{RawArray, RawObject};
use super::{RequestError, limits};
use crate::Scope;
use crate::fault::{FaultCode, Faults};

/// A valid request for a new API key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRequest {
    /// The name of the key, of 1 to [`limits::KEY_NAME_LENGTH_MAX`] characters.
    pub name: String,
    /// The scopes: at least one, each once, in order.
    pub scopes: Vec<Scope>,
}

/// The JSON of the fields.
struct RawKey<'b> {
    fields: RawObject<'b, 1>,
    scopes: RawArray<&'b str>,
}

impl KeyRequest {
    /// Parses a body, with the limits of the structure that every body has.
    ///
    /// # Errors
    /// [`RequestError`]: the position where the body stops being JSON, or its faults.
    pub fn parse(body: &[u8], now: DateTime<Utc>) -> Result<Self, RequestError> {
        read_body(body, RawKey::read, |raw, faults| {
            let name = FieldReader::new(Place::Body, &raw.fields, &mut Progress::new(faults, now))
                .text("name", limits::KEY_NAME_LENGTH_MAX);
            let scopes = read_scopes(raw.scopes, faults);
            Some(Self { name: name?, scopes: scopes? })
        })
    }
}

impl<'b> RawKey<'b> {
    /// Reads a body; `None` if it is not an object.
    fn read(reader: &mut Reader<'b, '_>) -> Result<Option<Self>, Stop> {
        if reader.peek() != Some(b'{') {
            reader.value()?;
            return Ok(None);
        }
        let mut raw = Self { fields: RawObject::new(&["name"]), scopes: RawArray::Missing };
        reader.object(|reader| {
            if reader.name() == "scopes" {
                let value = |reader: &mut Reader<'b, '_>| reader.value().map(Some);
                raw.scopes = RawArray::read(reader, limits::KEY_SCOPES_MAX, value)?;
                Ok(())
            } else {
                raw.fields.read_field(reader)
            }
        })?;
        Ok(Some(raw))
    }
}

fn read_scopes(array: RawArray<&str>, faults: &mut Faults) -> Option<Vec<Scope>> {
    let place = Place::Body.field("scopes");
    let elements = match array {
        RawArray::Missing => {
            faults.at(place, FaultCode::Required, "is required");
            return None;
        }
        RawArray::NotArray => {
            faults.at(place, FaultCode::WrongType, "must be an array");
            return None;
        }
        RawArray::Elements(count, elements) if (1..=limits::KEY_SCOPES_MAX).contains(&count) => {
            elements
        }
        RawArray::Elements(..) => {
            let detail = format!("must have 1 to {} elements", limits::KEY_SCOPES_MAX);
            faults.at(place, FaultCode::WrongCount, detail);
            return None;
        }
    };
    let mut scopes = Vec::new();
    for (index, json) in elements.into_iter().enumerate() {
        let place = Place::Element("scopes", index).to_string();
        let Some(text) = json.and_then(unquote) else {
            faults.at(place, FaultCode::WrongType, "must be a string");
            continue;
        };
        match unescape(text).parse() {
            Ok(scope) => scopes.push(scope),
            Err(_) => {
                faults.at(place, FaultCode::InvalidFormat, "must be ingest, report or admin");
            }
        }
    }
    scopes.sort_unstable();
    scopes.dedup();
    Some(scopes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(body: &str) -> Result<KeyRequest, RequestError> {
        KeyRequest::parse(body.as_bytes(), DateTime::UNIX_EPOCH)
    }

    fn faults(body: &str) -> Vec<(String, FaultCode)> {
        match parse(body) {
            Err(RequestError::Invalid(faults)) => {
                faults.into_iter().map(|it| (it.place.as_str().to_owned(), it.code)).collect()
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn name_is_cleaned_and_scopes_are_sorted() {
        let request = r#"{"name": " CI\nkey ", "scopes": ["report", "ingest", "report"], "x": 1}"#;
        let expected =
            KeyRequest { name: "CI key".to_owned(), scopes: vec![Scope::Ingest, Scope::Report] };
        assert_eq!(parse(request).unwrap(), expected);
        let longest = format!(r#"{{"name": "{}", "scopes": ["admin"]}}"#, "n".repeat(100));
        assert_eq!(parse(&longest).unwrap().scopes, [Scope::Admin]);
    }

    #[test]
    fn every_fault_is_reported_with_its_place() {
        let at = |place: &str, code| (place.to_owned(), code);
        let too_long = format!(r#"{{"name": "{}", "scopes": []}}"#, "n".repeat(101));
        for (body, expected) in [
            ("{}", vec![at("/name", FaultCode::Required), at("/scopes", FaultCode::Required)]),
            (
                &too_long,
                vec![at("/name", FaultCode::TooLong), at("/scopes", FaultCode::WrongCount)],
            ),
            (
                r#"{"name": " ", "scopes": "admin"}"#,
                vec![at("/name", FaultCode::Blank), at("/scopes", FaultCode::WrongType)],
            ),
            (
                r#"{"name": "n", "scopes": ["root", null, "admin", 1]}"#,
                vec![
                    at("/scopes/0", FaultCode::InvalidFormat),
                    at("/scopes/1", FaultCode::WrongType),
                    at("/scopes/3", FaultCode::WrongType),
                ],
            ),
            (
                r#"{"name": "n", "scopes": ["report"], "scopes": ["admin"]}"#,
                vec![at("/scopes", FaultCode::RepeatedField)],
            ),
            ("[]", vec![at("", FaultCode::WrongType)]),
        ] {
            assert_eq!(faults(body), expected, "{body}");
        }
        assert!(matches!(parse("{"), Err(RequestError::NotJson { .. })));
    }
}
