//! The shop itself: choosing, bills, and waiting for the confirmation.

use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use jose::jws::fresh_uuid;
use sdk::LoginInfo;
use serde::Deserialize;

use super::bill::{Bill, BillState, Reversal, ReversalKind, ReversalState};
use super::catalogue::{OUTCOMES, Offer, offers};
use super::pages::{
    BillPage, BillRow, BillsPage, Choice, HomePage, ReversalRow, Waiting, state_words,
};
use super::{Service, Shared};
use crate::config::ServiceBrand;
use crate::limits::{BILLS_SHOWN_MAX, QUANTITY_MAX, RELOADS_MAX};
use crate::reply::{Answered, Refused};
use crate::web::{Lang, Session, figures, money, see_other, time};

const BILLS_AT_HOME: usize = 3;

/// The offer with this id.
pub(super) fn offer_of(brand: ServiceBrand, id: &str) -> Option<Offer> {
    offers(brand).iter().find(|offer| offer.id == id).copied()
}

#[derive(Deserialize)]
pub(super) struct Order {
    #[serde(default)]
    csrf: String,
    #[serde(default)]
    offer: String,
    #[serde(default)]
    quantity: String,
    #[serde(default)]
    currency: String,
    #[serde(default)]
    outcome: String,
}

#[derive(Deserialize)]
pub(super) struct Shown {
    /// How often the waiting page was loaded; absent when nobody waits.
    #[serde(default)]
    wait: Option<u32>,
    /// Whether the platform was asked just now.
    #[serde(default)]
    asked: Option<u32>,
}

pub(super) async fn home(State(service): Shared, headers: HeaderMap) -> Answered {
    let (session, user) = service.logged_in(&headers)?;
    let l = session.lang;
    let choice = |(index, offer): (usize, &Offer)| Choice {
        id: offer.id,
        name: l.t(offer.name, offer.name_zh),
        note: l.t(offer.note, offer.note_zh),
        price: money(offer.price_minor, service.first_currency()),
        first: index == 0,
    };
    let page = HomePage {
        f: service.frame(Some(&session), l, "home"),
        brand: service.brand,
        choices: offers(service.brand).iter().enumerate().map(choice).collect(),
        quantities: (1..=QUANTITY_MAX).collect(),
        currencies: service.currency_codes.iter().map(|code| (code.clone(), sign(code))).collect(),
        outcomes: OUTCOMES.iter().map(|(code, en, zh)| (*code, l.t(en, zh))).collect(),
        bills: service.rows(&user, l, BILLS_AT_HOME),
    };
    Ok(service.site.page(StatusCode::OK, &page))
}

/// Makes a bill of a choice.
pub(super) async fn make(
    State(service): Shared,
    headers: HeaderMap,
    Form(form): Form<Order>,
) -> Answered {
    let (session, user) = service.submitted(&headers, &form.csrf)?;
    let bill = service.bill_of(&user, &form).ok_or_else(|| service.bad_choice(&session))?;
    let id = bill.id.clone();
    if !service.books.add(bill) {
        return Err(service.bad_choice(&session));
    }
    Ok(see_other(&service.url(&format!("/bills/{id}"))))
}

pub(super) async fn bills(State(service): Shared, headers: HeaderMap) -> Answered {
    let (session, user) = service.logged_in(&headers)?;
    let page = BillsPage {
        f: service.frame(Some(&session), session.lang, "bills"),
        bills: service.rows(&user, session.lang, BILLS_SHOWN_MAX),
    };
    Ok(service.site.page(StatusCode::OK, &page))
}

pub(super) async fn bill(
    State(service): Shared,
    headers: HeaderMap,
    Path(id): Path<String>,
    Query(shown): Query<Shown>,
) -> Answered {
    let (session, user) = service.logged_in(&headers)?;
    let bill = service.own_bill(&session, &user, &id)?;
    let page = service.bill_page(&session, &bill, &shown);
    Ok(service.site.page(StatusCode::OK, &page))
}

/// The browser's return from the cashier. It proves nothing: the page waits for the notice.
pub(super) async fn come_back(
    State(service): Shared,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Answered {
    let (session, user) = service.logged_in(&headers)?;
    let bill = service.own_bill(&session, &user, &id)?;
    let wait = if bill.state() == BillState::Waiting { "?wait=0" } else { "" };
    Ok(see_other(&service.url(&format!("/bills/{id}{wait}"))))
}

impl Service {
    fn first_currency(&self) -> &str {
        self.currency_codes.first().map_or("344", String::as_str)
    }

    fn bad_choice(&self, session: &Session<LoginInfo>) -> Refused {
        let l = session.lang;
        let title = l.t("Please choose again", "请重新选择");
        let text = l.t("That choice is not on offer.", "该选项不可用。");
        self.message(Some(session), l, StatusCode::BAD_REQUEST, title, text).into()
    }

    fn bill_of(&self, user: &LoginInfo, form: &Order) -> Option<Bill> {
        let offer = offer_of(self.brand, &form.offer)?;
        let quantity: u32 = form.quantity.parse().ok()?;
        let outcome: u8 = if form.outcome.is_empty() { 0 } else { form.outcome.parse().ok()? };
        let currency =
            if form.currency.is_empty() { self.first_currency() } else { &form.currency };
        let fits = (1..=QUANTITY_MAX).contains(&quantity)
            && outcome < 100
            && self.currency_codes.iter().any(|one| one == currency);
        if !fits {
            return None;
        }
        Some(Bill {
            id: fresh_uuid().chars().take(12).collect(),
            channel_code: user.channel_code.clone(),
            user_id: user.user_id.clone(),
            offer: offer.id.to_owned(),
            quantity,
            amount_minor: offer.price_minor * u64::from(quantity) + u64::from(outcome),
            currency_code: currency.to_owned(),
            made_at: self.clock.now(),
            attempts: Vec::new(),
            reversals: Vec::new(),
        })
    }

    fn rows(&self, user: &LoginInfo, l: Lang, shown: usize) -> Vec<BillRow> {
        let bills = self.books.of_user(&user.channel_code, &user.user_id, shown);
        bills.iter().map(|bill| self.row(bill, l)).collect()
    }

    fn row(&self, bill: &Bill, l: Lang) -> BillRow {
        let offer = offer_of(self.brand, &bill.offer);
        let state = bill.state();
        let (words, tone) = state_words(state, l);
        BillRow {
            id: bill.id.clone(),
            name: offer.map_or("", |offer| l.t(offer.name, offer.name_zh)),
            quantity: self.quantity_words(bill.quantity, l),
            amount: money(bill.amount_minor, &bill.currency_code),
            at: self.shown_time(bill.made_at, l),
            words,
            tone,
        }
    }

    fn quantity_words(&self, quantity: u32, l: Lang) -> String {
        let unit = match (self.brand, quantity) {
            (ServiceBrand::ParkEasy, 1) => l.t("hour", "小时"),
            (ServiceBrand::ParkEasy, _) => l.t("hours", "小时"),
            (ServiceBrand::TravelJoy, 1) => l.t("ticket", "张"),
            (ServiceBrand::TravelJoy, _) => l.t("tickets", "张"),
        };
        format!("{quantity} {unit}")
    }

    fn shown_time(&self, at: jiff::Timestamp, l: Lang) -> String {
        time(at, &self.partner.config().zone, l)
    }

    fn bill_page(&self, session: &Session<LoginInfo>, bill: &Bill, shown: &Shown) -> BillPage {
        let l = session.lang;
        let state = bill.state();
        let waiting = match (state, shown.wait) {
            (BillState::Waiting, Some(times)) if times < RELOADS_MAX => Waiting::Reload(times + 1),
            (BillState::Waiting, Some(_)) => Waiting::Long,
            (BillState::Waiting, None) => Waiting::AtCashier,
            _ if bill.reversals.iter().any(|one| one.state == ReversalState::Processing) => {
                match shown.wait.unwrap_or(0) {
                    times if times < RELOADS_MAX => Waiting::Reload(times + 1),
                    _ => Waiting::Long,
                }
            }
            _ => Waiting::No,
        };
        let attempt = bill.attempt();
        let paid = matches!(state, BillState::Paid | BillState::PartRefunded);
        let remaining = bill.remaining_minor();
        BillPage {
            f: self.frame(Some(session), l, "bills"),
            row: self.row(bill, l),
            state,
            waiting,
            asked: shown.asked.is_some(),
            order_id: attempt.map(|one| one.order_id.clone()),
            query_id: attempt.and_then(|one| one.query_id.clone()),
            masked_pan: attempt.and_then(|one| one.masked_pan.clone()),
            message: attempt.and_then(|one| one.message.clone()),
            ended_at: attempt.and_then(|one| one.ended_at).map(|at| self.shown_time(at, l)),
            notices: attempt.map_or(0, |one| one.notices),
            payment_url: attempt.and_then(|one| one.payment_url.clone()),
            reversals: bill.reversals.iter().map(|one| self.reversal_row(bill, one, l)).collect(),
            refundable: (paid && remaining > 0).then(|| figures(remaining, &bill.currency_code)),
            cancellable: state == BillState::Paid && remaining == bill.amount_minor,
            currency: sign(&bill.currency_code),
        }
    }

    fn reversal_row(&self, bill: &Bill, reversal: &Reversal, l: Lang) -> ReversalRow {
        let (words, tone) = match reversal.state {
            ReversalState::Processing => (l.t("In progress", "处理中"), "wait"),
            ReversalState::Done => (l.t("Done", "已完成"), "good"),
            ReversalState::Refused => (l.t("Refused", "未成功"), "bad"),
        };
        ReversalRow {
            title: match reversal.kind {
                ReversalKind::Refund => l.t("Refund", "退款"),
                ReversalKind::Cancellation => l.t("Cancellation", "撤销"),
            },
            amount: money(reversal.amount_minor, &bill.currency_code),
            words,
            tone,
            message: reversal.message.clone(),
            order_id: reversal.order_id.clone(),
            at: self.shown_time(reversal.asked_at, l),
        }
    }
}

/// The letters of a currency.
fn sign(currency_code: &str) -> &'static str {
    match currency_code {
        "156" => "CNY",
        "344" => "HKD",
        "392" => "JPY",
        "410" => "KRW",
        "446" => "MOP",
        "702" => "SGD",
        "840" => "USD",
        "978" => "EUR",
        _ => "",
    }
}
