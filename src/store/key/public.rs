//! The public half of a key: what anybody may know, and check.
use std::{fmt, str::FromStr};

use ed25519_dalek::{Signature, VerifyingKey};
use serde::{Deserialize, Serialize};

use crate::record::WallTime;

/// What a signature is about: one made for this is none for that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) enum About {
    Entry,
    Head,
    Handover,
}

impl About {
    /// The bytes that are signed: nothing that is signed for one purpose begins as for another.
    pub(super) fn message(self, bytes: &[u8]) -> Vec<u8> {
        let name: &[u8] = match self {
            Self::Entry => b"liveness log entry 2\n",
            Self::Head => b"liveness log head 2\n",
            Self::Handover => b"liveness key handover 1\n",
        };
        [name, bytes].concat()
    }
}

/// A public key, written `ed25519:` and 64 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PublicKey([u8; 32]);

impl PublicKey {
    pub(super) fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Whether the owner of this key has signed these bytes.
    pub(in crate::store) fn signed(&self, about: About, bytes: &[u8], signature: &str) -> bool {
        let Some(signature) = unhex::<64>(signature) else {
            return false;
        };
        let signature = Signature::from_bytes(&signature);
        // Strict: a second signature that fits the same bytes would be a change that is not found.
        VerifyingKey::from_bytes(&self.0)
            .is_ok_and(|key| key.verify_strict(&about.message(bytes), &signature).is_ok())
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ed25519:{}", hex(&self.0))
    }
}

impl FromStr for PublicKey {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let digits = text.trim();
        let digits = digits.strip_prefix("ed25519:").unwrap_or(digits);
        unhex(digits).map(Self).ok_or_else(|| {
            format!("{text:?} is no public key; write ed25519: and 64 hexadecimal digits, as `liveness key show` does")
        })
    }
}

impl TryFrom<String> for PublicKey {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<PublicKey> for String {
    fn from(key: PublicKey) -> Self {
        key.to_string()
    }
}

/// One key's word that another signs from now on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handover {
    /// The key that gives up.
    pub from: PublicKey,
    /// The key that follows.
    pub to: PublicKey,
    /// When.
    pub at: WallTime,
    /// Signature of the key that gives up, in hexadecimal digits.
    pub signature: String,
}

impl Handover {
    /// Whether the key that gives up has said so.
    pub fn is_signed(&self) -> bool {
        let words = Self::words(&self.from, &self.to, self.at);
        self.from.signed(About::Handover, &words, &self.signature)
    }

    pub(super) fn words(from: &PublicKey, to: &PublicKey, at: WallTime) -> Vec<u8> {
        format!("{from}\n{to}\n{at}").into_bytes()
    }
}

/// Bytes as lower-case hexadecimal digits.
pub(in crate::store) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// `N` bytes out of as many lower-case hexadecimal digits: each value has one spelling.
pub(super) fn unhex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digits = text.as_bytes();
    let value = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    };
    if digits.len() != 2 * N {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let [high, low] = pair else { return None };
        *byte = value(*high)? << 4 | value(*low)?;
    }
    Some(bytes)
}
