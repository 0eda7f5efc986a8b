//! Looks at the shape of a body, whatever it is about: how deep it is, what its objects name, and whether
//! its escapes are characters. `serde_json` lets all of that pass in what nobody reads.
//!
//! One pass over text that is known to be JSON, on the heap and not the stack; what it remembers is
//! bounded by the limits, not by the body.

use std::borrow::Cow;
use std::collections::HashSet;

use super::limits::{DEPTH_MAX, FIELD_NAME_LENGTH_MAX, FIELDS_MAX};
use crate::fault::Faults;

/// Half of a surrogate pair, which is no character: where its escape begins, in bytes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct HalfCharacter(pub(super) usize);

/// Notes what is wrong with the shape of a text that is JSON.
pub(super) fn check(json: &str, faults: &mut Faults) -> Result<(), HalfCharacter> {
    let mut walk = Walk { json, at: 0, open: Vec::new(), spare: Vec::new(), faults };
    while let Some(byte) = walk.next() {
        match byte {
            b'"' => walk.string()?,
            b'{' => walk.enter(true)?,
            b'[' => walk.enter(false)?,
            b'}' | b']' => walk.leave(),
            b':' => walk.in_open(|open| open.expects_name = false),
            b',' => walk.in_open(|open| {
                open.index += 1;
                open.expects_name = open.is_object;
            }),
            _ => {}
        }
    }
    Ok(())
}

struct Walk<'b, 'f> {
    json: &'b str,
    /// The next byte.
    at: usize,
    /// The objects and arrays that it is in, at most [`DEPTH_MAX`].
    open: Vec<Open<'b>>,
    /// Sets that are not needed now, so that a million small objects do not make a million of them.
    spare: Vec<HashSet<Cow<'b, str>>>,
    faults: &'f mut Faults,
}

/// An object or an array that has not ended.
struct Open<'b> {
    is_object: bool,
    expects_name: bool,
    /// The field that is looked at, and those before it, up to [`FIELDS_MAX`]; of an object.
    name: Cow<'b, str>,
    names: HashSet<Cow<'b, str>>,
    has_too_many: bool,
    /// The element that is looked at; of an array.
    index: usize,
}

/// A text of JSON.
enum Text<'b> {
    /// What stands between the quotes is it.
    Plain(&'b str),
    /// With its quotes and escapes.
    Escaped(&'b str),
}

impl<'b> Walk<'b, '_> {
    fn next(&mut self) -> Option<u8> {
        let byte = self.json.as_bytes().get(self.at).copied()?;
        self.at += 1;
        Some(byte)
    }

    fn in_open(&mut self, change: impl FnOnce(&mut Open<'b>)) {
        if let Some(open) = self.open.last_mut() {
            change(open);
        }
    }

    /// Past the first byte of an object or array.
    fn enter(&mut self, is_object: bool) -> Result<(), HalfCharacter> {
        if self.open.len() >= DEPTH_MAX {
            let detail = format!("must not be nested deeper than {DEPTH_MAX} levels");
            self.faults.add(pointer(&self.open), detail);
            return self.skip();
        }
        self.open.push(Open {
            is_object,
            expects_name: is_object,
            name: Cow::Borrowed(""),
            names: self.spare.pop().unwrap_or_default(),
            has_too_many: false,
            index: 0,
        });
        Ok(())
    }

    fn leave(&mut self) {
        if let Some(mut left) = self.open.pop() {
            left.names.clear();
            self.spare.push(left.names);
        }
    }

    /// Past the rest of an object or array that is too deep to be looked at.
    fn skip(&mut self) -> Result<(), HalfCharacter> {
        let mut levels = 1_usize;
        while levels > 0
            && let Some(byte) = self.next()
        {
            match byte {
                b'"' => {
                    self.read_string()?;
                }
                b'{' | b'[' => levels += 1,
                b'}' | b']' => levels -= 1,
                _ => {}
            }
        }
        Ok(())
    }

    /// Past the first quote of a text: a value, or the name of a field.
    fn string(&mut self) -> Result<(), HalfCharacter> {
        let text = self.read_string()?;
        let Some(open) = self.open.last_mut().filter(|open| open.expects_name) else {
            return Ok(());
        };
        open.name = match text {
            Text::Plain(name) => Cow::Borrowed(name),
            // A string of JSON whose escapes are characters: it can be read.
            Text::Escaped(literal) => Cow::Owned(serde_json::from_str(literal).unwrap_or_default()),
        };
        if is_too_long(&open.name) {
            let limit = FIELD_NAME_LENGTH_MAX;
            let detail = format!("must not name a field with more than {limit} characters");
            self.faults.add(pointer(&self.open), detail);
        } else if open.names.len() < FIELDS_MAX {
            if !open.names.insert(open.name.clone()) {
                self.faults.add(pointer(&self.open), "must not stand twice in an object");
            }
        } else if !open.has_too_many {
            open.has_too_many = true;
            if let Some((_, around)) = self.open.split_last() {
                self.faults.add(pointer(around), format!("must have at most {FIELDS_MAX} fields"));
            }
        }
        Ok(())
    }

    /// Past the last quote of a text; it is past the first.
    fn read_string(&mut self) -> Result<Text<'b>, HalfCharacter> {
        let first = self.at;
        let mut is_escaped = false;
        loop {
            match self.next() {
                Some(b'\\') => {
                    is_escaped = true;
                    self.escape()?;
                }
                Some(b'"') | None => break,
                Some(_) => {}
            }
        }
        let (quote, end) = (first.saturating_sub(1), self.at);
        let between = self.json.get(first..end.saturating_sub(1)).unwrap_or_default();
        let literal = self.json.get(quote..end).unwrap_or_default();
        Ok(if is_escaped { Text::Escaped(literal) } else { Text::Plain(between) })
    }

    /// Past an escape; it is past the backslash.
    fn escape(&mut self) -> Result<(), HalfCharacter> {
        let half = HalfCharacter(self.at.saturating_sub(1));
        if self.next() != Some(b'u') {
            return Ok(());
        }
        match self.code_unit() {
            Some(0xd800..=0xdbff) => {
                let is_next_half = self.next() == Some(b'\\')
                    && self.next() == Some(b'u')
                    && matches!(self.code_unit(), Some(0xdc00..=0xdfff));
                if is_next_half { Ok(()) } else { Err(half) }
            }
            Some(0xdc00..=0xdfff) => Err(half),
            _ => Ok(()),
        }
    }

    /// Past four hexadecimal digits.
    fn code_unit(&mut self) -> Option<u16> {
        let digits = self.json.get(self.at..self.at + 4)?;
        self.at += digits.len();
        u16::from_str_radix(digits, 16).ok()
    }
}

/// The JSON Pointer (RFC 6901) of what is looked at in these. It ends before a name that is too long: so
/// no answer is longer than its limits.
fn pointer(open: &[Open<'_>]) -> String {
    let mut pointer = String::new();
    for open in open {
        pointer.push('/');
        if !open.is_object {
            pointer.push_str(&open.index.to_string());
        } else if is_too_long(&open.name) {
            pointer.pop();
            break;
        } else {
            pointer.push_str(&open.name.replace('~', "~0").replace('/', "~1"));
        }
    }
    pointer
}

fn is_too_long(name: &str) -> bool {
    name.len() > FIELD_NAME_LENGTH_MAX && name.chars().nth(FIELD_NAME_LENGTH_MAX).is_some()
}

#[cfg(test)]
mod tests;
