//! Compresses and decompresses bodies for tests.

#![expect(clippy::expect_used, reason = "writing to a vector never fails")]

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;

const BOMB_MEMBER_BYTES: usize = 16 * 1024 * 1024;
const BOMB_MEMBERS: usize = 64;

/// A gzip stream of one member.
#[must_use]
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).expect("a vector");
    encoder.finish().expect("a vector")
}

/// The bytes in a gzip stream.
///
/// # Panics
/// If it is not valid.
#[must_use]
pub fn gunzip(stream: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    MultiGzDecoder::new(stream).read_to_end(&mut bytes).expect("valid gzip");
    bytes
}

/// A valid gzip stream of a gigabyte of zeros, in a megabyte.
#[must_use]
pub fn bomb() -> Vec<u8> {
    gzip(&vec![0; BOMB_MEMBER_BYTES]).repeat(BOMB_MEMBERS)
}
