//! Who asks: the authenticated party of a request.

use domain::ids::{AppId, IndustryCode};
use domain::party::Party;

use crate::refusal::Refusal;
use crate::writeset::SeenMessage;

/// The authenticated party of a request. Only the gateway makes one, after all its checks.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The application that signed.
    pub app: AppId,
    /// Whose application it is.
    pub party: Party,
    /// Whether it is a sandbox application.
    pub sandbox: bool,
    /// The outcome asked for by `X-Sandbox-Scenario`, 0 to 99; sandbox applications only.
    pub scenario: Option<u8>,
    /// The message, to be remembered with what it changes.
    pub seen: Option<SeenMessage>,
}

impl Caller {
    /// The industry service that asks.
    ///
    /// # Errors
    /// [`Refusal::NoRight`] when another kind of party asks.
    pub fn industry(&self) -> Result<&IndustryCode, Refusal> {
        match &self.party {
            Party::Industry(code) => Ok(code),
            Party::Channel(_) | Party::Downstream(_) => {
                Err(Refusal::no_right("UPI-APPID", "this application is not an industry service's"))
            }
        }
    }
}
