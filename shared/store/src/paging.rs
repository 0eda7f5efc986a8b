//! Pages of lists.

/// The most rows that one page of a filtered list scans.
pub const SCAN_MAX: i64 = 5_000;

/// Divides rows, which were read with one more than the limit, into those of the page and the last
/// of them if a next page follows.
pub(crate) fn split<T: Clone>(mut rows: Vec<T>, limit: i64) -> (Vec<T>, Option<T>) {
    let length = usize::try_from(limit).unwrap_or(usize::MAX);
    if rows.len() <= length {
        return (rows, None);
    }
    rows.truncate(length);
    let last = rows.last().cloned();
    (rows, last)
}
