//! The receiving side: what the platform calls at a partner.
//!
//! A call is verified before it is read; a call that is not good gets its ready refusal. The
//! HTTP server is the partner's own: this module takes headers, path and bytes, and gives back
//! a status, bytes and a header value.

use egress::HeaderMap;
use jose::inbody::{self, Form};
use jose::jws::{Call, PartnerKeys, VerifiedHeader, verify_request};
use jose::keyring::Clock;
use std::sync::Arc;
use wire::ucsp::{
    CertificateSignature, Flat, FlatAnswer, MsgResponse, ResponseCode, Wrapped, WrappedAnswer,
    decode, decode_flat, encode_answer, encode_flat_answer, gateway_refusal,
};
use wire::{Part, Request};

use crate::limits::{BODY_BYTES_MAX, LOGIN_SECONDS_MAX};
use crate::partner::{JWS_HEADER, Partner, header};

/// What stands in `signature` while the text is hashed (security 4).
pub(crate) const IN_BODY_PLACEHOLDER: &str = "00000000";

/// A call of the platform as an HTTP server sees it.
#[derive(Clone, Copy)]
pub struct Incoming<'a> {
    /// All headers.
    pub headers: &'a HeaderMap,
    /// The path that was called, with any prefix, without host and query.
    pub path: &'a str,
    /// The body's bytes as received.
    pub body: &'a [u8],
}

/// An HTTP answer that is ready to be sent. The content type is `application/json`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// HTTP status: 200, 400, 401 or 413.
    pub status: u16,
    /// Value of the `UPI-JWS` header, where there is one.
    pub jws: Option<String>,
    /// The body.
    pub body: Vec<u8>,
}

impl Partner {
    /// Checks 1 to 9 of security 1 for a call of the platform that carries `UPI-JWS`.
    ///
    /// # Errors
    /// The ready refusal: 401 with code E0, or 413 with code 10.
    pub fn verify_platform_call(&self, call: &Incoming<'_>) -> Result<VerifiedHeader, Reply> {
        if call.body.len() > BODY_BYTES_MAX {
            return Err(Reply::bare(413, gateway_refusal(true)));
        }
        let time = &self.config().time;
        let now = Clock { real: time.real_now(), business: time.now() };
        let find = |app_id: &str| -> Option<Arc<PartnerKeys>> {
            (app_id == self.inner.platform.app_id).then(|| Arc::clone(&self.inner.platform))
        };
        let checked = Call {
            header: header(call.headers, JWS_HEADER),
            body: call.body,
            path: call.path,
            peer: None,
            now,
        };
        let verified = verify_request(&checked, &find).map_err(|failure| {
            tracing::warn!(check = ?failure.check, cause = failure.cause, "call refused");
            self.unauthorized(failure.sign_refusal)
        })?;
        if self.inner.calls.admit(&self.config().app_id, verified.uuid(), now.real) {
            Ok(verified)
        } else {
            tracing::warn!("call refused: its UPI-UUID was already used");
            Err(self.unauthorized(true))
        }
    }

    /// Verifies and reads a wrapped call of the platform (a notice to an industry service),
    /// secured as the configuration says.
    ///
    /// # Errors
    /// The ready refusal: 401 E0, or a signed answer with code 10 or 11.
    pub fn receive<T: Request>(&self, call: &Incoming<'_>) -> Result<Wrapped<T>, Reply> {
        let security = self.config().security;
        if security.has_header() {
            self.verify_platform_call(call)?;
        }
        if security.has_body()
            && let Err(reason) = self.check_in_body(call.body)
        {
            tracing::warn!(reason, "call refused");
            let code = ResponseCode::SignatureVerificationFails;
            return Err(self.refuse_blind::<T>(&MsgResponse::of(code)));
        }
        let message = decode::<T>(call.body).map_err(|rejected| {
            tracing::warn!(faults = %rejected.faults, "call refused");
            self.reply(rejected.wrapped_answer(&self.message_time()))
        })?;
        if security == crate::Security::Body && !self.is_fresh(&message) {
            let code = ResponseCode::SignatureVerificationFails;
            let response = MsgResponse::detailed(code, "msgInfo is not fresh");
            return Err(self.reply(message.refuse(&self.message_time(), response)));
        }
        Ok(message)
    }

    /// Verifies and reads a flat call of the platform (to a channel).
    ///
    /// # Errors
    /// The ready refusal: 401 E0, or a signed answer with code 10.
    pub fn receive_flat<T: Request>(&self, call: &Incoming<'_>) -> Result<Flat<T>, Reply> {
        self.verify_platform_call(call)?;
        decode_flat::<T>(call.body).map_err(|rejected| {
            tracing::warn!(faults = %rejected.faults, "call refused");
            self.reply_flat(&rejected.flat_answer())
        })
    }

    /// The signed answer to a wrapped call.
    #[must_use]
    pub fn answer<T: Request>(
        &self,
        message: &Wrapped<T>,
        fields: T::Answer,
        response: MsgResponse,
    ) -> Reply {
        self.reply(message.answer(&self.message_time(), fields, response))
    }

    /// The signed answer to a flat call.
    #[must_use]
    pub fn answer_flat<T: Request>(
        &self,
        message: &Flat<T>,
        fields: T::Answer,
        response: MsgResponse,
    ) -> Reply {
        self.reply_flat(&message.answer(fields, response))
    }

    /// The signed refusal of a flat call: the returned keys and the response.
    #[must_use]
    pub fn refuse_flat<T: Request>(&self, message: &Flat<T>, response: MsgResponse) -> Reply {
        self.reply_flat(&message.refuse(response))
    }

    /// A body signed as an answer with status 200, for protocols beside the published messages.
    #[must_use]
    pub fn signed(&self, body: Vec<u8>) -> Reply {
        match self.sign_answer(&body) {
            Ok(jws) => Reply { status: 200, jws: Some(jws), body },
            // Only a body past its bound cannot be signed, and an unsigned answer counts as none.
            Err(error) => {
                tracing::error!(%error, "the answer cannot be signed");
                Reply { status: 500, jws: None, body: Vec::new() }
            }
        }
    }

    fn unauthorized(&self, signed: bool) -> Reply {
        let body = gateway_refusal(false);
        let jws = if signed { self.sign_answer(body.as_bytes()).ok() } else { None };
        Reply { jws, ..Reply::bare(401, body) }
    }

    fn reply_flat<A: Part>(&self, answer: &FlatAnswer<A>) -> Reply {
        self.signed(encode_flat_answer(answer))
    }

    fn reply<A: Part>(&self, mut answer: WrappedAnswer<A>) -> Reply {
        let security = self.config().security;
        if !security.has_body() {
            return self.signed(encode_answer(&answer));
        }
        answer.certificate_signature = Some(CertificateSignature {
            app_sign_cert_id: Some(self.signing().id().to_string()),
            signature: IN_BODY_PLACEHOLDER.to_owned(),
            ..CertificateSignature::default()
        });
        let text = String::from_utf8_lossy(&encode_answer(&answer)).into_owned();
        let signed = inbody::sign_in_body(&text, self.signing(), Form::Bare);
        let body = signed.unwrap_or_default().into_bytes();
        if security.has_header() {
            self.signed(body)
        } else {
            Reply { status: 200, jws: None, body }
        }
    }

    /// A refusal of a wrapped message that may not be read.
    fn refuse_blind<T: Request>(&self, response: &MsgResponse) -> Reply {
        let msg_response = response.clone();
        self.reply(WrappedAnswer::<T::Answer> { msg_response, ..WrappedAnswer::default() })
    }

    /// Whether the text carries a signature of the platform; the certificate's id is not
    /// trusted, so each accepted certificate is tried.
    pub(crate) fn check_in_body(&self, body: &[u8]) -> Result<(), String> {
        let text = std::str::from_utf8(body).map_err(|_| "the body is not UTF-8".to_owned())?;
        let now = self.config().time.real_now();
        let mut reason = "the platform has no certificate that is valid now".to_owned();
        for certificate in &self.config().platform_sign_certs {
            if !certificate.is_valid_at(now) {
                continue;
            }
            match inbody::verify_in_body(text, certificate) {
                Ok(Form::Bare | Form::DigestInfo) => return Ok(()),
                Err(error) => reason = error.to_string(),
            }
        }
        Err(reason)
    }

    /// In `body` mode: `timeStamp` within 300 s of business time and a `msgID` of its own.
    pub(crate) fn is_fresh<T>(&self, message: &Wrapped<T>) -> bool {
        let Some(sent) = self.instant_of(&message.msg_info.time_stamp) else {
            return false;
        };
        let age = self.config().time.now().as_second().saturating_sub(sent.as_second());
        age.unsigned_abs() <= LOGIN_SECONDS_MAX.unsigned_abs()
            && self.inner.messages.first(message.msg_info.msg_id.clone())
    }
}

impl Reply {
    fn bare(status: u16, body: &str) -> Self {
        Self { status, jws: None, body: body.as_bytes().to_vec() }
    }
}
