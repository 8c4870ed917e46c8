//! Signatures inside the body (security 4) of wrapped messages, alone or beside the header.
//!
//! Where the header is absent, `msgInfo.industryCode` is believed only so far as to choose the
//! certificate to verify with; whoever signed with its key is that service. Freshness is
//! `timeStamp` within 300 s of business time and a `msgID` that was not seen (ucsp.md 8.8).

use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use domain::ids::{AcquirerIin, IndustryCode};
use domain::party::Security;
use jose::cert::Certificate;
use jose::inbody::{InBodyError, verify_in_body};
use jose::jws::{Admission, PartnerKeys};
use jose::keyring::KeyRefusal;
use serde::Deserialize;

use super::intake::{Arrived, Known, seen};
use super::{Sealing, Sender};
use crate::limits::IN_BODY_SKEW_SECONDS_MAX;
use crate::shared::Shared;

/// Why the signature in the body is not accepted: code 11 with this as `errorDetail`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Failure {
    /// The setting of the application asks for one.
    #[error("certificateSignature is missing")]
    Missing,
    /// The certificate is not accepted.
    #[error("certificateSignature.appSignCertID: {0}")]
    Certificate(KeyRefusal),
    /// The text or the signature.
    #[error("{0}")]
    Text(#[from] InBodyError),
    /// Too old or too far ahead.
    #[error("msgInfo.timeStamp is not within 300 s of the platform's time")]
    TimeStamp,
    /// Used before.
    #[error("msgInfo.msgID was used before")]
    Replayed,
}

/// What is read before the signature was verified; everything else is left alone.
#[derive(Deserialize)]
struct Outside {
    #[serde(rename = "msgInfo", default)]
    msg_info: Info,
    #[serde(rename = "trxInfo", default)]
    trx_info: Zone,
    #[serde(rename = "certificateSignature")]
    signature: Option<Signature>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Info {
    industry_code: String,
    #[serde(rename = "msgID")]
    msg_id: String,
    time_stamp: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Zone {
    #[serde(rename = "acqIIN")]
    acquirer: String,
}

#[derive(Deserialize)]
struct Signature {
    #[serde(rename = "appSignCertID", default)]
    certificate: String,
}

/// The application of a request without header, if the service it names signs in the body only.
/// A frozen application, or one that calls from a strange address, stays unknown.
pub(super) fn identify(shared: &Shared, arrived: &Arrived) -> Option<Known> {
    let outside: Outside = serde_json::from_slice(&arrived.body).ok()?;
    let directory = shared.platform.directory.get();
    let industry = directory.industry(&IndustryCode::new(&outside.msg_info.industry_code))?;
    let application = directory.application(&industry.app)?;
    let partner = shared.keys.partner(application.id.as_str())?;
    let may_call = partner.active && partner.addresses.admits(arrived.peer);
    if !may_call || application.security != Security::Body {
        return None;
    }
    let sender = Sender::of(application);
    let in_body = judge(shared, &sender, &partner, &outside, &arrived.body);
    let seen = seen(shared, &sender.id, &outside.msg_info.msg_id);
    let sealing = Sealing::wrapped(&sender, false);
    Some(Known { sender, sealing, in_body, seen })
}

fn judge(
    shared: &Shared,
    sender: &Sender,
    partner: &PartnerKeys,
    outside: &Outside,
    body: &[u8],
) -> Result<(), Failure> {
    let signature = outside.signature.as_ref().ok_or(Failure::Missing)?;
    verify(shared, partner, &signature.certificate, body)?;
    let zone = shared.platform.zone(&AcquirerIin::new(&outside.trx_info.acquirer));
    let sent = dialect::time::parse_stamp(&outside.msg_info.time_stamp, &zone);
    let sent = sent.ok_or(Failure::TimeStamp)?;
    let apart = shared.platform.clock.now().duration_since(sent).as_secs();
    if apart.unsigned_abs() > IN_BODY_SKEW_SECONDS_MAX.unsigned_abs() {
        return Err(Failure::TimeStamp);
    }
    let now = shared.platform.clock.real_now();
    match shared.replay.try_admit(sender.id.as_str(), &as_uuid(&outside.msg_info.msg_id), now) {
        Admission::Fresh => Ok(()),
        Admission::Seen | Admission::Full => Err(Failure::Replayed),
    }
}

/// A `msgID` in the form that the replay window remembers: 128 bits of its hash.
fn as_uuid(msg_id: &str) -> String {
    use std::fmt::Write as _;
    let hash = digest(&SHA256, msg_id.as_bytes());
    hash.as_ref().iter().take(16).fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The signature in the body beside a header that was verified: whatever is present is verified,
/// and present it must be if the setting says so (ucsp.md section 2).
pub(super) fn beside_header(
    shared: &Shared,
    sender: &Sender,
    partner: &PartnerKeys,
    body: &[u8],
) -> Result<(), Failure> {
    let demanded = sender.security != Security::Jws;
    if !demanded && !mentions_signature(body) {
        return Ok(());
    }
    // A body of another shape is told so by the decoder, before this is looked at.
    let outside = serde_json::from_slice::<Outside>(body).ok();
    match outside.and_then(|outside| outside.signature) {
        Some(signature) => verify(shared, partner, &signature.certificate, body),
        None if demanded => Err(Failure::Missing),
        None => Ok(()),
    }
}

/// Cheap for the many bodies without one: no JSON is read.
fn mentions_signature(body: &[u8]) -> bool {
    std::str::from_utf8(body).is_ok_and(|text| text.contains("certificateSignature"))
}

fn verify(
    shared: &Shared,
    partner: &PartnerKeys,
    certificate_id: &str,
    body: &[u8],
) -> Result<(), Failure> {
    let accepted = partner.signing.accepted(certificate_id, shared.key_clock());
    let certificate: &Arc<Certificate> = accepted.map_err(Failure::Certificate)?;
    let text = std::str::from_utf8(body).map_err(|_| InBodyError::Json)?;
    verify_in_body(text, certificate)?;
    Ok(())
}
