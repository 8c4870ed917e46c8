//! `OpenAPI` 3.1 of the terminal dialect.

use serde_json::{Map, Value, json};

use super::generate::{example, full};
use super::goods::GoodsDetail;
use super::reply::DATA_ROWS;
use super::row::{Call, Kind, Need, Row};
use super::{CALLS, UPLOAD_LOG_PATH};

/// The whole document.
#[must_use]
pub fn openapi() -> Value {
    let mut paths = Map::new();
    for call in CALLS {
        for path in call.paths {
            paths.insert((*path).to_owned(), path_item(call, path));
        }
    }
    paths.insert(UPLOAD_LOG_PATH.to_owned(), upload_log());
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Causeway Upay",
            "version": "2.0",
            "summary": "Messages between terminals and the platform",
            "description": "Generated from the message declarations. Every reply has HTTP status \
                200; the result stands in result_code. Every scalar of a reply is a string.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "http://127.0.0.1:8080", "description": "Sandbox"}],
        "security": [{"Sign": []}],
        "paths": paths,
        "webhooks": {"callback": {"post": {
            "operationId": "callback",
            "summary": "Success of a payment, to its notify_url; answered with the text success",
            "requestBody": {"content": {"application/json": {"schema": data()}}},
            "responses": {"200": {"description": "success"}},
        }}},
        "components": {
            "schemas": {"Reply": reply(), "Data": data(), "GoodsDetail": object(GoodsDetail::ROWS)},
            "securitySchemes": {"Sign": {
                "type": "apiKey", "in": "header", "name": "Authorization",
                "description": "<sn> <hex of MD5 over body and key>",
            }},
        },
    })
}

fn path_item(call: &Call, path: &str) -> Value {
    let name = path.rsplit('/').next().unwrap_or(call.name);
    let id = if call.by_query && path == "/qr/gateway" { "qr_gateway" } else { name };
    let mut operation = Map::new();
    operation.insert("operationId".into(), id.into());
    operation.insert("summary".into(), call.summary.into());
    if call.by_query {
        operation.insert("security".into(), json!([]));
        operation.insert("parameters".into(), call.rows.iter().map(parameter).collect());
        operation.insert(
            "responses".into(),
            json!({
                "302": {"description": "On to the wallet's page, or back to return_url"},
                "400": {"description": "The link is not signed by its terminal: a page"},
            }),
        );
        return json!({ "get": operation });
    }
    let content = json!({"schema": object(call.rows), "example": full(call)});
    let body = json!({"required": true, "content": {"application/json": content}});
    operation.insert("requestBody".into(), body);
    operation.insert("responses".into(), responses());
    json!({ "post": operation })
}

fn upload_log() -> Value {
    json!({"post": {
        "operationId": "uploadLog",
        "summary": "Keeps the terminal's compressed log",
        "requestBody": {"content": {"application/octet-stream": {}}},
        "responses": responses(),
    }})
}

fn responses() -> Value {
    let schema = json!({"$ref": "#/components/schemas/Reply"});
    json!({
        "200": {
            "description": "Done or refused, as result_code says",
            "content": {"application/json": {"schema": schema}},
        },
    })
}

fn parameter(row: &Row) -> Value {
    json!({
        "name": row.id, "in": "query", "required": row.need == Need::Yes,
        "description": row.note, "schema": {"type": "string"}, "example": example(row),
    })
}

fn object(rows: &[Row]) -> Value {
    let properties: Map<String, Value> =
        rows.iter().map(|row| (row.id.to_owned(), schema(row))).collect();
    let required: Vec<&str> =
        rows.iter().filter(|row| row.need == Need::Yes).map(|row| row.id).collect();
    json!({"type": "object", "properties": properties, "required": required})
}

fn schema(row: &Row) -> Value {
    let mut schema = match row.kind {
        Kind::Id | Kind::Text => json!({"type": ["string", "integer"], "maxLength": row.max}),
        Kind::Digits | Kind::Amount => {
            json!({"type": ["string", "integer"], "pattern": format!("^[0-9]{{1,{}}}$", row.max)})
        }
        Kind::Number => json!({"type": ["string", "number"]}),
        Kind::Quantity => json!({"type": ["string", "number"], "minimum": 0}),
        Kind::Echo => json!({"type": ["string", "object"], "maxLength": row.max}),
        Kind::Extended => json!({"type": ["object", "string"]}),
        Kind::Goods => {
            json!({"type": "array", "items": {"$ref": "#/components/schemas/GoodsDetail"}})
        }
    };
    if let Value::Object(schema) = &mut schema {
        schema.insert("description".to_owned(), row.note.into());
        schema.insert("examples".to_owned(), json!([example(row)]));
    }
    schema
}

fn reply() -> Value {
    let text = json!({"type": "string"});
    json!({
        "type": "object",
        "required": ["result_code"],
        "properties": {
            "result_code": {"type": "string", "enum": ["200", "400", "500"]},
            "error_code": text,
            "error_message": text,
            "biz_response": {"type": "object", "properties": {
                "result_code": text, "error_code": text, "error_message": text,
                "terminal_sn": text, "terminal_key": text,
                "data": {"$ref": "#/components/schemas/Data"},
            }},
        },
    })
}

fn data() -> Value {
    let member = |&(name, max, note): &(&str, usize, &str)| {
        (name.to_owned(), json!({"type": "string", "maxLength": max, "description": note}))
    };
    let mut properties: Map<String, Value> = DATA_ROWS.iter().map(member).collect();
    let text = json!({"type": "string"});
    let part = json!({"type": "object", "properties": {"type": text, "amount_total": text}});
    properties.insert("payment_list".to_owned(), json!({"type": "array", "items": part}));
    json!({"type": "object", "properties": properties})
}
