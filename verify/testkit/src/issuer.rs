//! A token issuer with its own keys, for valid and for invalid tokens.

#![expect(clippy::expect_used, reason = "a test cannot continue without keys")]

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// The `kid` of the RSA key.
pub const RSA_KEY_ID: &str = "rsa-1";
/// The `kid` of the P-256 key.
pub const EC_KEY_ID: &str = "ec-1";

/// An issuer with a 2048-bit RSA key and a P-256 key.
#[derive(Debug)]
pub struct Issuer {
    rsa: RsaKeyPair,
    ec: EcdsaKeyPair,
}

impl Issuer {
    /// The claim `iss` of its tokens.
    pub const ISSUER: &'static str = "https://issuer.example/";
    /// The claim `aud` of its tokens.
    pub const AUDIENCE: &'static str = "tributary";

    /// Generates new keys.
    ///
    /// # Panics
    /// If the keys cannot be generated.
    #[must_use]
    pub fn new() -> Self {
        Self {
            rsa: RsaKeyPair::generate(KeySize::Rsa2048).expect("an RSA key"),
            ec: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a P-256 key"),
        }
    }

    /// Its public keys.
    #[must_use]
    pub fn jwks(&self) -> Value {
        let public = self.rsa.public_key();
        let modulus = public.modulus().big_endian_without_leading_zero();
        let exponent = public.exponent().big_endian_without_leading_zero();
        // The byte 4 of an uncompressed point, then both coordinates.
        let point = self.ec.public_key().as_ref().get(1..).unwrap_or_default();
        let (x, y) = point.split_at(point.len() / 2);
        json!({"keys": [
            {"kty": "RSA", "kid": RSA_KEY_ID, "use": "sig", "alg": "RS256",
             "n": base64(modulus), "e": base64(exponent)},
            {"kty": "EC", "kid": EC_KEY_ID, "crv": "P-256", "x": base64(x), "y": base64(y)},
            {"kty": "oct", "kid": "secret", "k": base64(b"not a public key at all, but known")},
            {"kty": "RSA", "kid": "encryption", "use": "enc",
             "n": base64(modulus), "e": base64(exponent)},
        ]})
    }

    /// The claims of a valid token.
    #[must_use]
    pub fn claims(tenant_id: &str, scope: &str) -> Value {
        json!({
            "iss": Self::ISSUER, "aud": Self::AUDIENCE, "sub": "client-1", "exp": now_s() + 300,
            "tenant_id": tenant_id, "scope": scope
        })
    }

    /// A token signed with the RSA key.
    #[must_use]
    pub fn rs256(&self, claims: &Value) -> String {
        self.rs256_with(&json!({"alg": "RS256", "typ": "JWT", "kid": RSA_KEY_ID}), claims)
    }

    /// A token with any header, signed with the RSA key.
    ///
    /// # Panics
    /// If signing fails.
    #[must_use]
    pub fn rs256_with(&self, header: &Value, claims: &Value) -> String {
        signed(header, claims, |message| {
            let mut signature = vec![0; self.rsa.public_modulus_len()];
            self.rsa
                .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature)
                .expect("a signature");
            signature
        })
    }

    /// A token signed with the P-256 key.
    #[must_use]
    pub fn es256(&self, claims: &Value) -> String {
        self.es256_with(&json!({"alg": "ES256", "kid": EC_KEY_ID}), claims)
    }

    /// A token with any header, signed with the P-256 key.
    ///
    /// # Panics
    /// If signing fails.
    #[must_use]
    pub fn es256_with(&self, header: &Value, claims: &Value) -> String {
        signed(header, claims, |message| {
            self.ec.sign(&SystemRandom::new(), message).expect("a signature").as_ref().to_vec()
        })
    }

    /// Tokens signed with HS256, whose secret is the public RSA key: its modulus in base64 and as
    /// bytes, the JWK, and the DER encoding.
    #[must_use]
    pub fn hs256_with_public_key(&self, claims: &Value) -> Vec<String> {
        let modulus = self.rsa.public_key().modulus().big_endian_without_leading_zero().to_vec();
        let jwk = self.jwks().pointer("/keys/0").map(Value::to_string).unwrap_or_default();
        let der = self.rsa.public_key().as_ref().to_vec();
        let header = json!({"alg": "HS256", "typ": "JWT", "kid": RSA_KEY_ID});
        [base64(&modulus).into_bytes(), modulus, jwk.into_bytes(), der]
            .iter()
            .map(|secret| signed(&header, claims, |message| hmac_sha256(secret, message)))
            .collect()
    }
}

impl Default for Issuer {
    fn default() -> Self {
        Self::new()
    }
}

/// A token with this header, these claims and this signature.
#[must_use]
pub fn token(header: &Value, claims: &Value, signature: &[u8]) -> String {
    signed(header, claims, |_| signature.to_vec())
}

/// Seconds since 1970.
#[must_use]
pub fn now_s() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs()
}

fn signed(header: &Value, claims: &Value, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> String {
    let part = |value: &Value| base64(value.to_string().as_bytes());
    let message = format!("{}.{}", part(header), part(claims));
    let signature = base64(&sign(message.as_bytes()));
    format!("{message}.{signature}")
}

fn hmac_sha256(secret: &[u8], message: &[u8]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), message).as_ref().to_vec()
}

fn base64(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
