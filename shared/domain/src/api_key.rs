//! API keys: `trb_`, eight characters that tell keys apart, and a secret of 192 bits.

use sha2::{Digest, Sha256};

/// A whole key, shown once. It is not kept anywhere; its hash is.
pub struct ApiKeySecret(String);

impl ApiKeySecret {
    /// How many random bytes a key is made of: 4 for its prefix, 24 for its secret.
    pub const ENTROPY_BYTES: usize = 28;
    /// The longest text that is looked at as a key.
    pub const LENGTH_MAX: usize = 128;
    const SCHEME: &'static str = "trb_";
    const PREFIX_LENGTH: usize = Self::SCHEME.len() + 8;

    /// A new key from random bytes.
    #[must_use]
    pub fn from_entropy(entropy: [u8; Self::ENTROPY_BYTES]) -> Self {
        let mut key = Self::SCHEME.to_owned();
        for (index, byte) in entropy.into_iter().enumerate() {
            if index == 4 {
                key.push('_');
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

    /// The part that may be shown and by which its owner tells it from others.
    #[must_use]
    pub fn prefix(&self) -> &str {
        self.0.get(..Self::PREFIX_LENGTH).unwrap_or_default()
    }

    /// What is stored: SHA-256. The secret is as random as the hash is long, so a slow hash would
    /// protect nothing more.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        hash(&self.0)
    }
}

/// The hash of a text that a caller presents as a key; `None` if it cannot be one.
#[must_use]
pub fn hash_of_presented(text: &str) -> Option<[u8; 32]> {
    let plausible =
        text.starts_with(ApiKeySecret::SCHEME) && text.len() <= ApiKeySecret::LENGTH_MAX;
    plausible.then(|| hash(text))
}

fn hash(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_presented_key_has_the_hash_that_was_stored() {
        let key = ApiKeySecret::from_entropy([7; ApiKeySecret::ENTROPY_BYTES]);
        assert_eq!(key.prefix(), "trb_07070707");
        assert_eq!(key.expose().len(), 4 + 8 + 1 + 48);
        assert_eq!(hash_of_presented(key.expose()), Some(key.hash()));
        assert_ne!(hash_of_presented(&format!("{}0", key.expose())), Some(key.hash()));
    }

    #[test]
    fn what_cannot_be_a_key_is_not_hashed() {
        assert_eq!(hash_of_presented(""), None);
        assert_eq!(hash_of_presented("Bearer x"), None);
        assert_eq!(
            hash_of_presented(&format!("trb_{}", "0".repeat(ApiKeySecret::LENGTH_MAX))),
            None
        );
    }
}
