//! The names of an object's fields: which of them stand twice, however they are written.

use std::collections::HashSet;
use std::ops::Range;

/// The name of a field.
#[derive(Clone)]
pub enum Name<'b> {
    /// As it stands in the body.
    Plain(&'b str),
    /// Without its escapes: where it stands in [`Names::unescaped`].
    Unescaped(Range<usize>),
}

impl Default for Name<'_> {
    fn default() -> Self {
        Self::Plain("")
    }
}

/// The names of an object, up to `FIELDS_MAX`: looked through while they are few, as they mostly are.
#[derive(Default)]
pub struct Names<'b> {
    few: Vec<Name<'b>>,
    many: HashSet<Box<str>>,
    /// Those of the few that have escapes, one after the other, and the last one that was read.
    unescaped: String,
    /// Up to where they are of the few.
    kept: usize,
}

impl<'b> Names<'b> {
    /// Up to so many names, looking through them is quicker than hashing one.
    const FEW_MAX: usize = 16;

    pub fn len(&self) -> usize {
        self.few.len() + self.many.len()
    }

    pub fn text<'n>(&'n self, name: &'n Name<'b>) -> &'n str {
        match name {
            Name::Plain(text) => text,
            Name::Unescaped(range) => self.unescaped.get(range.clone()).unwrap_or_default(),
        }
    }

    /// The name that a literal with escapes is.
    pub fn unescape(&mut self, literal: &str) -> Name<'b> {
        self.unescaped.truncate(self.kept);
        unescape(literal, &mut self.unescaped);
        Name::Unescaped(self.kept..self.unescaped.len())
    }

    /// Whether it is new.
    pub fn insert(&mut self, name: &Name<'b>) -> bool {
        let text = self.text(name);
        if self.few.iter().any(|other| self.text(other) == text) {
            return false;
        }
        if self.many.is_empty() && self.few.len() < Self::FEW_MAX {
            self.few.push(name.clone());
            self.kept = self.unescaped.len();
            return true;
        }
        let text = Box::from(text);
        let few = self.few.iter().map(|name| Box::from(self.text(name))).collect::<Vec<_>>();
        self.many.extend(few);
        self.few.clear();
        self.kept = 0;
        self.many.insert(text)
    }

    pub fn clear(&mut self) {
        self.few.clear();
        self.unescaped.clear();
        self.kept = 0;
        if !self.many.is_empty() {
            self.many.clear();
        }
    }
}

/// Appends what stands between the quotes of a text of JSON, without its escapes. They are characters: no half
/// of a pair is among them.
pub fn unescape(between: &str, text: &mut String) {
    let mut rest = between;
    while let Some((plain, escape)) = rest.split_once('\\') {
        text.push_str(plain);
        let (kind, after) = escape.split_at_checked(1).unwrap_or_default();
        rest = after;
        text.push(match kind {
            "b" => '\u{8}',
            "f" => '\u{c}',
            "n" => '\n',
            "r" => '\r',
            "t" => '\t',
            "u" => {
                let (first, after) = code_unit(rest);
                let (second, after_both) = match after.strip_prefix("\\u") {
                    Some(second) if (0xd800..0xdc00).contains(&first) => code_unit(second),
                    _ => (0, after),
                };
                rest = after_both;
                let mut characters = char::decode_utf16([first, second]);
                characters.next().and_then(Result::ok).unwrap_or_default()
            }
            // A quote or a slash.
            _ => kind.chars().next().unwrap_or_default(),
        });
    }
    text.push_str(rest);
}

/// Four hexadecimal digits, and what comes after them.
fn code_unit(digits: &str) -> (u16, &str) {
    let (digits, after) = digits.split_at_checked(4).unwrap_or_default();
    (u16::from_str_radix(digits, 16).unwrap_or_default(), after)
}
