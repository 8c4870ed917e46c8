//! Other renderings of a body that a partner may have signed instead of what was sent.

use serde_json::Value;
use serde_json::ser::{Formatter, PrettyFormatter, Serializer};

use super::BodyChange;

const BOM: &[u8] = b"\xef\xbb\xbf";

/// One rendering.
pub(super) struct Variant {
    pub(super) change: BodyChange,
    pub(super) form: &'static str,
    pub(super) body: Vec<u8>,
}

/// All renderings, cheapest first. Their number is fixed; each is at most about six times as
/// long as the body, which itself is bounded.
pub(super) fn of(body: &[u8]) -> Vec<Variant> {
    let mut found = bytes_variants(body);
    let bare = body.strip_prefix(BOM).unwrap_or(body);
    if let Ok(value) = serde_json::from_slice::<Value>(bare) {
        found.extend(json_variants(&value));
    }
    found
}

fn bytes_variants(body: &[u8]) -> Vec<Variant> {
    let mut found = Vec::new();
    let mut push = |change, form, body| found.push(Variant { change, form, body });
    match body.strip_prefix(BOM) {
        Some(bare) => push(BodyChange::Bom, "without byte order mark", bare.to_vec()),
        None => push(BodyChange::Bom, "with byte order mark", [BOM, body].concat()),
    }
    let unix = without_returns(body);
    push(BodyChange::LineEnds, "with CRLF", with_returns(&unix));
    push(BodyChange::LineEnds, "with LF", unix);
    let trimmed = body.trim_ascii_end();
    let ends: [(&'static str, &[u8]); 3] =
        [("ending without blanks", b""), ("ending in LF", b"\n"), ("ending in CRLF", b"\r\n")];
    for (form, end) in ends {
        push(BodyChange::TrailingBlanks, form, [trimmed, end].concat());
    }
    found
}

fn without_returns(body: &[u8]) -> Vec<u8> {
    body.iter().copied().filter(|byte| *byte != b'\r').collect()
}

fn with_returns(unix: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(unix.len());
    for byte in unix {
        if *byte == b'\n' {
            out.push(b'\r');
        }
        out.push(*byte);
    }
    out
}

fn json_variants(value: &Value) -> Vec<Variant> {
    let sorted = sorted(value);
    let renderings = [
        (BodyChange::Reserialised, "compact", compact(value)),
        (BodyChange::PrettyPrinted, "indented by two", indented(value, b"  ")),
        (BodyChange::PrettyPrinted, "indented by four", indented(value, b"    ")),
        (BodyChange::PrettyPrinted, "indented by tabs", indented(value, b"\t")),
        (BodyChange::PrettyPrinted, "blanks after comma and colon", spaced(value)),
        (BodyChange::Reserialised, "compact, members sorted", compact(&sorted)),
        (BodyChange::PrettyPrinted, "indented by two, members sorted", indented(&sorted, b"  ")),
        (BodyChange::PrettyPrinted, "spaced, members sorted", spaced(&sorted)),
    ];
    let escaped = |(change, form, text): &(BodyChange, &'static str, String)| {
        let plain = Variant { change: *change, form, body: text.clone().into_bytes() };
        let escapes: [fn(&str) -> String; 4] = [ascii, slashes, |t| slashes(&ascii(t)), html];
        let others = escapes.map(|escape| escape(text)).into_iter().filter(move |t| t != text);
        let change = BodyChange::Reserialised;
        let others = others.map(move |text| Variant {
            change,
            form: "other escapes in strings",
            body: text.into_bytes(),
        });
        std::iter::once(plain).chain(others).collect::<Vec<_>>()
    };
    renderings.iter().flat_map(escaped).collect()
}

fn compact(value: &Value) -> String {
    value.to_string()
}

fn indented(value: &Value, indent: &[u8]) -> String {
    written(value, PrettyFormatter::with_indent(indent))
}

fn spaced(value: &Value) -> String {
    written(value, Spaced)
}

fn written(value: &Value, formatter: impl Formatter) -> String {
    use serde::Serialize as _;
    let mut out = Vec::new();
    // Writing JSON that was read before to memory cannot fail.
    let _ = value.serialize(&mut Serializer::with_formatter(&mut out, formatter));
    String::from_utf8(out).unwrap_or_default()
}

/// One line, a blank after each comma and colon, as Python's `json.dumps` writes.
struct Spaced;

impl Formatter for Spaced {
    fn begin_array_value<W: std::io::Write + ?Sized>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> std::io::Result<()> {
        writer.write_all(if first { b"" } else { b", " })
    }

    fn begin_object_key<W: std::io::Write + ?Sized>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> std::io::Result<()> {
        writer.write_all(if first { b"" } else { b", " })
    }

    fn begin_object_value<W: std::io::Write + ?Sized>(
        &mut self,
        writer: &mut W,
    ) -> std::io::Result<()> {
        writer.write_all(b": ")
    }
}

/// Members in the order of their names, at every depth. The parser bounded the depth.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let mut pairs: Vec<_> = members.iter().collect();
            pairs.sort_by_key(|(name, _)| *name);
            Value::Object(pairs.into_iter().map(|(k, v)| (k.clone(), sorted(v))).collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(sorted).collect()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

/// Everything beyond ASCII as `\uXXXX`.
fn ascii(text: &str) -> String {
    use std::fmt::Write as _;
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter.is_ascii() {
            out.push(letter);
            continue;
        }
        for unit in letter.encode_utf16(&mut [0; 2]) {
            // Writing to a String cannot fail.
            let _ = write!(out, "\\u{unit:04x}");
        }
    }
    out
}

/// Slashes escaped, as PHP does. A slash stands in strings only.
fn slashes(text: &str) -> String {
    text.replace('/', "\\/")
}

/// `<`, `>` and `&` escaped, as Go does. They stand in strings only.
fn html(text: &str) -> String {
    text.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
}
