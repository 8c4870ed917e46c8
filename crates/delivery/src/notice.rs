//! One attempt to deliver a notice: built, signed, sent, and its confirmation judged.
//!
//! Confirmed is HTTP 200 within 60 s, a valid signature of the receiver, and code 00 (ucsp.md
//! sections 1 and 8.6). Anything else is an attempt that failed, with the reason for operators.

use std::sync::Arc;
use std::time::Duration;

use app::directory::{Directory, DirectoryCell};
use app::ports::{Clock, Ids};
use async_trait::async_trait;
use dialect::time::stamp;
use dialect::ucsp::payment_result_notice;
use domain::ids::{AcquirerIin, AppId, IndustryCode};
use domain::notice::{Notice, NoticeAttempt, Receiver};
use domain::order::{Order, Origin};
use domain::party::{InBodyForm, Security};
use egress::Response;
use jiff::tz::TimeZone;
use jose::inbody::{Form, PLACEHOLDER};
use wire::Shape;
use wire::ucsp::{
    CertificateSignature, Flat, PAYMENT_RESULT_NOTICE, PaymentResultNotice, ResponseCode, Wrapped,
    encode, encode_flat, message_id,
};

use crate::callback::{CallbackSender, Unconfirmed};
use crate::confirmation::Confirmation;
use crate::limits::{ERROR_CHARS_MAX, NOTICE_COPIES_COUNT_MAX, NOTICE_LIMIT};
use crate::metered::{self, Stopwatch};
use crate::partner::{Call, CallError, Partner, below};

/// Delivers notices: what the dispatcher needs to know of it, so that it runs as well over
/// simulated receivers.
#[async_trait]
pub trait Notices: Send + Sync + 'static {
    /// The receiver's application and address; notices to one host wait for one another. `None`
    /// when the receiver is not on record.
    fn address(&self, order: &Order, notice: &Notice) -> Option<(AppId, String)>;

    /// Makes one attempt, bounded in time; one without `error` was confirmed.
    async fn attempt(&self, order: &Order, notice: &Notice) -> NoticeAttempt;
}

/// Sends notices.
pub struct NoticeSender {
    partner: Arc<Partner>,
    directory: Arc<DirectoryCell>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
    default_zone: TimeZone,
    callbacks: Option<CallbackSender>,
    limit: Duration,
}

/// What a sender needs.
pub struct NoticeSenderParts {
    /// The signing client.
    pub partner: Arc<Partner>,
    /// The parties.
    pub directory: Arc<DirectoryCell>,
    /// Business time for the messages.
    pub clock: Arc<dyn Clock>,
    /// Numbers of messages.
    pub ids: Arc<dyn Ids>,
    /// Zone of message times where an acquirer sets no other.
    pub default_zone: TimeZone,
    /// Sends what tells merchants of their terminals' orders; without it those attempts fail.
    pub callbacks: Option<CallbackSender>,
}

/// Where a notice goes, and how it is secured there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// The receiver's application.
    pub app: AppId,
    /// The address.
    pub url: String,
    industry: IndustryCode,
    security: Security,
    form: InBodyForm,
}

/// Why an attempt does not count as confirmed.
struct Failure {
    status: Option<u16>,
    reason: String,
}

impl From<CallError> for Failure {
    fn from(error: CallError) -> Self {
        Self { status: error.status(), reason: error.to_string() }
    }
}

impl From<Unconfirmed> for Failure {
    fn from(Unconfirmed { status, reason }: Unconfirmed) -> Self {
        Self { status, reason }
    }
}

impl NoticeSender {
    /// A sender with the published time limit.
    #[must_use]
    pub fn new(parts: NoticeSenderParts) -> Self {
        let NoticeSenderParts { partner, directory, clock, ids, default_zone, callbacks } = parts;
        Self { partner, directory, clock, ids, default_zone, callbacks, limit: NOTICE_LIMIT }
    }

    /// The same with another limit of real time for one attempt; at most the published one.
    #[must_use]
    pub fn with_limit(self, limit: Duration) -> Self {
        Self { limit: limit.min(NOTICE_LIMIT), ..self }
    }

    /// Where the notice goes: a reversal's `backUrl`, else the payment's, else the registered
    /// address; a channel's registered address. `None` when the receiver is not on record.
    #[must_use]
    pub fn destination(&self, order: &Order, notice: &Notice) -> Option<Destination> {
        let directory = self.directory.get();
        match notice.receiver {
            Receiver::Industry => to_industry(&directory, order, notice),
            Receiver::Channel => to_channel(&directory, order),
            Receiver::Merchant => to_merchant(order),
        }
    }

    /// Makes one attempt. It takes at most the limit; a duplicate copy goes out beside the first.
    pub async fn attempt(&self, order: &Order, notice: &Notice) -> NoticeAttempt {
        let at = self.clock.now();
        let began = Stopwatch::start();
        let (first, second) = if notice.copies.min(NOTICE_COPIES_COUNT_MAX) > 1 {
            // Rare, and twice the size of what is kept for every other attempt.
            let both = async { tokio::join!(self.send(order, notice), self.send(order, notice)) };
            let (first, second) = Box::pin(both).await;
            (first, Some(second))
        } else {
            (self.send(order, notice).await, None)
        };
        let took = began.elapsed();
        let result = match (first, second) {
            (Err(_), Some(Ok(()))) => Ok(()),
            (first, _) => first,
        };
        metered::notice_attempted(notice.receiver.name(), result.is_ok(), took);
        let (status, error) = match result {
            Ok(()) => (Some(200), None),
            Err(failure) => (failure.status, Some(failure.reason)),
        };
        let latency_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        let error = error.map(|text| text.chars().take(ERROR_CHARS_MAX).collect());
        NoticeAttempt { at, status, latency_ms, error }
    }

    async fn send(&self, order: &Order, notice: &Notice) -> Result<(), Failure> {
        let unsent = |reason: String| Failure { status: None, reason };
        if notice.receiver == Receiver::Merchant {
            let callbacks = self.callbacks.as_ref();
            let callbacks =
                callbacks.ok_or_else(|| unsent("no key signs callbacks here".to_owned()))?;
            return callbacks.send(order, notice).await.map_err(Failure::from);
        }
        let destination = self.destination(order, notice);
        let destination =
            destination.ok_or_else(|| unsent("the receiver is not in the directory".to_owned()))?;
        let message =
            payment_result_notice(order, notice).map_err(|error| unsent(error.to_string()))?;
        let stamp = stamp(self.clock.now(), &self.zone(&order.terms.acquirer));
        let digits = self.ids.digits(6).parse().unwrap_or(0);
        let id = message_id(destination.industry.as_str(), &stamp, digits);
        match notice.receiver {
            Receiver::Channel => {
                let body = encode_flat(&Flat { msg_id: id, body: message });
                let response = self.post(&destination, body, true).await?;
                self.partner.verify_header(&destination.app, &response)?;
                confirmed(Confirmation::read(&response.body).as_ref())
            }
            Receiver::Industry | Receiver::Merchant => {
                self.send_wrapped(&destination, &id, &stamp, message).await
            }
        }
    }

    /// The wrapped message, secured as the application's setting says, its answer in kind.
    async fn send_wrapped(
        &self,
        destination: &Destination,
        id: &str,
        stamp: &str,
        message: PaymentResultNotice,
    ) -> Result<(), Failure> {
        let app = &destination.app;
        let (header, in_body) = match destination.security {
            Security::Jws => (true, false),
            Security::Body => (false, true),
            Security::Both => (true, true),
        };
        let mut wrapped = Wrapped::new(id, stamp, destination.industry.as_str(), message);
        let body = if in_body {
            let identity = self.partner.signer(app);
            wrapped.certificate_signature = Some(CertificateSignature {
                ucsp_sign_cert_id: Some(identity.id().to_string()),
                signature: PLACEHOLDER.to_owned(),
                ..CertificateSignature::default()
            });
            let form = match destination.form {
                InBodyForm::Bare => Form::Bare,
                InBodyForm::DigestInfo => Form::DigestInfo,
            };
            let text = String::from_utf8(encode(&wrapped)).unwrap_or_default();
            self.partner.sign_body(identity, text, form).await?.into_bytes()
        } else {
            encode(&wrapped)
        };
        let response = self.post(destination, body, header).await?;
        if header {
            self.partner.verify_header(app, &response)?;
        }
        let read = Confirmation::read(&response.body);
        if in_body {
            self.verify_body(app, id, &response, read.as_ref())?;
        }
        confirmed(read.as_ref())
    }

    /// The in-body signature of an answer, and that it answers this message: without UPI-UUID it
    /// is the repeated number that makes it fresh.
    fn verify_body(
        &self,
        app: &AppId,
        id: &str,
        response: &Response,
        read: Option<&Confirmation>,
    ) -> Result<(), Failure> {
        let refused = |reason: &str| Failure { status: Some(200), reason: reason.to_owned() };
        let text = std::str::from_utf8(&response.body);
        let text = text.map_err(|_| refused("the answer is not UTF-8"))?;
        self.partner.verify_body(app, text, read.and_then(Confirmation::certificate))?;
        if read.and_then(Confirmation::message_id) == Some(id) {
            Ok(())
        } else {
            Err(refused("the answer does not repeat msgID"))
        }
    }

    async fn post(
        &self,
        destination: &Destination,
        body: Vec<u8>,
        header: bool,
    ) -> Result<Response, CallError> {
        let call = Call {
            app: destination.app.clone(),
            url: destination.url.clone(),
            body,
            header,
            limit: self.limit,
        };
        self.partner.post(call).await
    }

    fn zone(&self, acquirer: &AcquirerIin) -> TimeZone {
        let directory = self.directory.get();
        let zone = directory.acquirer(acquirer).and_then(|a| TimeZone::get(&a.zone).ok());
        zone.unwrap_or_else(|| self.default_zone.clone())
    }
}

#[async_trait]
impl Notices for NoticeSender {
    fn address(&self, order: &Order, notice: &Notice) -> Option<(AppId, String)> {
        let destination = self.destination(order, notice)?;
        Some((destination.app, destination.url))
    }

    async fn attempt(&self, order: &Order, notice: &Notice) -> NoticeAttempt {
        Self::attempt(self, order, notice).await
    }
}

fn confirmed(read: Option<&Confirmation>) -> Result<(), Failure> {
    let refused = |reason: String| Failure { status: Some(200), reason };
    match read.and_then(Confirmation::code) {
        Some(code) if code == ResponseCode::Approved.code() => Ok(()),
        Some(code) => {
            let code: String = code.chars().take(8).collect();
            Err(refused(format!("responseCode {code:?}")))
        }
        None => Err(refused("the answer has no msgResponse.responseCode".to_owned())),
    }
}

fn to_industry(directory: &Directory, order: &Order, notice: &Notice) -> Option<Destination> {
    let Origin::Industry { app, industry, .. } = &order.terms.origin else { return None };
    let service = directory.industry(industry)?;
    let application = directory.application(app).or_else(|| directory.application(&service.app))?;
    let reversal = order.reversal(&notice.transaction);
    let back_url = reversal
        .and_then(|reversal| reversal.terms.back_url.as_ref())
        .or(order.terms.details.back_url.as_ref())
        .unwrap_or(&service.back_url);
    Some(Destination {
        app: application.id.clone(),
        url: back_url.clone(),
        industry: industry.clone(),
        security: application.security,
        form: application.in_body,
    })
}

fn to_channel(directory: &Directory, order: &Order) -> Option<Destination> {
    let Origin::Industry { channel, industry, .. } = &order.terms.origin else { return None };
    let channel = directory.channel(channel)?;
    let path = PAYMENT_RESULT_NOTICE.path(Shape::Flat)?;
    Some(Destination {
        app: channel.app.clone(),
        url: below(&channel.base_url, path),
        industry: industry.clone(),
        security: Security::Jws,
        form: InBodyForm::default(),
    })
}

/// `notify_url`; the lane of its host keeps a slow merchant from delaying others.
fn to_merchant(order: &Order) -> Option<Destination> {
    Some(Destination {
        app: AppId::new(""),
        url: order.terms.details.back_url.clone()?,
        industry: IndustryCode::new(""),
        security: Security::Jws,
        form: InBodyForm::default(),
    })
}
