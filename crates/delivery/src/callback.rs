//! Callbacks to a merchant's `notify_url` (upay.md section 8): the bytes that were kept with the
//! notice, signed over exactly these bytes, confirmed by `success`.
//!
//! Must not know: when one goes out; that is the notice's schedule.

use std::sync::Arc;

use app::Platform;
use app::use_cases::terminals;
use domain::ids::TerminalSn;
use domain::notice::Notice;
use domain::order::Order;
use egress::{Client, Request};
use jose::cert::Identity;
use jose::terminal;

use crate::crypto::Crypto;
use crate::limits::CALLBACK_LIMIT;

/// What a confirmed callback is answered, in any case and with blanks around it.
const CONFIRMATION: &str = "success";

/// What stands in `Authorization` of a callback (upay.md section 8.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CallbackForm {
    /// The Base64 of the RSA signature alone.
    #[default]
    Bare,
    /// `terminal_sn`, a blank, and the Base64 of the RSA signature.
    Terminal,
    /// `terminal_sn`, a blank, and the MD5 of body and terminal key.
    Md5,
}

/// What a sender of callbacks needs.
pub struct CallbackParts {
    /// The client that keeps to the address policy.
    pub client: Client,
    /// The installation's key for callbacks.
    pub identity: Arc<Identity>,
    /// What stands in the header.
    pub form: CallbackForm,
    /// The use cases' ports: a terminal's key, for the MD5 form.
    pub platform: Arc<Platform>,
}

/// Sends callbacks.
pub struct CallbackSender {
    parts: CallbackParts,
    crypto: Crypto,
}

/// Why an attempt does not count as confirmed.
pub(crate) struct Unconfirmed {
    pub(crate) status: Option<u16>,
    pub(crate) reason: String,
}

impl CallbackSender {
    /// A sender.
    #[must_use]
    pub fn new(parts: CallbackParts) -> Self {
        Self { parts, crypto: Crypto::new() }
    }

    /// One attempt, at most [`CALLBACK_LIMIT`] of real time.
    pub(crate) async fn send(&self, order: &Order, notice: &Notice) -> Result<(), Unconfirmed> {
        let unsent = |reason: &str| Unconfirmed { status: None, reason: reason.to_owned() };
        let url = order.terms.details.back_url.clone();
        let url = url.ok_or_else(|| unsent("the order has no notify_url"))?;
        let sale = order.sale().ok_or_else(|| unsent("the order is not a terminal's"))?;
        let body = notice.body.clone().ok_or_else(|| unsent("the callback has no body"))?;
        let authorization = self.authorization(&sale.terminal, &body).await;
        let authorization = authorization.ok_or_else(|| unsent("the body cannot be signed"))?;
        let request = Request::post(url, body)
            .header("Content-Type", "application/json")
            .header("Authorization", authorization)
            .timeout(CALLBACK_LIMIT);
        let answer = self.parts.client.send(request).await;
        let answer =
            answer.map_err(|error| Unconfirmed { status: None, reason: error.to_string() })?;
        let said = String::from_utf8_lossy(&answer.body);
        if answer.status == 200 && said.trim().eq_ignore_ascii_case(CONFIRMATION) {
            return Ok(());
        }
        let reason = format!("answered {} and not {CONFIRMATION}", answer.status);
        Err(Unconfirmed { status: Some(answer.status), reason })
    }

    async fn authorization(&self, terminal: &TerminalSn, body: &str) -> Option<String> {
        match self.parts.form {
            CallbackForm::Bare => self.rsa(body).await,
            CallbackForm::Terminal => {
                let signature = self.rsa(body).await?;
                Some(format!("{terminal} {signature}"))
            }
            CallbackForm::Md5 => {
                let found = terminals::terminal(&self.parts.platform, terminal).await.ok()??;
                let sign = terminal::sign(body.as_bytes(), &found.current);
                Some(format!("{terminal} {sign}"))
            }
        }
    }

    /// SHA256withRSA over the raw bytes.
    async fn rsa(&self, body: &str) -> Option<String> {
        let identity = Arc::clone(&self.parts.identity);
        let body = body.to_owned();
        let sign = move || terminal::sign_callback(body.as_bytes(), &identity);
        self.crypto.run(sign).await?.ok()
    }
}
