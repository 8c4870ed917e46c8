//! `causeway sign`: the value of a UPI-JWS header, or a message signed in its body.

use jose::inbody::{Form, sign_in_body};
use jose::jws::{self, SignOptions, fresh_uuid};
use serde_json::json;

use super::credentials::{Named, Use, named};
use super::say;
use crate::cli::SignArgs;
use crate::failure::{Failure, Outcome};
use crate::files;
use crate::limits::MESSAGE_BYTES_MAX;
use crate::time::real_now;

/// Runs the command.
pub(crate) fn run(args: &SignArgs) -> Outcome {
    let now = real_now();
    let body = files::read_input(args.file.as_deref(), MESSAGE_BYTES_MAX)?;
    let Named { identity, app_id } = named(&args.credentials, Use::Sign, now)?;
    if args.in_body {
        let text = String::from_utf8(body).map_err(|_| Failure::new("the body is not UTF-8"))?;
        let signed = sign_in_body(text.trim_end(), &identity, Form::Bare).map_err(|error| {
            Failure::new(format!(
                "{error}; the body needs \"certificateSignature\":{{\"signature\":\"00000000\"}}"
            ))
        })?;
        return say(args.json, &signed, &json!({ "message": signed }));
    }
    let app_id = args.app_id.clone().or(app_id).ok_or_else(|| {
        Failure::usage("--app-id is missing: the application id that goes into UPI-APPID")
    })?;
    if let Some(path) = args.path.as_deref().filter(|path| !path.starts_with('/')) {
        return Err(Failure::usage(format!(
            "--path {path:?} must be the bare path, such as /ucsp/industry/v1/getcardlist"
        )));
    }
    let uuid = fresh_uuid();
    let options = SignOptions {
        app_id: &app_id,
        uuid: &uuid,
        timestamp: now.as_second(),
        req_path: args.path.as_deref(),
    };
    let value =
        jws::sign(&identity, &body, &options).map_err(|error| Failure::at("sign", error))?;
    let report = json!({
        "header": jws::HEADER_NAME,
        "value": value,
        "kid": identity.id().as_str(),
        "uuid": uuid,
        "timestamp": now.as_second().to_string(),
        "app_id": app_id,
        "path": args.path,
    });
    say(args.json, &value, &report)
}
