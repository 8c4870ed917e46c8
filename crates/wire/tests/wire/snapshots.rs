//! The tables as people see them, and the committed files.

use causeway_wire::spec::{generated_files, openapi, pretty, schema, text};
use causeway_wire::ucsp::{MESSAGES, SUBMIT_PAYMENT_ORDER};
use causeway_wire::{Shape, Side};
use serde_json::Value;

#[test]
fn the_text_of_every_message() {
    for message in MESSAGES {
        insta::assert_snapshot!(message.name, text(message));
    }
}

#[test]
fn the_schema_of_an_order() {
    let request = schema(&SUBMIT_PAYMENT_ORDER, Shape::Wrapped, Side::Request);
    insta::assert_snapshot!("schema_request", pretty(&request));
    let answer = schema(&SUBMIT_PAYMENT_ORDER, Shape::Wrapped, Side::Answer);
    insta::assert_snapshot!("schema_answer", pretty(&answer));
}

#[test]
fn the_committed_files_are_those_of_the_declarations() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for (path, content) in generated_files() {
        let committed = std::fs::read_to_string(root.join(path)).unwrap_or_default();
        assert!(committed == content, "{path} differs from the declarations: cargo xtask generate");
    }
}

#[test]
fn openapi_names_every_path_of_the_platform_and_every_call_to_a_partner() {
    let document = openapi();
    let keys = |member: &str| -> Vec<String> {
        let Value::Object(object) = &document[member] else { panic!("no {member}") };
        object.keys().cloned().collect()
    };
    insta::assert_snapshot!(format!(
        "{}\n\n{}",
        keys("paths").join("\n"),
        keys("webhooks").join("\n")
    ));
    let mut ids = std::collections::BTreeSet::new();
    for item in document["paths"].as_object().unwrap().values() {
        for operation in item.as_object().unwrap().values() {
            assert!(ids.insert(operation["operationId"].as_str().unwrap().to_owned()));
            assert!(operation["responses"].is_object());
        }
    }
}
