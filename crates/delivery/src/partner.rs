//! The signing client: a message to a partner's address, and the proof that the answer is the
//! partner's (security.md section 1).
//!
//! An error says whether the partner may have acted on the message: whoever moves money by the
//! call must take "maybe" for unknown.

use std::sync::Arc;
use std::time::Duration;

use app::ports::Clock;
use bytes::Bytes;
use domain::ids::AppId;
use egress::{Client, EgressError, Request, Response};
use http::Uri;
use jose::cert::Identity;
use jose::inbody::{self, Form};
use jose::jws::{self, Answer, PartnerKeys, ReplayWindow, SignOptions};
use jose::keyring::{Clock as KeyClock, Keys};

use crate::crypto::Crypto;

/// The status of every answer that is one (ucsp.md section 2).
const OK: u16 = 200;

/// Sends signed messages and verifies signed answers.
pub struct Partner {
    client: Client,
    keys: Arc<dyn Keys>,
    clock: Arc<dyn Clock>,
    /// Shared by all that call the same partners: an answer is believed once.
    answers: Arc<ReplayWindow>,
    crypto: Crypto,
}

/// One message to a partner.
#[derive(Debug, Clone)]
pub struct Call {
    /// The partner's application: `UPI-APPID`, and whose certificate the answer must be signed by.
    pub app: AppId,
    /// The absolute address.
    pub url: String,
    /// The body as it travels.
    pub body: Vec<u8>,
    /// Whether it carries UPI-JWS; otherwise the body is signed already.
    pub header: bool,
    /// Real time for the whole exchange.
    pub limit: Duration,
}

/// A call that gave no answer that may be believed.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The application has no keys on record, so that no answer of it could be verified.
    #[error("no certificates of application {app} are on record")]
    NoKeys {
        /// The application.
        app: AppId,
    },
    /// The address is none that can be called.
    #[error("the registered address is not an http(s) URL with a path")]
    Address,
    /// The message could not be signed.
    #[error("the message could not be signed: {reason}")]
    Sign {
        /// What the signer said.
        reason: String,
    },
    /// The message certainly never left this machine.
    #[error("not sent: {source}")]
    NotSent {
        /// What the client said.
        source: EgressError,
    },
    /// The message may have arrived; no answer came.
    #[error("no answer: {source}")]
    Lost {
        /// What the client said.
        source: EgressError,
    },
    /// The answer's HTTP status is not 200.
    #[error("HTTP status {status}")]
    Status {
        /// The status.
        status: u16,
    },
    /// The answer is not signed as agreed.
    #[error("the answer's signature does not hold: {reason}")]
    Signature {
        /// The first check that failed.
        reason: String,
    },
}

impl CallError {
    /// Whether the partner may have received the message and acted on it.
    #[must_use]
    pub const fn may_have_been_acted_on(&self) -> bool {
        match self {
            Self::NoKeys { .. } | Self::Address | Self::Sign { .. } | Self::NotSent { .. } => false,
            Self::Lost { .. } | Self::Status { .. } | Self::Signature { .. } => true,
        }
    }

    /// The HTTP status of the answer, if there was one.
    #[must_use]
    pub const fn status(&self) -> Option<u16> {
        match self {
            Self::NoKeys { .. }
            | Self::Address
            | Self::Sign { .. }
            | Self::NotSent { .. }
            | Self::Lost { .. } => None,
            Self::Status { status } => Some(*status),
            Self::Signature { .. } => Some(OK),
        }
    }
}

impl Partner {
    /// A client over the outbound client and the keys in force.
    #[must_use]
    pub fn new(client: Client, keys: Arc<dyn Keys>, clock: Arc<dyn Clock>) -> Self {
        let answers = Arc::new(ReplayWindow::new());
        Self { client, keys, clock, answers, crypto: Crypto::new() }
    }

    /// The same partners over another outbound client, so that what one of them waits for takes no
    /// connection from the other. What was answered to one is believed by neither again.
    #[must_use]
    pub fn over(&self, client: Client) -> Self {
        let (keys, clock) = (Arc::clone(&self.keys), Arc::clone(&self.clock));
        let answers = Arc::clone(&self.answers);
        Self { client, keys, clock, answers, crypto: self.crypto.clone() }
    }

    /// Sends a message with UPI-JWS and returns the body of the signed answer with status 200.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn call(&self, call: Call) -> Result<Bytes, CallError> {
        let app = call.app.clone();
        let response = self.post(Call { header: true, ..call }).await?;
        self.verify_header(&app, &response)?;
        Ok(response.body)
    }

    /// Sends a message; the answer has status 200 and is not verified yet.
    pub(crate) async fn post(&self, call: Call) -> Result<Response, CallError> {
        // Asked before anything leaves: without keys the answer would be worth nothing.
        self.partner(&call.app)?;
        let path = path_of(&call.url)?;
        let body = Bytes::from(call.body);
        let mut request = Request::post(call.url, body.clone())
            .header("Content-Type", "application/json")
            .timeout(call.limit);
        if call.header {
            let value = self.sign_header(call.app, path, body).await?;
            request = request.header(jws::HEADER_NAME, value);
        }
        let answer = self.client.send(request).await;
        let answer = answer.map_err(|source| {
            if source.maybe_sent() {
                CallError::Lost { source }
            } else {
                CallError::NotSent { source }
            }
        })?;
        if answer.status == OK {
            Ok(answer)
        } else {
            Err(CallError::Status { status: answer.status })
        }
    }

    async fn sign_header(
        &self,
        app: AppId,
        path: String,
        body: Bytes,
    ) -> Result<String, CallError> {
        let identity = self.keys.signing_for(app.as_str());
        let timestamp = self.clock.real_now().as_second();
        let signed = self.crypto.run(move || {
            let uuid = jws::fresh_uuid();
            let options =
                SignOptions { app_id: app.as_str(), uuid: &uuid, timestamp, req_path: Some(&path) };
            jws::sign(&identity, &body, &options)
        });
        match signed.await {
            Some(Ok(value)) => Ok(value),
            Some(Err(error)) => Err(CallError::Sign { reason: error.to_string() }),
            None => Err(CallError::Sign { reason: "the signer failed".to_owned() }),
        }
    }

    /// The identity that signs towards an application.
    pub(crate) fn signer(&self, app: &AppId) -> Arc<Identity> {
        self.keys.signing_for(app.as_str())
    }

    /// Signs a text that holds `certificateSignature` with the placeholder (security.md section 4).
    pub(crate) async fn sign_body(
        &self,
        identity: Arc<Identity>,
        text: String,
        form: Form,
    ) -> Result<String, CallError> {
        let signed = self.crypto.run(move || inbody::sign_in_body(&text, &identity, form)).await;
        match signed {
            Some(Ok(text)) => Ok(text),
            Some(Err(error)) => Err(CallError::Sign { reason: error.to_string() }),
            None => Err(CallError::Sign { reason: "the signer failed".to_owned() }),
        }
    }

    /// Whether the answer carries a fresh UPI-JWS of the application over exactly its body.
    pub(crate) fn verify_header(&self, app: &AppId, response: &Response) -> Result<(), CallError> {
        let partner = self.partner(app)?;
        let now_real = self.clock.real_now();
        let answer = Answer {
            header: response.header(jws::HEADER_NAME),
            body: &response.body,
            app_id: app.as_str(),
            now_real,
        };
        let clock = self.key_clock();
        let protected =
            jws::verify_answer(&answer, |kid| partner.signing.accepted(kid, clock).ok().cloned())
                .map_err(|failure| CallError::Signature { reason: failure.cause })?;
        if self.answers.admit(app.as_str(), &protected.uuid, now_real) {
            Ok(())
        } else {
            Err(CallError::Signature { reason: "UPI-UUID was used before".to_owned() })
        }
    }

    /// Whether the text carries an in-body signature of the application; `kid` is the certificate
    /// it names, else the current one is taken.
    pub(crate) fn verify_body(
        &self,
        app: &AppId,
        text: &str,
        kid: Option<&str>,
    ) -> Result<(), CallError> {
        let wrong = |reason: String| CallError::Signature { reason };
        let partner = self.partner(app)?;
        let certificate = match kid {
            Some(kid) => partner
                .signing
                .accepted(kid, self.key_clock())
                .map_err(|refusal| wrong(format!("appSignCertID: {refusal}")))?,
            None => partner
                .signing
                .current()
                .ok_or_else(|| wrong("appSignCertID is missing".to_owned()))?,
        };
        inbody::verify_in_body(text, certificate)
            .map(|_| ())
            .map_err(|error| wrong(error.to_string()))
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    pub(crate) fn keys(&self) -> &Arc<dyn Keys> {
        &self.keys
    }

    pub(crate) fn crypto(&self) -> &Crypto {
        &self.crypto
    }

    fn partner(&self, app: &AppId) -> Result<Arc<PartnerKeys>, CallError> {
        let partner = self.keys.partner(app.as_str());
        partner.ok_or_else(|| CallError::NoKeys { app: app.clone() })
    }

    fn key_clock(&self) -> KeyClock {
        KeyClock { real: self.clock.real_now(), business: self.clock.now() }
    }
}

/// The path of the address called: what stands in `UPI-REQPATH`.
fn path_of(url: &str) -> Result<String, CallError> {
    let uri: Uri = url.parse().map_err(|_| CallError::Address)?;
    if uri.host().is_none() {
        return Err(CallError::Address);
    }
    Ok(uri.path().to_owned())
}

/// An address below a registered base address.
pub(crate) fn below(base: &str, path: &str) -> String {
    format!("{}{path}", base.trim_end_matches('/'))
}
