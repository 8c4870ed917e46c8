//! What the wallet's page is given.

use askama::Template;

use crate::web::Frame;

/// What the page is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    /// The payer may pay or decline.
    Open,
    /// The payer went away without a choice.
    Left,
    /// Paid.
    Paid,
    /// The payer declined, or the wallet did.
    Refused,
    /// The platform ended it after it was paid.
    GivenBack,
    /// Its time is over, or the platform ended it.
    Over,
    /// No such payment.
    Unknown,
}

#[derive(Template)]
#[template(path = "wallet/pay.html")]
pub(super) struct PayPage {
    pub(super) f: Frame,
    /// The simulated wallet's name.
    pub(super) wallet: &'static str,
    pub(super) shown: Shown,
    pub(super) action: String,
    pub(super) merchant: String,
    pub(super) subject: String,
    pub(super) amount: String,
    pub(super) sn: String,
    pub(super) trade_no: Option<String>,
    pub(super) return_url: Option<String>,
}
