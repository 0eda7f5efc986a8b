//! Texts of clients. Names, merchants and descriptions are cleaned, so that texts that look the same
//! are equal; ids are kept exactly as sent.

use std::borrow::Cow;

use icu_normalizer::ComposingNormalizerBorrowed;
use icu_normalizer::properties::CanonicalCombiningClassMapBorrowed;

use crate::fault::FaultCode;

/// The longest id of a client, in bytes of UTF-8.
pub const ID_BYTES_MAX: usize = 512;

/// Why a text is rejected. The message does not contain the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Empty, or white space only.
    #[error("must not be empty")]
    Blank,
    /// Too many characters.
    #[error("must have at most {length_max} characters")]
    TooLong {
        /// The most characters that it may have.
        length_max: usize,
    },
    /// An id with too many bytes.
    #[error("must have at most {ID_BYTES_MAX} bytes of UTF-8")]
    IdTooLong,
    /// An id with a character of Unicode's category Cc, such as NUL.
    #[error("must not contain control characters")]
    Control,
}

impl TextError {
    /// The code of the violated rule.
    #[must_use]
    pub const fn code(self) -> FaultCode {
        match self {
            Self::Blank => FaultCode::Blank,
            Self::TooLong { .. } | Self::IdTooLong => FaultCode::TooLong,
            Self::Control => FaultCode::ControlCharacter,
        }
    }
}

/// Cleans a text and accepts it if 1 to `length_max` characters remain. Each sequence of white
/// space, control characters and invisible spaces becomes one space. Such characters, and marks of
/// the writing direction, are removed at both ends. The result is in Unicode's normalisation form C
/// (NFC). Joiners, which belong to words and emoji, are kept.
///
/// # Errors
/// [`TextError`] names the violated rule.
pub fn clean(text: &str, length_max: usize) -> Result<Cleaned, TextError> {
    let folded = fold(text);
    if folded.is_empty() {
        return Err(TextError::Blank);
    }
    let normal = nfc(&folded);
    if is_longer(&normal, length_max) {
        return Err(TextError::TooLong { length_max });
    }
    let normalised_characters = normalised_characters(&folded, &normal);
    let mut text = normal.into_owned();
    // A text that grew in NFC has spare capacity.
    text.shrink_to_fit();
    Ok(Cleaned { text, normalised_characters })
}

/// A cleaned text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cleaned {
    /// The text to store.
    pub text: String,
    /// How many of its characters were costly to normalise: all of a text that was not in NFC, else
    /// its combining marks, which NFC orders.
    pub normalised_characters: usize,
}

/// Accepts an id of 1 to [`ID_BYTES_MAX`] bytes, unchanged. Bodies, paths and cursors must all use
/// this function to agree on equal ids.
///
/// # Errors
/// [`TextError`]: no account or transaction can have this id.
pub fn accept_id(text: &str) -> Result<&str, TextError> {
    if text.trim().is_empty() {
        return Err(TextError::Blank);
    }
    if text.len() > ID_BYTES_MAX {
        return Err(TextError::IdTooLong);
    }
    if text.chars().any(char::is_control) {
        return Err(TextError::Control);
    }
    Ok(text)
}

/// Replaces spaces and removes them at the ends.
fn fold(text: &str) -> Cow<'_, str> {
    let trimmed = text.trim_matches(|character| is_space(character) || is_direction(character));
    if !needs_folding(trimmed) {
        return Cow::Borrowed(trimmed);
    }
    let mut folded = String::with_capacity(trimmed.len());
    for word in trimmed.split(is_space).filter(|word| !word.is_empty()) {
        if !folded.is_empty() {
            folded.push(' ');
        }
        folded.push_str(word);
    }
    Cow::Owned(folded)
}

/// Whether a trimmed text has other spaces than single U+0020.
fn needs_folding(text: &str) -> bool {
    let is_plain = |byte: &u8| (b' '..=b'~').contains(byte);
    let is_special = |character| character != ' ' && is_space(character);
    text.contains("  ") || !text.as_bytes().iter().all(is_plain) && text.contains(is_special)
}

/// Unicode's `White_Space`, control characters, and the invisible ZERO WIDTH SPACE, WORD JOINER and
/// ZERO WIDTH NO-BREAK SPACE (the byte order mark).
fn is_space(character: char) -> bool {
    character.is_whitespace()
        || character.is_control()
        || matches!(character, '\u{200b}' | '\u{2060}' | '\u{feff}')
}

/// Unicode's `Bidi_Control`: the marks, embeddings, overrides and isolates of writing directions.
const fn is_direction(character: char) -> bool {
    matches!(
        character,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    )
}

/// The text in NFC.
fn nfc(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    ComposingNormalizerBorrowed::new_nfc().normalize(text)
}

/// As in [`Cleaned`], of a text and its NFC.
fn normalised_characters(text: &str, normal: &str) -> usize {
    if text != normal {
        return text.chars().count();
    }
    if text.is_ascii() {
        return 0;
    }
    // No lower character is a combining mark.
    let may_be_marks = text.chars().filter(|character| *character >= '\u{300}');
    let classes = CanonicalCombiningClassMapBorrowed::new();
    may_be_marks.filter(|character| classes.get_u8(*character) != 0).count()
}

/// Whether it has more characters. A short text in bytes needs no count.
fn is_longer(text: &str, length_max: usize) -> bool {
    text.len() > length_max && text.chars().nth(length_max).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cleaned(text: &str) -> Result<String, TextError> {
        clean(text, 64).map(|cleaned| cleaned.text)
    }

    #[test]
    fn equivalent_texts_are_stored_equal() {
        for (sent, kept) in [
            ("cafe\u{301}", "café"),
            ("café", "café"),
            // Jamo compose, in any number.
            ("\u{1112}\u{1161}\u{11ab}", "한"),
            // A singleton: the Ångström sign.
            ("\u{212b}", "Å"),
            // Marks get their canonical order.
            ("a\u{301}\u{323}", "ạ\u{301}"),
            // NFC keeps compatibility characters, which NFKC would replace.
            ("ﬁ①", "ﬁ①"),
            // Joiners and emoji are text.
            ("x\u{200d}👩\u{200d}🚀", "x\u{200d}👩\u{200d}🚀"),
        ] {
            assert_eq!(cleaned(sent).as_deref(), Ok(kept), "{sent:?}");
        }
    }

    #[test]
    fn spaces_and_control_characters_fold_to_one_space() {
        for (sent, kept) in [
            ("Loan 1000\nrate 1.4%", "Loan 1000 rate 1.4%"),
            ("  POS   4711 \t", "POS 4711"),
            ("a\0b\u{7f}\u{85}c\u{1b}[31m", "a b c [31m"),
            ("zero\u{200b}width\u{2060}\u{feff}space", "zero width space"),
            ("\u{a0}no-break\u{202f}\u{3000}space\u{2028}", "no-break space"),
            ("\u{feff}Café  Noir", "Café Noir"),
            // Direction marks go at the ends only.
            ("\u{200f}\u{202b}שלום\u{200e}x\u{202c} \u{61c}", "שלום\u{200e}x"),
            ("\u{2068} \u{2069}a", "a"),
            ("a", "a"),
        ] {
            assert_eq!(cleaned(sent).as_deref(), Ok(kept), "{sent:?}");
        }
    }

    #[test]
    fn text_that_is_blank_after_folding_is_rejected() {
        for text in ["", " ", "\u{a0}\u{3000}", "\t\n", "\0", "\u{200b}", "\u{200e} \u{202c}"] {
            assert_eq!(cleaned(text), Err(TextError::Blank), "{text:?}");
        }
    }

    #[test]
    fn length_limit_applies_to_the_cleaned_text() {
        let composed = "é".repeat(64);
        assert_eq!(cleaned(&composed), Ok(composed.clone()));
        let too_long = Err(TextError::TooLong { length_max: 64 });
        assert_eq!(cleaned(&format!("{composed}é")), too_long);
        assert_eq!(cleaned(&"e\u{301}".repeat(64)), Ok(composed));
        assert_eq!(cleaned(&format!("a{}b", " ".repeat(1_000))).as_deref(), Ok("a b"));
        // Each becomes three characters.
        assert_eq!(cleaned(&"\u{fb2c}".repeat(21)).unwrap().chars().count(), 63);
        assert_eq!(cleaned(&"\u{fb2c}".repeat(22)), too_long);
    }

    #[test]
    fn texts_in_another_form_than_nfc_and_combining_marks_are_counted() {
        for (text, expected) in [
            ("plain  spaces\n", 0),
            ("café한字🚀", 0),
            ("cafe\u{301}", 5),
            ("x\u{334}\u{316}\u{301}", 3),
            // A virama: Hindi has one in some words.
            ("नमस्ते", 1),
            ("\u{301}\u{316}", 2),
        ] {
            assert_eq!(clean(text, 64).unwrap().normalised_characters, expected, "{text:?}");
        }
    }

    #[test]
    fn id_is_kept_exactly() {
        for id in ["t 1", " t", "cafe\u{301}", "\u{200b}x", "a/b%2F"] {
            assert_eq!(accept_id(id), Ok(id));
        }
    }

    #[test]
    fn blank_id_and_id_over_the_limit_or_with_control_characters_are_rejected() {
        assert!(accept_id(&"é".repeat(ID_BYTES_MAX / 2)).is_ok());
        assert_eq!(accept_id(&"x".repeat(ID_BYTES_MAX + 1)), Err(TextError::IdTooLong));
        assert_eq!(accept_id(&"é".repeat(ID_BYTES_MAX / 2 + 1)), Err(TextError::IdTooLong));
        for id in ["", " ", "\u{3000}"] {
            assert_eq!(accept_id(id), Err(TextError::Blank), "{id:?}");
        }
        for id in ["a\0", "a\nb", "\u{85}x"] {
            assert_eq!(accept_id(id), Err(TextError::Control), "{id:?}");
        }
    }
}
