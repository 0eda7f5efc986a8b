//! JSON strings: the text that a literal stands for.

use std::borrow::Cow;

/// An escape that is half of a surrogate pair and so no character: its offset in the string.
#[derive(Debug, PartialEq, Eq)]
pub struct LoneSurrogate(pub usize);

/// The longest literal, in bytes, of a string of so many characters: each may be two escapes.
pub const fn literal_bytes_max(length_max: usize) -> usize {
    2 + 12 * length_max
}

/// What stands between the quotes, or `None` if the value is not a string.
pub fn unquote(json: &str) -> Option<&str> {
    json.strip_prefix('"')?.strip_suffix('"')
}

/// The text of a string, given what stands between its quotes.
pub fn unescape(quoted: &str) -> Result<Cow<'_, str>, LoneSurrogate> {
    if !quoted.contains('\\') {
        return Ok(Cow::Borrowed(quoted));
    }
    let mut text = String::with_capacity(quoted.len());
    let rest = read_escapes(quoted, |plain, character| {
        text.push_str(plain);
        text.push(character);
    })?;
    text.push_str(rest);
    Ok(Cow::Owned(text))
}

/// Checks that every escape is a character.
pub fn check_escapes(quoted: &str) -> Result<(), LoneSurrogate> {
    read_escapes(quoted, |_, _| ()).map(drop)
}

/// Reports each escape with the text before it, and returns the text after the last one.
fn read_escapes<'b>(
    quoted: &'b str,
    mut report: impl FnMut(&'b str, char),
) -> Result<&'b str, LoneSurrogate> {
    let mut rest = quoted;
    while let Some((plain, escape)) = rest.split_once('\\') {
        let offset = quoted.len() - escape.len() - 1;
        let (character, after) = read_escape(escape).ok_or(LoneSurrogate(offset))?;
        report(plain, character);
        rest = after;
    }
    Ok(rest)
}

/// The character of an escape and what follows it; the backslash has been read.
fn read_escape(escape: &str) -> Option<(char, &str)> {
    let (letter, after) = escape.split_at_checked(1)?;
    let character = match letter {
        "b" => '\u{8}',
        "f" => '\u{c}',
        "n" => '\n',
        "r" => '\r',
        "t" => '\t',
        "u" => return read_code_units(after),
        _ => letter.chars().next()?,
    };
    Some((character, after))
}

/// The character of one UTF-16 code unit, or of two if the first is a high surrogate.
fn read_code_units(digits: &str) -> Option<(char, &str)> {
    let (first, after) = read_code_unit(digits)?;
    if !(0xd800..0xdc00).contains(&first) {
        return Some((char::from_u32(first.into())?, after));
    }
    let (second, after) = read_code_unit(after.strip_prefix("\\u")?)?;
    let character = char::decode_utf16([first, second]).next()?.ok()?;
    Some((character, after))
}

fn read_code_unit(digits: &str) -> Option<(u16, &str)> {
    let (digits, after) = digits.split_at_checked(4)?;
    Some((u16::from_str_radix(digits, 16).ok()?, after))
}
