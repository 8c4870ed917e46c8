//! Example messages from the examples of the rows.
//!
//! A row without an example is left out: it belongs to another case than the one shown.

use serde_json::{Map, Value};

use crate::field::{Field, Kind, Table};
use crate::generate::SEALED_EXAMPLE;
use crate::message::{Message, Shape, Side};
use crate::ucsp::outline;

/// A valid, realistic message of one half and shape. Sealed members and signatures are stand-ins
/// of the right form; `certificateSignature` is shown only where it is mandatory.
#[must_use]
pub fn example(message: &Message, shape: Shape, side: Side) -> Value {
    let shown = |field: &Field| field.id != "certificateSignature" || message.signed_in_body;
    let rows: Vec<Field> = outline(message, shape, side).into_iter().filter(shown).collect();
    let mut value = object(&rows);
    if let Some(kind) = value.pointer_mut("/msgInfo/msgType") {
        *kind = message.name.into();
    }
    if let (Side::Answer, Some(time)) = (side, value.pointer_mut("/msgInfo/timeStamp")) {
        *time = "20260105103001".into();
    }
    if let Some(Value::Object(response)) = value.pointer_mut("/msgResponse") {
        response.shift_remove("errorDetail");
    }
    value
}

/// An example of one table, for instance the plaintext of a sealed object.
#[must_use]
pub fn example_plain(table: &Table) -> Value {
    object(table.fields)
}

/// JSON with two blanks of indentation.
#[must_use]
pub fn pretty(value: &Value) -> String {
    // A JSON value can always be written.
    serde_json::to_string_pretty(value).unwrap_or_default()
}

fn object(rows: &[Field]) -> Value {
    let mut object = Map::new();
    for field in rows {
        let value = match field.kind {
            Kind::Object(table) => self::object(table.fields),
            Kind::Objects(table) => Value::Array(vec![self::object(table.fields)]),
            Kind::SealedObject(_) => SEALED_EXAMPLE.into(),
            Kind::SealedText(_) if !field.example.is_empty() => SEALED_EXAMPLE.into(),
            Kind::Text(_) | Kind::SealedText(_) => field.example.into(),
        };
        if value.as_str() != Some("") {
            object.insert(field.id.to_owned(), value);
        }
    }
    Value::Object(object)
}
