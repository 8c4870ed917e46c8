//! Causes that show in the header itself, in the time stamp and in the path.

use serde_json::{Map, Value};

use super::{Case, Cause, Diagnosis};
use crate::encode;
use crate::jws::{Check, JwsError};

const MEMBERS: [&str; 4] = ["UPI-UUID", "UPI-TIMESTAMP", "UPI-APPID", "UPI-REQPATH"];

/// Explains an error of the header value. `None` when the signature itself failed: that
/// needs keys.
pub(super) fn explain(error: &JwsError, case: &Case<'_>) -> Option<Diagnosis> {
    let probable = match error {
        JwsError::Missing => Cause::HeaderMissing,
        JwsError::TooLong { .. } => Cause::TooLong,
        JwsError::Parts { found } => Cause::HeaderParts { found: *found },
        JwsError::PayloadPresent => Cause::PayloadPresent,
        JwsError::HeaderEncoding => Cause::HeaderEncoding,
        JwsError::SignatureEncoding => Cause::SignatureEncoding,
        JwsError::Algorithm { found } => Cause::Algorithm { found: found.clone() },
        JwsError::PathPresent => Cause::PathInAnswer,
        JwsError::HeaderJson { .. }
        | JwsError::MemberMissing { .. }
        | JwsError::MemberForm { .. }
        | JwsError::CritIncomplete { .. }
        | JwsError::CritUnknown { .. } => member_cause(error, case),
        JwsError::SignatureInvalid | JwsError::Sign => return None,
    };
    Some(Diagnosis::new(error.check(), probable).with("rule", error.to_string()))
}

/// Looks at the members more leniently than the checks may.
fn member_cause(error: &JwsError, case: &Case<'_>) -> Cause {
    let members = members(case);
    let present = members.keys().map(String::as_str);
    let critical = members.get("crit").and_then(Value::as_array);
    let named = critical.into_iter().flatten().filter_map(Value::as_str);
    let all: Vec<&str> = present.chain(named).collect();
    if let Some(name) = all.iter().find(|name| has_blank(name)) {
        return Cause::BlankInName { name: (*name).to_owned() };
    }
    let in_other_case = |name: &&&str| {
        MEMBERS.iter().any(|member| *member != **name && member.eq_ignore_ascii_case(name))
    };
    if let Some(name) = all.iter().find(in_other_case) {
        return Cause::CaseOfName { name: (*name).to_owned() };
    }
    if members.get("UPI-TIMESTAMP").is_some_and(Value::is_number) {
        return Cause::TimestampIsNumber;
    }
    if members.get("b64") == Some(&Value::Bool(false)) {
        return Cause::PayloadUnencoded;
    }
    match error {
        JwsError::HeaderJson { reason } => Cause::HeaderNotJson { reason: reason.clone() },
        JwsError::MemberMissing { name } => Cause::MemberMissing { name },
        JwsError::MemberForm { name, rule } => Cause::MemberForm { name, rule },
        JwsError::CritIncomplete { name } => Cause::CritIncomplete { name: name.clone() },
        JwsError::CritUnknown { name } => Cause::CritUnknown { name: name.clone() },
        JwsError::Missing
        | JwsError::TooLong { .. }
        | JwsError::Parts { .. }
        | JwsError::PayloadPresent
        | JwsError::HeaderEncoding
        | JwsError::Algorithm { .. }
        | JwsError::PathPresent
        | JwsError::SignatureEncoding
        | JwsError::SignatureInvalid
        | JwsError::Sign => Cause::HeaderNotJson { reason: error.to_string() },
    }
}

/// The protected header's members, or none. Its length is within the bound: the checks got
/// as far as its members.
fn members(case: &Case<'_>) -> Map<String, Value> {
    let encoded = case.call.header.and_then(|value| value.split('.').next()).unwrap_or_default();
    let json = encode::from_url(encoded).unwrap_or_default();
    serde_json::from_slice(&json).unwrap_or_default()
}

/// Whether a name is one of the protocol's, or looks like it, but for blanks.
fn has_blank(name: &str) -> bool {
    let packed: String = name.chars().filter(|letter| !letter.is_whitespace()).collect();
    packed.len() < name.len()
        && ["alg", "kid", "crit"].iter().chain(&MEMBERS).any(|member| *member == packed)
}

/// A time stamp that is not a number.
pub(super) fn time_form(timestamp: &str) -> Diagnosis {
    let calendar = ["-", ":", "/", "T"].iter().any(|mark| timestamp.contains(mark))
        && timestamp.starts_with(|letter: char| letter.is_ascii_digit());
    let probable = if calendar { Cause::TimestampCalendar } else { Cause::TimestampForm };
    Diagnosis::new(Check::Timestamp, probable).with("UPI-TIMESTAMP", timestamp)
}

/// A number that is too far from real time: another unit, a calendar form, or the clock.
pub(super) fn time_skew(seconds: i64, case: &Case<'_>) -> Diagnosis {
    const YEAR_SECONDS: u64 = 31_622_400;
    let now = case.call.now.real.as_second();
    let sent = now.saturating_add(seconds);
    // Ten years of error count as near: the unit is recognised by its thousandfold.
    let near =
        |value: i64| value.saturating_sub(now).unsigned_abs() < YEAR_SECONDS.saturating_mul(10);
    let thousandth = sent.checked_div(1_000).unwrap_or(sent);
    let date = sent.to_string();
    let probable = if near(thousandth) {
        Cause::TimestampMilliseconds
    } else if date.len() == 14 && date.starts_with("20") {
        Cause::TimestampCalendar
    } else {
        Cause::ClockOff { seconds }
    };
    Diagnosis::new(Check::Timestamp, probable)
        .with("UPI-TIMESTAMP", date)
        .with("real time", now.to_string())
}

/// A path that is not the one that was called.
pub(super) fn path(sent: &str, called: &str) -> Diagnosis {
    let trimmed = |path: &str| path.trim_end_matches('/').to_owned();
    let cause = if sent.contains("://") || sent.starts_with("//") || host_first(sent, called) {
        Cause::PathWithHost
    } else if sent.contains(['?', '#']) {
        Cause::PathWithQuery
    } else if trimmed(sent) == trimmed(called) {
        Cause::PathTrailingSlash
    } else if !sent.starts_with('/') {
        Cause::PathNoSlash
    } else if sent.eq_ignore_ascii_case(called) {
        Cause::PathCase
    } else if sent.len() > 1 && (called.ends_with(sent) || sent.ends_with(called)) {
        Cause::PathPart
    } else {
        Cause::PathOther
    };
    Diagnosis::new(Check::ReqPath, cause).with("UPI-REQPATH", sent).with("called path", called)
}

/// `host/path` without a scheme.
fn host_first(sent: &str, called: &str) -> bool {
    !sent.starts_with('/')
        && sent.split_once('/').is_some_and(|(host, path)| {
            host.contains(['.', ':']) && called.strip_prefix('/') == Some(path)
        })
}
