//! The checked-in vectors, keys for tests only.

use std::sync::{Arc, OnceLock};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use jose::cert::{Identity, Issue, PrivateKey};
use serde_json::Value;

/// The instant at which the signatures of the vectors were made, Unix seconds.
pub(crate) const NOW_SECOND: i64 = 1_700_000_000;

/// That instant.
pub(crate) fn now() -> Timestamp {
    at(NOW_SECOND)
}

/// An instant; the first of 1970 where there is none of this number.
pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap_or(Timestamp::UNIX_EPOCH)
}

macro_rules! vectors {
    ($($(#[$doc:meta])* $name:ident = $file:literal;)*) => {$(
        $(#[$doc])*
        pub(crate) fn $name() -> &'static Value {
            static VALUE: OnceLock<Value> = OnceLock::new();
            VALUE.get_or_init(|| {
                let text = include_str!(concat!("../../vectors/", $file));
                serde_json::from_str(text).expect("a checked-in vector file is JSON")
            })
        }
    )*};
}

vectors! {
    /// Messages of an independent implementation.
    jose = "jose.json";
    /// Messages of our own.
    golden = "golden.json";
    /// Certificates and keys, good and bad.
    certificates = "certificates.json";
    /// Signatures over other hashes.
    other_hashes = "other_hashes.json";
    /// Signatures of terminals.
    upay = "upay.json";
}

/// The elements of a list.
pub(crate) fn list<'v>(value: &'v Value, name: &str) -> &'v [Value] {
    value[name].as_array().map(Vec::as_slice).unwrap_or_default()
}

/// A text member; empty when it is none.
pub(crate) fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_default()
}

/// A member in standard base64, decoded.
pub(crate) fn bytes(value: &Value, name: &str) -> Vec<u8> {
    STANDARD.decode(text(value, name)).expect("base64 of a checked-in vector")
}

fn identity(member: &str, serial: u64) -> Arc<Identity> {
    let key = PrivateKey::from_pem(text(jose(), member)).expect("a key of the vectors");
    let not_before = at(NOW_SECOND - 86_400);
    let issue = Issue { subject: "test", serial, not_before, validity_days: 365 };
    Arc::new(Identity::certify(key, &issue).expect("a certificate for a key of the vectors"))
}

/// Who signs in the vectors.
pub(crate) fn signer() -> &'static Arc<Identity> {
    static IDENTITY: OnceLock<Arc<Identity>> = OnceLock::new();
    IDENTITY.get_or_init(|| identity("sign_key_pem", 1_700_000_000_001))
}

/// Who decrypts in the vectors.
pub(crate) fn receiver() -> &'static Arc<Identity> {
    static IDENTITY: OnceLock<Arc<Identity>> = OnceLock::new();
    IDENTITY.get_or_init(|| identity("enc_key_pem", 1_700_000_000_003))
}
