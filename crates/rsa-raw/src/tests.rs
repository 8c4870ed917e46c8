//! The raw operations against each other and against known structure.

use super::*;

/// A key of 2048 bits for tests only, PKCS#1.
const PRIVATE: &[u8] = include_bytes!("../testdata/private-pkcs1.der");
const PUBLIC: &[u8] = include_bytes!("../testdata/public-pkcs1.der");

fn pair() -> (PrivateKey, PublicKey) {
    (PrivateKey::from_pkcs1_der(PRIVATE).unwrap(), PublicKey::from_pkcs1_der(PUBLIC).unwrap())
}

#[test]
fn raw_transforms_are_inverse() {
    let (private, public) = pair();
    assert_eq!((private.modulus_bytes(), public.modulus_bytes()), (256, 256));
    let mut message = vec![0x5a; 256];
    message[0] = 0;
    let hidden = public.encrypt_raw(&message).unwrap();
    assert_ne!(hidden, message);
    assert_eq!(*private.decrypt_raw(&hidden).unwrap(), message);
}

#[test]
fn leading_zeros_are_kept() {
    let (private, public) = pair();
    let mut message = vec![0; 256];
    message[255] = 9;
    let hidden = public.encrypt_raw(&message).unwrap();
    assert_eq!(*private.decrypt_raw(&hidden).unwrap(), message);
}

#[test]
fn lengths_and_range_are_checked() {
    let (private, public) = pair();
    for length in [0, 1, 255, 257] {
        assert_eq!(private.decrypt_raw(&vec![1; length]).err(), Some(RsaError::Length));
        assert_eq!(public.encrypt_raw(&vec![1; length]).err(), Some(RsaError::Length));
    }
    assert_eq!(private.decrypt_raw(&[0xff; 256]).err(), Some(RsaError::Transform));
    assert_eq!(public.encrypt_raw(&[0xff; 256]).err(), Some(RsaError::Transform));
}

#[test]
fn the_bare_signature_has_exactly_the_type_1_form() {
    let (private, public) = pair();
    let digest = [0xc3; BARE_DIGEST_BYTES];
    let signature = private.sign_bare(&digest).unwrap();
    let encoded = public.encrypt_raw(&signature).unwrap();
    let mut expected = vec![0xff; 256];
    expected[0] = 0;
    expected[1] = 1;
    expected[223] = 0;
    expected[224..].copy_from_slice(&digest);
    assert_eq!(encoded, expected);
    assert!(public.verify_bare(&digest, &signature));
    assert_eq!(public.open_type1(&signature).unwrap(), digest);
}

#[test]
fn any_other_digest_signature_or_padding_is_refused() {
    let (private, public) = pair();
    let digest = [1; BARE_DIGEST_BYTES];
    let good = private.sign_bare(&digest).unwrap();
    assert!(!public.verify_bare(&[2; BARE_DIGEST_BYTES], &good));
    for index in 0..good.len() {
        let mut changed = good.clone();
        changed[index] ^= 1;
        assert!(!public.verify_bare(&digest, &changed), "byte {index}");
    }
    assert!(!public.verify_bare(&digest, &good[1..]));
    assert!(!public.verify_bare(&digest, &[]));
    // Type 2, a byte that is not ff, and a short padding with trailing bytes (the forgery
    // of 2006 against exponent 3), each signed by the raw private transform.
    let encoded = public.encrypt_raw(&good).unwrap();
    let change = |at: usize, to: u8| {
        let mut message = encoded.clone();
        message[at] = to;
        message
    };
    let mut early = encoded.clone();
    early[10] = 0;
    early[11..43].copy_from_slice(&digest);
    for message in [change(1, 2), change(100, 0xfe), early, change(223, 1)] {
        let forged = private.decrypt_raw(&message).unwrap();
        assert!(!public.verify_bare(&digest, &forged));
    }
}

#[test]
fn keys_that_are_none_are_refused() {
    for der in [&[][..], b"\x30\x00", &PRIVATE[..PRIVATE.len() - 1], PUBLIC] {
        assert_eq!(PrivateKey::from_pkcs1_der(der).err(), Some(RsaError::Key));
    }
    for der in [&[][..], b"\x30\x00", &PUBLIC[..PUBLIC.len() - 1], PRIVATE] {
        assert_eq!(PublicKey::from_pkcs1_der(der).err(), Some(RsaError::Key));
    }
    let mut changed = PRIVATE.to_vec();
    changed[40] ^= 1;
    assert_eq!(PrivateKey::from_pkcs1_der(&changed).err(), Some(RsaError::Key));
    let small = include_bytes!("../testdata/public-1024-pkcs1.der");
    assert_eq!(PublicKey::from_pkcs1_der(small).err(), Some(RsaError::Key));
}

#[test]
fn one_key_serves_many_threads() {
    let (private, public) = pair();
    std::thread::scope(|scope| {
        for seed in 0..4_u8 {
            let (private, public) = (&private, &public);
            scope.spawn(move || {
                for round in 0..20_u8 {
                    let digest = [seed ^ round; BARE_DIGEST_BYTES];
                    let signature = private.sign_bare(&digest).unwrap();
                    assert!(public.verify_bare(&digest, &signature));
                }
            });
        }
    });
}

#[test]
fn md5_of_rfc_1321() {
    let number = |message: &[u8]| u128::from_be_bytes(md5(message));
    assert_eq!(number(b""), 0xd41d_8cd9_8f00_b204_e980_0998_ecf8_427e);
    assert_eq!(number(b"abc"), 0x9001_5098_3cd2_4fb0_d696_3f7d_28e1_7f72);
}
