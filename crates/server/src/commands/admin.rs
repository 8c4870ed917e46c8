//! `causeway admin`: the client of the admin interface.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use egress::{Client, Limits, Policy, Request};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{block_on, say};
use crate::cli::{
    AdminArgs, AdminCommand, AdminReach, AppCommand, CodeCommand, MerchantCommand, NoticeCommand,
    StoreCommand, TerminalCommand, VendorCommand,
};
use crate::failure::{Failure, Outcome};
use crate::files;
use crate::limits::{CLIENT_TIMEOUT, CONFIG_BYTES_MAX};

/// The part of the credentials that is needed here.
#[derive(Deserialize)]
struct Credentials {
    base_url: String,
    admin: Account,
}

#[derive(Deserialize)]
struct Account {
    email: String,
    password: String,
}

/// One call: path, and the body if something is to be changed.
struct Call {
    path: String,
    body: Option<Value>,
}

fn get(path: impl Into<String>) -> Call {
    Call { path: path.into(), body: None }
}

fn post(path: impl Into<String>, body: Value) -> Call {
    Call { path: path.into(), body: Some(body) }
}

/// Runs the command.
pub(crate) fn run(args: &AdminArgs) -> Outcome {
    let reach = &args.reach;
    if let AdminCommand::Terminal(TerminalCommand::Log { sn, name, out }) = &args.what {
        let path = format!("/admin/v1/terminals/{sn}/logs/{name}");
        let bytes = block_on(send(reach, &get(path)))?;
        std::fs::write(out, &bytes).map_err(|error| Failure::at(out.display(), error))?;
        let report = json!({ "file": out.display().to_string(), "bytes": bytes.len() });
        let text = format!("{} bytes written to {}", bytes.len(), out.display());
        return say(reach.json, &text, &report);
    }
    let bytes = block_on(send(reach, &call(&args.what)))?;
    let answer: Value = serde_json::from_slice(&bytes)
        .map_err(|error| Failure::at("the answer is not as expected", error))?;
    say(reach.json, &text(&answer), &answer)
}

fn call(what: &AdminCommand) -> Call {
    match what {
        AdminCommand::Vendor(VendorCommand::New { name }) => {
            post("/admin/v1/vendors", json!({ "name": name }))
        }
        AdminCommand::Vendor(VendorCommand::List) => get("/admin/v1/vendors"),
        AdminCommand::App(AppCommand::New { vendor, name }) => {
            post("/admin/v1/apps", json!({ "vendor_sn": vendor, "name": name }))
        }
        AdminCommand::Merchant(command) => merchant(command),
        AdminCommand::Store(command) => store(command),
        AdminCommand::Code(CodeCommand::New { vendor, store, uses }) => {
            post("/admin/v1/codes", json!({ "vendor_sn": vendor, "store_sn": store, "uses": uses }))
        }
        AdminCommand::Code(CodeCommand::List { after }) => page("/admin/v1/codes", after.as_ref()),
        AdminCommand::Terminal(command) => terminal(command),
        AdminCommand::Notice(NoticeCommand::List { order }) => {
            asked("/admin/v1/notices", "order", order.as_deref())
        }
        AdminCommand::Notice(NoticeCommand::Resend { merchant, id }) => {
            post(format!("/admin/v1/notices/{merchant}/{id}/resend"), json!({}))
        }
    }
}

fn merchant(command: &MerchantCommand) -> Call {
    match command {
        MerchantCommand::New { id, name, acquirer, currencies, daily_limit } => post(
            "/admin/v1/merchants",
            json!({
                "id": id,
                "name": name,
                "acquirer": acquirer,
                "currencies": currencies,
                "daily_limit_minor": daily_limit,
            }),
        ),
        MerchantCommand::List => get("/admin/v1/merchants"),
    }
}

fn store(command: &StoreCommand) -> Call {
    let status =
        |sn: &str, open| post(format!("/admin/v1/stores/{sn}/status"), json!({ "open": open }));
    match command {
        StoreCommand::New { merchant, name, sn, daily_limit } => post(
            "/admin/v1/stores",
            json!({
                "merchant": merchant,
                "name": name,
                "sn": sn,
                "daily_limit_minor": daily_limit,
            }),
        ),
        StoreCommand::List => get("/admin/v1/stores"),
        StoreCommand::Open { sn } => status(sn, true),
        StoreCommand::Close { sn } => status(sn, false),
    }
}

fn terminal(command: &TerminalCommand) -> Call {
    let status = |sn: &str, active| {
        post(format!("/admin/v1/terminals/{sn}/status"), json!({ "active": active }))
    };
    match command {
        TerminalCommand::List { after } => page("/admin/v1/terminals", after.as_ref()),
        TerminalCommand::Disable { sn } => status(sn, false),
        TerminalCommand::Enable { sn } => status(sn, true),
        TerminalCommand::Logs { sn } => get(format!("/admin/v1/terminals/{sn}/logs")),
        TerminalCommand::Log { sn, name, .. } => {
            get(format!("/admin/v1/terminals/{sn}/logs/{name}"))
        }
    }
}

fn page(path: &str, after: Option<&String>) -> Call {
    asked(path, "after", after.map(String::as_str))
}

/// With a parameter that may be left out.
fn asked(path: &str, name: &str, value: Option<&str>) -> Call {
    let Some(value) = value else { return get(path) };
    let mut query = form_urlencoded::Serializer::new(String::new());
    get(format!("{path}?{}", query.append_pair(name, value).finish()))
}

async fn send(reach: &AdminReach, call: &Call) -> Result<Vec<u8>, Failure> {
    let file = files::read_text(&reach.credentials, CONFIG_BYTES_MAX)?;
    let known: Credentials = serde_json::from_str(&file)
        .map_err(|error| Failure::at(reach.credentials.display(), error))?;
    let base = reach.target.as_deref().unwrap_or(&known.base_url).trim_end_matches('/');
    let url = format!("{base}{}", call.path);
    let client = Client::new(Policy::sandbox(), Limits::default(), None)
        .map_err(|error| Failure::at("the client cannot be started", error))?;
    let account = format!("{}:{}", known.admin.email, known.admin.password);
    let request = match &call.body {
        None => Request::get(&url),
        Some(body) => {
            Request::post(&url, body.to_string()).header("content-type", "application/json")
        }
    };
    let request = request
        .header("authorization", format!("Basic {}", STANDARD.encode(account)))
        .timeout(CLIENT_TIMEOUT);
    let answer = client.send(request).await;
    let answer = answer.map_err(|error| {
        Failure::new(format!("no platform answers at {base} ({error}); is it running?"))
    })?;
    if answer.status == 200 {
        return Ok(answer.body.to_vec());
    }
    let said: Value = serde_json::from_slice(&answer.body).unwrap_or(Value::Null);
    let said = said.get("error").and_then(Value::as_str).unwrap_or("nothing more was said");
    Err(Failure::new(format!("{url} answered {}: {said}", answer.status)))
}

/// A line for each thing, its members as `name=value`.
fn text(answer: &Value) -> String {
    match answer {
        Value::Array(rows) if rows.is_empty() => "none".to_owned(),
        Value::Array(rows) => rows.iter().map(line).collect::<Vec<_>>().join("\n"),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
            line(answer)
        }
    }
}

fn line(row: &Value) -> String {
    let Some(members) = row.as_object() else { return row.to_string() };
    let shown = members.iter().filter(|(_, value)| !value.is_null());
    let words = shown.map(|(name, value)| match value.as_str() {
        Some(text) => format!("{name}={text}"),
        None => format!("{name}={value}"),
    });
    words.collect::<Vec<_>>().join("  ")
}
