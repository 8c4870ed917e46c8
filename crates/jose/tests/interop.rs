//! This crate against independent implementations, in both directions, and against its own
//! golden messages.
//!
//! Goal: a mistake that this crate makes the same way when it signs and when it verifies
//! must not stay unseen. The scripts of `tests/interop` do the other side.
#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jose::cert::Identity;
use jose::inbody::{Form, sign_in_body, verify_in_body};
use jose::jwe::{Profile, decrypt};
use jose::jws::{parse, sign};
use jose::seal::MasterKey;
use serde_json::Value;

#[expect(dead_code, reason = "the example's own main is not called here")]
#[path = "../examples/golden.rs"]
mod golden;

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("{name} is a string"))
}

fn bytes(value: &Value, name: &str) -> Vec<u8> {
    STANDARD.decode(text(value, name)).unwrap()
}

fn all<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    let list = value[name].as_array().unwrap();
    assert!(!list.is_empty(), "{name} holds messages");
    list
}

/// Verifies and decrypts every message of a file.
fn check_messages(made: &Value, keys: &golden::Keys) {
    for message in all(made, "detached_jws") {
        let detached = parse(text(message, "upi_jws")).unwrap();
        let mut body = bytes(message, "body_base64");
        detached.verify(&body, keys.signer.cert()).unwrap();
        body.push(b' ');
        assert!(detached.verify(&body, keys.signer.cert()).is_err());
    }
    let receiver = Arc::new(keys.receiver.clone());
    let find = |kid: &str| (kid == receiver.id().as_str()).then(|| Arc::clone(&receiver));
    for message in all(made, "jwe") {
        let opened = decrypt(text(message, "compact"), find, &Profile::ALL).ok().unwrap();
        assert_eq!(*opened.expose(), bytes(message, "plaintext_base64"));
    }
    for message in all(made, "in_body") {
        let form = if text(message, "form") == "bare" { Form::Bare } else { Form::DigestInfo };
        let verified = verify_in_body(text(message, "signed_text"), keys.signer.cert());
        assert_eq!(verified, Ok(form));
    }
}

/// An environment variable that the task runner sets, or one line that says how to get it.
fn provided(name: &str) -> String {
    let value = std::env::var(name).unwrap_or_default();
    assert!(!value.is_empty(), "{name} is not set: run `cargo xtask test`, which prepares it");
    value
}

/// Gives our messages to a script, and checks the ones it prints.
fn exchange(mut command: Command, script: &str) {
    let keys = golden::Keys::read().unwrap();
    let ours = golden::messages(&keys).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("messages.json");
    std::fs::write(&file, ours.to_string()).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/interop").join(script);
    let output = command.arg(script).arg(&file).output().unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{complaint}");
    let theirs: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(theirs["checked"].as_u64().unwrap() > 10, "the script checked our messages");
    check_messages(&theirs, &keys);
}

#[test]
fn jwcrypto_in_both_directions() {
    exchange(Command::new(provided("CAUSEWAY_INTEROP_PYTHON")), "jose_check.py");
}

#[test]
fn node_jose_in_both_directions() {
    let modules = provided("CAUSEWAY_INTEROP_NODE_MODULES");
    let mut command = Command::new("node");
    command.env("CAUSEWAY_INTEROP_NODE_MODULES", modules);
    exchange(command, "jose_check.mjs");
}

/// A script that accepts anything would prove nothing: a changed message must stop it.
#[test]
fn the_scripts_refuse_a_changed_message() {
    let keys = golden::Keys::read().unwrap();
    let mut ours = golden::messages(&keys).unwrap();
    ours["detached_jws"][2]["body_base64"] = STANDARD.encode("{ }").into();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("messages.json");
    std::fs::write(&file, ours.to_string()).unwrap();
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/interop");
    let mut python = Command::new(provided("CAUSEWAY_INTEROP_PYTHON"));
    python.arg(scripts.join("jose_check.py"));
    let mut node = Command::new("node");
    node.env("CAUSEWAY_INTEROP_NODE_MODULES", provided("CAUSEWAY_INTEROP_NODE_MODULES"));
    node.arg(scripts.join("jose_check.mjs"));
    for mut command in [python, node] {
        let output = command.arg(&file).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
    }
}

#[test]
fn golden_messages_still_hold() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../vectors/golden.json");
    let stored: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let keys = golden::Keys::read().unwrap();
    check_messages(&stored, &keys);
    let now = golden::messages(&keys).unwrap();
    for kind in ["keys", "detached_jws", "in_body", "terminal"] {
        assert_eq!(stored[kind], now[kind], "{kind} come out the same each time");
    }
    for message in all(&stored, "sealed") {
        let key = MasterKey::from_text(text(message, "master_key")).ok().unwrap();
        assert_eq!(key.id(), text(message, "key_id"));
        let opened = key.open(&bytes(message, "sealed_base64"), text(message, "aad"));
        assert_eq!(opened.ok().unwrap().expose(), text(message, "plaintext").as_bytes());
    }
}

#[test]
fn an_identity_can_be_shared_between_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<Identity>();
    shared::<jose::jws::ReplayWindow>();
    shared::<jose::keyring::KeyRing>();
    let keys = golden::Keys::read().unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let options = jose::jws::SignOptions {
                    app_id: "00520446",
                    uuid: &jose::jws::fresh_uuid(),
                    timestamp: 1,
                    req_path: None,
                };
                let header = sign(&keys.signer, b"{}", &options).unwrap();
                parse(&header).unwrap().verify(b"{}", keys.signer.cert()).unwrap();
                let text = r#"{"certificateSignature":{"signature":"00000000"}}"#;
                let signed = sign_in_body(text, &keys.signer, Form::Bare).unwrap();
                assert_eq!(verify_in_body(&signed, keys.signer.cert()), Ok(Form::Bare));
            });
        }
    });
}
