//! The pages of a service: what each template is given.

use askama::Template;

use super::bill::BillState;
use crate::config::{ChannelLink, ServiceBrand};
use crate::web::{Frame, Lang};

#[derive(Template)]
#[template(path = "service/welcome.html")]
pub(super) struct WelcomePage {
    pub(super) f: Frame,
    pub(super) brand: ServiceBrand,
    pub(super) channels: Vec<ChannelLink>,
}

/// An offer to choose.
pub(super) struct Choice {
    pub(super) id: &'static str,
    pub(super) name: &'static str,
    pub(super) note: &'static str,
    pub(super) price: String,
    pub(super) first: bool,
}

#[derive(Template)]
#[template(path = "service/home.html")]
pub(super) struct HomePage {
    pub(super) f: Frame,
    pub(super) brand: ServiceBrand,
    pub(super) choices: Vec<Choice>,
    pub(super) quantities: Vec<u32>,
    pub(super) currencies: Vec<(String, &'static str)>,
    pub(super) outcomes: Vec<(u8, &'static str)>,
    pub(super) bills: Vec<BillRow>,
}

/// A bill in a list, and the head of its page.
pub(super) struct BillRow {
    pub(super) id: String,
    pub(super) name: &'static str,
    pub(super) quantity: String,
    pub(super) amount: String,
    pub(super) at: String,
    pub(super) words: &'static str,
    pub(super) tone: &'static str,
}

#[derive(Template)]
#[template(path = "service/bills.html")]
pub(super) struct BillsPage {
    pub(super) f: Frame,
    pub(super) bills: Vec<BillRow>,
}

/// Whether the page waits for the platform.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Waiting {
    /// Nothing is awaited.
    No,
    /// The payer has not come back from the cashier.
    AtCashier,
    /// It reloads itself, with this number next.
    Reload(u32),
    /// It takes longer than usual: it offers to ask.
    Long,
}

/// A refund or cancellation of a bill.
pub(super) struct ReversalRow {
    pub(super) title: &'static str,
    pub(super) amount: String,
    pub(super) words: &'static str,
    pub(super) tone: &'static str,
    pub(super) message: Option<String>,
    pub(super) order_id: String,
    pub(super) at: String,
}

#[derive(Template)]
#[template(path = "service/bill.html")]
pub(super) struct BillPage {
    pub(super) f: Frame,
    pub(super) row: BillRow,
    pub(super) state: BillState,
    pub(super) waiting: Waiting,
    pub(super) asked: bool,
    pub(super) order_id: Option<String>,
    pub(super) query_id: Option<String>,
    pub(super) masked_pan: Option<String>,
    pub(super) message: Option<String>,
    pub(super) ended_at: Option<String>,
    pub(super) notices: u32,
    pub(super) payment_url: Option<String>,
    pub(super) reversals: Vec<ReversalRow>,
    /// What is left to refund, as figures for the form.
    pub(super) refundable: Option<String>,
    pub(super) cancellable: bool,
    pub(super) currency: &'static str,
}

#[derive(Template)]
#[template(path = "service/message.html")]
pub(super) struct MessagePage {
    pub(super) f: Frame,
    pub(super) title: String,
    pub(super) text: String,
    pub(super) home: String,
}

/// The words for a bill's state, and the tone they are shown in.
pub(super) const fn state_words(state: BillState, l: Lang) -> (&'static str, &'static str) {
    match state {
        BillState::Open => (l.t("To pay", "待支付"), "plain"),
        BillState::Waiting => (l.t("Awaiting payment", "等待支付"), "wait"),
        BillState::Paid => (l.t("Paid", "已支付"), "good"),
        BillState::Failed => (l.t("Payment declined", "支付失败"), "bad"),
        BillState::Closed => (l.t("Not paid in time", "超时关闭"), "plain"),
        BillState::PartRefunded => (l.t("Partly refunded", "部分退款"), "good"),
        BillState::Refunded => (l.t("Refunded", "已退款"), "plain"),
        BillState::Cancelled => (l.t("Cancelled", "已撤销"), "plain"),
    }
}
