//! The diagnoser: what a refused request most probably did wrong (security 2).
//!
//! Goal: E0 tells a partner nothing; this tells the owner the first check that failed and
//! the likely cause, with evidence. The same code serves the gateway's records, the command
//! line and the portal.
//!
//! Invariants: it decides nothing, it only explains a decision of [`crate::jws`]; its work
//! is bounded; evidence never holds a key, a signing text or a body.

mod cause;
mod header;
mod signature;
mod variants;

use std::sync::Arc;

use serde::Serialize;

use crate::cert::Certificate;
use crate::jws::{Call, Check, Failure, Partners, Reason, VerifiedHeader, verify_request};
use crate::keyring::KeyRefusal;
use crate::limits::EVIDENCE_CHARS_MAX;

pub use cause::{BodyChange, Cause};

/// A request to explain.
#[derive(Clone, Copy)]
pub struct Case<'a> {
    /// The request.
    pub call: Call<'a>,
    /// Whether check 9 found the UUID used within 10 minutes.
    pub uuid_seen: bool,
    /// Certificates of the same owner beside those of the application that the header
    /// names: of other applications, or deleted ones, if known. The first 32 count.
    pub other_certificates: &'a [Arc<Certificate>],
}

/// One observation that supports the cause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Evidence {
    /// What was looked at.
    pub name: &'static str,
    /// What was found, at most [`EVIDENCE_CHARS_MAX`] characters.
    pub value: String,
}

/// The first failing check and its probable cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnosis {
    /// Which check failed first.
    pub check: Check,
    /// The probable cause.
    pub cause: Cause,
    /// What was observed.
    pub evidence: Vec<Evidence>,
}

impl Diagnosis {
    fn new(check: Check, cause: Cause) -> Self {
        Self { check, cause, evidence: Vec::new() }
    }

    fn with(mut self, name: &'static str, value: impl AsRef<str>) -> Self {
        let value = value.as_ref().chars().take(EVIDENCE_CHARS_MAX).collect();
        self.evidence.push(Evidence { name, value });
        self
    }

    /// The cause in a sentence or two that say what to do.
    #[must_use]
    pub fn explanation(&self) -> String {
        self.cause.to_string()
    }

    /// As JSON: `check` (2 to 9), `check_name`, `cause`, `explanation`, `evidence`.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::json!({
            "check": self.check.number(),
            "check_name": self.check.name(),
            "cause": self.cause.name(),
            "explanation": self.explanation(),
            "evidence": self.evidence,
        })
    }
}

/// Runs the checks and explains the first that fails.
///
/// # Errors
/// The [`Diagnosis`], boxed because it is the rare case.
pub fn diagnose(
    case: &Case<'_>,
    partners: &impl Partners,
) -> Result<VerifiedHeader, Box<Diagnosis>> {
    match verify_request(&case.call, partners) {
        Ok(verified) if case.uuid_seen => {
            Err(Box::new(explain(&Failure::of_uuid(&verified, false), case)))
        }
        Ok(verified) => Ok(verified),
        Err(failure) => Err(Box::new(explain(&failure, case))),
    }
}

/// Explains a failure that [`verify_request`] found in this request.
#[must_use]
pub fn explain(failure: &Failure, case: &Case<'_>) -> Diagnosis {
    let found = match &failure.reason {
        Reason::Jws(error) => {
            header::explain(error, case).unwrap_or_else(|| signature::explain(failure, case))
        }
        Reason::AppIdUnknown { app_id } | Reason::AppIdForeign { app_id } => {
            Diagnosis::new(failure.check, Cause::AppIdUnknown).with("UPI-APPID", app_id)
        }
        Reason::AppInactive { app_id } => {
            Diagnosis::new(failure.check, Cause::AppInactive).with("UPI-APPID", app_id)
        }
        Reason::Address { peer } => {
            let shown = peer.map_or_else(|| "unknown".to_owned(), |peer| peer.to_string());
            Diagnosis::new(failure.check, Cause::AddressNotAllowed).with("caller", shown)
        }
        Reason::Kid { kid, refusal } => kid_cause(failure, kid, *refusal),
        Reason::TimestampForm { timestamp } => header::time_form(timestamp),
        Reason::TimestampSkew { seconds } => header::time_skew(*seconds, case),
        Reason::ReqPath { sent, called } => header::path(sent, called),
        Reason::UuidSeen => Diagnosis::new(failure.check, Cause::UuidUsed),
        Reason::ReplayFull => Diagnosis::new(failure.check, Cause::ReplayFull),
    };
    debug_assert_eq!(found.check, failure.check, "an explanation never moves the check");
    found
}

fn kid_cause(failure: &Failure, kid: &str, refusal: KeyRefusal) -> Diagnosis {
    let cause = match refusal {
        KeyRefusal::Unknown => unknown_kid(failure, kid),
        KeyRefusal::Ended { at } => Cause::KidEnded { at },
        KeyRefusal::Revoked { at } => Cause::KidRevoked { at },
        KeyRefusal::NotYetValid { at } => Cause::KidNotYetValid { at },
        KeyRefusal::Expired { at } => Cause::KidExpired { at },
    };
    Diagnosis::new(failure.check, cause).with("kid", kid)
}

fn unknown_kid(failure: &Failure, kid: &str) -> Cause {
    let Some(partner) = &failure.partner else {
        return Cause::KidUnknown;
    };
    if partner.encryption.find(kid).is_some() {
        return Cause::KidIsEncryption;
    }
    let digits: String = kid.chars().filter(char::is_ascii_alphanumeric).collect();
    let lower = digits.to_ascii_lowercase();
    let written = significant(lower.strip_prefix("0x").unwrap_or(&lower));
    let certificates = partner.signing.entries().iter().chain(partner.encryption.entries());
    let same = certificates
        .map(|entry| &entry.key)
        .find(|certificate| significant(certificate.serial_hex()) == written);
    match same {
        Some(certificate) => Cause::KidInHex { decimal: certificate.id().to_string() },
        None => Cause::KidUnknown,
    }
}

/// Hex digits without leading zeros, because writers differ about them.
fn significant(hex: &str) -> &str {
    hex.trim_start_matches('0')
}

#[cfg(test)]
mod tests;
