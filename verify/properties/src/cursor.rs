//! What must hold of any bytes that come as a cursor.

use report::cursor::Cursor;

/// It is read without a panic, and what is taken is what a page would have given out, to the letter.
pub fn check(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(cursor) = text.parse::<Cursor>() {
        assert_eq!(cursor.encode(), text);
        assert!(text.len() <= Cursor::LENGTH_MAX);
    }
}
