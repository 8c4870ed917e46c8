//! A borrowed JSON tree with bounds: the step between bytes and tables.
//!
//! Strings without escapes borrow from the body. Numbers and booleans are kept only as "not a
//! string", since every scalar of the protocol is a string.

mod raw;

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use crate::fault::Rule;
use crate::limits::{ARRAY_ELEMENTS_MAX, BODY_BYTES_MAX, DEPTH_LEVELS_MAX, OBJECT_MEMBERS_MAX};

/// A JSON value.
#[derive(Debug)]
pub(crate) enum Node<'a> {
    Null,
    Text(Cow<'a, str>),
    Object(Object<'a>),
    Array(Vec<Node<'a>>),
    Other,
}

impl Node<'_> {
    /// Whether the value counts as absent: null or an empty string (section 8.7).
    pub(crate) fn is_absent(&self) -> bool {
        match self {
            Node::Null => true,
            Node::Text(text) => text.is_empty(),
            Node::Object(_) | Node::Array(_) | Node::Other => false,
        }
    }
}

/// A JSON object: members in the order received, duplicates kept.
#[derive(Debug, Default)]
pub struct Object<'a> {
    members: Vec<(Cow<'a, str>, Node<'a>)>,
}

impl<'a> Object<'a> {
    /// An object of text members, for messages that travel in a query.
    pub(crate) fn from_pairs(pairs: &'a [(String, String)]) -> Self {
        let member = |(name, value): &'a (String, String)| {
            (Cow::Borrowed(name.as_str()), Node::Text(Cow::Borrowed(value.as_str())))
        };
        Self { members: pairs.iter().map(member).collect() }
    }

    /// The first value of this name, and whether there is another.
    pub(crate) fn find(&self, name: &str) -> (Option<&Node<'a>>, bool) {
        let mut found = self.members.iter().filter(|(one, _)| one == name);
        let first = found.next().map(|(_, value)| value);
        (first, first.is_some() && found.next().is_some())
    }

    /// The first value of this name unless it counts as absent.
    pub(crate) fn present(&self, name: &str) -> Option<&Node<'a>> {
        self.find(name).0.filter(|node| !node.is_absent())
    }
}

/// Parses a body into a tree.
///
/// # Errors
/// The rule about the whole body that failed: size, UTF-8, JSON, depth, width, not an object.
pub(crate) fn parse(body: &[u8]) -> Result<Object<'_>, Rule> {
    if body.len() > BODY_BYTES_MAX {
        return Err(Rule::TooLarge);
    }
    let text = std::str::from_utf8(body).map_err(|_| Rule::NotUtf8)?;
    let breach = Cell::new(None);
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let seed = Seed { depth: 1, breach: &breach };
    let parsed = seed.deserialize(&mut deserializer).and_then(|node| {
        deserializer.end()?;
        Ok(node)
    });
    let node = match (parsed, breach.take()) {
        (Ok(node), _) => node,
        (Err(_), Some(rule)) => return Err(rule),
        // It may be JSON all the same: floating point does not hold every number of RFC 8259.
        (Err(_), None) => raw::parse(text)?,
    };
    match node {
        Node::Object(object) => Ok(object),
        Node::Null | Node::Text(_) | Node::Array(_) | Node::Other => Err(Rule::WrongType("object")),
    }
}

/// Parses one value at a depth; `breach` remembers which bound stopped the parser.
#[derive(Clone, Copy)]
struct Seed<'c> {
    depth: usize,
    breach: &'c Cell<Option<Rule>>,
}

impl Seed<'_> {
    fn stop<E: Error>(self, rule: Rule) -> E {
        self.breach.set(Some(rule));
        E::custom("bound")
    }

    /// The seed of what is inside.
    fn inner<E: Error>(self) -> Result<Self, E> {
        if self.depth > DEPTH_LEVELS_MAX {
            return Err(self.stop(Rule::TooDeep));
        }
        Ok(Self { depth: self.depth + 1, breach: self.breach })
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Node<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node<'de>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Node<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Node<'de>, E> {
        Ok(Node::Other)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Node<'de>, E> {
        Ok(Node::Other)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Node<'de>, E> {
        Ok(Node::Other)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Node<'de>, E> {
        Ok(Node::Other)
    }

    fn visit_unit<E: Error>(self) -> Result<Node<'de>, E> {
        Ok(Node::Null)
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Node<'de>, E> {
        Ok(Node::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Node<'de>, E> {
        Ok(Node::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Node<'de>, A::Error> {
        let inner = self.inner()?;
        let mut elements = Vec::new();
        while let Some(element) = access.next_element_seed(inner)? {
            if elements.len() == ARRAY_ELEMENTS_MAX {
                return Err(self.stop(Rule::TooWide));
            }
            elements.push(element);
        }
        Ok(Node::Array(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Node<'de>, A::Error> {
        let inner = self.inner()?;
        let mut members = Vec::with_capacity(16);
        while let Some(Name(name)) = access.next_key_seed(NameSeed)? {
            if members.len() == OBJECT_MEMBERS_MAX {
                return Err(self.stop(Rule::TooWide));
            }
            members.push((name, access.next_value_seed(inner)?));
        }
        Ok(Node::Object(Object { members }))
    }
}

/// A member's name, borrowed where it has no escapes.
struct Name<'a>(Cow<'a, str>);

struct NameSeed;

impl<'de> DeserializeSeed<'de> for NameSeed {
    type Value = Name<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Name<'de>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for NameSeed {
    type Value = Name<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a name")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Name<'de>, E> {
        Ok(Name(Cow::Borrowed(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Name<'de>, E> {
        Ok(Name(Cow::Owned(text.to_owned())))
    }
}
