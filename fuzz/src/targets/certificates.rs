//! Certificates and keys as partners upload them (security 5).
//!
//! Rules: nothing panics; a certificate that nobody made is refused (none can be changed without
//! breaking its own signature), and an accepted one comes back the same in each encoding; an
//! accepted key is within its bounds and comes back the same.

use std::sync::OnceLock;

use jose::cert::{Certificate, Identity, PrivateKey, PublicKey};
use jose::limits::{RSA_BITS_MAX, RSA_BITS_MIN};

use crate::input::Input;
use crate::vectors::{self, list, receiver, signer, text};

/// Certificates that exist.
fn genuine() -> &'static [Certificate] {
    static GENUINE: OnceLock<Vec<Certificate>> = OnceLock::new();
    GENUINE.get_or_init(|| {
        let own = [signer(), receiver()].map(|identity| identity.cert().pem());
        let accepted = list(vectors::certificates(), "accepted").iter();
        let all = accepted.map(|one| text(one, "certificate_pem").to_owned()).chain(own);
        all.map(|pem| Certificate::from_pem(&pem).expect("a good certificate")).collect()
    })
}

/// First byte: what it is read as, or changes of a genuine certificate.
pub(super) fn run(data: &[u8]) {
    let mut input = Input::new(data);
    match input.byte() % 5 {
        0 => certificate(input.rest()),
        1 => {
            let one = &genuine()[input.below(genuine().len())];
            let changed = match input.byte() % 3 {
                0 => input.changed(one.der()),
                1 => input.changed(one.pem().as_bytes()),
                _ => input.changed(one.base64().as_bytes()),
            };
            certificate(&changed);
        }
        2 => public_key(&input.rest_text(), input.rest()),
        3 => {
            let one = &genuine()[input.below(genuine().len())];
            let pem = one.public_key().pem();
            public_key(&input.changed_text(&pem), input.rest());
        }
        _ => private_key(&mut input),
    }
}

fn certificate(bytes: &[u8]) {
    let Ok(certificate) = Certificate::import(bytes) else { return };
    assert!(genuine().contains(&certificate), "nobody made {certificate:?}");
    for form in [certificate.der(), certificate.pem().as_bytes(), certificate.base64().as_bytes()] {
        assert_eq!(Certificate::import(form).as_ref(), Ok(&certificate));
    }
    assert!(certificate.not_before() <= certificate.not_after());
    let ends = certificate.not_after();
    assert!(certificate.is_valid_at(ends) && certificate.days_left(ends) == 0);
    assert!(!certificate.id().as_str().is_empty());
    bits(certificate.public_key());
}

fn bits(key: &PublicKey) {
    assert!((RSA_BITS_MIN..=RSA_BITS_MAX).contains(&key.bits()));
}

fn public_key(pem: &str, der: &[u8]) {
    let keys = [PublicKey::from_pem(pem), PublicKey::from_spki_der(der)];
    for key in keys.into_iter().flatten() {
        bits(&key);
        let again = PublicKey::from_pem(&key.pem()).expect("a key that was written is read");
        assert_eq!(again.pkcs1_der(), key.pkcs1_der());
        assert!(!key.verify_sha256(b"", der));
    }
}

fn private_key(input: &mut Input<'_>) {
    let pem = match input.byte() % 2 {
        0 => input.rest_text(),
        _ => input.changed_text(text(vectors::jose(), "sign_key_pem")),
    };
    let Ok(key) = PrivateKey::from_pem(&pem) else { return };
    let again = PrivateKey::from_pkcs8_pem(key.to_pkcs8_pem().expose()).expect("as written");
    assert_eq!(again.public_pkcs1_der(), key.public_pkcs1_der());
    let own = signer().cert().public_key().pkcs1_der() == key.public_pkcs1_der();
    let certificate = Certificate::from_der(signer().cert().der()).expect("a good certificate");
    let fits = Identity::new(certificate, key).is_ok();
    assert_eq!(own, fits);
}

pub(super) fn seeds() -> Vec<(String, Vec<u8>)> {
    let mut seeds = Vec::new();
    for (number, one) in genuine().iter().enumerate() {
        seeds.push((format!("der_{number}"), [&[0], one.der()].concat()));
        let at = u8::try_from(number).unwrap_or(0);
        for form in 0..3_u8 {
            seeds.push((format!("changed_{number}_{form}"), vec![1, at, form, 1, 0, 0, 200, 0, 1]));
        }
        seeds.push((format!("public_{number}"), vec![3, at, 0]));
    }
    seeds.push(("pem".into(), [&[0], genuine()[0].pem().as_bytes()].concat()));
    seeds.push(("base64".into(), [&[0], genuine()[0].base64().as_bytes()].concat()));
    for (number, one) in list(vectors::certificates(), "refused").iter().enumerate() {
        let pem = text(one, "certificate_pem");
        seeds.push((format!("refused_{number}"), [&[0], pem.as_bytes()].concat()));
    }
    for (number, one) in list(vectors::certificates(), "refused_keys").iter().enumerate() {
        let pem = text(one, "private_key_pem");
        seeds.push((format!("refused_key_{number}"), [&[4, 0], pem.as_bytes()].concat()));
    }
    let public = text(vectors::jose(), "sign_public_pem");
    seeds.push(("public_pem".into(), [&[2], public.as_bytes()].concat()));
    let pkcs1 = text(&list(vectors::certificates(), "accepted")[1], "private_key_pem");
    seeds.push(("private_pkcs1".into(), [&[4, 0], pkcs1.as_bytes()].concat()));
    seeds.push(("private_changed".into(), vec![4, 1, 1, 0, 2, 0, 0, 1]));
    seeds.push(("private".into(), vec![4, 1, 0]));
    seeds
}
