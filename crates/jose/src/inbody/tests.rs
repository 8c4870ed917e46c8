//! Signing and verifying the text as it stands.

use proptest::prelude::*;

use super::*;
use crate::cert::PublicKey;
use crate::testing::*;

const TEXT: &str = r#"{"a":"1","certificateSignature":{"signature":"00000000"}}"#;

#[test]
fn independent_vectors() {
    let key = PublicKey::from_pem(text(jose_vectors(), "sign_public_pem")).unwrap();
    assert_eq!(key.pkcs1_der(), signer().cert().public_key().pkcs1_der());
    for vector in jose_vectors()["in_body"].as_array().unwrap() {
        let form = match text(vector, "form") {
            "bare" => Form::Bare,
            "digest_info" => Form::DigestInfo,
            other => panic!("unknown form {other}"),
        };
        let to_sign = text(vector, "text_to_sign");
        let hash = digest(&SHA256, to_sign.as_bytes());
        assert_eq!(encode::to_hex(hash.as_ref()), text(vector, "sha256_hex"));
        let signed = text(vector, "signed_text");
        assert_eq!(sign_in_body(to_sign, signer(), form).unwrap(), signed);
        assert_eq!(verify_in_body(signed, signer().cert()), Ok(form));
        assert_eq!(verify_in_body(signed, receiver().cert()), Err(InBodyError::Invalid));
    }
}

#[test]
fn the_text_is_taken_as_it_stands() {
    let odd = "\r\n{ \"z\" : [ {\"signature\":\"x\"}, 1.50 ] ,\n \"certificateSignature\" :\t\
               { \"more\": {\"signature\": \"}\\\"\"}, \"signature\" : \"00000000\" } , \
               \"a\\u0062\": \"\\/\" } \n";
    for form in [Form::Bare, Form::DigestInfo] {
        let signed = sign_in_body(odd, signer(), form).unwrap();
        assert_eq!(verify_in_body(&signed, signer().cert()), Ok(form));
        let compact: serde_json::Value = serde_json::from_str(&signed).unwrap();
        let rewritten = compact.to_string();
        assert_eq!(verify_in_body(&rewritten, signer().cert()), Err(InBodyError::Invalid));
    }
}

#[test]
fn escaped_slashes_in_the_value_are_fine() {
    // The signature of this text holds slashes: see the assertion.
    let signed = (0..100)
        .map(|number| TEXT.replace("\"1\"", &format!("\"{number}\"")))
        .map(|text| sign_in_body(&text, signer(), Form::Bare).unwrap())
        .find(|signed| signed.contains('/'))
        .unwrap();
    let escaped = signed.replace('/', "\\/");
    assert_ne!(escaped, signed);
    assert_eq!(verify_in_body(&escaped, signer().cert()), Ok(Form::Bare));
}

#[test]
fn texts_that_cannot_be_signed() {
    for (text, error) in [
        ("", InBodyError::Json),
        ("{", InBodyError::Json),
        ("[]", InBodyError::Member),
        ("\"certificateSignature\"", InBodyError::Member),
        ("{}", InBodyError::Member),
        (r#"{"certificateSignature":null}"#, InBodyError::Member),
        (r#"{"certificateSignature":{}}"#, InBodyError::Member),
        (r#"{"certificateSignature":{"signature":0}}"#, InBodyError::Member),
        (r#"{"certificateSignature":{"signature":""}}"#, InBodyError::Placeholder),
        (r#"{"certificateSignature":{"signature":"11111111"}}"#, InBodyError::Placeholder),
        (r#"{"x":{"certificateSignature":{"signature":"00000000"}}}"#, InBodyError::Member),
    ] {
        assert_eq!(sign_in_body(text, signer(), Form::Bare), Err(error), "{text}");
    }
    let long = format!("{}{TEXT}", " ".repeat(BODY_BYTES_MAX));
    assert_eq!(sign_in_body(&long, signer(), Form::Bare), Err(InBodyError::TooLong));
}

#[test]
fn a_second_signature_cannot_hide() {
    let signed = sign_in_body(TEXT, signer(), Form::Bare).unwrap();
    let twice = signed.replace(r#"{"signature""#, r#"{"signature":"x","signature""#);
    assert_eq!(verify_in_body(&twice, signer().cert()), Err(InBodyError::Member));
    let objects = signed.replace(
        r#""certificateSignature""#,
        r#""certificateSignatur\u0065":{"signature":"x"},"certificateSignature""#,
    );
    assert_eq!(verify_in_body(&objects, signer().cert()), Err(InBodyError::Member));
}

#[test]
fn values_that_are_no_signature() {
    for value in ["00000000", "not base64", "AAAA", "\\u00e9", &"A".repeat(2052)] {
        let text = TEXT.replace("00000000", value);
        assert!(verify_in_body(&text, signer().cert()).is_err(), "{value}");
    }
}

#[test]
fn depth_does_not_exhaust_the_stack() {
    let deep = format!("{{\"x\":{}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(verify_in_body(&deep, signer().cert()), Err(InBodyError::Member));
    let beside = TEXT.replacen('{', &deep.replacen('}', ",", 1), 1);
    let signed = sign_in_body(&beside, signer(), Form::Bare).unwrap();
    assert_eq!(verify_in_body(&signed, signer().cert()), Ok(Form::Bare));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_text_round_trips_and_any_changed_byte_fails(
        members in proptest::collection::btree_map("[a-z]{1,8}", "\\PC{0,40}", 0..6),
        place in any::<prop::sample::Index>(),
        bare in any::<bool>(),
    ) {
        let mut object = serde_json::json!(members);
        object["certificateSignature"] = serde_json::json!({ "signature": PLACEHOLDER });
        let form = if bare { Form::Bare } else { Form::DigestInfo };
        let signed = sign_in_body(&object.to_string(), signer(), form).unwrap();
        prop_assert_eq!(verify_in_body(&signed, signer().cert()), Ok(form));
        let mut bytes = signed.into_bytes();
        let index = place.index(bytes.len());
        bytes[index] ^= 1;
        if let Ok(changed) = String::from_utf8(bytes) {
            prop_assert!(verify_in_body(&changed, signer().cert()).is_err());
        }
    }

    #[test]
    fn no_text_panics(text in "\\PC{0,200}") {
        prop_assert!(verify_in_body(&text, signer().cert()).is_err());
    }
}
