//! The checks of security 1 in their order, for requests and for answers.
//!
//! Goal: one walk that says which check failed first. Check 1 is the HTTP layer's, check 9
//! the caller's (the replay window may be durable), 10 and later belong to the messages.

use std::net::IpAddr;
use std::sync::Arc;

use jiff::Timestamp;

use super::header::{JwsError, Protected};
use super::partner::{PartnerKeys, Partners};
use super::{Detached, named, parse};
use crate::cert::Certificate;
use crate::keyring::{Clock, KeyRefusal};
use crate::limits::TIMESTAMP_SKEW_SECONDS_MAX;

/// The checks that end in a bare E0, in their order (security 1, 2 to 9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Check {
    /// 2: header present, three parts, the middle one empty.
    Header,
    /// 3: header JSON, RS256, `crit` complete and understood.
    ProtectedHeader,
    /// 4: the application is known and active.
    AppId,
    /// 4 as well: the caller's address is allowed.
    IpRule,
    /// 5: `kid` is a live signing certificate of the application.
    Kid,
    /// 6: the time stamp is within 300 s of real time.
    Timestamp,
    /// 7: `UPI-REQPATH` is the path that was called.
    ReqPath,
    /// 8: the signature.
    Signature,
    /// 9: the UUID was not seen within 10 minutes.
    Uuid,
}

impl Check {
    /// All checks, in their order.
    pub const ALL: [Self; 9] = [
        Self::Header,
        Self::ProtectedHeader,
        Self::AppId,
        Self::IpRule,
        Self::Kid,
        Self::Timestamp,
        Self::ReqPath,
        Self::Signature,
        Self::Uuid,
    ];

    /// The number in security 1, 2 to 9.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Header => 2,
            Self::ProtectedHeader => 3,
            Self::AppId | Self::IpRule => 4,
            Self::Kid => 5,
            Self::Timestamp => 6,
            Self::ReqPath => 7,
            Self::Signature => 8,
            Self::Uuid => 9,
        }
    }

    /// A stable name in lower case, for records and the portal.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Header => "header",
            Self::ProtectedHeader => "protected_header",
            Self::AppId => "app_id",
            Self::IpRule => "ip_rule",
            Self::Kid => "kid",
            Self::Timestamp => "timestamp",
            Self::ReqPath => "req_path",
            Self::Signature => "signature",
            Self::Uuid => "uuid",
        }
    }
}

/// A received request as the checks see it.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// Value of the `UPI-JWS` header, if there is one.
    pub header: Option<&'a str>,
    /// The body's bytes exactly as received.
    pub body: &'a [u8],
    /// The path that was called, without host and query.
    pub path: &'a str,
    /// Address of the caller, if known.
    pub peer: Option<IpAddr>,
    /// Real and business time.
    pub now: Clock,
}

/// A received answer as the checks see it.
#[derive(Debug, Clone, Copy)]
pub struct Answer<'a> {
    /// Value of the `UPI-JWS` header, if there is one.
    pub header: Option<&'a str>,
    /// The body's bytes exactly as received.
    pub body: &'a [u8],
    /// The application id that must stand in it: the partner's own.
    pub app_id: &'a str,
    /// Real time.
    pub now_real: Timestamp,
}

/// Proof that checks 2 to 8 passed: only [`verify_request`] makes it.
#[derive(Debug, Clone)]
pub struct VerifiedHeader {
    protected: Protected,
    partner: Arc<PartnerKeys>,
    certificate: Arc<Certificate>,
}

impl VerifiedHeader {
    /// The members of the protected header.
    #[must_use]
    pub const fn protected(&self) -> &Protected {
        &self.protected
    }

    /// The application that signed.
    #[must_use]
    pub const fn partner(&self) -> &Arc<PartnerKeys> {
        &self.partner
    }

    /// The certificate the signature was verified with.
    #[must_use]
    pub const fn certificate(&self) -> &Arc<Certificate> {
        &self.certificate
    }

    /// The application id, known and active.
    #[must_use]
    pub fn app_id(&self) -> &str {
        &self.partner.app_id
    }

    /// The UUID, for check 9.
    #[must_use]
    pub fn uuid(&self) -> &str {
        &self.protected.uuid
    }
}

/// What exactly was wrong. The text is for the owner and the operator, never for the wire.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// The header value itself.
    #[error(transparent)]
    Jws(#[from] JwsError),
    /// No application has the id.
    #[error("no application has the id {app_id:?}")]
    AppIdUnknown {
        /// As sent.
        app_id: String,
    },
    /// The application is not active.
    #[error("the application {app_id} is not active")]
    AppInactive {
        /// As sent.
        app_id: String,
    },
    /// The answer is for another application.
    #[error("the answer is for the application {app_id:?}")]
    AppIdForeign {
        /// As sent.
        app_id: String,
    },
    /// The address is not allowed.
    #[error("calls from {} are not allowed for this application", shown(*.peer))]
    Address {
        /// The caller's address.
        peer: Option<IpAddr>,
    },
    /// The signing certificate is not accepted.
    #[error("kid {kid}: {refusal}")]
    Kid {
        /// As sent.
        kid: String,
        /// Why.
        refusal: KeyRefusal,
    },
    /// The time stamp is not a number of Unix seconds.
    #[error("UPI-TIMESTAMP {timestamp:?} is not a string of Unix seconds")]
    TimestampForm {
        /// As sent.
        timestamp: String,
    },
    /// The time stamp is too far from real time.
    #[error("UPI-TIMESTAMP is {seconds} s ahead of real time (negative: behind)")]
    TimestampSkew {
        /// Sent minus real time, in seconds.
        seconds: i64,
    },
    /// The path differs from the one that was called.
    #[error("UPI-REQPATH is {sent:?}, called was {called:?}")]
    ReqPath {
        /// As sent.
        sent: String,
        /// The path that was called.
        called: String,
    },
    /// The UUID was used within the last 10 minutes.
    #[error("UPI-UUID was already used within the last 10 minutes")]
    UuidSeen,
    /// The replay window is full, so no new message can be admitted.
    #[error("the replay window is full")]
    ReplayFull,
}

fn shown(peer: Option<IpAddr>) -> String {
    peer.map_or_else(|| "an unknown address".to_owned(), |address| address.to_string())
}

impl Reason {
    /// The check that this reason belongs to.
    #[must_use]
    pub const fn check(&self) -> Check {
        match self {
            Self::Jws(error) => error.check(),
            Self::AppIdUnknown { .. } | Self::AppInactive { .. } | Self::AppIdForeign { .. } => {
                Check::AppId
            }
            Self::Address { .. } => Check::IpRule,
            Self::Kid { .. } => Check::Kid,
            Self::TimestampForm { .. } | Self::TimestampSkew { .. } => Check::Timestamp,
            Self::ReqPath { .. } => Check::ReqPath,
            Self::UuidSeen | Self::ReplayFull => Check::Uuid,
        }
    }
}

/// The first check that failed.
#[derive(Debug, Clone)]
pub struct Failure {
    /// Which check.
    pub check: Check,
    /// What was wrong, as text for the owner and the operator.
    pub cause: String,
    /// What was wrong, as data.
    pub reason: Reason,
    /// The application, once it is known, active or not.
    pub partner: Option<Arc<PartnerKeys>>,
    /// Whether the 401 must be signed: the application is known and `kid` is one of its
    /// certificates (`ucsp.md` 8.8).
    pub sign_refusal: bool,
}

impl Failure {
    /// A failure, with what is known about the sender.
    #[must_use]
    pub fn new(reason: Reason, partner: Option<Arc<PartnerKeys>>, kid: Option<&str>) -> Self {
        let owned = |partner: &Arc<PartnerKeys>| kid.is_some_and(|kid| partner.owns(kid));
        Self {
            check: reason.check(),
            cause: reason.to_string(),
            sign_refusal: partner.as_ref().is_some_and(owned),
            reason,
            partner,
        }
    }

    /// The failure of check 9 for a message that passed all before: the UUID was seen, or
    /// the window is full.
    #[must_use]
    pub fn of_uuid(verified: &VerifiedHeader, full: bool) -> Self {
        let reason = if full { Reason::ReplayFull } else { Reason::UuidSeen };
        let partner = Some(Arc::clone(&verified.partner));
        Self::new(reason, partner, Some(&verified.protected.kid))
    }
}

/// Checks 2 to 8 of security 1 in their order. Check 9 is the caller's: [`ReplayWindow`],
/// or the write set of a message that changes state.
///
/// [`ReplayWindow`]: super::ReplayWindow
///
/// # Errors
/// [`Failure`] with the first check that failed. Outward it is one bare E0.
pub fn verify_request(
    call: &Call<'_>,
    partners: &impl Partners,
) -> Result<VerifiedHeader, Failure> {
    let unread = |error: JwsError| {
        let reason = Reason::from(error);
        let is_token = reason.check() == Check::ProtectedHeader;
        let named = call.header.filter(|_| is_token).and_then(named);
        let (app_id, kid) = named.as_ref().map(|(app_id, kid)| (app_id, kid.as_str())).unzip();
        Failure::new(reason, app_id.and_then(|app_id| partners.find(app_id)), kid)
    };
    let detached = read(call.header).map_err(unread)?;
    let protected = &detached.protected;
    let Some(sent_path) = protected.req_path.as_deref() else {
        return Err(unread(JwsError::MemberMissing { name: "UPI-REQPATH" }));
    };
    let Some(partner) = partners.find(&protected.app_id) else {
        let reason = Reason::AppIdUnknown { app_id: protected.app_id.clone() };
        return Err(Failure::new(reason, None, None));
    };
    match check_caller(call, &detached, sent_path, &partner) {
        Ok(certificate) => {
            Ok(VerifiedHeader { certificate, partner, protected: detached.protected })
        }
        Err(reason) => Err(Failure::new(reason, Some(partner), Some(&detached.protected.kid))),
    }
}

/// Checks 4 to 8 for a known application.
fn check_caller(
    call: &Call<'_>,
    detached: &Detached,
    sent_path: &str,
    partner: &PartnerKeys,
) -> Result<Arc<Certificate>, Reason> {
    let protected = &detached.protected;
    if !partner.active {
        return Err(Reason::AppInactive { app_id: protected.app_id.clone() });
    }
    if !partner.addresses.admits(call.peer) {
        return Err(Reason::Address { peer: call.peer });
    }
    let refused = |refusal| Reason::Kid { kid: protected.kid.clone(), refusal };
    let certificate = partner.signing.accepted(&protected.kid, call.now).map_err(refused)?;
    check_time(&protected.timestamp, call.now.real)?;
    if sent_path != call.path {
        let (sent, called) = (sent_path.to_owned(), call.path.to_owned());
        return Err(Reason::ReqPath { sent, called });
    }
    detached.verify(call.body, certificate)?;
    Ok(Arc::clone(certificate))
}

/// The same checks for an answer to a message of ours, or to a notice: `find` yields the
/// answering party's accepted signing certificate for a `kid`. An answer carries the
/// application id and no path.
///
/// # Errors
/// [`Failure`] with the first check that failed.
pub fn verify_answer(
    answer: &Answer<'_>,
    find: impl Fn(&str) -> Option<Arc<Certificate>>,
) -> Result<Protected, Failure> {
    check_answer(answer, find).map_err(|reason| Failure::new(reason, None, None))
}

fn check_answer(
    answer: &Answer<'_>,
    find: impl Fn(&str) -> Option<Arc<Certificate>>,
) -> Result<Protected, Reason> {
    let detached = read(answer.header)?;
    let protected = &detached.protected;
    if protected.req_path.is_some() {
        return Err(JwsError::PathPresent.into());
    }
    if protected.app_id != answer.app_id {
        return Err(Reason::AppIdForeign { app_id: protected.app_id.clone() });
    }
    let refused = |refusal| Reason::Kid { kid: protected.kid.clone(), refusal };
    let certificate = find(&protected.kid).ok_or_else(|| refused(KeyRefusal::Unknown))?;
    if !certificate.is_valid_at(answer.now_real) {
        return Err(refused(KeyRefusal::Expired { at: certificate.not_after() }));
    }
    check_time(&protected.timestamp, answer.now_real)?;
    detached.verify(answer.body, &certificate)?;
    Ok(detached.protected)
}

fn read(header: Option<&str>) -> Result<Detached, JwsError> {
    parse(header.ok_or(JwsError::Missing)?)
}

/// Check 6: digits only, within 300 s of real time, both ends included.
fn check_time(timestamp: &str, now_real: Timestamp) -> Result<(), Reason> {
    let digits = timestamp.bytes().all(|byte| byte.is_ascii_digit());
    let sent: Option<i64> = if digits { timestamp.parse().ok() } else { None };
    let Some(sent) = sent else {
        return Err(Reason::TimestampForm { timestamp: timestamp.to_owned() });
    };
    let seconds = sent.saturating_sub(now_real.as_second());
    if seconds.unsigned_abs() <= TIMESTAMP_SKEW_SECONDS_MAX.unsigned_abs() {
        Ok(())
    } else {
        Err(Reason::TimestampSkew { seconds })
    }
}
