//! A body or query as its members: the step between bytes and rows.
//!
//! Every value is kept as it was written, so that numbers never pass through floating point and
//! an object that is taken for a text keeps its digits. Strings without escapes borrow.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserializer as _, Error, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::limits::{BODY_BYTES_MAX, OBJECT_MEMBERS_MAX};

/// A body that is no JSON object (`upay.md` 2.2, check 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the body is no JSON object of at most 256 KiB and 128 members")]
pub struct NoObject;

/// A value as received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Raw<'a> {
    /// Not there, null or "" (`upay.md` section 1).
    Absent,
    /// A string, unescaped.
    Text(Cow<'a, str>),
    /// A number, as written.
    Number(&'a str),
    /// An object, as written.
    Object(&'a str),
    /// An array, as written.
    Array(&'a str),
    /// A boolean, or a string with half a character.
    Other,
}

impl<'a> Raw<'a> {
    pub(super) fn of(json: &'a str) -> Self {
        match json.as_bytes().first() {
            Some(b'"') => text(json),
            Some(b'n') => Self::Absent,
            Some(b'{') => Self::Object(json),
            Some(b'[') => Self::Array(json),
            Some(b'-' | b'0'..=b'9') => Self::Number(json),
            Some(_) | None => Self::Other,
        }
    }

    pub(super) const fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }
}

fn text(json: &str) -> Raw<'_> {
    let inner = json.get(1..json.len().saturating_sub(1)).unwrap_or_default();
    if inner.is_empty() {
        Raw::Absent
    } else if inner.bytes().any(|byte| byte == b'\\') {
        serde_json::from_str::<String>(json).map_or(Raw::Other, |text| Raw::Text(Cow::Owned(text)))
    } else {
        Raw::Text(Cow::Borrowed(inner))
    }
}

/// The members of a request, unknown ones included, in the order received.
#[derive(Debug, Default)]
pub struct Body<'a> {
    members: Vec<(Cow<'a, str>, Raw<'a>)>,
}

impl<'a> Body<'a> {
    /// Reads a JSON body; its shape is checked by [`super::Request::read`] afterwards.
    ///
    /// # Errors
    /// [`NoObject`] when it is larger than 256 KiB, not UTF-8, not JSON, or no object.
    pub fn parse(body: &'a [u8]) -> Result<Self, NoObject> {
        if body.len() > BODY_BYTES_MAX {
            return Err(NoObject);
        }
        let text = std::str::from_utf8(body).map_err(|_| NoObject)?;
        Self::parse_text(text)
    }

    pub(super) fn parse_text(text: &'a str) -> Result<Self, NoObject> {
        let mut deserializer = serde_json::Deserializer::from_str(text);
        let members = deserializer.deserialize_map(Members).map_err(|_| NoObject)?;
        deserializer.end().map_err(|_| NoObject)?;
        Ok(Self { members })
    }

    /// The parameters of a query, decoded.
    #[must_use]
    pub fn of_pairs(pairs: &'a [(String, String)]) -> Self {
        let member = |(name, value): &'a (String, String)| {
            let raw = if value.is_empty() {
                Raw::Absent
            } else {
                Raw::Text(Cow::Borrowed(value.as_str()))
            };
            (Cow::Borrowed(name.as_str()), raw)
        };
        Self { members: pairs.iter().map(member).collect() }
    }

    /// The text of a member, or the digits of one that is a number, if it is there.
    #[must_use]
    pub fn text(&self, id: &str) -> Option<&str> {
        match self.find(id).0 {
            Some(Raw::Text(text)) => Some(text.as_ref()),
            Some(Raw::Number(number)) => Some(number),
            Some(Raw::Absent | Raw::Object(_) | Raw::Array(_) | Raw::Other) | None => None,
        }
    }

    /// Whether a member is there and neither null nor "".
    pub(super) fn has(&self, id: &str) -> bool {
        self.find(id).0.is_some_and(|raw| !raw.is_absent())
    }

    /// The first value of this name, and whether there is another.
    pub(super) fn find(&self, id: &str) -> (Option<&Raw<'a>>, bool) {
        let mut found = self.members.iter().filter(|(name, _)| name == id);
        let first = found.next().map(|(_, raw)| raw);
        (first, first.is_some() && found.next().is_some())
    }

    pub(super) fn members(&self) -> &[(Cow<'a, str>, Raw<'a>)] {
        &self.members
    }
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Vec<(Cow<'de, str>, Raw<'de>)>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::with_capacity(16);
        while let Some(Name(name)) = access.next_key::<Name<'de>>()? {
            if members.len() == OBJECT_MEMBERS_MAX {
                return Err(A::Error::custom("bound"));
            }
            let value: &'de RawValue = access.next_value()?;
            members.push((name, Raw::of(value.get())));
        }
        Ok(members)
    }
}

/// A member's name, borrowed where it has no escapes.
#[derive(serde::Deserialize)]
#[serde(transparent)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

/// The elements of an array as written, at most so many; `None` when it holds more.
pub(super) fn elements(array: &str, count_max: usize) -> Option<Vec<&str>> {
    let elements: Vec<&RawValue> = serde_json::from_str(array).ok()?;
    let bounded = elements.len() <= count_max;
    bounded.then(|| elements.into_iter().map(RawValue::get).collect())
}

/// JSON without the blanks between its parts; digits and escapes stay as written.
pub(super) fn compact(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    let (mut inside, mut escaped) = (false, false);
    for one in json.chars() {
        if inside {
            inside = escaped || one != '"';
            escaped = one == '\\' && !escaped;
        } else if one == '"' {
            inside = true;
        } else if one.is_ascii_whitespace() {
            continue;
        }
        out.push(one);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stay_as_they_were_written() {
        let body = br#"{"a":"x\/y","b":9999999999,"c":null,"d":"","e": { "f" : "g h" },"h":1.50,
            "i":[],"j":true,"k":"\ud800","l":"\u62ab"}"#;
        let body = Body::parse(body).unwrap();
        let raw = |id: &str| body.find(id).0.cloned().unwrap();
        assert_eq!(raw("a"), Raw::Text(Cow::Borrowed("x/y")));
        assert_eq!(raw("b"), Raw::Number("9999999999"));
        assert_eq!((raw("c"), raw("d")), (Raw::Absent, Raw::Absent));
        let Raw::Object(object) = raw("e") else { panic!("no object") };
        assert_eq!(compact(object), r#"{"f":"g h"}"#);
        assert_eq!(raw("h"), Raw::Number("1.50"));
        assert_eq!(raw("i"), Raw::Array("[]"));
        assert_eq!((raw("j"), raw("k")), (Raw::Other, Raw::Other));
        assert_eq!(body.text("l"), Some("披"));
    }

    #[test]
    fn what_is_no_object_is_refused() {
        for bad in [&b""[..], b"[]", b"null", b"\"a\"", b"{\"a\":1", b"{} x", b"{\"a\":\xff}"] {
            assert!(Body::parse(bad).is_err(), "{bad:?}");
        }
        let wide: Vec<String> = (0..129).map(|at| format!("\"m{at}\":1")).collect();
        assert!(Body::parse(format!("{{{}}}", wide.join(",")).as_bytes()).is_err());
        let deep = format!("{{\"a\":{}1{}}}", "[".repeat(50_000), "]".repeat(50_000));
        assert!(Body::parse(deep.as_bytes()).is_ok_and(|body| body.has("a")));
    }

    #[test]
    fn compact_text_keeps_strings() {
        assert_eq!(compact("{ \"a\\\" b\" : [ 1, 2 ] }"), "{\"a\\\" b\":[1,2]}");
        assert_eq!(compact("{\"a\\\\\" : \" \"}"), "{\"a\\\\\":\" \"}");
    }
}
