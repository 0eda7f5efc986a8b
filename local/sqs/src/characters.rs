//! The characters that a message may contain.

/// Whether `text` has only characters that SQS accepts: those of XML 1.0.
pub(crate) fn has_only_valid_characters(text: &str) -> bool {
    // Rust strings contain no surrogates, which XML 1.0 excludes as well.
    text.chars().all(|c| match c {
        '\t' | '\n' | '\r' => true,
        '\u{fffe}' | '\u{ffff}' => false,
        _ => c >= ' ',
    })
}
