//! Properties of the parsers of cursors.

use report::cursor::{AccountCursor, BatchCursor, TransactionCursor};

/// Parsing does not panic, and an accepted cursor encodes to the same text.
pub fn check(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(cursor) = text.parse::<TransactionCursor>() {
        assert_eq!(cursor.encode(), text);
        assert!(text.len() <= TransactionCursor::LENGTH_MAX);
    }
    if let Ok(cursor) = text.parse::<AccountCursor>() {
        assert_eq!(cursor.encode(), text);
        assert!(text.len() <= AccountCursor::LENGTH_MAX);
    }
    if let Ok(cursor) = text.parse::<BatchCursor>() {
        assert_eq!(cursor.encode(), text);
        assert_eq!(text.len(), BatchCursor::LENGTH);
    }
}
