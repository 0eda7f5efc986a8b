//! API keys: `trb_`, eight characters by which a key is found and told from others, and a secret of 192
//! bits. What is stored is a keyed hash: whoever reads the database can neither use a key nor check a guess.

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

/// What is stored of a key: its HMAC-SHA-256 under a [`Pepper`].
pub type KeyHash = [u8; 32];

/// A whole key, shown once. It is not kept anywhere; its hash is.
pub struct ApiKeySecret(String);

impl ApiKeySecret {
    /// How many random bytes a key is made of: those of its prefix, then those of its secret.
    pub const ENTROPY_BYTES: usize = PREFIX_BYTES + SECRET_BYTES;

    /// A new key from random bytes.
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

    /// The part that may be shown, and by which the key is found.
    #[must_use]
    pub fn prefix(&self) -> &str {
        self.0.get(..PREFIX_LENGTH).unwrap_or_default()
    }

    /// What is stored. The secret is as random as a hash is long, so a slow hash would protect nothing more.
    #[must_use]
    pub fn hash(&self, pepper: &Pepper) -> KeyHash {
        pepper.hash(&self.0)
    }
}

/// A text that a caller presents and that has the form of a key. Nothing shows it.
#[derive(Clone, Copy)]
pub struct PresentedKey<'t>(&'t str);

impl<'t> PresentedKey<'t> {
    /// How every key begins, and nothing else that a caller may present.
    pub const SCHEME: &'static str = SCHEME;

    /// Reads a key; `None` for what cannot be one, which therefore need not be looked up.
    #[must_use]
    pub fn parse(text: &'t str) -> Option<Self> {
        let (prefix, secret) = text.strip_prefix(SCHEME)?.split_once(SEPARATOR)?;
        let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        let fits = text.len() == LENGTH && prefix.len() == 2 * PREFIX_BYTES;
        (fits && prefix.bytes().chain(secret.bytes()).all(is_hex)).then_some(Self(text))
    }

    /// The part by which the key is found.
    #[must_use]
    pub fn prefix(&self) -> &'t str {
        self.0.get(..PREFIX_LENGTH).unwrap_or_default()
    }
}

/// The secret key of the hashes. It is never in the database.
#[derive(Clone)]
pub struct Pepper(Hmac<Sha256>);

/// A pepper that could be guessed.
#[derive(Debug, thiserror::Error)]
#[error("a pepper has at least {} characters", Pepper::LENGTH_MIN)]
pub struct PepperTooShort;

impl Pepper {
    /// The shortest pepper that is taken.
    pub const LENGTH_MIN: usize = 32;

    /// Takes a pepper.
    ///
    /// # Errors
    /// [`PepperTooShort`].
    pub fn new(text: &str) -> Result<Self, PepperTooShort> {
        let long_enough = text.chars().count() >= Self::LENGTH_MIN;
        // HMAC takes a key of any length; the type of its error allows for others that do not.
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

/// The pepper of new keys, and the one before it while keys that were made under it are being replaced.
#[derive(Clone, Debug)]
pub struct Peppers {
    /// New keys are hashed under this one.
    pub current: Pepper,
    /// Keys hashed under this one are still taken.
    pub previous: Option<Pepper>,
}

impl Peppers {
    /// Whether a stored hash is that of a presented key. It takes as long for a wrong hash as for the
    /// right one, so that an answer's time tells nothing of how much of it was right.
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
    fn a_presented_key_is_proved_by_the_hash_that_was_stored_and_no_other() {
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
    fn the_hash_is_hmac_sha_256_under_the_pepper() {
        // Computed with Python's `hmac`.
        let expected = "e7459e535a29829cdfbb23c5e58b1db90e7bc2c15bca745639ad024d07967c33";
        let hash = key(7).hash(&pepper("a"));
        let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, expected);
    }

    #[test]
    fn a_key_of_the_previous_pepper_is_taken_while_that_is_named() {
        let stored = key(7).hash(&pepper("a"));
        let key = key(7);
        let presented = PresentedKey::parse(key.expose()).unwrap();
        let rotated = Peppers { current: pepper("b"), previous: Some(pepper("a")) };
        assert!(rotated.proves(presented, &stored));
        let ended = Peppers { current: pepper("b"), previous: None };
        assert!(!ended.proves(presented, &stored));
    }

    #[test]
    fn what_has_not_the_form_of_a_key_is_none() {
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
    fn a_pepper_has_at_least_its_length() {
        assert!(Pepper::new(&"a".repeat(Pepper::LENGTH_MIN - 1)).is_err());
        assert!(Pepper::new(&"a".repeat(Pepper::LENGTH_MIN)).is_ok());
        assert_eq!(format!("{:?}", pepper("a")), "Pepper", "it shows nothing of itself");
    }
}
