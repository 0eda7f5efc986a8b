//! Looks at the shape of a body, whatever it is about: how deep it is, how many values it has, what its
//! objects name, and whether its escapes are characters. `serde_json` lets all of that pass in what nobody reads.
//!
//! One pass over text that is known to be JSON, on the heap and not the stack; what it remembers is
//! bounded by the limits, not by the body. Since every byte is looked at here, what its outermost values are
//! is told on the way ([`Outermost`]), so that no other pass has to find them.

mod names;

use super::fields::longest_literal;
use super::limits::{DEPTH_MAX, FIELD_NAME_LENGTH_MAX, FIELDS_MAX, VALUES_MAX};
use crate::fault::Faults;
use names::{Name, Names};

/// Half of a surrogate pair, which is no character: where its escape begins, in bytes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct HalfCharacter(pub(super) usize);

/// Who is told of the outermost values: of those in at most [`Outermost::LEVELS`] objects and arrays.
pub(super) trait Outermost<'b> {
    /// How many levels are told of; the body is the first.
    const LEVELS: usize;

    /// A value, after what is in it: its text without the space around it, and what it stands in, from
    /// the outside.
    fn value(&mut self, around: &[Open<'b>], json: &'b str);
}

/// Notes what is wrong with the shape of a text that is JSON, until no further fault would be reported or it
/// has more values than it may have. Whether it looked at all of it.
pub(super) fn walk<'b>(
    json: &'b str,
    outermost: &mut impl Outermost<'b>,
    faults: &mut Faults,
) -> Result<bool, HalfCharacter> {
    let mut walk = Walk { json, at: 0, levels: Vec::new(), depth: 0, values: 1, outermost, faults };
    loop {
        if walk.faults.is_full() {
            return Ok(false);
        }
        if walk.values > VALUES_MAX {
            let detail = format!("must have at most {VALUES_MAX} values, those in others included");
            walk.faults.add("", detail);
            return Ok(false);
        }
        let Some(byte) = walk.next() else { return Ok(true) };
        match byte {
            b'"' => walk.string()?,
            b'{' => walk.enter(true)?,
            b'[' => walk.enter(false)?,
            b'}' | b']' => walk.leave(),
            b':' => walk.colon(),
            b',' => walk.comma(),
            _ => {}
        }
    }
}

struct Walk<'b, 'w, O> {
    json: &'b str,
    /// The next byte.
    at: usize,
    /// The objects and arrays that it is in, and after [`Walk::depth`] those that it was in: their space is
    /// used again, so that a million small objects do not allocate a million times.
    levels: Vec<Open<'b>>,
    /// How many it is in, at most [`DEPTH_MAX`].
    depth: usize,
    /// How many values there were so far, and the body.
    values: usize,
    outermost: &'w mut O,
    faults: &'w mut Faults,
}

/// An object or an array that has not ended.
#[derive(Default)]
pub(super) struct Open<'b> {
    pub(super) is_object: bool,
    /// The element that is looked at; of an array.
    pub(super) index: usize,
    /// The field that is looked at; of an object.
    field: Name<'b>,
    names: Names<'b>,
    expects_name: bool,
    /// Where the value that is looked at begins, or the space before it.
    value_from: usize,
    has_too_many: bool,
}

impl Open<'_> {
    /// The name of the field that is looked at; of an object.
    pub(super) fn name(&self) -> &str {
        self.names.text(&self.field)
    }

    fn begin(&mut self, is_object: bool, at: usize) {
        self.is_object = is_object;
        self.index = 0;
        self.field = Name::default();
        self.names.clear();
        self.expects_name = is_object;
        self.value_from = at;
        self.has_too_many = false;
    }
}

/// A text of JSON.
enum Text<'b> {
    /// What stands between the quotes is it.
    Plain(&'b str),
    /// What stands between the quotes has escapes.
    Escaped(&'b str),
}

impl<'b, O: Outermost<'b>> Walk<'b, '_, O> {
    fn next(&mut self) -> Option<u8> {
        let byte = self.json.as_bytes().get(self.at).copied()?;
        self.at += 1;
        Some(byte)
    }

    /// What it is in, from the outside.
    fn open(&self) -> &[Open<'b>] {
        self.levels.get(..self.depth).unwrap_or_default()
    }

    fn innermost(&mut self) -> Option<&mut Open<'b>> {
        self.levels.get_mut(..self.depth)?.last_mut()
    }

    /// Past what stands between a name and its value.
    fn colon(&mut self) {
        let at = self.at;
        if let Some(open) = self.innermost() {
            open.expects_name = false;
            open.value_from = at;
        }
    }

    /// Past what stands between two values.
    fn comma(&mut self) {
        self.end_value();
        let at = self.at;
        if let Some(open) = self.innermost() {
            open.index += 1;
            open.expects_name = open.is_object;
            open.value_from = at;
        }
    }

    /// Counts the value that ended before the last byte, if there is one, and tells of it.
    fn end_value(&mut self) {
        let Some(open) = self.open().last() else { return };
        let end = self.at.saturating_sub(1);
        let value = self.json.get(open.value_from..end).unwrap_or_default().trim_ascii();
        if value.is_empty() {
            return;
        }
        self.values += 1;
        if self.depth <= O::LEVELS {
            let around = self.levels.get(..self.depth).unwrap_or_default();
            self.outermost.value(around, value);
        }
    }

    /// Past the first byte of an object or array.
    fn enter(&mut self, is_object: bool) -> Result<(), HalfCharacter> {
        if self.depth >= DEPTH_MAX {
            let detail = format!("must not be nested deeper than {DEPTH_MAX} levels");
            self.faults.add(pointer(self.open()), detail);
            return self.skip();
        }
        if self.levels.len() == self.depth {
            self.levels.push(Open::default());
        }
        self.depth += 1;
        let at = self.at;
        if let Some(open) = self.innermost() {
            open.begin(is_object, at);
        }
        Ok(())
    }

    fn leave(&mut self) {
        self.end_value();
        self.depth = self.depth.saturating_sub(1);
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
        let Some(open) = self.innermost() else { return Ok(()) };
        if !open.expects_name {
            return Ok(());
        }
        open.field = match text {
            Text::Plain(name) => Name::Plain(name),
            // Too long, and so it is as it is written; reading it would take as much memory again.
            Text::Escaped(literal) if literal.len() > longest_literal(FIELD_NAME_LENGTH_MAX) => {
                Name::Plain(literal)
            }
            Text::Escaped(literal) => open.names.unescape(literal),
        };
        if is_too_long(open.name()) {
            let limit = FIELD_NAME_LENGTH_MAX;
            let detail = format!("must not name a field with more than {limit} characters");
            self.faults.add(pointer(self.open()), detail);
        } else if open.names.len() < FIELDS_MAX {
            if !open.names.insert(&open.field) {
                self.faults.add(pointer(self.open()), "must not stand twice in an object");
            }
        } else if !open.has_too_many {
            open.has_too_many = true;
            if let Some((_, around)) = self.open().split_last() {
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
        let between = self.json.get(first..self.at.saturating_sub(1)).unwrap_or_default();
        Ok(if is_escaped { Text::Escaped(between) } else { Text::Plain(between) })
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
        } else if is_too_long(open.name()) {
            pointer.pop();
            break;
        } else {
            pointer.push_str(&open.name().replace('~', "~0").replace('/', "~1"));
        }
    }
    pointer
}

fn is_too_long(name: &str) -> bool {
    name.len() > FIELD_NAME_LENGTH_MAX && name.chars().nth(FIELD_NAME_LENGTH_MAX).is_some()
}

#[cfg(test)]
mod tests;
