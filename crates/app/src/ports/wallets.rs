//! The wallets behind the terminals: Alipay, WeChat Pay, UnionPay QR and the others.

use async_trait::async_trait;
use domain::Outcome;
use domain::ids::QueryId;
use domain::order::Order;
use domain::payway::{Payway, SubPayway};

/// How the platform talks to wallets, by the `payway` of an order's sale. Each call is idempotent
/// by the order's number, or by the reversal's. An answer that was lost is [`Outcome::Lost`], never
/// an error: the resolver goes on.
#[async_trait]
pub trait Wallets: Send + Sync + 'static {
    /// Whether a wallet is configured for this and offers this form.
    fn takes(&self, payway: Payway, sub_payway: SubPayway) -> bool;

    /// Charges the payer whose barcode was scanned. [`Outcome::Accepted`]: the payer is asked to
    /// confirm. The barcode is a credential of the payer and is never kept.
    async fn charge(&self, order: &Order, barcode: &str) -> Outcome;

    /// Makes the order payable by a code or page until it expires. `return_url` is where the page
    /// sends the browser afterwards.
    async fn present(
        &self,
        order: &Order,
        return_url: Option<&str>,
    ) -> Result<Presented, PresentError>;

    /// Ends the open attempt for certain: unpaid it is closed, paid all is given back, unknown it
    /// is remembered as closed. [`Outcome::Succeeded`] says that it is so.
    async fn abort(&self, order: &Order) -> Outcome;

    /// Gives money of a paid order back: a refund, or a cancellation of the same day.
    async fn reverse(&self, order: &Order, reversal: &QueryId) -> Outcome;

    /// Asks what became of the payment (`None`) or of a reversal. "Not found" is
    /// [`Outcome::Refused`] only after `valid_until` of the attempt, else [`Outcome::Lost`].
    async fn inquire(&self, order: &Order, reversal: Option<&QueryId>) -> Outcome;
}

/// What a payer scans or opens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Presented {
    /// `qr_code`: the text to encode; for a WAP payment the address of the wallet's page.
    pub qr_code: String,
    /// `wap_pay_request`: JSON text for the wallet's script.
    pub wap_pay_request: Option<String>,
}

/// The order could not be made payable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PresentError {
    /// The wallet refused it for certain.
    #[error("the wallet refused the order: {code} {message}")]
    Refused {
        /// The code of upay.md section 10.8.
        code: String,
        /// Its message.
        message: String,
    },
    /// It did not answer, or not in time, or with garbage: the order may be payable.
    #[error("the wallet did not answer: {0}")]
    Unavailable(String),
}
