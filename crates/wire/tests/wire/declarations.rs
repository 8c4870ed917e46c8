//! The declarations against themselves: nothing twice, nothing without words, examples valid.

use std::collections::BTreeSet;

use causeway_wire::spec::example;
use causeway_wire::ucsp::{MESSAGES, message, outline};
use causeway_wire::{Condition, Field, Kind, Presence, Shape, Side, Table, check_text};

use crate::codecs;

fn tables() -> Vec<&'static Table> {
    fn descend(table: &'static Table, found: &mut Vec<&'static Table>) {
        found.push(table);
        for field in table.fields {
            if let Some(table) = field.nested() {
                descend(table, found);
            }
        }
    }
    let mut found = Vec::new();
    for message in MESSAGES {
        descend(message.request, &mut found);
        if let Some(table) = message.answer {
            descend(table, &mut found);
        }
    }
    found
}

#[test]
fn identifiers_are_unique_within_a_table_and_of_the_protocols_form() {
    for table in tables() {
        let mut seen = BTreeSet::new();
        for field in table.fields {
            assert!(seen.insert(field.id), "{} has {} twice", table.name, field.id);
            assert!(field.id.starts_with(|one: char| one.is_ascii_lowercase()), "{}", field.id);
            assert!(field.id.chars().all(|one| one.is_ascii_alphanumeric()), "{}", field.id);
            assert!(!field.name.is_empty(), "{} has no name", field.id);
            assert!(field.length.min <= field.length.max, "{}", field.id);
        }
    }
}

#[test]
fn message_names_and_paths_are_unique() {
    let mut names = BTreeSet::new();
    let mut ways = BTreeSet::new();
    for one in MESSAGES {
        assert!(names.insert(one.name));
        assert!(std::ptr::eq(message(one.name).unwrap(), one));
        for leg in one.legs {
            let key = (leg.address.words(), format!("{:?}", leg.shape));
            let notice = leg.address.path().is_none();
            assert!(ways.insert(key.clone()) || notice, "{key:?} twice");
        }
    }
    assert!(message("submit-payment-order").is_some());
    assert!(message("no such message").is_none());
}

/// Whether the one member demands the other.
fn is_bound(table: &Table, one: &str, other: &str) -> bool {
    table.conditions.iter().any(|condition| match *condition {
        Condition::Needs { given, needed } => given == one && needed == other,
        Condition::Either { .. } | Condition::When { .. } => false,
    })
}

#[test]
fn conditions_name_fields_that_may_be_absent() {
    let may_be_absent = |table: &Table, id: &str| {
        let field = table.find(id).unwrap_or_else(|| panic!("{} lacks {id}", table.name));
        assert_ne!(field.presence, Presence::Mandatory, "{id} is bound by a condition");
    };
    for table in tables() {
        for condition in table.conditions {
            match *condition {
                Condition::Either { either, or } => {
                    may_be_absent(table, either);
                    for id in or {
                        may_be_absent(table, id);
                        let others = or.iter().filter(|other| *other != id);
                        for other in others {
                            assert!(is_bound(table, id, other), "{}: {id} and {other}", table.name);
                        }
                    }
                }
                Condition::Needs { given, needed } => {
                    may_be_absent(table, given);
                    may_be_absent(table, needed);
                }
                Condition::When { field, needed, .. } => {
                    assert!(table.find(field).is_some());
                    may_be_absent(table, needed);
                }
            }
        }
    }
}

#[test]
fn every_example_value_is_valid_and_every_mandatory_row_has_one() {
    for table in tables() {
        for field in table.fields {
            let text = matches!(field.kind, Kind::Text(_) | Kind::SealedText(_));
            if text && !field.example.is_empty() {
                let checked = check_text(field, field.example);
                assert_eq!(checked, Ok(()), "{}.{} {}", table.name, field.id, field.example);
            }
            let needed = field.presence == Presence::Mandatory || field.on_approval;
            assert!(!(text && needed && field.example.is_empty()), "{}", field.id);
        }
    }
}

#[test]
fn examples_decode_and_encode_to_themselves() {
    for codec in codecs::all() {
        let body = example(codec.message, codec.shape, codec.side).to_string();
        let again = (codec.recode)(body.as_bytes());
        let again = again.unwrap_or_else(|faults| panic!("{} {faults}", codec.message.name));
        assert_eq!(String::from_utf8(again).unwrap(), body);
    }
}

#[test]
fn personal_and_card_data_are_marked_secret() {
    let secrets =
        ["mobile", "email", "idNo", "pan", "token", "expiryDate", "cardholderName", "cvm"];
    for table in tables() {
        for field in table.fields.iter().filter(|field| secrets.contains(&field.id)) {
            let contract = table.name.contains("AutoDebit"); // its expiryDate is a contract's
            assert!(field.secret || contract, "{}.{}", table.name, field.id);
        }
    }
}

#[test]
fn the_published_tables_are_complete_and_in_order() {
    let ids = |rows: &[Field]| rows.iter().map(|field| field.id).collect::<Vec<_>>().join(" ");
    let outline = |name: &str, shape, side| ids(&outline(message(name).unwrap(), shape, side));
    assert_eq!(
        outline("CHANNEL_LOGIN_INFO", Shape::Flat, Side::Request),
        "msgID channelCode channelName clientType industryCode userId language longitude \
         latitude encData"
    );
    assert_eq!(
        outline("CHANNEL_LOGIN_INFO", Shape::Flat, Side::Answer),
        "msgID channelCode industryCode industryUrl msgResponse"
    );
    assert_eq!(
        outline("INDUSTRY_LOGIN_INFO", Shape::Wrapped, Side::Request),
        "msgInfo trxInfo certificateSignature"
    );
    let login = message("CHANNEL_LOGIN_INFO").unwrap().request;
    let sealed = login.find("encData").unwrap().nested().unwrap();
    assert_eq!(ids(sealed.fields), "mobile email idType idNo");
    assert!(login.fields.iter().all(|field| field.source.mark() == "S"));
}
