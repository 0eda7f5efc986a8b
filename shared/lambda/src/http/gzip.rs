//! Decompresses request bodies (RFC 1952), with limits on memory and CPU time.

use std::io::Read;

use flate2::bufread::GzDecoder;

/// The first two bytes of every gzip stream. No JSON begins with them.
const MAGIC: [u8; 2] = [0x1f, 0x8b];

/// The most members of a stream. Each one costs time, however short it is.
pub const MEMBERS_MAX: usize = 1_000;

/// Why a body was not decompressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GzipError {
    /// It has more decompressed bytes than allowed.
    #[error("the decompressed body is too large")]
    TooLarge,
    /// It is no gzip, is incomplete or damaged, has other bytes after its end, or has more than
    /// [`MEMBERS_MAX`] members.
    #[error("the body is not valid gzip")]
    Invalid,
}

/// Whether a body is compressed with gzip, valid or not.
#[must_use]
pub fn is_gzip(body: &[u8]) -> bool {
    body.starts_with(&MAGIC)
}

/// Decompresses a body of one or more members, with at most `bytes_max` bytes of memory for the
/// result.
///
/// # Errors
/// [`GzipError`]
pub fn decompress(body: &[u8], bytes_max: usize) -> Result<Vec<u8>, GzipError> {
    // Allocated once, because a vector that grows may need twice its size.
    let mut decompressed = Vec::with_capacity(bytes_max.saturating_add(1));
    let mut rest = body;
    for _ in 0..MEMBERS_MAX {
        let bytes_left = bytes_max.saturating_sub(decompressed.len());
        let bytes_read = u64::try_from(bytes_left.saturating_add(1)).unwrap_or(u64::MAX);
        let mut member = GzDecoder::new(rest);
        member
            .by_ref()
            .take(bytes_read)
            .read_to_end(&mut decompressed)
            .map_err(|_damaged| GzipError::Invalid)?;
        if decompressed.len() > bytes_max {
            return Err(GzipError::TooLarge);
        }
        rest = member.into_inner();
        if rest.is_empty() {
            return Ok(decompressed);
        }
    }
    Err(GzipError::Invalid)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tributary_testkit::gzip::{bomb, gzip};

    #[test]
    fn body_at_the_limit_is_decompressed_and_one_past_it_is_too_large() {
        for length in [0, 1, 99, 100_000] {
            let body = vec![b'x'; length];
            assert_eq!(decompress(&gzip(&body), length).unwrap(), body);
            if let Some(limit) = length.checked_sub(1) {
                assert_eq!(decompress(&gzip(&body), limit), Err(GzipError::TooLarge));
            }
        }
    }

    #[test]
    fn members_are_concatenated_and_limited_together() {
        let body = [gzip(b"[1,"), gzip(b""), gzip(b"2]")].concat();
        assert_eq!(decompress(&body, 5).unwrap(), b"[1,2]");
        assert_eq!(decompress(&body, 4), Err(GzipError::TooLarge));
    }

    #[test]
    fn members_at_the_limit_are_accepted_and_one_past_it_is_invalid() {
        let most = gzip(b"1").repeat(MEMBERS_MAX);
        assert_eq!(decompress(&most, MEMBERS_MAX).unwrap().len(), MEMBERS_MAX);
        let more = gzip(b"1").repeat(MEMBERS_MAX + 1);
        assert_eq!(decompress(&more, MEMBERS_MAX + 1), Err(GzipError::Invalid));
    }

    #[test]
    fn incomplete_stream_is_invalid() {
        let body = gzip(b"{\"accounts\": []}");
        for length in 0..body.len() {
            assert_eq!(decompress(&body[..length], 100), Err(GzipError::Invalid), "{length}");
        }
    }

    #[test]
    fn damaged_stream_or_one_with_other_bytes_after_it_is_invalid() {
        let body = gzip(b"{\"accounts\": []}");
        let mut checksum = body.clone();
        let last = checksum.len() - 8;
        checksum[last] ^= 1;
        for damaged in
            [checksum, [&body, b"{}".as_slice()].concat(), [&body, [0].as_slice()].concat()]
        {
            assert_eq!(decompress(&damaged, 100), Err(GzipError::Invalid));
        }
    }

    #[test]
    fn gigabyte_of_zeros_takes_no_more_memory_than_the_limit() {
        let bomb = bomb();
        assert!(bomb.len() < 1_100_000, "{}", bomb.len());
        assert!(is_gzip(&bomb));
        let started = std::time::Instant::now();
        assert_eq!(decompress(&bomb, 6 * 1024 * 1024), Err(GzipError::TooLarge));
        // A whole gigabyte takes longer than this.
        assert!(started.elapsed().as_millis() < 500, "{:?}", started.elapsed());
    }
}
