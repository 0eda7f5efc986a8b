//! Properties of the cursor parser.

use report::cursor::Cursor;

/// Parsing does not panic, and an accepted cursor encodes to the same text.
pub fn check(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(cursor) = text.parse::<Cursor>() {
        assert_eq!(cursor.encode(), text);
        assert!(text.len() <= Cursor::LENGTH_MAX);
    }
}
