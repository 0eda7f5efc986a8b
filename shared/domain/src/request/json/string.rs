//! JSON strings: literals and their texts. The only reader of escapes.

use std::borrow::Cow;

/// The longest literal, in bytes, of a string of `length_max` characters: each may be two escapes.
pub const fn literal_bytes_max(length_max: usize) -> usize {
    2 + 12 * length_max
}

/// The characters between the quotes, still escaped; `None` if the value is not a string.
pub fn unquote(json: &str) -> Option<&str> {
    json.strip_prefix('"')?.strip_suffix('"')
}

/// The text of a string, given the characters between its quotes. It has no lone surrogates.
pub fn unescape(quoted: &str) -> Cow<'_, str> {
    if !quoted.contains('\\') {
        return Cow::Borrowed(quoted);
    }
    let mut text = String::with_capacity(quoted.len());
    let mut rest = quoted;
    while let Some((plain, escape)) = rest.split_once('\\') {
        let (character, after) = read_escape(escape).unwrap_or_default();
        text.push_str(plain);
        text.push(character);
        rest = after;
    }
    text.push_str(rest);
    Cow::Owned(text)
}

/// The character of an escape and the text after the escape. `escape` is the text after the
/// backslash. `None` for a lone surrogate, which is not a character.
pub fn read_escape(escape: &str) -> Option<(char, &str)> {
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
