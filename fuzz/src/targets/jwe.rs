//! Compact JWE in both profiles (security 3).
//!
//! Rules: nothing panics; what nobody encrypted is never opened; whatever is wrong with the
//! encrypted key, the padding inside it or the content, the error is the one error.

use std::sync::{Arc, OnceLock};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jose::cert::Identity;
use jose::jwe::{JweError, Profile, decrypt, kid};
use rsa_raw::PublicKey;

use crate::input::Input;
use crate::vectors::{self, bytes, list, receiver, text};

/// Length of the modulus of the receiver's key, bytes.
const MODULUS_BYTES: usize = 256;

/// Texts that were encrypted for the receiver, with what is inside.
fn genuine() -> &'static [(String, Vec<u8>)] {
    static GENUINE: OnceLock<Vec<(String, Vec<u8>)>> = OnceLock::new();
    GENUINE.get_or_init(|| {
        let files = [vectors::jose(), vectors::golden()];
        let all = files.into_iter().flat_map(|file| list(file, "jwe"));
        let pair = |one| (text(one, "compact").to_owned(), bytes(one, "plaintext_base64"));
        all.map(pair).filter(|(compact, _)| compact.len() < 4096).collect()
    })
}

fn find(kid: &str) -> Option<Arc<Identity>> {
    (kid == receiver().id().as_str()).then(|| Arc::clone(receiver()))
}

fn open(compact: &str) -> Result<Vec<u8>, JweError> {
    let opened = decrypt(compact, find, &Profile::ALL).map(|secret| secret.expose().clone());
    match &opened {
        Ok(plain) => {
            let known = |(_, its): &(String, Vec<u8>)| its == plain;
            assert!(genuine().iter().any(known), "{compact} was never encrypted");
            assert_eq!(kid(compact).as_deref(), Ok(receiver().id().as_str()));
        }
        Err(JweError::Decrypt | JweError::Kid | JweError::Profile) => {
            assert!(kid(compact).is_ok());
        }
        Err(error) => assert_eq!(kid(compact).as_ref().err(), Some(error)),
    }
    opened
}

/// First byte: bytes as they come, changes of something genuine, another encrypted key, or
/// another encoded message inside it.
pub(super) fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let kind = input.byte() % 4;
    if kind == 0 {
        let _ = open(&input.rest_text());
        return;
    }
    let (compact, plain) = &genuine()[input.below(genuine().len())];
    match kind {
        1 => {
            let changed = input.changed_text(compact);
            assert!(open(&changed).is_err() || changed == *compact, "{changed}");
        }
        2 => {
            let changed = with_key(compact, &input.rest()[..input.rest().len().min(512)]);
            assert_eq!(open(&changed), Err(JweError::Decrypt));
        }
        _ => encoded_message(compact, plain, &mut input),
    }
}

/// The same with another encrypted key.
fn with_key(compact: &str, key: &[u8]) -> String {
    let mut parts: Vec<String> = compact.split('.').map(str::to_owned).collect();
    parts[1] = URL_SAFE_NO_PAD.encode(key);
    parts.join(".")
}

/// An encrypted key whose inside the input writes: `00 02`, padding, `00`, a content key, with
/// faults. No inside that an attacker can make is the genuine key, so all have one answer.
fn encoded_message(compact: &str, plain: &[u8], input: &mut Input<'_>) {
    static KEY: OnceLock<PublicKey> = OnceLock::new();
    let key = KEY.get_or_init(|| {
        PublicKey::from_pkcs1_der(receiver().cert().public_key().pkcs1_der()).expect("a key")
    });
    let mut message = [0xAB_u8; MODULUS_BYTES];
    message[0] = input.pick(&[0, 0, 0, 0, 1]);
    message[1] = input.pick(&[2, 2, 2, 1, 0]);
    let separator = input.pick(&[223, 223, 222, 224, 10, 2, 255]);
    message[separator] = 0;
    for (to, from) in message.iter_mut().skip(usize::from(input.byte())).zip(input.rest()) {
        *to = *from;
    }
    // A number past the modulus cannot be encrypted; it is tried as the ciphertext itself.
    let encrypted = key.encrypt_raw(&message).unwrap_or_else(|_| message.to_vec());
    let opened = open(&with_key(compact, &encrypted));
    assert_eq!(opened, Err(JweError::Decrypt), "{} bytes inside", plain.len());
}

pub(super) fn seeds() -> Vec<(String, Vec<u8>)> {
    let mut seeds = Vec::new();
    for (number, (compact, _)) in genuine().iter().enumerate().step_by(4) {
        seeds.push((format!("raw_{number}"), [&[0], compact.as_bytes()].concat()));
    }
    for (number, one) in list(vectors::jose(), "jwe_must_fail").iter().enumerate() {
        seeds.push((
            format!("must_fail_{number}"),
            [&[0], text(one, "compact").as_bytes()].concat(),
        ));
    }
    seeds.push(("as_it_was".into(), vec![1, 0, 0]));
    seeds.push(("a_bit".into(), vec![1, 1, 1, 0, 1, 0x90, 0, 3]));
    seeds.push(("no_key".into(), vec![2, 0]));
    seeds.push(("short_key".into(), [&[2, 1], [7_u8; 255].as_slice()].concat()));
    seeds.push(("foreign_key".into(), [&[2, 1], [7_u8; MODULUS_BYTES].as_slice()].concat()));
    for number in 0..7_u8 {
        seeds.push((
            format!("inside_{number}"),
            vec![3, number, number % 5, 0, number, 224, 1, 2, 3],
        ));
    }
    seeds
}
