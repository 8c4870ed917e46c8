//! The same tree without looking at numbers, which may be larger than any floating point holds.
//!
//! Each level is scanned once more than the one around it, so this is the way for the rare body
//! that the ordinary parser could not read, and the bound on depth bounds the work.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::{Name, NameSeed, Node, Object};
use crate::fault::Rule;
use crate::limits::{ARRAY_ELEMENTS_MAX, DEPTH_LEVELS_MAX, OBJECT_MEMBERS_MAX};

/// Parses one value, with the bounds of the ordinary parser.
///
/// # Errors
/// [`Rule::NotJson`], or the bound that is passed.
pub(super) fn parse(text: &str) -> Result<Node<'_>, Rule> {
    let whole: &RawValue = serde_json::from_str(text).map_err(|_| Rule::NotJson)?;
    node(whole.get(), 1)
}

/// A value that is JSON; `depth` counts the objects and arrays around it, and itself.
fn node(json: &str, depth: usize) -> Result<Node<'_>, Rule> {
    let first = json.as_bytes().first();
    if matches!(first, Some(b'{' | b'[')) && depth > DEPTH_LEVELS_MAX {
        return Err(Rule::TooDeep);
    }
    let mut deserializer = serde_json::Deserializer::from_str(json);
    match first {
        Some(b'{') => {
            let inside = deserializer.deserialize_map(Members).map_err(|_| Rule::NotJson)?;
            bounded(inside.len(), OBJECT_MEMBERS_MAX)?;
            let mut members = Vec::with_capacity(inside.len());
            for (Name(name), value) in inside {
                members.push((name, node(value.get(), depth + 1)?));
            }
            Ok(Node::Object(Object { members }))
        }
        Some(b'[') => {
            let inside: Vec<&RawValue> = serde_json::from_str(json).map_err(|_| Rule::NotJson)?;
            bounded(inside.len(), ARRAY_ELEMENTS_MAX)?;
            let elements = inside.into_iter().map(|value| node(value.get(), depth + 1));
            Ok(Node::Array(elements.collect::<Result<_, Rule>>()?))
        }
        Some(b'"') => {
            let Name(text) = NameSeed.deserialize(&mut deserializer).map_err(|_| Rule::NotJson)?;
            Ok(Node::Text(text))
        }
        Some(b'n') => Ok(Node::Null),
        Some(_) | None => Ok(Node::Other),
    }
}

fn bounded(count: usize, count_max: usize) -> Result<(), Rule> {
    if count > count_max { Err(Rule::TooWide) } else { Ok(()) }
}

/// The members of one object, their values unread.
struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Vec<(Name<'de>, &'de RawValue)>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(name) = access.next_key_seed(NameSeed)? {
            members.push((name, access.next_value::<&RawValue>()?));
        }
        Ok(members)
    }
}
