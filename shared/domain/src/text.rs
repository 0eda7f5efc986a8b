//! Texts of clients: stored in Unicode's normalisation form C (NFC), so that texts that look the
//! same are equal. Blank texts and control characters are rejected.

use std::borrow::Cow;

use icu_normalizer::ComposingNormalizerBorrowed;
use icu_normalizer::properties::CanonicalCombiningClassMapBorrowed;

/// The longest id of a client, in characters.
pub const ID_LENGTH_MAX: usize = 128;

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
    /// A character of Unicode's category Cc, such as NUL.
    #[error("must not contain control characters")]
    Control,
}

/// Accepts a text of 1 to `length_max` characters and returns it in NFC. It must fit both as sent
/// and in NFC, where some characters become two or three.
///
/// # Errors
/// [`TextError`] names the violated rule.
pub fn accept(text: &str, length_max: usize) -> Result<String, TextError> {
    if is_longer(text, length_max) {
        return Err(TextError::TooLong { length_max });
    }
    if text.trim().is_empty() {
        return Err(TextError::Blank);
    }
    if text.chars().any(char::is_control) {
        return Err(TextError::Control);
    }
    let kept = nfc(text);
    if is_longer(&kept, length_max) {
        return Err(TextError::TooLong { length_max });
    }
    let mut kept = kept.into_owned();
    // A text that grew in NFC has spare capacity.
    kept.shrink_to_fit();
    Ok(kept)
}

/// Accepts an id: bodies, paths and cursors must all use this function to agree on equal ids.
///
/// # Errors
/// [`TextError`]: no account or transaction can have this id.
pub fn accept_id(text: &str) -> Result<String, TextError> {
    accept(text, ID_LENGTH_MAX)
}

/// The text in NFC.
fn nfc(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    ComposingNormalizerBorrowed::new_nfc().normalize(text)
}

/// The number of characters that are costly to normalise: all of a text that was not in NFC, else
/// its combining marks, which NFC orders.
#[must_use]
pub fn normalised_characters(sent: &str, kept: &str) -> usize {
    if sent != kept {
        return sent.chars().count();
    }
    if sent.is_ascii() {
        return 0;
    }
    // No lower character is a combining mark.
    let may_be_marks = sent.chars().filter(|character| *character >= '\u{300}');
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
            // Direction marks, joiners and emoji are text.
            ("\u{202e}x\u{200d}👩\u{200d}🚀", "\u{202e}x\u{200d}👩\u{200d}🚀"),
        ] {
            assert_eq!(accept(sent, 64).as_deref(), Ok(kept), "{sent:?}");
        }
    }

    #[test]
    fn text_must_fit_as_sent_and_in_nfc() {
        let composed = "é".repeat(64);
        assert_eq!(accept(&composed, 64), Ok(composed.clone()));
        let too_long = Err(TextError::TooLong { length_max: 64 });
        assert_eq!(accept(&(composed + "é"), 64), too_long);
        // Fits in NFC only.
        assert_eq!(accept(&"e\u{301}".repeat(33), 64), too_long);
        // Fits as sent only: each becomes three characters.
        assert_eq!(accept(&"\u{fb2c}".repeat(21), 64).unwrap().chars().count(), 63);
        assert_eq!(accept(&"\u{fb2c}".repeat(22), 64), too_long);
    }

    #[test]
    fn blank_texts_and_control_characters_are_rejected() {
        for text in ["", " ", "\u{a0}\u{3000}", "\t\n"] {
            assert_eq!(accept(text, 64), Err(TextError::Blank), "{text:?}");
        }
        for text in ["a\0", "\u{7f}a", "a\u{85}b", "a\u{1b}[31m"] {
            assert_eq!(accept(text, 64), Err(TextError::Control), "{text:?}");
        }
    }

    #[test]
    fn texts_in_another_form_than_nfc_and_combining_marks_are_counted() {
        for (text, expected) in [
            ("plain", 0),
            ("café한字🚀", 0),
            ("cafe\u{301}", 5),
            ("x\u{334}\u{316}\u{301}", 3),
            // A virama: Hindi has one in some words.
            ("नमस्ते", 1),
            ("\u{301}\u{316}", 2),
        ] {
            assert_eq!(normalised_characters(text, &nfc(text)), expected, "{text:?}");
        }
    }

    #[test]
    fn id_over_the_length_limit_is_rejected() {
        assert!(accept_id(&"é".repeat(ID_LENGTH_MAX)).is_ok());
        assert!(accept_id(&"é".repeat(ID_LENGTH_MAX + 1)).is_err());
    }
}
