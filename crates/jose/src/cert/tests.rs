//! Reading, making and refusing certificates and keys.

use super::*;
use crate::testing::*;

#[test]
fn ids_are_short_alphanumeric_text() {
    for good in ["1", "1700000000001", "aB9", &"9".repeat(128)] {
        assert_eq!(good.parse::<CertId>().unwrap().as_str(), good);
    }
    for wrong in ["", " 1", "1-2", "é", &"9".repeat(129)] {
        assert_eq!(wrong.parse::<CertId>(), Err(CertError::Id), "{wrong}");
    }
    assert!(serde_json::from_str::<CertId>("\"1 2\"").is_err());
    assert_eq!(serde_json::to_string(&"12".parse::<CertId>().unwrap()).unwrap(), "\"12\"");
}

#[test]
fn a_made_certificate_says_what_was_asked() {
    let not_before = at(NOW_SECOND);
    let made = Identity::generate("Harbour Bank", u64::MAX, not_before, 30).unwrap();
    let certificate = made.cert();
    assert_eq!(certificate.id().as_str(), u64::MAX.to_string());
    assert_eq!(certificate.subject(), "CN=Harbour Bank");
    assert_eq!(certificate.public_key().bits(), 2048);
    assert_eq!(certificate.not_before(), not_before);
    assert_eq!(certificate.not_after(), at(NOW_SECOND + 30 * 86_400));
    assert!(certificate.is_valid_at(not_before));
    assert!(certificate.is_valid_at(certificate.not_after()));
    assert!(!certificate.is_valid_at(at(NOW_SECOND - 1)));
    assert!(!certificate.is_valid_at(at(NOW_SECOND + 30 * 86_400 + 1)));
    assert_eq!(certificate.days_left(not_before), 30);
    assert_eq!(certificate.days_left(at(NOW_SECOND + 1)), 29);
    assert_eq!(certificate.days_left(at(NOW_SECOND + 30 * 86_400 + 1)), -1);
}

#[test]
fn every_form_of_a_certificate_is_read() {
    let certificate = signer().cert();
    let pem = certificate.pem();
    let folded = pem.lines().filter(|l| !l.starts_with('-')).collect::<Vec<_>>().join("\r\n");
    let forms: [&[u8]; 5] = [
        pem.as_bytes(),
        pem.replace('\n', "\r\n").as_bytes(),
        certificate.base64().as_bytes(),
        folded.as_bytes(),
        certificate.der(),
    ]
    .map(<[u8]>::to_vec)
    .map(|bytes| &*bytes.leak());
    for form in forms {
        assert_eq!(&Certificate::import(form).unwrap(), &**certificate);
    }
    assert_eq!(&Certificate::from_pem(&pem).unwrap(), &**certificate);
}

#[test]
fn changed_certificates_are_refused() {
    let der = signer().cert().der().to_vec();
    for index in 0..der.len() {
        for bit in 0..8 {
            let mut changed = der.clone();
            changed[index] ^= 1 << bit;
            assert!(Certificate::from_der(&changed).is_err(), "bit {bit} of byte {index}");
        }
    }
    let trailing = [der.as_slice(), b"\0"].concat();
    assert_eq!(Certificate::from_der(&trailing).err(), Some(CertError::Parse));
    for text in ["", "-----BEGIN CERTIFICATE-----", "not base64!", "AAAA"] {
        assert!(Certificate::import(text.as_bytes()).is_err(), "{text}");
    }
    let long = vec![b'A'; crate::limits::CERTIFICATE_BYTES_MAX + 1];
    assert_eq!(Certificate::import(&long).err(), Some(CertError::Size));
}

/// Certificates and keys made by another program, each breaking or using one rule.
#[test]
fn certificates_of_other_programs() {
    let file = vectors("certificates.json");
    for vector in file["accepted"].as_array().unwrap() {
        let certificate = Certificate::from_pem(text(vector, "certificate_pem"))
            .unwrap_or_else(|error| panic!("{}: {error}", text(vector, "why")));
        assert_eq!(certificate.id().as_str(), text(vector, "id"));
        let key = PrivateKey::from_pem(text(vector, "private_key_pem")).unwrap();
        let identity = Identity::new(certificate, key).unwrap();
        let signature = identity.key().sign_sha256(b"text").unwrap();
        assert!(identity.cert().public_key().verify_sha256(b"text", &signature));
        assert!(!identity.cert().public_key().verify_sha256(b"texu", &signature));
    }
    for vector in file["refused"].as_array().unwrap() {
        let error = Certificate::from_pem(text(vector, "certificate_pem")).unwrap_err();
        assert_eq!(format!("{error:?}"), text(vector, "error"), "{}", text(vector, "why"));
    }
    for vector in file["refused_keys"].as_array().unwrap() {
        let refused = PrivateKey::from_pem(text(vector, "private_key_pem")).err();
        assert_eq!(refused, Some(CertError::PrivateKey), "{}", text(vector, "why"));
    }
}

#[test]
fn keys_survive_the_way_through_pem() {
    let pem = signer().key().to_pkcs8_pem();
    assert!(pem.expose().starts_with("-----BEGIN PRIVATE KEY-----\n"));
    let again = PrivateKey::from_pkcs8_pem(pem.expose()).ok().unwrap();
    assert_eq!(again.public_pkcs1_der(), signer().key().public_pkcs1_der());
    assert_eq!(again.to_pkcs8_pem().expose(), pem.expose());
    let public = PublicKey::from_pem(&signer().cert().public_key().pem()).unwrap();
    assert_eq!(public.pkcs1_der(), again.public_pkcs1_der());
    assert_eq!(public.pem(), text(jose_vectors(), "sign_public_pem"));
}

#[test]
fn key_and_certificate_must_belong_together() {
    let certificate = Certificate::from_der(signer().cert().der()).unwrap();
    let key = PrivateKey::from_pem(text(jose_vectors(), "enc_key_pem")).ok().unwrap();
    assert_eq!(Identity::new(certificate, key).err(), Some(CertError::Mismatch));
}

#[test]
fn impossible_certificates_are_not_made() {
    let key = || PrivateKey::from_pem(text(jose_vectors(), "sign_key_pem")).ok().unwrap();
    let good = Issue { subject: "x", serial: 1, not_before: at(0), validity_days: 1 };
    assert!(Identity::certify(key(), &good).is_ok());
    let long = "x".repeat(65);
    let wrong = [
        Issue { subject: "", ..good },
        Issue { subject: &long, ..good },
        Issue { validity_days: 0, ..good },
        Issue { validity_days: 36_501, ..good },
        Issue { not_before: at(-1), ..good },
        Issue { not_before: at(221_845_392_000), ..good },
    ];
    for issue in wrong {
        assert!(Identity::certify(key(), &issue).is_err(), "{issue:?}");
    }
}

#[test]
fn debug_shows_no_key() {
    let shown = format!("{:?}", signer().cert());
    assert!(shown.contains("1700000000001") && shown.len() < 200, "{shown}");
}
