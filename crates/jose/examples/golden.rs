//! Prints messages made by this crate with the keys of `vectors/jose.json`: the content of
//! `vectors/golden.json`, and the input of the independent implementations of
//! `tests/interop`.
//!
//! Usage: `cargo run -p causeway-jose --example golden > vectors/golden.json`. Signatures come
//! out the same each time; what is encrypted or sealed does not.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use jose::cert::{Identity, Issue, PrivateKey};
use jose::inbody::{Form, sign_in_body};
use jose::jwe::{Profile, encrypt};
use jose::jws::{SignOptions, sign};
use jose::seal::MasterKey;
use serde_json::{Value, json};

type Failed = Box<dyn std::error::Error>;

/// The platform's first test bodies: empty, short, beyond ASCII, odd blanks, long.
fn bodies() -> Vec<Vec<u8>> {
    let long: Vec<u8> = (0_u8..=255).cycle().take(10_000).collect();
    let texts = ["", "{}", "{\"orderDesc\":\"停车费 ¥25.00\"}", "\u{feff}{ \"a\" : 1 }\r\n"];
    texts.into_iter().map(|text| text.as_bytes().to_vec()).chain([long]).collect()
}

/// The vectors' keys with certificates of fixed content.
pub(crate) struct Keys {
    file: Value,
    /// Signs.
    pub(crate) signer: Identity,
    /// Decrypts.
    pub(crate) receiver: Identity,
}

impl Keys {
    /// Reads `vectors/jose.json`.
    pub(crate) fn read() -> Result<Self, Failed> {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../vectors/jose.json");
        let file: Value = serde_json::from_str(&std::fs::read_to_string(path)?)?;
        let identity = |member: &str, serial| -> Result<Identity, Failed> {
            let key = PrivateKey::from_pem(file[member].as_str().unwrap_or_default())?;
            let not_before = Timestamp::from_second(1_700_000_000)?;
            let issue = Issue { subject: "Golden", serial, not_before, validity_days: 36_500 };
            Ok(Identity::certify(key, &issue)?)
        };
        let signer = identity("sign_key_pem", 1_700_000_000_001)?;
        let receiver = identity("enc_key_pem", 1_700_000_000_003)?;
        Ok(Self { file, signer, receiver })
    }

    fn pems(&self) -> Value {
        let names = ["sign_key_pem", "sign_public_pem", "enc_key_pem", "enc_public_pem"];
        names.into_iter().map(|name| (name.to_owned(), self.file[name].clone())).collect()
    }
}

fn detached(keys: &Keys) -> Result<Value, Failed> {
    let options = SignOptions {
        app_id: "00520446",
        uuid: "5ba10d46d5d148dfbcc2119c08e01015",
        timestamp: 1_700_000_000,
        req_path: Some("/ucsp/industry/v1/submitpaymentorder"),
    };
    let mut made = Vec::new();
    for body in bodies() {
        for req_path in [options.req_path, None] {
            let options = SignOptions { req_path, ..options };
            let upi_jws = sign(&keys.signer, &body, &options)?;
            made.push(json!({ "body_base64": STANDARD.encode(&body), "upi_jws": upi_jws }));
        }
    }
    Ok(Value::Array(made))
}

fn encrypted(keys: &Keys) -> Result<Value, Failed> {
    let mut made = Vec::new();
    for body in bodies() {
        for profile in Profile::ALL {
            made.push(json!({
                "profile": format!("{}+{}", profile.alg(), profile.enc()),
                "kid": keys.receiver.id(),
                "plaintext_base64": STANDARD.encode(&body),
                "compact": encrypt(&body, keys.receiver.cert(), profile)?,
            }));
        }
    }
    Ok(Value::Array(made))
}

fn in_body(keys: &Keys) -> Result<Value, Failed> {
    let text = concat!(
        r#"{"msgInfo":{"msgType":"INDUSTRY_LOGIN_INFO"},"trxInfo":{"userId":"ü-77"},"#,
        r#""certificateSignature":{"ucspSignCertID":"1700000000001","signature":"00000000"}}"#,
    );
    let both = [("bare", Form::Bare), ("digest_info", Form::DigestInfo)];
    let mut made = Vec::new();
    for (name, form) in both {
        let signed = sign_in_body(text, &keys.signer, form)?;
        made.push(json!({ "form": name, "text_to_sign": text, "signed_text": signed }));
    }
    Ok(Value::Array(made))
}

fn sealed() -> Result<Value, Failed> {
    let key = MasterKey::from_bytes(&[0x42; 32])?;
    let aad = "app/00520446/sign_key";
    let sealed = STANDARD.encode(key.seal(b"a secret", aad)?);
    Ok(json!([{
        "master_key": key.to_text().expose(), "key_id": key.id(), "aad": aad,
        "plaintext": "a secret", "sealed_base64": sealed,
    }]))
}

fn terminal() -> Value {
    let (body, key) = ("{\"terminal_sn\":\"100\"}", "19b820737ace6937a7808c");
    json!([{ "body": body, "key": key, "sign": jose::terminal::sign(body.as_bytes(), key) }])
}

/// All messages as one JSON object.
pub(crate) fn messages(keys: &Keys) -> Result<Value, Failed> {
    Ok(json!({
        "note": "Made by the example golden of the crate jose. Keys are for tests only.",
        "keys": keys.pems(),
        "detached_jws": detached(keys)?,
        "jwe": encrypted(keys)?,
        "in_body": in_body(keys)?,
        "sealed": sealed()?,
        "terminal": terminal(),
    }))
}

fn main() -> Result<(), Failed> {
    let made = messages(&Keys::read()?)?;
    println!("{}", serde_json::to_string_pretty(&made)?);
    Ok(())
}
