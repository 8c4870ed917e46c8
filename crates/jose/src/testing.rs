//! Keys and vectors shared by the tests of this crate.

use std::sync::{Arc, OnceLock};

use jiff::Timestamp;
use serde_json::Value;

use crate::cert::{Identity, Issue, PrivateKey};
use crate::jws::{self, Call, PartnerKeys, SignOptions};
use crate::keyring::Clock;

/// The moment at which most tests take place.
pub(crate) const NOW_SECOND: i64 = 1_700_000_000;
pub(crate) const APP_ID: &str = "00520446";
pub(crate) const PATH: &str = "/ucsp/industry/v1/paymentresultinquiry";
pub(crate) const UUID: &str = "5ba10d46d5d148dfbcc2119c08e01015";

pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

/// A checked-in vector file of the repository.
pub(crate) fn vectors(name: &str) -> Value {
    let path = format!("{}/../../vectors/{name}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    serde_json::from_str(&text).unwrap()
}

pub(crate) fn jose_vectors() -> &'static Value {
    static VECTORS: OnceLock<Value> = OnceLock::new();
    VECTORS.get_or_init(|| vectors("jose.json"))
}

pub(crate) fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("{name} is a string"))
}

fn issued(key: PrivateKey, serial: u64) -> Arc<Identity> {
    let not_before = at(NOW_SECOND - 86_400);
    let issue = Issue { subject: "test", serial, not_before, validity_days: 365 };
    Arc::new(Identity::certify(key, &issue).unwrap())
}

fn from_vectors(member: &str, serial: u64) -> Arc<Identity> {
    issued(PrivateKey::from_pem(text(jose_vectors(), member)).unwrap(), serial)
}

/// The signing identity of the vectors.
pub(crate) fn signer() -> &'static Arc<Identity> {
    static IDENTITY: OnceLock<Arc<Identity>> = OnceLock::new();
    IDENTITY.get_or_init(|| from_vectors("sign_key_pem", 1_700_000_000_001))
}

/// The encryption identity of the vectors.
pub(crate) fn receiver() -> &'static Arc<Identity> {
    static IDENTITY: OnceLock<Arc<Identity>> = OnceLock::new();
    IDENTITY.get_or_init(|| from_vectors("enc_key_pem", 1_700_000_000_003))
}

/// An identity that nobody knows.
pub(crate) fn stranger() -> &'static Arc<Identity> {
    static IDENTITY: OnceLock<Arc<Identity>> = OnceLock::new();
    IDENTITY.get_or_init(|| issued(PrivateKey::generate().unwrap(), 77))
}

/// The application of the vectors, with its two certificates.
pub(crate) fn partner() -> PartnerKeys {
    PartnerKeys::new(APP_ID, Arc::clone(signer().cert()), Arc::clone(receiver().cert()))
}

/// A directory with that one application.
pub(crate) fn directory(partner: PartnerKeys) -> impl Fn(&str) -> Option<Arc<PartnerKeys>> {
    let partner = Arc::new(partner);
    move |app_id| (app_id == partner.app_id).then(|| Arc::clone(&partner))
}

pub(crate) fn options() -> SignOptions<'static> {
    SignOptions { app_id: APP_ID, uuid: UUID, timestamp: NOW_SECOND, req_path: Some(PATH) }
}

pub(crate) fn signed(body: &[u8]) -> String {
    jws::sign(signer(), body, &options()).unwrap()
}

pub(crate) fn call<'a>(header: &'a str, body: &'a [u8]) -> Call<'a> {
    let now = Clock::real(at(NOW_SECOND));
    Call { header: Some(header), body, path: PATH, peer: None, now }
}
