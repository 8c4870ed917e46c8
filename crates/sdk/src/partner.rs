//! One application of a partner: its numbers, its signatures, and the exchange itself.

use std::sync::Arc;

use egress::{HeaderMap, Request as Outgoing, Response};
use jiff::tz::TimeZone;
use jiff::{Timestamp, civil};
use jose::cert::{Certificate, Identity};
use jose::jws::{Answer, PartnerKeys, ReplayWindow, SignOptions};
use jose::keyring::{Entry, KeyState, Slot};
use jose::secret::Secret;
use jose::{jwe, jws};
use wire::ucsp::{MsgResponse, message_id, read_gateway_refusal};

use crate::config::PartnerConfig;
use crate::error::CallError;
use crate::limits::{CALLS_REMEMBERED_MAX, LOGINS_REMEMBERED_MAX};
use crate::once::Once;

/// Name of the HTTP header with the detached signature.
pub const JWS_HEADER: &str = jws::HEADER_NAME;

/// Header with the number under which the diagnoser tells why a call was refused.
const DIAGNOSIS_HEADER: &str = "UPI-DIAGNOSIS";
/// Header that forces an outcome of the sandbox.
const SCENARIO_HEADER: &str = "X-Sandbox-Scenario";

/// Something could not be encrypted or decrypted. Says no more: the reason would help an
/// attacker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the encrypted data cannot be made or opened with these keys")]
pub struct SealError;

/// One application of a partner. Share it by clone.
#[derive(Clone)]
pub struct Partner {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) config: PartnerConfig,
    /// The platform as the checks see it: a caller with our own application id.
    pub(crate) platform: Arc<PartnerKeys>,
    pub(crate) calls: ReplayWindow,
    pub(crate) answers: ReplayWindow,
    pub(crate) messages: Once<String>,
}

impl Partner {
    /// A partner with these keys.
    #[must_use]
    pub fn new(config: PartnerConfig) -> Self {
        let entry = |(index, certificate): (usize, &Arc<Certificate>)| Entry {
            key: Arc::clone(certificate),
            state: match index {
                0 => KeyState::Current,
                _ => KeyState::Overlap { until: Timestamp::MAX },
            },
        };
        let platform = PartnerKeys {
            app_id: config.app_id.clone(),
            active: true,
            addresses: jws::AddressRule::Any,
            signing: Slot::from_entries(config.platform_sign_certs.iter().enumerate().map(entry)),
            encryption: Slot::new(Arc::clone(&config.platform_enc_cert)),
        };
        let inner = Inner {
            config,
            platform: Arc::new(platform),
            calls: ReplayWindow::with_capacity(CALLS_REMEMBERED_MAX),
            answers: ReplayWindow::with_capacity(CALLS_REMEMBERED_MAX),
            messages: Once::new(LOGINS_REMEMBERED_MAX),
        };
        Self { inner: Arc::new(inner) }
    }

    /// What the partner was made from.
    #[must_use]
    pub fn config(&self) -> &PartnerConfig {
        &self.inner.config
    }

    /// Business time now as messages write it: `YYYYMMDDhhmmss` in the acquirer's zone.
    #[must_use]
    pub fn message_time(&self) -> String {
        self.message_time_of(self.config().time.now())
    }

    /// Any instant as messages write it.
    #[must_use]
    pub fn message_time_of(&self, at: Timestamp) -> String {
        at.to_zoned(self.config().zone.clone()).strftime("%Y%m%d%H%M%S").to_string()
    }

    /// The instant of a message time; `None` if it is none.
    #[must_use]
    pub fn instant_of(&self, message_time: &str) -> Option<Timestamp> {
        instant(message_time, &self.config().zone)
    }

    /// A fresh `msgID` for a message about this industry service.
    #[must_use]
    pub fn fresh_message_id(&self, industry_code: &str) -> String {
        let uuid = jws::fresh_uuid();
        let random = uuid.get(..8).and_then(|hex| u32::from_str_radix(hex, 16).ok()).unwrap_or(0);
        message_id(industry_code, &self.message_time(), random)
    }

    /// Encrypts to the platform (`encData`), with the profile of the configuration.
    ///
    /// # Errors
    /// [`SealError`] when the plaintext is too long.
    pub fn seal(&self, plaintext: &[u8]) -> Result<String, SealError> {
        let config = self.config();
        jwe::encrypt(plaintext, &config.platform_enc_cert, config.profile).map_err(|_| SealError)
    }

    /// Decrypts what was encrypted to this partner, in either profile.
    ///
    /// # Errors
    /// [`SealError`], one for all causes.
    pub fn open(&self, compact: &str) -> Result<Secret<Vec<u8>>, SealError> {
        let own = &self.config().encryption;
        let find = |kid: &str| (own.id().as_str() == kid).then(|| Arc::new(own.clone()));
        jwe::decrypt(compact, find, &jwe::Profile::ALL).map_err(|_| SealError)
    }

    /// The `UPI-JWS` header value of an answer to the platform.
    ///
    /// # Errors
    /// [`CallError::Prepare`] when the body is too long.
    pub fn sign_answer(&self, body: &[u8]) -> Result<String, CallError> {
        self.sign(body, None)
    }

    /// Signs a body as this partner, for a request to `path` or as an answer.
    pub(crate) fn sign(&self, body: &[u8], path: Option<&str>) -> Result<String, CallError> {
        let config = self.config();
        let options = SignOptions {
            app_id: &config.app_id,
            uuid: &jws::fresh_uuid(),
            timestamp: config.time.real_now().as_second(),
            req_path: path,
        };
        jws::sign(&config.signing, body, &options)
            .map_err(|error| CallError::Prepare { reason: error.to_string() })
    }

    /// Sends a signed JSON body to a path of the platform and gives back the body of the
    /// answer, whose signature is verified. For protocols beside the published messages; those
    /// have methods of their own.
    ///
    /// # Errors
    /// [`CallError`] says what is known.
    pub async fn call(&self, path: &str, body: Vec<u8>) -> Result<Vec<u8>, CallError> {
        let response = self.post(path, body, true, None).await?;
        self.check_header(&response)?;
        Ok(response.body.to_vec())
    }

    /// Sends a body; any answer but a 200 is sorted out here.
    pub(crate) async fn post(
        &self,
        path: &str,
        body: Vec<u8>,
        with_header: bool,
        scenario: Option<u8>,
    ) -> Result<Response, CallError> {
        let config = self.config();
        let path_in_full = format!("{}{path}", url_path(&config.base_url));
        let mut request = Outgoing::post(format!("{}{path}", config.base_url), Vec::new())
            .header("Content-Type", "application/json")
            .header("Accept", "application/json")
            .timeout(config.timeout);
        if with_header {
            request = request.header(JWS_HEADER, self.sign(&body, Some(&path_in_full))?);
        }
        if let Some(scenario) = scenario {
            request = request.header(SCENARIO_HEADER, format!("{scenario:02}"));
        }
        request.body = body.into();
        let response = config.client.send(request).await?;
        sorted(response)
    }

    /// Verifies the header signature of an answer.
    pub(crate) fn check_header(&self, response: &Response) -> Result<(), CallError> {
        let config = self.config();
        let now_real = config.time.real_now();
        let answer = Answer {
            header: response.header(JWS_HEADER),
            body: &response.body,
            app_id: &config.app_id,
            now_real,
        };
        let find = |kid: &str| self.platform_certificate(kid);
        let protected = jws::verify_answer(&answer, find)
            .map_err(|failure| unverified(response.status, failure.cause))?;
        if self.inner.answers.admit(&config.app_id, &protected.uuid, now_real) {
            Ok(())
        } else {
            Err(unverified(response.status, "its UPI-UUID was already used"))
        }
    }

    /// The platform's signing certificate with this id, if it is one of the accepted.
    pub(crate) fn platform_certificate(&self, kid: &str) -> Option<Arc<Certificate>> {
        self.inner.platform.signing.find(kid).map(|entry| Arc::clone(&entry.key))
    }

    /// The identity that signs.
    pub(crate) fn signing(&self) -> &Identity {
        &self.config().signing
    }
}

/// The text of a header, if it stands once and is printable.
pub(crate) fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(one), None) => one.to_str().ok(),
        (Some(_), Some(_)) | (None, _) => None,
    }
}

/// An answer that counts as none.
pub(crate) fn unverified(status: u16, reason: impl Into<String>) -> CallError {
    CallError::Unverified { status, reason: reason.into() }
}

fn sorted(response: Response) -> Result<Response, CallError> {
    let refusal = || read_gateway_refusal(&response.body);
    let says = |code: &str| refusal().is_some_and(|one: MsgResponse| one.response_code == code);
    match response.status {
        200 => Ok(response),
        401 if says("E0") => Err(CallError::Unauthorized {
            diagnosis: response.header(DIAGNOSIS_HEADER).map(str::to_owned),
        }),
        status @ (400 | 413 | 415) if says("10") => Err(CallError::Gateway { status }),
        status => Err(unverified(status, "the status is not 200")),
    }
}

/// The path of a base address, without a slash at its end; empty for a host alone.
fn url_path(base_url: &str) -> &str {
    let after_scheme = base_url.split_once("://").map_or(base_url, |(_, rest)| rest);
    after_scheme.find('/').and_then(|at| after_scheme.get(at..)).unwrap_or("").trim_end_matches('/')
}

/// Reads `YYYYMMDDhhmmss` in a zone.
pub(crate) fn instant(message_time: &str, zone: &TimeZone) -> Option<Timestamp> {
    let digits = message_time.len() == 14 && message_time.bytes().all(|b| b.is_ascii_digit());
    let part = |from: usize, to: usize| message_time.get(from..to)?.parse::<i16>().ok();
    let small = |from, to| part(from, to).and_then(|number| i8::try_from(number).ok());
    if !digits {
        return None;
    }
    let date = civil::Date::new(part(0, 4)?, small(4, 6)?, small(6, 8)?).ok()?;
    let time = civil::Time::new(small(8, 10)?, small(10, 12)?, small(12, 14)?, 0).ok()?;
    Some(civil::DateTime::from_parts(date, time).to_zoned(zone.clone()).ok()?.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_of_a_base_address_joins_the_path_of_a_message() {
        assert_eq!(url_path("http://127.0.0.1:8080"), "");
        assert_eq!(url_path("https://ucsp.example/"), "");
        assert_eq!(url_path("https://ucsp.example/gate/one/"), "/gate/one");
    }

    #[test]
    fn message_times_are_in_the_zone_of_the_acquirer() {
        let zone = TimeZone::fixed(jiff::tz::offset(8));
        let at: Timestamp = "2026-01-05T02:30:00Z".parse().unwrap();
        assert_eq!(instant("20260105103000", &zone), Some(at));
        for wrong in ["2026010510300", "20261305103000", "20260105243000", "2026010510300x"] {
            assert_eq!(instant(wrong, &zone), None, "{wrong}");
        }
    }
}
