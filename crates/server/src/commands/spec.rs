//! `causeway spec`: the messages of the protocol, from the declarations that the gateway uses.

use serde_json::{Value, json};
use wire::message::{Message, NOT_SERVED, Shape, Side};
use wire::spec;
use wire::ucsp::{MESSAGES, message};
use wire::upay;

use super::say;
use crate::cli::SpecArgs;
use crate::failure::{Failure, Outcome};

/// Runs the command.
pub(crate) fn run(args: &SpecArgs) -> Outcome {
    let Some(name) = &args.message else {
        let calls = upay::CALLS.iter().map(|call| call_summary(call));
        let all = MESSAGES.map(summary).into_iter().chain(calls);
        return say(args.json, &listing(), &Value::Array(all.collect()));
    };
    if let Some(call) = upay::call(&name.to_ascii_lowercase()) {
        return terminal_call(args, call);
    }
    let found = message(name).ok_or_else(|| Failure::usage(unknown(name)))?;
    if args.json_schema {
        return say(false, &spec::pretty(&halves(found, spec::schema)), &Value::Null);
    }
    if args.example {
        return say(false, &spec::pretty(&halves(found, spec::example)), &Value::Null);
    }
    say(args.json, spec::text(found).trim_end(), &declaration(found))
}

/// A call of the terminal dialect.
fn terminal_call(args: &SpecArgs, call: &'static upay::Call) -> Outcome {
    let operation = || {
        let path = call.paths.first().map_or("", |path| path);
        let method = if call.by_query { "get" } else { "post" };
        upay::openapi()["paths"][path][method].clone()
    };
    if args.json_schema || args.example {
        return say(false, &spec::pretty(&operation()), &Value::Null);
    }
    let mut whole = call_summary(call);
    whole["paths"] = json!(call.paths);
    whole["operation"] = operation();
    say(args.json, upay::text(call).trim_end(), &whole)
}

fn call_summary(call: &upay::Call) -> Value {
    json!({ "name": call.name, "title": call.paths.join(", "), "summary": call.summary })
}

/// What to do when there is no such message: the names that come close, else how to list them.
fn unknown(name: &str) -> String {
    let wanted = name.to_ascii_uppercase().replace(['-', ' '], "_");
    let close = |known: &&&Message| {
        known.name.contains(&wanted)
            || wanted
                .split('_')
                .any(|word| word.len() > 3 && known.name.split('_').any(|part| part == word))
    };
    let names: Vec<_> = MESSAGES.iter().filter(close).map(|known| known.name).collect();
    if names.is_empty() {
        format!("there is no message {name:?}; causeway spec lists them all")
    } else {
        format!("there is no message {name:?}; did you mean {}?", names.join(" or "))
    }
}

fn listing() -> String {
    let width = MESSAGES.iter().map(|message| message.name.len()).max().unwrap_or(0);
    let lines = MESSAGES.iter().map(|it| {
        let status = if it.served { String::new() } else { format!(" ({NOT_SERVED})") };
        format!("{:width$}  {}{status}", it.name.to_lowercase(), it.title)
    });
    let calls = upay::CALLS.iter().map(|it| format!("{:width$}  {}", it.name, it.paths.join(", ")));
    lines.chain(calls).collect::<Vec<_>>().join("\n")
}

fn summary(message: &'static Message) -> Value {
    json!({
        "name": message.name,
        "title": message.title,
        "summary": message.summary,
        "served": message.served,
    })
}

/// One half in the shapes that the message takes, request and answer.
fn halves(message: &Message, render: impl Fn(&Message, Shape, Side) -> Value) -> Value {
    let mut out = serde_json::Map::new();
    for leg in message.legs {
        let mut halves = serde_json::Map::new();
        halves.insert("request".to_owned(), render(message, leg.shape, Side::Request));
        if message.answer.is_some() {
            halves.insert("answer".to_owned(), render(message, leg.shape, Side::Answer));
        }
        let route = format!("{} to {}", leg.from.words(), leg.to.words());
        out.insert(route, Value::Object(halves));
    }
    match out.len() {
        1 => out.into_iter().next().map_or(Value::Null, |(_, only)| only),
        _ => Value::Object(out),
    }
}

fn declaration(message: &'static Message) -> Value {
    let legs = message.legs.iter().map(|leg| {
        let rows = |side| {
            let rows = spec::rows(message, leg.shape, side);
            rows.into_iter().map(row).collect::<Vec<_>>()
        };
        json!({
            "from": leg.from.words(),
            "to": leg.to.words(),
            "method": leg.method.name(),
            "address": leg.address.words(),
            "request": rows(Side::Request),
            "answer": message.answer.map(|_| rows(Side::Answer)),
        })
    });
    let mut whole = summary(message);
    whole["ways"] = legs.collect();
    whole
}

fn row(row: spec::Row) -> Value {
    let mut out = serde_json::Map::new();
    out.insert("depth".to_owned(), row.depth.into());
    for (column, cell) in spec::COLUMNS.iter().zip(row.cells) {
        out.insert((*column).to_owned(), cell.into());
    }
    out.insert("Source".to_owned(), row.source.into());
    Value::Object(out)
}
