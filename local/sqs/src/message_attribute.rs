//! Message attributes: types, limits, selection by name, and the MD5 that SDKs verify.

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD};
use md5::{Digest, Md5};
use serde::{Deserialize, Serialize};

use crate::characters::has_only_valid_characters;
use crate::errors::SqsError;

/// Most attributes of one message.
pub(crate) const MESSAGE_ATTRIBUTES_MAX: usize = 10;
const NAME_LENGTH_MAX: usize = 256;

/// Attributes by name, in byte order as the digest requires.
pub(crate) type MessageAttributes = BTreeMap<String, MessageAttribute>;

/// One attribute. The data type includes a custom label, as in `Number.int`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MessageAttribute {
    data_type: String,
    value: AttributeValue,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum AttributeValue {
    Text(String),
    Binary(Vec<u8>),
}

/// The JSON form of an attribute.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct WireAttribute {
    data_type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    string_value: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    binary_value: Option<String>,
}

impl MessageAttribute {
    /// Parses one attribute and validates its name.
    ///
    /// # Errors
    /// `InvalidParameterValue` with the name of the attribute.
    pub(crate) fn parse(name: &str, wire: WireAttribute) -> Result<MessageAttribute, SqsError> {
        check_name(name)?;
        let base_type = wire.data_type.split('.').next().unwrap_or_default();
        let empty = || {
            invalid(format!(
                "Message (user) attribute '{name}' must contain a non-empty value of type \
                 '{base_type}'."
            ))
        };
        let value = match base_type {
            "String" | "Number" => {
                let text = wire.string_value.filter(|v| !v.is_empty()).ok_or_else(empty)?;
                if !has_only_valid_characters(&text) {
                    return Err(invalid(SqsError::InvalidMessageContents.to_string()));
                }
                if base_type == "Number" && text.parse::<f64>().is_err() {
                    return Err(invalid(format!(
                        "Can't cast the value of message (user) attribute '{name}' to a number."
                    )));
                }
                AttributeValue::Text(text)
            }
            "Binary" => {
                let text = wire.binary_value.filter(|v| !v.is_empty()).ok_or_else(empty)?;
                AttributeValue::Binary(STANDARD.decode(text).map_err(|_| empty())?)
            }
            _ => {
                return Err(invalid(format!(
                    "The type of message (user) attribute '{name}' is invalid. You must use only \
                     the following supported type prefixes: Binary, Number, String."
                )));
            }
        };
        Ok(MessageAttribute { data_type: wire.data_type, value })
    }

    /// Returns the JSON form.
    pub(crate) fn to_wire(&self) -> WireAttribute {
        let data_type = self.data_type.clone();
        match &self.value {
            AttributeValue::Text(text) => {
                WireAttribute { data_type, string_value: Some(text.clone()), binary_value: None }
            }
            AttributeValue::Binary(bytes) => {
                let binary_value = Some(STANDARD.encode(bytes));
                WireAttribute { data_type, string_value: None, binary_value }
            }
        }
    }

    /// The value of a `String` or `Number` attribute.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.value {
            AttributeValue::Text(text) => Some(text),
            AttributeValue::Binary(_) => None,
        }
    }

    fn value_bytes(&self) -> &[u8] {
        match &self.value {
            AttributeValue::Text(text) => text.as_bytes(),
            AttributeValue::Binary(bytes) => bytes,
        }
    }
}

/// Parses all attributes of a message.
///
/// # Errors
/// `InvalidParameterValue` for the first invalid attribute, or for too many attributes.
pub(crate) fn parse_all(
    wire: BTreeMap<String, WireAttribute>,
) -> Result<MessageAttributes, SqsError> {
    if wire.len() > MESSAGE_ATTRIBUTES_MAX {
        return Err(invalid(format!(
            "Number of message attributes [{}] exceeds the allowed maximum \
             [{MESSAGE_ATTRIBUTES_MAX}].",
            wire.len()
        )));
    }
    wire.into_iter()
        .map(|(name, attribute)| Ok((name.clone(), MessageAttribute::parse(&name, attribute)?)))
        .collect()
}

/// Bytes that count towards the size of a message: names, types and values.
pub(crate) fn size(attributes: &MessageAttributes) -> usize {
    attributes.iter().map(|(name, a)| name.len() + a.data_type.len() + a.value_bytes().len()).sum()
}

/// The attributes that `names` selects: a name, `All`, `.*`, or a prefix such as `bar.*`.
pub(crate) fn select(attributes: &MessageAttributes, names: &[String]) -> MessageAttributes {
    let is_selected = |name: &String| {
        names.iter().any(|wanted| match wanted.strip_suffix(".*") {
            Some(prefix) => name.starts_with(prefix),
            None => wanted == "All" || wanted == name,
        })
    };
    attributes.iter().filter(|(n, _)| is_selected(n)).map(|(n, a)| (n.clone(), a.clone())).collect()
}

/// The digest of the SQS developer guide ("Calculating the MD5 message digest for message
/// attributes"), or `None` without attributes. Every part has a big-endian length prefix.
pub(crate) fn md5_of(attributes: &MessageAttributes) -> Option<String> {
    const TRANSPORT_STRING: u8 = 1;
    const TRANSPORT_BINARY: u8 = 2;
    if attributes.is_empty() {
        return None;
    }
    let mut digest = Md5::new();
    for (name, attribute) in attributes {
        add_prefixed(&mut digest, name.as_bytes());
        add_prefixed(&mut digest, attribute.data_type.as_bytes());
        digest.update([match attribute.value {
            AttributeValue::Text(_) => TRANSPORT_STRING,
            AttributeValue::Binary(_) => TRANSPORT_BINARY,
        }]);
        add_prefixed(&mut digest, attribute.value_bytes());
    }
    Some(format!("{:x}", digest.finalize()))
}

fn add_prefixed(digest: &mut Md5, part: &[u8]) {
    digest.update(u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
    digest.update(part);
}

fn check_name(name: &str) -> Result<(), SqsError> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let lower = name.to_ascii_lowercase();
    let reserved = lower.starts_with("aws.") || lower.starts_with("amazon.");
    let dots = name.starts_with('.') || name.ends_with('.') || name.contains("..");
    if name.is_empty() || name.len() > NAME_LENGTH_MAX || !name.chars().all(plain) {
        return Err(invalid(
            "Message (user) attribute names can have up to 256 of: A-Z a-z 0-9 _ - .".to_owned(),
        ));
    }
    if reserved || dots {
        return Err(invalid(
            "You can't use message attribute names beginning with 'AWS.' or 'Amazon.'. These \
             strings are reserved for internal use. Additionally, they cannot start or end with \
             '.'."
                .to_owned(),
        ));
    }
    Ok(())
}

fn invalid(message: String) -> SqsError {
    SqsError::InvalidParameterValue(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(data_type: &str, value: &str) -> WireAttribute {
        WireAttribute {
            data_type: data_type.to_owned(),
            string_value: Some(value.to_owned()),
            binary_value: None,
        }
    }

    fn binary(bytes: &[u8]) -> WireAttribute {
        WireAttribute {
            data_type: "Binary".to_owned(),
            string_value: None,
            binary_value: Some(STANDARD.encode(bytes)),
        }
    }

    fn attributes<const N: usize>(wire: [(&str, WireAttribute); N]) -> MessageAttributes {
        parse_all(wire.map(|(name, a)| (name.to_owned(), a)).into()).unwrap()
    }

    #[test]
    fn digest_is_that_of_aws() {
        // Computed independently with the algorithm of the developer guide.
        let one = attributes([("timestamp", text("Number", "1493147359900"))]);
        assert_eq!(md5_of(&one).unwrap(), "235c5c510d26fb653d073faed50ae77c");
        let two = attributes([("n", text("Number.int", "7")), ("b", binary(&[0, 159, 255]))]);
        assert_eq!(md5_of(&two).unwrap(), "8c749635869683fc9fdcbebcf7eb4775");
        assert_eq!(md5_of(&MessageAttributes::new()), None);
    }

    #[test]
    fn digest_differs_between_text_and_bytes() {
        let as_text = attributes([("a", text("String", "x"))]);
        let as_bytes = attributes([("a", binary(b"x"))]);
        assert_ne!(md5_of(&as_text), md5_of(&as_bytes));
    }

    #[test]
    fn attributes_are_selected_by_name_prefix_or_all() {
        let all = attributes([
            ("bar.one", text("String", "1")),
            ("bar.two", text("String", "2")),
            ("foo", text("String", "3")),
        ]);
        let names = |wanted: &str| {
            select(&all, &[wanted.to_owned()]).into_keys().collect::<Vec<_>>().join(" ")
        };
        assert_eq!(names("All"), "bar.one bar.two foo");
        assert_eq!(names(".*"), "bar.one bar.two foo");
        assert_eq!(names("bar.*"), "bar.one bar.two");
        assert_eq!(names("foo"), "foo");
        assert_eq!(names("fo"), "");
        assert!(select(&all, &[]).is_empty());
    }

    #[test]
    fn invalid_attribute_is_rejected() {
        for (name, wire) in [
            ("AWS.name", text("String", "x")),
            (".name", text("String", "x")),
            ("na me", text("String", "x")),
            ("name", text("String", "")),
            ("name", text("Number", "ten")),
            ("name", text("Date", "x")),
            ("name", text("String", "\u{1}")),
            ("name", text("Binary", "x")),
        ] {
            let rejected = MessageAttribute::parse(name, wire.clone());
            assert!(matches!(rejected, Err(SqsError::InvalidParameterValue(_))), "{name} {wire:?}");
        }
    }

    #[test]
    fn ten_attributes_are_accepted_and_eleven_are_rejected() {
        let many =
            |n: usize| parse_all((0..n).map(|i| (format!("a{i}"), text("String", "x"))).collect());
        assert_eq!(many(MESSAGE_ATTRIBUTES_MAX).unwrap().len(), MESSAGE_ATTRIBUTES_MAX);
        assert!(many(MESSAGE_ATTRIBUTES_MAX + 1).is_err());
    }

    #[test]
    fn custom_types_and_bytes_round_trip() {
        let all = attributes([("n", text("Number.int", "7")), ("b", binary(&[0, 159, 255]))]);
        assert_eq!(all["n"].to_wire().data_type, "Number.int");
        assert_eq!(all["b"].to_wire().binary_value, binary(&[0, 159, 255]).binary_value);
        assert_eq!(size(&all), 1 + 10 + 1 + 1 + 6 + 3);
    }
}
