//! `causeway verify`: walks the gateway's checks and explains the first that fails.

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use jose::cert::Certificate;
use jose::diagnose::{Case, Diagnosis, diagnose};
use jose::inbody::{Form, verify_in_body};
use jose::jws::{self, Answer, Call, PartnerKeys};
use jose::keyring::{Clock, Entry, KeyState, Slot};
use serde_json::{Value, json};

use super::credentials::{Party, read_certificate};
use super::say;
use crate::cli::VerifyArgs;
use crate::failure::{Failure, Outcome};
use crate::files;
use crate::limits::{CONFIG_BYTES_MAX, MESSAGE_BYTES_MAX};
use crate::time::real_now;

/// The certificates of the signer as far as they are known.
struct Signer {
    app_id: Option<String>,
    signing: Vec<Arc<Certificate>>,
    encryption: Option<Arc<Certificate>>,
}

/// Runs the command.
pub(crate) fn run(args: &VerifyArgs) -> Outcome {
    let body = files::read_input(args.file.as_deref(), MESSAGE_BYTES_MAX)?;
    let now = args.at.unwrap_or_else(real_now);
    let signer = signer(args, now)?;
    if args.in_body {
        return in_body(args, &body, &signer);
    }
    let header = header(args.header.as_deref())?;
    if args.answer {
        return answer(args, &header, &body, &signer, now);
    }
    let path = args.path.as_deref().ok_or_else(|| {
        Failure::usage("--path is missing: the path that was called; --answer if it is an answer")
    })?;
    request(args, &header, &body, path, &signer, now)
}

fn signer(args: &VerifyArgs, now: Timestamp) -> Result<Signer, Failure> {
    if let (Some(file), Some(who)) = (&args.credentials, &args.party) {
        let party = Party::read(file, who, now)?;
        return Ok(Signer {
            app_id: args.app_id.clone().or(party.app_id),
            signing: vec![party.signing],
            encryption: Some(party.encryption),
        });
    }
    let signing = args.cert.iter().map(|path| read_certificate(path));
    let signing = signing.collect::<Result<Vec<_>, _>>()?;
    if signing.is_empty() {
        return Err(Failure::usage(
            "whose signature? give --credentials sandbox.json --as WHO, or --cert FILE",
        ));
    }
    let encryption = args.encryption_cert.as_deref().map(read_certificate).transpose()?;
    Ok(Signer { app_id: args.app_id.clone(), signing, encryption })
}

/// The header's value as given, or of the file after `@`. A pasted name of the header is cut off.
fn header(given: Option<&str>) -> Result<String, Failure> {
    let given = given.ok_or_else(|| {
        Failure::usage("--header is missing: the value of UPI-JWS, or @FILE with it")
    })?;
    let text = match given.strip_prefix('@') {
        Some(path) => files::read_text(Path::new(path), CONFIG_BYTES_MAX)?,
        None => given.to_owned(),
    };
    let value = text.trim();
    let name = value.get(..jws::HEADER_NAME.len()).unwrap_or_default();
    let rest = value.get(jws::HEADER_NAME.len()..).unwrap_or_default();
    Ok(match rest.strip_prefix(':') {
        Some(rest) if name.eq_ignore_ascii_case(jws::HEADER_NAME) => rest.trim().to_owned(),
        Some(_) | None => value.to_owned(),
    })
}

fn request(
    args: &VerifyArgs,
    header: &str,
    body: &[u8],
    path: &str,
    signer: &Signer,
    now: Timestamp,
) -> Outcome {
    let call = Call { header: Some(header), body, path, peer: None, now: Clock::real(now) };
    let case = Case { call, uuid_seen: false, other_certificates: &[] };
    let find = |app_id: &str| {
        let known = signer.app_id.as_deref().is_none_or(|known| known == app_id);
        known.then(|| Arc::new(partner(signer, app_id)))
    };
    match diagnose(&case, &find) {
        Ok(verified) => good(args, verified.app_id(), verified.uuid(), verified.certificate()),
        Err(diagnosis) => refused(args, &diagnosis),
    }
}

/// The signer as the checks see it: all given certificates are accepted.
fn partner(signer: &Signer, app_id: &str) -> PartnerKeys {
    let overlap = KeyState::Overlap { until: Timestamp::MAX };
    let states = std::iter::once(KeyState::Current).chain(std::iter::repeat(overlap));
    let entries = signer.signing.iter().zip(states);
    let entries = entries.map(|(key, state)| Entry { key: Arc::clone(key), state });
    PartnerKeys {
        app_id: app_id.to_owned(),
        active: true,
        addresses: jws::AddressRule::Any,
        signing: Slot::from_entries(entries),
        encryption: signer.encryption.clone().map_or_else(Slot::empty, Slot::new),
    }
}

fn good(args: &VerifyArgs, app_id: &str, uuid: &str, certificate: &Certificate) -> Outcome {
    let text =
        format!("good: signed by application {app_id} with certificate {}", certificate.id());
    let report = json!({
        "ok": true,
        "app_id": app_id,
        "kid": certificate.id().as_str(),
        "uuid": uuid,
    });
    say(args.json, &text, &report)
}

fn refused(args: &VerifyArgs, diagnosis: &Diagnosis) -> Outcome {
    let mut report = json!({ "ok": false });
    if let (Value::Object(report), Value::Object(found)) = (&mut report, diagnosis.to_json()) {
        report.extend(found);
    }
    let mut lines = vec![
        format!("refused at check {}, {}", diagnosis.check.number(), diagnosis.check.name()),
        format!("probable cause: {}", diagnosis.explanation()),
    ];
    let evidence = diagnosis.evidence.iter().map(|it| format!("  {}: {}", it.name, it.value));
    lines.extend(evidence);
    say(args.json, &lines.join("\n"), &report)?;
    Err(Failure::new(format!(
        "the signature is refused at check {} ({})",
        diagnosis.check.number(),
        diagnosis.check.name()
    )))
}

fn answer(
    args: &VerifyArgs,
    header: &str,
    body: &[u8],
    signer: &Signer,
    now: Timestamp,
) -> Outcome {
    // An answer carries the id of the partner it is for, not of the platform that signed it.
    let said = jws::parse(header).map(|it| it.protected.app_id).unwrap_or_default();
    let app_id = args.app_id.clone().unwrap_or(said);
    let answer = Answer { header: Some(header), body, app_id: &app_id, now_real: now };
    let find = |kid: &str| signer.signing.iter().find(|it| it.id().as_str() == kid).cloned();
    match jws::verify_answer(&answer, find) {
        Ok(protected) => {
            let text = format!("good: an answer for application {}", protected.app_id);
            let report = json!({
                "ok": true,
                "app_id": protected.app_id,
                "kid": protected.kid,
                "uuid": protected.uuid,
            });
            say(args.json, &text, &report)
        }
        Err(failure) => {
            let (number, name) = (failure.check.number(), failure.check.name());
            let text = format!("refused at check {number}, {name}\n{}", failure.cause);
            let report = json!({
                "ok": false, "check": number, "check_name": name, "explanation": failure.cause,
            });
            say(args.json, &text, &report)?;
            Err(Failure::new(format!("the signature is refused at check {number} ({name})")))
        }
    }
}

fn in_body(args: &VerifyArgs, body: &[u8], signer: &Signer) -> Outcome {
    let text = std::str::from_utf8(body).map_err(|_| Failure::new("the body is not UTF-8"))?;
    let text = text.trim_end_matches(['\r', '\n']);
    let mut failure = None;
    for certificate in &signer.signing {
        match verify_in_body(text, certificate) {
            Ok(form) => {
                let form = match form {
                    Form::Bare => "over the bare hash",
                    Form::DigestInfo => "with DigestInfo",
                };
                let id = certificate.id();
                let text = format!("good: signed in the body {form} with certificate {id}");
                return say(
                    args.json,
                    &text,
                    &json!({ "ok": true, "kid": id.as_str(), "form": form }),
                );
            }
            Err(error) => failure = Some(error.to_string()),
        }
    }
    let cause = failure.unwrap_or_default();
    say(args.json, &format!("refused: {cause}"), &json!({ "ok": false, "explanation": cause }))?;
    Err(Failure::new("the signature in the body is refused (check 12)"))
}
