//! Vectors, round trips, and everything that must fail in one way.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;

use super::*;
use crate::cert::PrivateKey;
use crate::testing::*;

fn keys(kid: &str) -> Option<Arc<Identity>> {
    (kid == receiver().id().as_str()).then(|| Arc::clone(receiver()))
}

fn open(compact: &str) -> Result<Vec<u8>, JweError> {
    decrypt(compact, keys, &Profile::ALL).map(|secret| secret.expose().clone())
}

fn profile_named(name: &str) -> Profile {
    let named = |profile: &&Profile| format!("{}+{}", profile.alg(), profile.enc()) == name;
    *Profile::ALL.iter().find(named).unwrap()
}

#[test]
fn independent_vectors_open() {
    let all = jose_vectors()["jwe"].as_array().unwrap();
    assert_eq!(all.len(), 8);
    for vector in all {
        let compact = text(vector, "compact");
        let expected = STANDARD.decode(text(vector, "plaintext_base64")).unwrap();
        let profile = profile_named(text(vector, "profile"));
        let opened = decrypt(compact, keys, &[profile]).ok().unwrap();
        assert_eq!(*opened.expose(), expected);
        let others: Vec<_> = Profile::ALL.into_iter().filter(|other| *other != profile).collect();
        assert_eq!(decrypt(compact, keys, &others).err(), Some(JweError::Profile));
    }
}

#[test]
fn independent_bad_vectors_fail_with_one_error() {
    let all = jose_vectors()["jwe_must_fail"].as_array().unwrap();
    assert_eq!(all.len(), 13);
    for vector in all {
        let why = text(vector, "why");
        let expected = if why == "four parts" { JweError::Shape } else { JweError::Decrypt };
        assert_eq!(open(text(vector, "compact")), Err(expected), "{why}");
    }
}

/// A compact JWE of an RFC example, whose header names no key as our protocol demands.
fn split_rfc(compact: &str) -> Parts<'_> {
    let parts: Vec<_> = compact.split('.').collect();
    let bytes = |index: usize| encode::from_url(parts[index]).unwrap();
    let header = Header {
        alg: String::new(),
        enc: String::new(),
        kid: String::new(),
        crit: None,
        zip: None,
    };
    Parts {
        encoded_header: parts[0],
        header,
        encrypted_key: bytes(1),
        iv: bytes(2),
        ciphertext: bytes(3),
        tag: bytes(4),
    }
}

#[test]
fn rfc_7516_appendix_a2_whole() {
    let file = vectors("rfc.json");
    let vector = &file["rfc7516_a2"];
    let key = PrivateKey::from_pem(text(vector, "private_key_pem")).unwrap();
    let parts = split_rfc(text(vector, "compact"));
    let (content_key, good) = rsa15::unwrap(key.raw(), &parts.encrypted_key);
    assert!(bool::from(good));
    let opened = content::cbc_open(&content_key, &parts).unwrap();
    assert_eq!(opened, text(vector, "plaintext").as_bytes());
}

type Open = fn(&[u8; KEY_BYTES], &Parts<'_>) -> Option<Vec<u8>>;

#[test]
fn rfc_7516_appendices_a1_and_a3_content() {
    let file = vectors("rfc.json");
    let both: [(&str, Open); 2] =
        [("rfc7516_a1", content::gcm_open), ("rfc7516_a3", content::cbc_open)];
    for (name, open) in both {
        let vector = &file[name];
        let parts = split_rfc(text(vector, "compact"));
        let key = encode::from_url(text(vector, "content_key_base64url")).unwrap();
        let opened = open(&key.try_into().unwrap(), &parts).unwrap();
        assert_eq!(opened, text(vector, "plaintext").as_bytes());
    }
}

#[test]
fn headers_that_are_not_understood() {
    let with = |json: &str| {
        let good = encrypt(b"x", receiver().cert(), Profile::Rsa15A128CbcHs256).unwrap();
        let (_, rest) = good.split_once('.').unwrap();
        open(&format!("{}.{rest}", encode::to_url(json.as_bytes()))).unwrap_err()
    };
    let kid = receiver().id();
    let header = |alg, enc, more| format!(r#"{{"alg":"{alg}","enc":"{enc}","kid":"{kid}"{more}}}"#);
    assert_eq!(with(&header("RSA-OAEP", "A256GCM", "")), JweError::Profile);
    assert_eq!(with(&header("RSA1_5", "A256GCM", "")), JweError::Profile);
    assert_eq!(with(&header("dir", "A256GCM", "")), JweError::Profile);
    assert_eq!(with(&header("RSA1_5", "A128CBC-HS256", ",\"zip\":\"DEF\"")), JweError::Header);
    assert_eq!(with(&header("RSA1_5", "A128CBC-HS256", ",\"crit\":[]")), JweError::Header);
    assert_eq!(with(r#"{"alg":"RSA1_5","enc":"A128CBC-HS256","kid":"9"}"#), JweError::Kid);
    assert_eq!(with(r#"{"alg":"RSA1_5","enc":"A128CBC-HS256"}"#), JweError::Header);
    assert_eq!(with("[]"), JweError::Header);
    // The same members with a blank more: understood, but no longer authentic.
    assert_eq!(with(&header("RSA1_5", "A128CBC-HS256", " ")), JweError::Decrypt);
}

#[test]
fn bounds_hold() {
    let long = vec![0_u8; JWE_PLAINTEXT_BYTES_MAX + 1];
    let edge = &long[1..];
    for profile in Profile::ALL {
        let refused = encrypt(&long, receiver().cert(), profile);
        assert_eq!(refused, Err(JweError::TooLong));
        let compact = encrypt(edge, receiver().cert(), profile).unwrap();
        assert!(compact.len() <= JWE_BYTES_MAX);
        assert_eq!(open(&compact).unwrap(), edge);
    }
    assert_eq!(open(&"A".repeat(JWE_BYTES_MAX + 1)), Err(JweError::TooLong));
    for shape in ["", ".", "....", ".....", "a.b.c.d"] {
        assert!(open(shape).is_err(), "{shape}");
    }
}

#[test]
fn same_text_never_looks_the_same() {
    for profile in Profile::ALL {
        let make = || encrypt(b"x", receiver().cert(), profile).unwrap();
        let (first, second) = (make(), make());
        let part = |jwe: &str, index| jwe.split('.').nth(index).unwrap().to_owned();
        for index in 1..5 {
            assert_ne!(part(&first, index), part(&second, index), "part {index}");
        }
        assert_eq!(kid(&first).unwrap(), receiver().id().as_str());
    }
}

/// An encoded message of 256 bytes with the key in its place.
fn encoded() -> Vec<u8> {
    let mut message = vec![0xa5_u8; 256];
    message[0] = 0;
    message[1] = 2;
    message[223] = 0;
    message[224..].fill(7);
    message
}

#[test]
fn unpadding_knows_exactly_one_good_form() {
    let (key, good) = rsa15::unpad(&encoded());
    assert!(bool::from(good));
    assert_eq!(*key, [7; KEY_BYTES]);
    for index in 0..224 {
        for value in [0, 1, 2, 3, 0xff] {
            let mut message = encoded();
            message[index] = value;
            let same = match index {
                0 | 223 => value == 0,
                1 => value == 2,
                _ => value != 0,
            };
            let (_, good) = rsa15::unpad(&message);
            assert_eq!(bool::from(good), same, "byte {index} is {value}");
        }
    }
    for length in 0..36 {
        assert!(!bool::from(rsa15::unpad(&vec![2; length]).1));
    }
}

#[test]
fn a_bad_encrypted_key_yields_a_random_content_key() {
    let mut message = encoded();
    message[1] = 1;
    let bad = receiver().cert().public_key().raw().encrypt_raw(&message).unwrap();
    for (profile, encrypted_key) in [
        (Profile::Rsa15A128CbcHs256, bad.clone()),
        (Profile::Rsa15A128CbcHs256, vec![0xff; 256]),
        (Profile::Rsa15A128CbcHs256, Vec::new()),
        (Profile::RsaOaep256A256Gcm, bad),
    ] {
        let first = unwrap(receiver(), &encrypted_key, profile).unwrap();
        let second = unwrap(receiver(), &encrypted_key, profile).unwrap();
        assert_ne!(*first, *second);
        assert_ne!(*first, [7; KEY_BYTES]);
        assert_ne!(*first, [0; KEY_BYTES]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn any_text_round_trips_and_any_changed_letter_fails(
        plaintext in proptest::collection::vec(any::<u8>(), 0..600),
        place in any::<prop::sample::Index>(),
        second in any::<bool>(),
    ) {
        let profile = Profile::ALL[usize::from(second)];
        let compact = encrypt(&plaintext, receiver().cert(), profile).unwrap();
        prop_assert_eq!(open(&compact).unwrap(), plaintext);
        let mut bytes = compact.into_bytes();
        let index = place.index(bytes.len());
        bytes[index] ^= 1;
        prop_assert!(open(&String::from_utf8(bytes).unwrap()).is_err());
    }
}
