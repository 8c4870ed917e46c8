//! JSON Schema (2020-12) of a message.

use serde_json::{Map, Value, json};

use crate::class::Class;
use crate::field::{Condition, Field, Kind, Presence, Table};
use crate::form::Form;
use crate::limits::JWE_CHARS_MAX;
use crate::message::{Message, Shape, Side};
use crate::ucsp::outline;

/// The schema of one half of a message in a shape.
///
/// An answer demands its members only beside response code 00, as decoding does.
#[must_use]
pub fn schema(message: &Message, shape: Shape, side: Side) -> Value {
    let rows = outline(message, shape, side);
    let conditions = match (shape, message.table(side)) {
        (Shape::Flat | Shape::Query, Some(table)) => table.conditions,
        (Shape::Wrapped, _) | (_, None) => &[],
    };
    let half = match side {
        Side::Request => "request",
        Side::Answer => "answer",
    };
    let mut schema = Map::new();
    schema.insert("$schema".into(), "https://json-schema.org/draft/2020-12/schema".into());
    schema.insert("title".into(), format!("{} {half}", message.name).into());
    schema.insert("description".into(), message.summary.into());
    match side {
        Side::Request => schema.extend(object(&rows, conditions, Demand::Request)),
        Side::Answer => {
            schema.extend(object(&rows, &[], Demand::Nothing));
            schema.insert("required".into(), json!(["msgResponse"]));
            schema.insert(
                "if".into(),
                json!({"properties": {"msgResponse": {"properties": {
                    "responseCode": {"const": "00"}}}}}),
            );
            let then = Value::Object(demands(&rows, conditions));
            schema.insert("then".into(), then);
        }
    }
    Value::Object(schema)
}

/// The schema of one table, for instance the plaintext of a sealed object.
#[must_use]
pub fn schema_of(table: &Table) -> Value {
    Value::Object(object(table.fields, table.conditions, Demand::Request))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Demand {
    Request,
    Approval,
    Nothing,
}

fn required(field: &Field, demand: Demand) -> bool {
    match demand {
        Demand::Request => field.presence == Presence::Mandatory,
        Demand::Approval => field.presence == Presence::Mandatory || field.on_approval,
        Demand::Nothing => false,
    }
}

fn object(rows: &[Field], conditions: &[Condition], demand: Demand) -> Map<String, Value> {
    let mut schema = Map::new();
    schema.insert("type".into(), "object".into());
    let mut properties = Map::new();
    for field in rows {
        properties.insert(field.id.to_owned(), property(field, demand));
    }
    schema.insert("properties".into(), properties.into());
    insert_demands(&mut schema, rows, conditions, demand);
    schema
}

/// What an answer with code 00 adds: required members, nested ones too.
fn demands(rows: &[Field], conditions: &[Condition]) -> Map<String, Value> {
    let mut schema = Map::new();
    let mut properties = Map::new();
    for field in rows {
        if let Kind::Object(table) = field.kind {
            let inner = demands(table.fields, table.conditions);
            if !inner.is_empty() {
                properties.insert(field.id.to_owned(), inner.into());
            }
        }
    }
    insert_demands(&mut schema, rows, conditions, Demand::Approval);
    if !properties.is_empty() {
        schema.insert("properties".into(), properties.into());
    }
    schema
}

fn insert_demands(
    schema: &mut Map<String, Value>,
    rows: &[Field],
    conditions: &[Condition],
    demand: Demand,
) {
    let needed: Vec<&str> =
        rows.iter().filter(|field| required(field, demand)).map(|field| field.id).collect();
    if !needed.is_empty() {
        schema.insert("required".into(), json!(needed));
    }
    if demand == Demand::Nothing {
        return;
    }
    let mut all = Vec::new();
    for condition in conditions {
        all.push(match *condition {
            Condition::Either { either, or } => {
                json!({"anyOf": [{"required": [either]}, {"required": or}]})
            }
            Condition::Needs { given, needed } => json!({"dependentRequired": {given: [needed]}}),
            Condition::When { field, is, needed } => json!({
                "if": {"required": [field], "properties": {field: {"enum": is}}},
                "then": {"required": [needed]},
            }),
        });
    }
    if !all.is_empty() {
        schema.insert("allOf".into(), all.into());
    }
}

fn property(field: &Field, demand: Demand) -> Value {
    let mut schema = match field.kind {
        Kind::Object(table) => object(table.fields, table.conditions, demand),
        Kind::Objects(table) => array(field, table),
        Kind::Text(class) => text(field, class),
        Kind::SealedText(_) => sealed(),
        Kind::SealedObject(table) => {
            let mut schema = sealed();
            schema.insert("contentMediaType".into(), "application/jose".into());
            schema.insert("contentSchema".into(), schema_of(table));
            schema
        }
    };
    schema.insert("title".into(), field.name.into());
    if !field.note.is_empty() {
        schema.insert("description".into(), field.note.into());
    }
    if !field.example.is_empty() && matches!(field.kind, Kind::Text(_)) {
        schema.insert("examples".into(), json!([field.example]));
    }
    schema.insert("x-source".into(), field.source.mark().into());
    Value::Object(schema)
}

fn array(field: &Field, table: &'static Table) -> Map<String, Value> {
    let mut schema = Map::new();
    schema.insert("type".into(), "array".into());
    schema.insert("minItems".into(), field.length.min.into());
    schema.insert("maxItems".into(), field.length.max.into());
    schema.insert("items".into(), schema_of(table));
    schema
}

fn sealed() -> Map<String, Value> {
    let mut schema = Map::new();
    schema.insert("type".into(), "string".into());
    schema.insert("maxLength".into(), JWE_CHARS_MAX.into());
    schema
}

fn text(field: &Field, class: Class) -> Map<String, Value> {
    let mut schema = Map::new();
    schema.insert("type".into(), "string".into());
    schema.insert("minLength".into(), field.length.min.into());
    schema.insert("maxLength".into(), field.length.max.into());
    let pattern = match field.form {
        Form::Values(values) => {
            let values: Vec<&str> = values.iter().map(|(value, _)| *value).collect();
            schema.insert("enum".into(), json!(values));
            return schema;
        }
        Form::MessageId => "^A[0-9A-Za-z]{8}[0-9]{20}$",
        Form::AboveZero => "^0*[1-9][0-9]*$",
        Form::Url => "^https?://[^/\\s][^\\s]*$",
        Form::MaskedPan => "^[0-9*]*$",
        Form::Certificate => "^[ -~\\r\\n]*$",
        Form::Free
        | Form::DateTime
        | Form::Date
        | Form::YearMonth
        | Form::MonthDay
        | Form::MonthDayTime
        | Form::IpAddress => class.pattern(),
    };
    schema.insert("pattern".into(), pattern.into());
    schema
}
