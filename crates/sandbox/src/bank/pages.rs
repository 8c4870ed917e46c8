//! The pages of a bank: what each template is given.

use askama::Template;

use super::account::{CardKind, TestCard};
use super::oauth::Authorize;
use crate::config::ServiceBrand;
use crate::web::Frame;

/// A user to pick at the login.
pub(super) struct Person {
    pub(super) user_id: String,
    pub(super) name: String,
    pub(super) initials: String,
    pub(super) mobile: String,
}

#[derive(Template)]
#[template(path = "bank/login.html")]
pub(super) struct LoginPage {
    pub(super) f: Frame,
    pub(super) people: Vec<Person>,
}

/// A service icon.
pub(super) struct Tile {
    pub(super) code: String,
    pub(super) name: &'static str,
    pub(super) brand: ServiceBrand,
    /// Way two of the login: the address for a browser.
    pub(super) browser_url: String,
}

/// A payment, refund or cancellation that the platform told.
pub(super) struct PaymentRow {
    pub(super) title: String,
    pub(super) amount: String,
    pub(super) incoming: bool,
    pub(super) success: bool,
    pub(super) message: String,
    pub(super) masked_pan: Option<String>,
    pub(super) order_id: String,
    pub(super) at: String,
    pub(super) count: u32,
}

#[derive(Template)]
#[template(path = "bank/home.html")]
pub(super) struct HomePage {
    pub(super) f: Frame,
    pub(super) first_name: String,
    pub(super) tiles: Vec<Tile>,
    pub(super) card: Option<TestCard>,
    pub(super) payments: Vec<PaymentRow>,
}

/// One thing that goes over to a service.
pub(super) struct DataRow {
    pub(super) name: String,
    pub(super) value: String,
}

#[derive(Template)]
#[template(path = "bank/consent.html")]
pub(super) struct ConsentPage {
    pub(super) f: Frame,
    pub(super) code: String,
    pub(super) name: &'static str,
    pub(super) brand: ServiceBrand,
    pub(super) data: Vec<DataRow>,
}

/// A service that the user agreed to.
pub(super) struct ConnectionRow {
    pub(super) code: String,
    pub(super) name: String,
    pub(super) brand: Option<ServiceBrand>,
    pub(super) mobile: bool,
    pub(super) since: String,
}

#[derive(Template)]
#[template(path = "bank/connections.html")]
pub(super) struct ConnectionsPage {
    pub(super) f: Frame,
    pub(super) rows: Vec<ConnectionRow>,
}

#[derive(Template)]
#[template(path = "bank/cards.html")]
pub(super) struct CardsPage {
    pub(super) f: Frame,
    pub(super) cards: Vec<TestCard>,
    pub(super) holder: String,
}

#[derive(Template)]
#[template(path = "bank/payments.html")]
pub(super) struct PaymentsPage {
    pub(super) f: Frame,
    pub(super) payments: Vec<PaymentRow>,
}

#[derive(Template)]
#[template(path = "bank/oauth.html")]
pub(super) struct OauthPage {
    pub(super) f: Frame,
    pub(super) name: &'static str,
    pub(super) brand: Option<ServiceBrand>,
    pub(super) data: Vec<DataRow>,
    pub(super) people: Vec<Person>,
    pub(super) needs_mobile: bool,
    pub(super) a: Authorize,
}

#[derive(Template)]
#[template(path = "bank/message.html")]
pub(super) struct MessagePage {
    pub(super) f: Frame,
    pub(super) title: String,
    pub(super) text: String,
    pub(super) home: String,
}
