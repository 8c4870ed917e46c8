//! The wallet's page: what the payer's phone shows after scanning, and what the payer does there.
//!
//! Whoever has the address may pay: it is in the QR code that the till shows, and nobody can
//! guess it. So there is no login and no session, and a form from elsewhere could do no more than
//! the one who knows the address.

use std::sync::Arc;

use axum::Form;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::Deserialize;

use super::books::{Changes, digits};
use super::pages::{PayPage, Shown};
use super::trade::{State as TradeState, Trade};
use super::{Choice, Wallet, is_paid};
use crate::web::{Frame, Lang, asset, money, see_other};

/// What the payer pressed.
#[derive(Deserialize)]
pub(super) struct Pressed {
    #[serde(default)]
    choice: String,
}

pub(super) async fn show(
    State(wallet): State<Arc<Wallet>>,
    Path(token): Path<String>,
    headers: HeaderMap,
) -> Response {
    let l = Lang::of_browser(&headers);
    let Some((trade, return_url)) = find(&wallet, &token) else {
        return unknown(&wallet, l);
    };
    render(&wallet, &trade, return_url, l)
}

pub(super) async fn choose(
    State(wallet): State<Arc<Wallet>>,
    Path(token): Path<String>,
    headers: HeaderMap,
    Form(pressed): Form<Pressed>,
) -> Response {
    let l = Lang::of_browser(&headers);
    let Some((before, return_url)) = find(&wallet, &token) else {
        return unknown(&wallet, l);
    };
    let choice = match pressed.choice.as_str() {
        "pay" => Some(Choice::Success),
        "refuse" => Some(Choice::Fail),
        _ => None,
    };
    let trade = match choice {
        // A second press, or a press that came too late, changes nothing.
        Some(choice) => wallet.decide(before.sn, choice).await.unwrap_or(before),
        None => before,
    };
    match return_url {
        // As it was given, to the letter: it may be signed.
        Some(url) => see_other(&url),
        None if trade.is_payable(wallet.now_ms()) => left(&wallet, &trade, l),
        None => see_other(&format!("/wallet/pay/{token}")),
    }
}

pub(super) async fn stylesheet() -> Response {
    asset("text/css; charset=utf-8", include_str!("../../assets/wallet.css"))
}

pub(super) async fn icon() -> Response {
    asset("image/svg+xml", include_str!("../../assets/wallet.svg"))
}

/// The trade that a token leads to, and where the browser goes afterwards.
fn find(wallet: &Wallet, token: &str) -> Option<(Trade, Option<String>)> {
    let sn = wallet.sn_of(token)?;
    let mut changes = Changes::default();
    let mut known = wallet.known();
    let trade = known.books.trade(sn, wallet.now_ms(), &mut changes)?;
    let return_url = known.books.presentation(sn).and_then(|page| page.return_url.clone());
    known.write(&changes);
    Some((trade, return_url))
}

fn render(wallet: &Wallet, trade: &Trade, return_url: Option<String>, l: Lang) -> Response {
    let shown = match trade.state {
        TradeState::Presented
        | TradeState::Waiting
        | TradeState::WillPay
        | TradeState::WillDecline => {
            if trade.is_payable(wallet.now_ms()) {
                Shown::Open
            } else {
                Shown::Over
            }
        }
        TradeState::Paid => Shown::Paid,
        TradeState::Refused(_) => Shown::Refused,
        TradeState::Closed => Shown::Over,
        TradeState::GivenBack => Shown::GivenBack,
    };
    let page = pay_page(wallet, trade, return_url, shown, l);
    wallet.site.page(StatusCode::OK, &page)
}

/// The payer closed the page without a choice: it can be opened again.
fn left(wallet: &Wallet, trade: &Trade, l: Lang) -> Response {
    let page = pay_page(wallet, trade, None, Shown::Left, l);
    wallet.site.page(StatusCode::OK, &page)
}

fn pay_page(
    wallet: &Wallet,
    trade: &Trade,
    return_url: Option<String>,
    shown: Shown,
    l: Lang,
) -> PayPage {
    let known = wallet.known();
    let page = known.books.presentation(trade.sn);
    let text = |text: Option<&String>| text.cloned().unwrap_or_default();
    PayPage {
        f: frame(theme(trade.payway), l),
        wallet: name(trade.payway, l),
        shown,
        action: format!("/wallet/pay/{}", wallet.token(trade.sn)),
        merchant: text(page.map(|page| &page.merchant)),
        subject: text(page.map(|page| &page.subject)),
        amount: money(trade.amount, &format!("{:03}", trade.currency)),
        sn: digits(&trade.sn),
        trade_no: is_paid(trade)
            .then(|| super::answer::trade_no(trade.payway, trade.begun_ms, trade.serial)),
        return_url,
    }
}

fn unknown(wallet: &Wallet, l: Lang) -> Response {
    let page = PayPage {
        f: frame("other", l),
        wallet: l.t("Wallet", "钱包"),
        shown: Shown::Unknown,
        action: String::new(),
        merchant: String::new(),
        subject: String::new(),
        amount: String::new(),
        sn: String::new(),
        trade_no: None,
        return_url: None,
    };
    wallet.site.page(StatusCode::NOT_FOUND, &page)
}

fn frame(theme: &'static str, l: Lang) -> Frame {
    Frame {
        prefix: "/wallet".to_owned(),
        theme,
        brand: l.t("Sandbox wallet", "沙箱钱包"),
        l,
        csrf: String::new(),
        who: None,
        here: "",
    }
}

const fn theme(payway: u16) -> &'static str {
    match payway {
        1 | 2 => "alipay",
        3 => "wechat",
        17 => "unionpay",
        _ => "other",
    }
}

const fn name(payway: u16, l: Lang) -> &'static str {
    match payway {
        1 | 2 => l.t("Alipay", "支付宝"),
        3 => l.t("WeChat Pay", "微信支付"),
        17 => l.t("UnionPay QR", "银联二维码"),
        _ => l.t("Wallet", "钱包"),
    }
}
