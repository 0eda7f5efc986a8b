//! Reads the JSON of a body in one pass and enforces the limits of its structure: depth, values,
//! fields, and names that are too long or repeated, in unknown fields as well.
//!
//! Memory is bounded by the limits and not by the body.

pub mod string;

use std::borrow::Cow;
use std::hash::{BuildHasher, RandomState};

use serde::de::IgnoredAny;

use super::RequestError;
use super::limits::{DEPTH_MAX, FIELD_NAME_LENGTH_MAX, FIELDS_MAX, VALUES_MAX};
use crate::fault::{FaultCode, Faults};
use string::{literal_bytes_max, read_escape, unescape};

/// Why reading stopped before the end of the body.
#[derive(Debug, PartialEq, Eq)]
pub enum Stop {
    /// A lone surrogate: the offset of its escape in the body, in bytes.
    LoneSurrogate(usize),
    /// No further fault would be reported, or the body has too many values.
    Limit,
}

/// Reads one value after the other.
pub struct Reader<'b, 'f> {
    /// Known to be valid JSON, except for lone surrogates.
    json: &'b str,
    /// The offset of the next byte.
    at: usize,
    /// The position in each open object and array, from the outside.
    path: Vec<Step>,
    /// The names of the open objects, each object's after those of the object around it.
    names: Vec<Name<'b>>,
    hasher: RandomState,
    /// How many values have begun.
    values: usize,
    faults: &'f mut Faults,
}

/// The position in an open object or array.
enum Step {
    /// The index of the element.
    Element(usize),
    /// The index of the field's name in [`Reader::names`].
    Field(usize),
}

/// The name of a field, without its escapes. Comparing hashes keeps wide objects cheap.
struct Name<'b> {
    hash: u64,
    text: Cow<'b, str>,
}

impl<'b, 'f> Reader<'b, 'f> {
    /// Starts at the beginning of a body.
    ///
    /// # Errors
    /// [`RequestError::NotJson`] if the body is not JSON in UTF-8, or starts with a byte order mark
    /// (RFC 8259, section 8.1).
    pub fn new(body: &'b [u8], faults: &'f mut Faults) -> Result<Self, RequestError> {
        let json =
            std::str::from_utf8(body).map_err(|error| not_json_at(body, error.valid_up_to()))?;
        serde_json::from_str::<IgnoredAny>(json).map_err(|error| RequestError::NotJson {
            line: error.line(),
            column: error.column(),
        })?;
        let (path, names, hasher) = (Vec::new(), Vec::new(), RandomState::new());
        Ok(Self { json, at: 0, path, names, hasher, values: 0, faults })
    }

    /// The first byte of the next value or punctuation.
    pub fn peek(&mut self) -> Option<u8> {
        let rest = self.json.as_bytes().get(self.at..)?;
        self.at += rest.iter().position(|byte| !byte.is_ascii_whitespace())?;
        self.json.as_bytes().get(self.at).copied()
    }

    /// The name of the field whose value is next, in the innermost object.
    pub fn name(&self) -> &str {
        match self.path.last() {
            Some(Step::Field(index)) => self.names.get(*index).map_or("", |name| &name.text),
            Some(Step::Element(_)) | None => "",
        }
    }

    /// Reads any value and returns its JSON.
    pub fn value(&mut self) -> Result<&'b str, Stop> {
        let first_byte = self.peek();
        let start = self.at;
        match first_byte {
            Some(b'{') => self.object(|reader| reader.value().map(drop))?,
            Some(b'[') => self.array(|reader, _| reader.value().map(drop))?,
            Some(b'"') => {
                self.count_value()?;
                self.string()?;
            }
            _ => {
                self.count_value()?;
                self.number_or_literal();
            }
        }
        Ok(self.json.get(start..self.at).unwrap_or_default())
    }

    /// Reads an object: `read_value` reads the value of each field.
    pub fn object(
        &mut self,
        mut read_value: impl FnMut(&mut Self) -> Result<(), Stop>,
    ) -> Result<(), Stop> {
        self.count_value()?;
        if self.is_too_deep()? {
            return self.skip();
        }
        let first_name = self.names.len();
        self.at += 1;
        while !self.accept(b'}') {
            self.read_name()?;
            let is_kept = self.check_name(first_name)?;
            self.accept(b':');
            read_value(self)?;
            self.path.pop();
            if !is_kept {
                self.names.pop();
            }
            self.accept(b',');
        }
        self.names.truncate(first_name);
        Ok(())
    }

    /// Reads an array: `read_element` reads each element, given its index.
    pub fn array(
        &mut self,
        mut read_element: impl FnMut(&mut Self, usize) -> Result<(), Stop>,
    ) -> Result<(), Stop> {
        self.count_value()?;
        if self.is_too_deep()? {
            return self.skip();
        }
        self.at += 1;
        let mut index = 0;
        while !self.accept(b']') {
            self.path.push(Step::Element(index));
            read_element(self, index)?;
            self.path.pop();
            index += 1;
            self.accept(b',');
        }
        Ok(())
    }

    /// Reads one byte of punctuation if it is next. True at the end of the body too, so loops end.
    fn accept(&mut self, punctuation: u8) -> bool {
        let next = self.peek();
        self.at += usize::from(next == Some(punctuation));
        next.is_none_or(|byte| byte == punctuation)
    }

    /// Reads a string and returns the characters between its quotes, still escaped.
    fn string(&mut self) -> Result<&'b str, Stop> {
        let start = self.at + 1;
        let mut end = start;
        loop {
            match self.json.as_bytes().get(end) {
                Some(b'\\') => {
                    let escape = self.json.get(end + 1..).unwrap_or_default();
                    let (_, after) = read_escape(escape).ok_or(Stop::LoneSurrogate(end))?;
                    end = self.json.len() - after.len();
                }
                Some(b'"') | None => break,
                Some(_) => end += 1,
            }
        }
        self.at = end + 1;
        Ok(self.json.get(start..end).unwrap_or_default())
    }

    fn number_or_literal(&mut self) {
        let rest = self.json.as_bytes().get(self.at..).unwrap_or_default();
        let ends = |byte: &u8| matches!(byte, b',' | b']' | b'}') || byte.is_ascii_whitespace();
        self.at += rest.iter().position(ends).unwrap_or(rest.len());
    }

    /// Skips an object or array that is nested too deep; nesting costs no memory here.
    fn skip(&mut self) -> Result<(), Stop> {
        let mut depth = 0_usize;
        while let Some(byte) = self.json.as_bytes().get(self.at) {
            match byte {
                b'"' => {
                    self.string()?;
                    continue;
                }
                b'{' | b'[' => depth += 1,
                b'}' | b']' => depth -= 1,
                _ => {}
            }
            self.at += 1;
            if depth == 0 {
                break;
            }
        }
        Ok(())
    }

    fn count_value(&mut self) -> Result<(), Stop> {
        self.values += 1;
        if self.values > VALUES_MAX {
            let detail = format!("must have at most {VALUES_MAX} values, nested values included");
            self.faults.at("", FaultCode::TooManyValues, detail);
            return Err(Stop::Limit);
        }
        Ok(())
    }

    fn is_too_deep(&mut self) -> Result<bool, Stop> {
        let is_too_deep = self.path.len() >= DEPTH_MAX;
        if is_too_deep {
            let detail = format!("must not be nested deeper than {DEPTH_MAX} levels");
            self.fault(self.pointer(&self.path), FaultCode::TooDeep, detail)?;
        }
        Ok(is_too_deep)
    }

    /// Reads the name of a field and makes it the current one.
    fn read_name(&mut self) -> Result<(), Stop> {
        self.peek();
        let quoted = self.string()?;
        // A literal over the limit is too long whatever its escapes are: it is not unescaped.
        let name = if quoted.len() > literal_bytes_max(FIELD_NAME_LENGTH_MAX) {
            Name { hash: 0, text: Cow::Borrowed(quoted) }
        } else {
            let text = unescape(quoted);
            Name { hash: self.hasher.hash_one(&text), text }
        };
        self.path.push(Step::Field(self.names.len()));
        self.names.push(name);
        Ok(())
    }

    /// Checks the last name against the others of its object, which start at `first_name`. Returns
    /// whether later names must be compared with it.
    fn check_name(&mut self, first_name: usize) -> Result<bool, Stop> {
        let names = self.names.get(first_name..).unwrap_or_default();
        let Some((name, others)) = names.split_last() else { return Ok(false) };
        if is_too_long(&name.text) {
            let limit = FIELD_NAME_LENGTH_MAX;
            let detail = format!("must not name a field with more than {limit} characters");
            self.fault(self.pointer(&self.path), FaultCode::FieldNameTooLong, detail)?;
            return Ok(false);
        }
        if others.len() == FIELDS_MAX {
            let around = self.path.split_last().map(|(_, around)| around).unwrap_or_default();
            let detail = format!("must have at most {FIELDS_MAX} fields");
            self.fault(self.pointer(around), FaultCode::TooManyFields, detail)?;
            return Ok(true);
        }
        if others.len() > FIELDS_MAX {
            return Ok(false);
        }
        if others.iter().any(|other| other.hash == name.hash && other.text == name.text) {
            let pointer = self.pointer(&self.path);
            self.fault(pointer, FaultCode::RepeatedField, "must not appear twice in an object")?;
            return Ok(false);
        }
        Ok(true)
    }

    fn fault(
        &mut self,
        pointer: String,
        code: FaultCode,
        detail: impl Into<String>,
    ) -> Result<(), Stop> {
        self.faults.at(pointer, code, detail);
        if self.faults.is_full() { Err(Stop::Limit) } else { Ok(()) }
    }

    /// The JSON Pointer (RFC 6901) of a path. It ends before a name that is too long, so that the
    /// length of a response is bounded.
    fn pointer(&self, path: &[Step]) -> String {
        let mut pointer = String::new();
        for step in path {
            match step {
                Step::Element(index) => pointer.push_str(&format!("/{index}")),
                Step::Field(index) => {
                    let name = self.names.get(*index).map_or("", |name| &name.text);
                    if is_too_long(name) {
                        break;
                    }
                    pointer.push('/');
                    pointer.push_str(&name.replace('~', "~0").replace('/', "~1"));
                }
            }
        }
        pointer
    }
}

/// The error for a body that stops being JSON at this offset.
pub fn not_json_at(body: &[u8], offset: usize) -> RequestError {
    let before = body.get(..offset).unwrap_or_default();
    let lines = before.split(|byte| *byte == b'\n');
    let (line, column) = lines.fold((0, 0), |(count, _), line| (count + 1, line.len() + 1));
    RequestError::NotJson { line, column }
}

fn is_too_long(name: &str) -> bool {
    name.len() > FIELD_NAME_LENGTH_MAX && name.chars().nth(FIELD_NAME_LENGTH_MAX).is_some()
}

#[cfg(test)]
mod tests;
