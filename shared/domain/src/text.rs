//! Texts that clients give: kept in Unicode's normalisation form C, so that what reads the same is the
//! same, however it was typed. What is not wanted in one (control characters, nothing at all) is refused.

use std::borrow::Cow;

use icu_normalizer::ComposingNormalizerBorrowed;
use icu_normalizer::properties::CanonicalCombiningClassMapBorrowed;

/// The longest id that a client gives, in characters.
pub const ID_LENGTH_MAX: usize = 128;

/// Why a text is not taken: a sentence without the text itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Nothing, or white space alone.
    #[error("must not be empty")]
    Blank,
    /// Too many characters.
    #[error("must have at most {length_max} characters")]
    TooLong {
        /// The most that it may have.
        length_max: usize,
    },
    /// A character of Unicode's class Cc, NUL among them.
    #[error("must not contain control characters")]
    Control,
}

/// Takes a text of 1 to `length_max` characters, in NFC. It must fit as it is sent and as it is kept: a
/// few characters become two or three in NFC.
///
/// # Errors
/// [`TextError`] says which rule it breaks.
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
    // What grew in NFC has twice the space that it takes.
    kept.shrink_to_fit();
    Ok(kept)
}

/// Takes an id, as bodies, paths and cursors have them: all three agree on what is the same id.
///
/// # Errors
/// [`TextError`]: no account and no transaction has it.
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

/// How many characters of a text NFC had work with: all of one that was not in it, else its combining marks,
/// which have an order.
#[must_use]
pub fn normalised_characters(sent: &str, kept: &str) -> usize {
    if sent != kept {
        return sent.chars().count();
    }
    if sent.is_ascii() {
        return 0;
    }
    // No character before these is one.
    let may_be_marks = sent.chars().filter(|character| *character >= '\u{300}');
    let classes = CanonicalCombiningClassMapBorrowed::new();
    may_be_marks.filter(|character| classes.get_u8(*character) != 0).count()
}

/// Whether it has more characters; a text of fewer bytes is not counted.
fn is_longer(text: &str, length_max: usize) -> bool {
    text.len() > length_max && text.chars().nth(length_max).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_reads_the_same_is_kept_the_same() {
        for (sent, kept) in [
            ("cafe\u{301}", "café"),
            ("café", "café"),
            // Jamo compose, in any number.
            ("\u{1112}\u{1161}\u{11ab}", "한"),
            // A singleton: the Ångström sign.
            ("\u{212b}", "Å"),
            // Marks get their canonical order.
            ("a\u{301}\u{323}", "ạ\u{301}"),
            // Compatibility is not identity: NFC keeps what NFKC would fold.
            ("ﬁ①", "ﬁ①"),
            // Direction marks, joiners and emoji are text.
            ("\u{202e}x\u{200d}👩\u{200d}🚀", "\u{202e}x\u{200d}👩\u{200d}🚀"),
        ] {
            assert_eq!(accept(sent, 64).as_deref(), Ok(kept), "{sent:?}");
        }
    }

    #[test]
    fn a_text_fits_as_it_is_sent_and_as_it_is_kept() {
        let composed = "é".repeat(64);
        assert_eq!(accept(&composed, 64), Ok(composed.clone()));
        let too_long = Err(TextError::TooLong { length_max: 64 });
        assert_eq!(accept(&(composed + "é"), 64), too_long);
        // Fits as it is kept alone.
        assert_eq!(accept(&"e\u{301}".repeat(33), 64), too_long);
        // Fits as it is sent alone: each becomes three characters.
        assert_eq!(accept(&"\u{fb2c}".repeat(21), 64).unwrap().chars().count(), 63);
        assert_eq!(accept(&"\u{fb2c}".repeat(22), 64), too_long);
    }

    #[test]
    fn blank_texts_and_control_characters_are_refused() {
        for text in ["", " ", "\u{a0}\u{3000}", "\t\n"] {
            assert_eq!(accept(text, 64), Err(TextError::Blank), "{text:?}");
        }
        for text in ["a\0", "\u{7f}a", "a\u{85}b", "a\u{1b}[31m"] {
            assert_eq!(accept(text, 64), Err(TextError::Control), "{text:?}");
        }
    }

    #[test]
    fn what_nfc_has_work_with_are_texts_in_another_form_and_marks() {
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
    fn an_id_has_its_limit() {
        assert!(accept_id(&"é".repeat(ID_LENGTH_MAX)).is_ok());
        assert!(accept_id(&"é".repeat(ID_LENGTH_MAX + 1)).is_err());
    }
}
