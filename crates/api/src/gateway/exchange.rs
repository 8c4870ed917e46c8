//! From a received request to its signed answer: checks 10 to 12 around a use case.
//!
//! The order is that of security 1: shape (10), right of the application to this message (36),
//! signature in the body (11), and then the use case, which opens what is encrypted (10) and
//! applies the rules.

use std::any::Any;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use app::Refusal;
use app::scenario::known;
use axum::response::Response;
use dialect::ucsp::Said;
use domain::ids::AcquirerIin;
use domain::party::InBodyForm;
use futures_util::FutureExt as _;
use http::StatusCode;
use wire::ucsp::{
    CertificateSignature, FlatAnswer, MsgResponse, ResponseCode, WrappedAnswer, decode,
    decode_flat, encode_answer, encode_flat_answer,
};
use wire::{Part, Request};

use super::intake::SCENARIO;
use super::refuse::unauthorized;
use super::sign::{Draft, respond};
use super::{
    Audience, ChannelCaller, DownstreamCaller, IndustryCaller, Received, Verified, in_body,
};
use crate::shared::Shared;

/// What a use case has to say.
pub(crate) struct Answered<A> {
    response: MsgResponse,
    fields: A,
}

impl<A> Answered<A> {
    /// Code 00 with these fields.
    pub(crate) fn approved(fields: A) -> Self {
        Self { response: MsgResponse::of(ResponseCode::Approved), fields }
    }

    /// Another code with these fields.
    pub(crate) fn with(response: MsgResponse, fields: A) -> Self {
        Self { response, fields }
    }
}

/// How a request ended: with a message, or as a message that was acted on before.
enum Ended<A> {
    Answer(A),
    Replayed,
}

fn right(field: &str, reason: &str) -> MsgResponse {
    MsgResponse::detailed(ResponseCode::OrderInfoIncorrect, &format!("{field}: {reason}"))
}

fn not_signed(failure: &in_body::Failure) -> MsgResponse {
    MsgResponse::detailed(ResponseCode::SignatureVerificationFails, &failure.to_string())
}

/// Runs a use case; a panic in it becomes an unexpected failure with an id.
async fn guarded<A>(
    shared: &Shared,
    work: impl Future<Output = Result<A, Refusal>>,
) -> Result<A, Refusal> {
    match AssertUnwindSafe(work).catch_unwind().await {
        Ok(result) => result,
        Err(panic) => {
            let incident = shared.platform.ids.incident();
            tracing::error!(%incident, cause = words(panic.as_ref()), "a use case panicked");
            Err(Refusal::Internal { incident })
        }
    }
}

fn words(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("unknown")
}

impl<P: Audience> Received<P> {
    fn verified(&mut self) -> Option<Verified<P>> {
        let party = self.party.take()?;
        Some(Verified {
            caller: self.caller.clone(),
            party,
            encryption: self.encryption,
            place: Arc::clone(&self.place),
        })
    }

    /// The refusal of an outcome that the sandbox does not know (ucsp.md section 8.1).
    fn unheard(&self) -> Option<MsgResponse> {
        let said = || {
            let detail = format!("{SCENARIO}: no row of the table, which are {}", known());
            MsgResponse::detailed(ResponseCode::MessageFormatInvalid, &detail)
        };
        self.unheard.then(said)
    }

    async fn reply(&self, shared: &Shared, body: Vec<u8>) -> Response {
        let identity = shared.keys.signing_for(&self.sealing.app_id);
        let draft = Draft { status: StatusCode::OK, body };
        respond(shared, &self.place, &self.sealing, identity, draft).await
    }
}

impl Received<IndustryCaller> {
    /// Answers a wrapped request of type `T`.
    pub(crate) async fn wrapped<T, F, W>(mut self, shared: Arc<Shared>, act: F) -> Response
    where
        T: Request,
        F: FnOnce(Arc<Shared>, Verified<IndustryCaller>, T) -> W,
        W: Future<Output = Result<Answered<T::Answer>, Refusal>> + Send,
    {
        match self.exchange(&shared, act).await {
            Ended::Answer(answer) => self.reply_wrapped(&shared, answer).await,
            Ended::Replayed => unauthorized(&shared, &self.place, &self.sealing).await,
        }
    }

    async fn exchange<T, F, W>(
        &mut self,
        shared: &Arc<Shared>,
        act: F,
    ) -> Ended<WrappedAnswer<T::Answer>>
    where
        T: Request,
        F: FnOnce(Arc<Shared>, Verified<IndustryCaller>, T) -> W,
        W: Future<Output = Result<Answered<T::Answer>, Refusal>> + Send,
    {
        let message = match decode::<T>(&self.body) {
            Ok(message) => message,
            Err(rejected) => {
                let stamp = shared.time_stamp(&shared.platform.settings.default_zone);
                return Ended::Answer(rejected.wrapped_answer(&stamp));
            }
        };
        let acquirer = message.trx_info.text("acqIIN").unwrap_or_default();
        let zone = shared.platform.zone(&AcquirerIin::new(acquirer));
        let refuse = |response| Ended::Answer(message.refuse(&shared.time_stamp(&zone), response));
        if let Some(response) = self.unheard() {
            return refuse(response);
        }
        let verified = match self.entitled(&message.msg_info.industry_code, &message.trx_info) {
            Ok(verified) => verified,
            Err(response) => return refuse(response),
        };
        let heard = (shared.platform.clock.now(), self.caller.app.as_str(), T::MESSAGE.name);
        let work = act(Arc::clone(shared), verified, message.trx_info.clone());
        match guarded(shared, work).await {
            Ok(Answered { response, fields }) => {
                crate::heard::ucsp(shared, heard, (&message.trx_info, Some(&fields)), &response);
                Ended::Answer(message.answer(&shared.time_stamp(&zone), fields, response))
            }
            Err(refusal) => match dialect::ucsp::said(&refusal) {
                Said::Response(response) => {
                    let asked = (&message.trx_info, None::<&T::Answer>);
                    crate::heard::ucsp(shared, heard, asked, &response);
                    refuse(response)
                }
                // Without a header a replay is a matter of the signature in the body.
                Said::Unauthorized if !self.sealing.header => {
                    refuse(not_signed(&in_body::Failure::Replayed))
                }
                Said::Unauthorized => Ended::Replayed,
            },
        }
    }

    /// Checks 11 and 12.
    fn entitled<T: Part>(
        &mut self,
        industry_code: &str,
        fields: &T,
    ) -> Result<Verified<IndustryCaller>, MsgResponse> {
        let Some(verified) = self.verified() else {
            return Err(right("UPI-APPID", "this application is not an industry service's"));
        };
        let own = verified.party.0.as_str();
        if industry_code != own {
            return Err(right("msgInfo.industryCode", "not the service of this application"));
        }
        if fields.text("industryCode").is_some_and(|named| named != own) {
            return Err(right("industryCode", "not the service of this application"));
        }
        match &self.in_body {
            Ok(()) => Ok(verified),
            Err(failure) => Err(not_signed(failure)),
        }
    }

    async fn reply_wrapped<A: Part>(
        &self,
        shared: &Shared,
        mut answer: WrappedAnswer<A>,
    ) -> Response {
        if let Some(InBodyForm::Bare | InBodyForm::DigestInfo) = self.sealing.in_body {
            let identity = shared.keys.signing_for(&self.sealing.app_id);
            let sealed = answer.trx_info.as_ref().and_then(|fields| fields.text("encData"));
            answer.certificate_signature = Some(CertificateSignature {
                ucsp_sign_cert_id: Some(identity.id().to_string()),
                app_enc_cert_id: sealed.and_then(|jwe| jose::jwe::kid(jwe).ok()),
                signature: jose::inbody::PLACEHOLDER.to_owned(),
                ..CertificateSignature::default()
            });
        }
        self.reply(shared, encode_answer(&answer)).await
    }
}

impl Received<ChannelCaller> {
    /// Answers a flat request of type `T`.
    pub(crate) async fn flat<T, F, W>(mut self, shared: Arc<Shared>, act: F) -> Response
    where
        T: Request,
        F: FnOnce(Arc<Shared>, Verified<ChannelCaller>, T) -> W,
        W: Future<Output = Result<Answered<T::Answer>, Refusal>> + Send,
    {
        match self.exchange(&shared, act).await {
            Ended::Answer(answer) => self.reply(&shared, encode_flat_answer(&answer)).await,
            Ended::Replayed => unauthorized(&shared, &self.place, &self.sealing).await,
        }
    }

    async fn exchange<T, F, W>(
        &mut self,
        shared: &Arc<Shared>,
        act: F,
    ) -> Ended<FlatAnswer<T::Answer>>
    where
        T: Request,
        F: FnOnce(Arc<Shared>, Verified<ChannelCaller>, T) -> W,
        W: Future<Output = Result<Answered<T::Answer>, Refusal>> + Send,
    {
        let message = match decode_flat::<T>(&self.body) {
            Ok(message) => message,
            Err(rejected) => return Ended::Answer(rejected.flat_answer()),
        };
        if let Some(response) = self.unheard() {
            return Ended::Answer(message.refuse(response));
        }
        let Some(verified) = self.verified() else {
            let response = right("UPI-APPID", "this application is not a channel's");
            return Ended::Answer(message.refuse(response));
        };
        if message.body.text("channelCode").is_some_and(|code| code != verified.party.0.as_str()) {
            let response = right("channelCode", "not the channel of this application");
            return Ended::Answer(message.refuse(response));
        }
        let work = act(Arc::clone(shared), verified, message.body.clone());
        match guarded(shared, work).await {
            Ok(Answered { response, fields }) => Ended::Answer(message.answer(fields, response)),
            Err(refusal) => match dialect::ucsp::said(&refusal) {
                Said::Response(response) => Ended::Answer(message.refuse(response)),
                Said::Unauthorized => Ended::Replayed,
            },
        }
    }
}

impl Received<DownstreamCaller> {
    /// Answers a message of the downstream protocol, whose bodies are plain JSON. `act` gets
    /// nobody when the application is not a downstream system's.
    pub(crate) async fn plain<F, W>(mut self, shared: Arc<Shared>, act: F) -> Response
    where
        F: FnOnce(Arc<Shared>, Option<Verified<DownstreamCaller>>, bytes::Bytes) -> W,
        W: Future<Output = Vec<u8>> + Send,
    {
        let verified = self.verified();
        let body = act(Arc::clone(&shared), verified, self.body.clone()).await;
        self.reply(&shared, body).await
    }
}
