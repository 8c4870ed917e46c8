//! Taking a request in: check 1 on its outside, checks 2 to 9 on its bytes.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use app::Caller;
use app::limits::REPLAY_WINDOW;
use app::scenario::is_known;
use app::writeset::SeenMessage;
use axum::body::to_bytes;
use axum::extract::{ConnectInfo, Request};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use domain::ids::AppId;
use http::request::Parts;
use http::{HeaderMap, StatusCode, header};
use jose::jws::{Admission, Call, Failure, Reason, VerifiedHeader, verify_request};

use super::in_body;
use super::{Audience, Received, Sealing, Sender};
use crate::crypto::Place;
use crate::limits::{BODY_BYTES_MAX, BODY_READ_TIME_MAX};
use crate::shared::Shared;

pub(super) const SCENARIO: &str = "X-Sandbox-Scenario";

/// A request that passed check 1.
pub(super) struct Arrived {
    /// The entity body exactly as sent; UTF-8.
    pub(super) body: Bytes,
    /// Value of `UPI-JWS`. More than one, or one that is not ASCII, is as bad as a broken one.
    pub(super) header: Option<String>,
    /// The path that was called.
    pub(super) path: String,
    /// The caller's address, if known.
    pub(super) peer: Option<IpAddr>,
    /// `X-Sandbox-Scenario`.
    pub(super) scenario: Scenario,
}

/// What the sender wants to happen; only applications of the sandbox are heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scenario {
    /// Nothing is said of it.
    Unsaid,
    /// A row of the table.
    Known(u8),
    /// No row of the table, or said twice.
    Unknown,
}

/// Check 1: at most 256 KiB, JSON, UTF-8.
pub(super) async fn take(request: Request) -> Result<Arrived, Response> {
    let (parts, body) = request.into_parts();
    if declared_length(&parts.headers).is_some_and(|length| length > BODY_BYTES_MAX as u64) {
        return Err(malformed(StatusCode::PAYLOAD_TOO_LARGE));
    }
    let read = tokio::time::timeout(BODY_READ_TIME_MAX, to_bytes(body, BODY_BYTES_MAX)).await;
    let body = match read {
        Ok(Ok(body)) => body,
        Ok(Err(error)) if is_too_large(&error) => {
            return Err(malformed(StatusCode::PAYLOAD_TOO_LARGE));
        }
        Ok(Err(_)) | Err(_) => return Err(malformed(StatusCode::BAD_REQUEST)),
    };
    if !is_json(&parts.headers) {
        return Err(malformed(StatusCode::UNSUPPORTED_MEDIA_TYPE));
    }
    if std::str::from_utf8(&body).is_err() {
        return Err(malformed(StatusCode::BAD_REQUEST));
    }
    Ok(Arrived {
        body,
        header: signature_header(&parts.headers),
        path: parts.uri.path().to_owned(),
        peer: peer(&parts),
        scenario: scenario(&parts.headers),
    })
}

/// The refusal of check 1 (ucsp.md section 8.8).
fn malformed(status: StatusCode) -> Response {
    let form = [(header::CONTENT_TYPE, "application/json")];
    (status, form, wire::ucsp::gateway_refusal(true)).into_response()
}

pub(crate) fn declared_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

pub(crate) fn is_too_large(error: &axum::Error) -> bool {
    let mut source: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = source {
        if error.is::<http_body_util::LengthLimitError>() {
            return true;
        }
        source = error.source();
    }
    false
}

/// `application/json`, in any case, with or without parameters; a `charset` must be UTF-8.
fn is_json(headers: &HeaderMap) -> bool {
    let mut all = headers.get_all(header::CONTENT_TYPE).iter();
    let (Some(value), None) = (all.next(), all.next()) else {
        return false;
    };
    let Ok(text) = value.to_str() else { return false };
    let mut parts = text.split(';').map(str::trim);
    parts.next().is_some_and(|kind| kind.eq_ignore_ascii_case("application/json"))
        && parts.all(|parameter| {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            let value = value.trim().trim_matches('"');
            !name.trim().eq_ignore_ascii_case("charset")
                || value.eq_ignore_ascii_case("utf-8")
                || value.eq_ignore_ascii_case("utf8")
        })
}

fn signature_header(headers: &HeaderMap) -> Option<String> {
    let mut all = headers.get_all(jose::jws::HEADER_NAME).iter();
    let first = all.next()?;
    let single = all.next().is_none();
    Some(first.to_str().ok().filter(|_| single).unwrap_or_default().to_owned())
}

fn peer(parts: &Parts) -> Option<IpAddr> {
    let info = parts.extensions.get::<ConnectInfo<SocketAddr>>();
    info.map(|ConnectInfo(address)| address.ip())
}

fn scenario(headers: &HeaderMap) -> Scenario {
    let mut all = headers.get_all(SCENARIO).iter();
    let (first, second) = (all.next(), all.next());
    let Some(value) = first else { return Scenario::Unsaid };
    let text = value.to_str().ok().filter(|_| second.is_none()).unwrap_or_default();
    let digits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse() {
        Ok(number) if digits && is_known(number) => Scenario::Known(number),
        Ok(_) | Err(_) => Scenario::Unknown,
    }
}

/// A sender that is known, and how.
pub(super) struct Known {
    pub(super) sender: Sender,
    pub(super) sealing: Sealing,
    pub(super) in_body: Result<(), in_body::Failure>,
    pub(super) seen: SeenMessage,
}

/// Why a request is refused.
pub(super) enum Refused {
    /// One of the checks 2 to 9 failed: 401 E0.
    Check(Failure),
    /// Too many messages to tell replays apart: 503.
    Busy,
}

impl From<Failure> for Box<Refused> {
    fn from(failure: Failure) -> Self {
        Self::new(Refused::Check(failure))
    }
}

/// Checks 2 to 9. Where the signature is only in the body, the application is found by what the
/// body says, and nothing else is read of it before that signature was verified.
pub(super) fn authenticate<A: Audience>(
    shared: &Shared,
    arrived: &Arrived,
) -> Result<Known, Box<Refused>> {
    if A::IN_BODY
        && arrived.header.is_none()
        && let Some(known) = in_body::identify(shared, arrived)
    {
        return Ok(known);
    }
    let call = Call {
        header: arrived.header.as_deref(),
        body: &arrived.body,
        path: &arrived.path,
        peer: arrived.peer,
        now: shared.key_clock(),
    };
    let find = |app_id: &str| shared.keys.partner(app_id);
    let verified = verify_request(&call, &find)?;
    let directory = shared.platform.directory.get();
    let Some(application) = directory.application(&AppId::new(verified.app_id())) else {
        // Keys without a party: the directory changed at this very moment.
        let reason = Reason::AppIdUnknown { app_id: verified.app_id().to_owned() };
        return Err(Failure::new(reason, None, None).into());
    };
    let sender = Sender::of(application);
    admit(shared, &verified)?;
    let seen = seen(shared, &sender.id, verified.uuid());
    let (sealing, in_body) = if A::IN_BODY {
        let in_body = in_body::beside_header(shared, &sender, verified.partner(), &arrived.body);
        (Sealing::wrapped(&sender, true), in_body)
    } else {
        (Sealing::by_header(&sender.id), Ok(()))
    };
    Ok(Known { sender, sealing, in_body, seen })
}

/// Check 9, as far as this node remembers; what changes state is checked again with its write.
fn admit(shared: &Shared, verified: &VerifiedHeader) -> Result<(), Box<Refused>> {
    let now = shared.platform.clock.real_now();
    match shared.replay.try_admit(verified.app_id(), verified.uuid(), now) {
        Admission::Fresh => Ok(()),
        Admission::Seen => Err(Failure::of_uuid(verified, false).into()),
        Admission::Full => Err(Box::new(Refused::Busy)),
    }
}

/// The message for the write set of what it changes.
pub(super) fn seen(shared: &Shared, app: &AppId, id: &str) -> SeenMessage {
    let now = shared.platform.clock.real_now();
    let until = now.saturating_add(REPLAY_WINDOW).unwrap_or(now);
    SeenMessage { app: app.to_string(), id: id.to_owned(), until }
}

impl Known {
    pub(super) fn received<A: Audience>(
        self,
        body: Bytes,
        scenario: Scenario,
        place: Arc<Place>,
    ) -> Received<A> {
        let Self { sender, sealing, in_body, seen } = self;
        // Nobody outside the sandbox can force an outcome, or be refused for trying to.
        let scenario = if sender.sandbox { scenario } else { Scenario::Unsaid };
        let forced = match scenario {
            Scenario::Known(number) => Some(number),
            Scenario::Unsaid | Scenario::Unknown => None,
        };
        let party = A::of(&sender.owner);
        let caller = Caller {
            app: sender.id,
            party: sender.owner,
            sandbox: sender.sandbox,
            scenario: forced,
            seen: Some(seen),
        };
        let encryption = sender.encryption;
        let unheard = scenario == Scenario::Unknown;
        Received { body, caller, encryption, party, sealing, in_body, unheard, place }
    }
}
