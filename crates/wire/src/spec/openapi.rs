//! `OpenAPI` 3.1 of UCSP: what the platform serves under `paths`, what it calls under `webhooks`.

use serde_json::{Map, Value, json};

use crate::message::{Address, Leg, Message, Method, NOT_SERVED, Party, Shape, Side};
use crate::spec::{example, schema};
use crate::ucsp::{MESSAGES, outline};

/// The whole document.
#[must_use]
pub fn openapi() -> Value {
    let mut paths = Map::new();
    let mut webhooks = Map::new();
    for message in MESSAGES {
        for leg in message.legs {
            match leg.address {
                Address::Path(path) => merge(&mut paths, path, message, leg),
                Address::ChannelPath(_) | Address::Notice(_) | Address::Template(_) => {
                    webhooks.insert(hook_name(message, leg), path_item(message, &[leg]));
                }
            }
        }
    }
    let mut schemas = Map::new();
    for item in paths.values_mut().chain(webhooks.values_mut()) {
        hoist(item, &mut schemas);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Causeway UCSP",
            "version": crate::ucsp::VERSION_NO,
            "summary": "Messages between channels, the platform and industry services",
            "description": "Generated from the message declarations. Every scalar is a JSON \
                string; absent members are left out; unknown members are ignored; new optional \
                members may appear at any time.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "http://127.0.0.1:8080", "description": "Sandbox"}],
        "security": [{"UPI-JWS": []}],
        "paths": paths,
        "webhooks": webhooks,
        "components": components(&schemas),
    })
}

fn hook_name(message: &Message, leg: &Leg) -> String {
    format!("{}_to_{}", message.name, leg.to.words().replace(' ', "_"))
}

/// Adds a leg; a second leg on the same path becomes another shape of the same operation.
fn merge(paths: &mut Map<String, Value>, path: &str, message: &Message, leg: &Leg) {
    let legs: Vec<&Leg> = message.legs.iter().filter(|one| one.address == leg.address).collect();
    if !paths.contains_key(path) {
        paths.insert(path.to_owned(), path_item(message, &legs));
    }
}

fn path_item(message: &Message, legs: &[&Leg]) -> Value {
    let Some(first) = legs.first() else {
        return Value::Null;
    };
    let mut operation = Map::new();
    let suffix = if first.from == Party::Platform {
        hook_name(message, first)
    } else {
        message.name.to_owned()
    };
    operation.insert("operationId".into(), suffix.into());
    operation.insert("summary".into(), message.title.into());
    if message.served {
        operation.insert("description".into(), message.summary.into());
    } else {
        let description = format!("Status: {NOT_SERVED}. {}", message.summary);
        operation.insert("description".into(), description.into());
        operation.insert("x-status".into(), NOT_SERVED.into());
    }
    operation
        .insert("tags".into(), json!([format!("{} to {}", first.from.words(), first.to.words())]));
    match first.method {
        Method::Post => {
            operation.insert(
                "requestBody".into(),
                json!({
                    "required": true,
                    "content": {"application/json": content(message, legs, Side::Request)},
                }),
            );
            operation.insert("responses".into(), responses(message, legs));
        }
        Method::Get => {
            operation.insert("security".into(), json!([]));
            operation.insert("parameters".into(), parameters(message, first));
            operation.insert(
                "responses".into(),
                json!({
                    "303": {"description": "On to the next page"},
                    "400": {"description": "Refused, shown as a page"},
                }),
            );
        }
    }
    let method = first.method.name().to_ascii_lowercase();
    json!({ method: operation })
}

/// The query of a GET: its fields, or `request_data` with the whole message.
fn parameters(message: &Message, leg: &Leg) -> Value {
    match leg.shape {
        Shape::Query => outline(message, leg.shape, Side::Request)
            .iter()
            .map(|field| {
                json!({
                    "name": field.id, "in": "query", "required": true,
                    "description": field.note,
                    "schema": {"type": "string", "minLength": field.length.min,
                        "maxLength": field.length.max, "examples": [field.example]},
                })
            })
            .collect(),
        Shape::Flat | Shape::Wrapped => json!([{
            "name": "request_data", "in": "query", "required": true,
            "description": "The message in JSON, percent-encoded",
            "content": {"application/json": content(message, &[leg], Side::Request)},
        }]),
    }
}

fn content(message: &Message, legs: &[&Leg], side: Side) -> Value {
    let mut schemas: Vec<Value> = Vec::new();
    for leg in legs {
        let mut one = schema(message, leg.shape, side);
        if let Value::Object(members) = &mut one {
            members.shift_remove("$schema");
        }
        schemas.push(one);
    }
    let shape = legs.first().map_or(Shape::Wrapped, |leg| leg.shape);
    let schema =
        if schemas.len() == 1 { schemas.swap_remove(0) } else { json!({ "oneOf": schemas }) };
    json!({"schema": schema, "example": example(message, shape, side)})
}

fn responses(message: &Message, legs: &[&Leg]) -> Value {
    let refusal = json!({"$ref": "#/components/responses/Gateway"});
    json!({
        "200": {
            "description": "Answered; msgResponse says how the request ended",
            "headers": {"UPI-JWS": {"$ref": "#/components/headers/UPI-JWS"}},
            "content": {"application/json": content(message, legs, Side::Answer)},
        },
        "400": refusal,
        "401": {"$ref": "#/components/responses/Unauthorized"},
        "413": refusal,
        "415": refusal,
    })
}

/// The objects that stand in many messages, and the names that they get.
const SHARED: [(&str, &str); 3] = [
    ("msgInfo", "MsgInfo"),
    ("msgResponse", "MsgResponse"),
    ("certificateSignature", "CertificateSignature"),
];

/// Moves the schemas of shared objects to the components. An object whose schema differs from
/// place to place (by who signs, by what an answer demands) gets a number after its name.
fn hoist(value: &mut Value, schemas: &mut Map<String, Value>) {
    match value {
        Value::Object(object) => {
            for (id, name) in SHARED {
                if let Some(found) = object.get_mut(id)
                    && found.get("title").is_some()
                {
                    *found = reference_to(name, found.take(), schemas);
                }
            }
            object.values_mut().for_each(|inner| hoist(inner, schemas));
        }
        Value::Array(array) => array.iter_mut().for_each(|inner| hoist(inner, schemas)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn reference_to(name: &str, schema: Value, schemas: &mut Map<String, Value>) -> Value {
    let mut free = name.to_owned();
    let mut number = 1;
    while schemas.get(&free).is_some_and(|other| *other != schema) {
        number += 1;
        free = format!("{name}{number}");
    }
    let pointer = format!("#/components/schemas/{free}");
    schemas.insert(free, schema);
    json!({ "$ref": pointer })
}

fn components(schemas: &Map<String, Value>) -> Value {
    let gateway = |description: &str, format_invalid: bool| {
        let body = crate::ucsp::gateway_refusal(format_invalid);
        let body: Value = serde_json::from_str(body).unwrap_or_default();
        json!({
            "description": description,
            "content": {"application/json": {
                "schema": {"type": "object", "required": ["MsgResponse"], "properties": {
                    "MsgResponse": {"type": "object", "properties": {
                        "responseCode": {"type": "string"},
                        "responseMsg": {"type": "string"},
                    }},
                }},
                "example": body,
            }},
        })
    };
    json!({
        "schemas": schemas,
        "securitySchemes": {"UPI-JWS": {
            "type": "apiKey", "in": "header", "name": "UPI-JWS",
            "description": "Detached JWS (RFC 7515 appendix F, RS256) over the body as sent: \
                <protected header>..<signature>",
        }},
        "headers": {"UPI-JWS": {
            "description": "Detached JWS over the answer's body",
            "schema": {"type": "string"},
        }},
        "responses": {
            "Unauthorized": gateway("Not authenticated", false),
            "Gateway": gateway("Body refused before it was authenticated", true),
        },
    })
}
