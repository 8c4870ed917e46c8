//! The signature inside the body, in both forms (security 4).
//!
//! Rules: of what our key did not sign nothing is accepted: the text around the signature is the
//! signed one byte for byte. What the scanner finds is what a JSON parser finds, and what was
//! signed verifies.

use std::sync::OnceLock;

use jose::inbody::{Form, InBodyError, sign_in_body, verify_in_body};
use serde_json::Value;

use crate::input::Input;
use crate::vectors::{self, list, receiver, signer, text};

const PLACEHOLDER: &str = "00000000";

/// Signed texts: before the signature, the signature, behind it.
fn genuine() -> &'static [[String; 3]] {
    static GENUINE: OnceLock<Vec<[String; 3]>> = OnceLock::new();
    GENUINE.get_or_init(|| {
        let files = [vectors::jose(), vectors::golden()];
        let all = files.into_iter().flat_map(|file| list(file, "in_body"));
        let parts = |one: &Value| {
            let signed = text(one, "signed_text");
            let value: Value = serde_json::from_str(signed).expect("a signed text is JSON");
            let signature = text(&value["certificateSignature"], "signature").to_owned();
            let (before, behind) = signed.split_once(&signature).expect("it stands in its text");
            [before.to_owned(), signature, behind.to_owned()]
        };
        all.map(parts).collect()
    })
}

/// First byte: bytes as they come, changes of something genuine, or a text of the input's own
/// under a good signature.
pub(super) fn run(data: &[u8]) {
    let mut input = Input::new(data);
    match input.byte() % 3 {
        0 => check(&input.rest_text()),
        1 => {
            let genuine = &genuine()[input.below(genuine().len())];
            check(&input.changed_text(&genuine.concat()));
        }
        _ => signed(&mut input),
    }
}

fn check(received: &str) {
    if verify_in_body(received, signer().cert()).is_ok() {
        assert!(genuine().iter().any(|one| is_same(received, one)), "never signed: {received}");
    }
    assert!(verify_in_body(received, receiver().cert()).is_err());
}

/// Whether a text is the signed one; its signature may be written with JSON's escapes.
fn is_same(received: &str, [before, signature, behind]: &[String; 3]) -> bool {
    let inner = received.strip_prefix(before.as_str());
    let inner = inner.and_then(|rest| rest.strip_suffix(behind.as_str()));
    let plain = inner.and_then(|inner| serde_json::from_str(&format!("\"{inner}\"")).ok());
    plain == Some(Value::String(signature.clone()))
}

fn signed(input: &mut Input<'_>) {
    let form = if input.flag() { Form::Bare } else { Form::DigestInfo };
    let own = if input.flag() { input.rest_text() } else { made(input) };
    let value: Option<Value> = serde_json::from_str(&own).ok();
    let seen = value.as_ref().map(|value| &value["certificateSignature"]["signature"]);
    match sign_in_body(&own, signer(), form) {
        Ok(signed) => {
            // The parser takes the last of two members; the scanner refuses two.
            assert_eq!(seen.and_then(Value::as_str), Some(PLACEHOLDER), "{own}");
            assert_eq!(verify_in_body(&signed, signer().cert()), Ok(form), "{signed}");
            let read: Value = serde_json::from_str(&signed).expect("a signed text is JSON");
            let signature = text(&read["certificateSignature"], "signature");
            assert!(signature.len() > PLACEHOLDER.len(), "the signature hides in {signed}");
            let mut wrong = signed.into_bytes();
            let at = usize::from(input.short()) % wrong.len();
            wrong[at] ^= 1 << (input.byte() % 8);
            if let Ok(wrong) = String::from_utf8(wrong) {
                assert!(verify_in_body(&wrong, signer().cert()).is_err(), "{wrong}");
            }
        }
        Err(InBodyError::Json) => assert!(value.is_none() || is_deep(&own), "{own}"),
        Err(InBodyError::Member | InBodyError::Placeholder) => {}
        Err(error) => panic!("{error} of {own}"),
    }
}

/// The parser that builds values bounds their depth, the scanner does not recurse.
fn is_deep(text: &str) -> bool {
    text.bytes().filter(|byte| matches!(byte, b'[' | b'{')).count() > 100
}

/// A well-formed text around the placeholder, with blanks, escapes and decoys of the input's.
fn made(input: &mut Input<'_>) -> String {
    const NAMES: [&str; 6] =
        ["a", "signature", "certificateSignature", "certificateSignatur\\u0065", "", "\\\"}{"];
    const VALUES: [&str; 7] =
        ["1.50", "null", "\"\\\\\"", "[{\"signature\":\"x\"}]", "{}", "\"}\\\"{\"", "\"00000000\""];
    const BLANKS: [&str; 4] = ["", " ", "\r\n", "\t "];
    let decoys = |input: &mut Input<'_>| -> String {
        let one = |input: &mut Input<'_>| {
            let blank = input.pick(&BLANKS);
            format!("\"{}\"{blank}:{blank}{}{blank},", input.pick(&NAMES), input.pick(&VALUES))
        };
        (0..input.below(3)).map(|_| one(input)).collect()
    };
    let (outer, inner) = (decoys(input), decoys(input));
    let blank = input.pick(&BLANKS);
    format!(
        "{blank}{{{outer}\"certificateSignature\":{blank}{{{inner}\"signature\"{blank}:\
         \"{PLACEHOLDER}\"{blank}}}{blank}}}{blank}"
    )
}

pub(super) fn seeds() -> Vec<(String, Vec<u8>)> {
    let mut seeds = Vec::new();
    for (number, one) in genuine().iter().enumerate() {
        let whole = one.concat();
        seeds.push((format!("raw_{number}"), [&[0], whole.as_bytes()].concat()));
        let escaped = format!("{}{}{}", one[0], one[1].replace('/', "\\/"), one[2]);
        seeds.push((format!("escaped_{number}"), [&[0], escaped.as_bytes()].concat()));
        let to_sign = format!("{}{PLACEHOLDER}{}", one[0], one[2]);
        seeds.push((format!("own_{number}"), [&[2, 1, 1], to_sign.as_bytes()].concat()));
        let number_byte = u8::try_from(number).unwrap_or(0);
        seeds.push((format!("changed_{number}"), vec![1, number_byte, 1, 0, 0, 30, 0, 1]));
    }
    for kind in 0..7_u8 {
        let plan = vec![2, kind % 2, 0, 2, kind, kind, kind, 1, kind, 2, 1, kind, 3, 2, 1];
        seeds.push((format!("made_{kind}"), plan));
    }
    seeds
}
