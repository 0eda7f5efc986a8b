//! API keys: `trb_`, eight characters that identify the key, and a secret of 192 bits.
//!
//! Only a keyed hash is stored: a reader of the database can neither use a key nor check a guess.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::{Choice, ConstantTimeEq};

const SCHEME: &str = "trb_";
const SEPARATOR: char = '_';
const PREFIX_BYTES: usize = 4;
const SECRET_BYTES: usize = 24;
const PREFIX_LENGTH: usize = SCHEME.len() + 2 * PREFIX_BYTES;
const LENGTH: usize = PREFIX_LENGTH + SEPARATOR.len_utf8() + 2 * SECRET_BYTES;

/// The stored hash of a key: its HMAC-SHA-256 under a [`Pepper`].
pub type KeyHash = [u8; 32];

/// A complete key, shown once. Only its hash is stored.
pub struct ApiKeySecret(String);

impl ApiKeySecret {
    /// The random bytes of a key: first its prefix, then its secret.
    pub const ENTROPY_BYTES: usize = PREFIX_BYTES + SECRET_BYTES;

    /// Creates a key from random bytes.
    #[must_use]
    pub fn from_entropy(entropy: [u8; Self::ENTROPY_BYTES]) -> Self {
        let mut key = SCHEME.to_owned();
        for (index, byte) in entropy.into_iter().enumerate() {
            if index == PREFIX_BYTES {
                key.push(SEPARATOR);
            }
            key.push_str(&format!("{byte:02x}"));
        }
        Self(key)
    }

    /// The key's text.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The part that identifies the key and may be shown.
    #[must_use]
    pub fn prefix(&self) -> &str {
        self.0.get(..PREFIX_LENGTH).unwrap_or_default()
    }

    /// The hash to store. A slow hash is not needed: a random 192-bit secret cannot be guessed.
    #[must_use]
    pub fn hash(&self, pepper: &Pepper) -> KeyHash {
        pepper.hash(&self.0)
    }
}

/// A key that a caller presents, checked for its format only. Never log it.
#[derive(Clone, Copy)]
pub struct PresentedKey<'t>(&'t str);

impl<'t> PresentedKey<'t> {
    /// The start of every key. No other credential starts with it.
    pub const SCHEME: &'static str = SCHEME;

    /// Parses a key; `None` for a text that is not in the format of one and needs no lookup.
    #[must_use]
    pub fn parse(text: &'t str) -> Option<Self> {
        let (prefix, secret) = text.strip_prefix(SCHEME)?.split_once(SEPARATOR)?;
        let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        let fits = text.len() == LENGTH && prefix.len() == 2 * PREFIX_BYTES;
        (fits && prefix.bytes().chain(secret.bytes()).all(is_hex)).then_some(Self(text))
    }

    /// The part that identifies the key.
    #[must_use]
    pub fn prefix(&self) -> &'t str {
        self.0.get(..PREFIX_LENGTH).unwrap_or_default()
    }
}

/// The secret key of the hashes. It is never stored in the database.
#[derive(Clone)]
pub struct Pepper(Hmac<Sha256>);

/// The pepper is short enough to be guessed.
#[derive(Debug, thiserror::Error)]
#[error("a pepper has at least {} characters", Pepper::LENGTH_MIN)]
pub struct PepperTooShort;

impl Pepper {
    /// The minimum length of a pepper, in characters.
    pub const LENGTH_MIN: usize = 32;

    /// Creates a pepper.
    ///
    /// # Errors
    /// [`PepperTooShort`] under [`Self::LENGTH_MIN`] characters.
    pub fn new(text: &str) -> Result<Self, PepperTooShort> {
        let long_enough = text.chars().count() >= Self::LENGTH_MIN;
        // HMAC accepts keys of any length; the `Mac` trait has an error for algorithms that do not.
        let keyed = Hmac::new_from_slice(text.as_bytes()).ok().filter(|_| long_enough);
        keyed.map(Self).ok_or(PepperTooShort)
    }

    fn hash(&self, key: &str) -> KeyHash {
        self.0.clone().chain_update(key).finalize().into_bytes().into()
    }
}

impl fmt::Debug for Pepper {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Pepper")
    }
}

/// The pepper of new keys and, during a rotation, the previous one.
#[derive(Clone, Debug)]
pub struct Peppers {
    /// New keys are hashed under this one.
    pub current: Pepper,
    /// Keys hashed under this one are still accepted.
    pub previous: Option<Pepper>,
}

impl Peppers {
    /// Whether a stored hash belongs to a presented key. The comparison takes constant time, so the
    /// response time reveals nothing about the hash.
    #[must_use]
    pub fn proves(&self, key: PresentedKey<'_>, stored: &KeyHash) -> bool {
        let hashed_under = |pepper: &Pepper| pepper.hash(key.0).ct_eq(stored);
        let by_previous = self.previous.as_ref().map_or(Choice::from(0), hashed_under);
        (hashed_under(&self.current) | by_previous).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pepper(character: &str) -> Pepper {
        Pepper::new(&character.repeat(Pepper::LENGTH_MIN)).unwrap()
    }

    fn key(byte: u8) -> ApiKeySecret {
        ApiKeySecret::from_entropy([byte; ApiKeySecret::ENTROPY_BYTES])
    }

    #[test]
    fn presented_key_matches_its_own_hash_only() {
        let peppers = Peppers { current: pepper("a"), previous: None };
        let (key, other) = (key(7), key(8));
        assert_eq!(key.prefix(), "trb_07070707");
        assert_eq!(key.expose().len(), LENGTH);
        let presented = PresentedKey::parse(key.expose()).unwrap();
        assert_eq!(presented.prefix(), key.prefix());
        assert!(peppers.proves(presented, &key.hash(&peppers.current)));
        assert!(!peppers.proves(presented, &other.hash(&peppers.current)));
        assert!(!peppers.proves(presented, &[0; 32]));
    }

    #[test]
    fn hash_is_hmac_sha_256_under_the_pepper() {
        // Computed with Python's `hmac`.
        let expected = "e7459e535a29829cdfbb23c5e58b1db90e7bc2c15bca745639ad024d07967c33";
        let hash = key(7).hash(&pepper("a"));
        let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, expected);
    }

    #[test]
    fn key_of_the_previous_pepper_is_accepted_during_rotation_only() {
        let stored = key(7).hash(&pepper("a"));
        let key = key(7);
        let presented = PresentedKey::parse(key.expose()).unwrap();
        let rotated = Peppers { current: pepper("b"), previous: Some(pepper("a")) };
        assert!(rotated.proves(presented, &stored));
        let ended = Peppers { current: pepper("b"), previous: None };
        assert!(!ended.proves(presented, &stored));
    }

    #[test]
    fn text_in_another_format_than_a_key_is_rejected() {
        let right = key(0xab).expose().to_owned();
        assert!(PresentedKey::parse(&right).is_some());
        for wrong in [
            String::new(),
            "trb_".to_owned(),
            right.to_uppercase(),
            right.replace("trb", "trc"),
            format!("{right}0"),
            format!(" {right}"),
            right[..LENGTH - 1].to_owned(),
            right.replacen('b', "g", 3),
            right.replace("abababab_", "ababab_ab"),
            "trb_é".repeat(11),
        ] {
            assert!(PresentedKey::parse(&wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn pepper_under_the_minimum_length_is_rejected() {
        assert!(Pepper::new(&"a".repeat(Pepper::LENGTH_MIN - 1)).is_err());
        assert!(Pepper::new(&"a".repeat(Pepper::LENGTH_MIN)).is_ok());
        assert_eq!(
            format!("{:?}", pepper("a")),
            "Pepper",
            "debug output must not reveal the pepper"
        );
    }
}
