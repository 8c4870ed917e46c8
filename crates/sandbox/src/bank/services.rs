//! The app itself: services and how they are opened, consents, cards, payments.

use axum::Form;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use sdk::{CallError, ChannelLogin};
use serde::Deserialize;
use wire::ucsp::{ChannelUserData, ResponseCode};

use super::account::Account;
use super::consent::Consent;
use super::login::Bare;
use super::pages::{
    CardsPage, ConnectionRow, ConnectionsPage, ConsentPage, DataRow, HomePage, PaymentsPage, Tile,
};
use super::{Bank, Shared};
use crate::config::IconConfig;
use crate::reply::{Answered, Refused};
use crate::web::{Lang, Session, see_other};

const PAYMENTS_AT_HOME: usize = 3;

#[derive(Deserialize)]
pub(super) struct Decision {
    #[serde(default)]
    csrf: String,
    #[serde(default)]
    decision: String,
}

pub(super) async fn home(State(bank): Shared, headers: HeaderMap) -> Answered {
    let (session, account) = bank.logged_in(&headers)?;
    let tile = |icon: &IconConfig| Tile {
        code: icon.industry_code.clone(),
        name: icon.brand.name(),
        brand: icon.brand,
        browser_url: format!(
            "{}/ucsp/channel/v1/authorize?industryCode={}&channelCode={}",
            bank.partner.config().base_url,
            icon.industry_code,
            bank.partner.config().code
        ),
    };
    let page = HomePage {
        f: bank.frame(&session, "home"),
        first_name: account.first_name().to_owned(),
        tiles: bank.icons.iter().map(tile).collect(),
        card: account.cards.first().cloned(),
        payments: bank.payments_of(&account.user.user_id, session.lang, PAYMENTS_AT_HOME),
    };
    Ok(bank.site.page(StatusCode::OK, &page))
}

/// The tap on an icon.
pub(super) async fn tap(
    State(bank): Shared,
    headers: HeaderMap,
    Path(code): Path<String>,
    Form(form): Form<Bare>,
) -> Answered {
    let (session, account) = bank.submitted(&headers, &form.csrf)?;
    let icon = bank.known_icon(&session, &code)?;
    if bank.consents.covers(&account.user.user_id, &code, icon.needs_mobile) {
        Ok(bank.hand_over(&session, account, icon).await)
    } else {
        Ok(see_other(&bank.url(&format!("/services/{code}/consent"))))
    }
}

pub(super) async fn ask(
    State(bank): Shared,
    headers: HeaderMap,
    Path(code): Path<String>,
) -> Answered {
    let (session, account) = bank.logged_in(&headers)?;
    let icon = bank.known_icon(&session, &code)?;
    let page = ConsentPage {
        f: bank.frame(&session, "home"),
        code,
        name: icon.brand.name(),
        brand: icon.brand,
        data: data_rows(account, icon.needs_mobile, session.lang),
    };
    Ok(bank.site.page(StatusCode::OK, &page))
}

pub(super) async fn decide(
    State(bank): Shared,
    headers: HeaderMap,
    Path(code): Path<String>,
    Form(form): Form<Decision>,
) -> Answered {
    let (session, account) = bank.submitted(&headers, &form.csrf)?;
    let icon = bank.known_icon(&session, &code)?;
    if form.decision != "allow" {
        return Ok(see_other(&bank.home()));
    }
    bank.consents.keep(Consent {
        user_id: account.user.user_id.clone(),
        industry_code: code,
        mobile: icon.needs_mobile,
        given_at: Some(bank.clock.now()),
    });
    Ok(bank.hand_over(&session, account, icon).await)
}

pub(super) async fn connections(State(bank): Shared, headers: HeaderMap) -> Answered {
    let (session, account) = bank.logged_in(&headers)?;
    let row = |consent: Consent| ConnectionRow {
        name: bank.icon(&consent.industry_code).map_or("", |icon| icon.brand.name()).to_owned(),
        brand: bank.icon(&consent.industry_code).map(|icon| icon.brand),
        mobile: consent.mobile,
        since: consent.given_at.map(|at| bank.shown_time(at, session.lang)).unwrap_or_default(),
        code: consent.industry_code,
    };
    let rows = bank.consents.of(&account.user.user_id).into_iter().map(row).collect();
    let page = ConnectionsPage { f: bank.frame(&session, "connections"), rows };
    Ok(bank.site.page(StatusCode::OK, &page))
}

pub(super) async fn withdraw(
    State(bank): Shared,
    headers: HeaderMap,
    Path(code): Path<String>,
    Form(form): Form<Bare>,
) -> Answered {
    let (_, account) = bank.submitted(&headers, &form.csrf)?;
    let user_id = account.user.user_id.clone();
    bank.consents.keep(Consent { user_id, industry_code: code, mobile: false, given_at: None });
    Ok(see_other(&bank.url("/connections")))
}

pub(super) async fn cards(State(bank): Shared, headers: HeaderMap) -> Answered {
    let (session, account) = bank.logged_in(&headers)?;
    let page = CardsPage {
        f: bank.frame(&session, "cards"),
        cards: account.cards.clone(),
        holder: account.user.name.to_uppercase(),
    };
    Ok(bank.site.page(StatusCode::OK, &page))
}

pub(super) async fn payments(State(bank): Shared, headers: HeaderMap) -> Answered {
    let (session, account) = bank.logged_in(&headers)?;
    let shown = crate::limits::NOTICES_SHOWN_MAX;
    let page = PaymentsPage {
        f: bank.frame(&session, "payments"),
        payments: bank.payments_of(&account.user.user_id, session.lang, shown),
    };
    Ok(bank.site.page(StatusCode::OK, &page))
}

/// What goes over to a service, in words and with the values.
pub(super) fn data_rows(account: &Account, mobile: bool, l: Lang) -> Vec<DataRow> {
    let row = |name: &str, value: String| DataRow { name: name.to_owned(), value };
    let mut rows = vec![row(l.t("Customer number", "客户号"), account.user.user_id.clone())];
    if mobile {
        rows.push(row(l.t("Mobile number", "手机号码"), account.masked_mobile()));
    }
    rows.push(row(l.t("Language", "语言"), l.t("English", "中文").to_owned()));
    rows
}

impl Bank {
    fn known_icon(&self, session: &Session<String>, code: &str) -> Result<&IconConfig, Refused> {
        let l = session.lang;
        self.icon(code).ok_or_else(|| {
            let title = l.t("No such service", "没有此服务");
            let text = l.t("This service is not in our app.", "本应用没有该服务。");
            self.message(session, StatusCode::NOT_FOUND, title, text).into()
        })
    }

    /// CHANNEL_LOGIN_INFO, and the browser goes on to the service.
    async fn hand_over(
        &self,
        session: &Session<String>,
        account: &Account,
        icon: &IconConfig,
    ) -> Response {
        let user_data = if icon.needs_mobile {
            ChannelUserData {
                mobile: Some(account.user.mobile.clone()),
                ..ChannelUserData::default()
            }
        } else {
            ChannelUserData::default()
        };
        let login = ChannelLogin {
            industry_code: icon.industry_code.clone(),
            user_id: account.user.user_id.clone(),
            channel_name: Some(self.brand.name().to_owned()),
            client_type: Some("0".to_owned()),
            language: Some(session.lang.tag().to_owned()),
            user_data,
        };
        match self.channel.channel_login_info(&login).await {
            Ok(url) => see_other(&url),
            Err(error) => self.not_opened(session, icon, &error),
        }
    }

    fn not_opened(
        &self,
        session: &Session<String>,
        icon: &IconConfig,
        error: &CallError,
    ) -> Response {
        tracing::info!(%error, service = icon.industry_code, "service not opened");
        let l = session.lang;
        let name = icon.brand.name();
        let (status, title, text) = if error.code() == Some(ResponseCode::OrderInfoIncorrect) {
            (
                StatusCode::OK,
                format!("{name} {}", l.t("is not available yet", "暂未开通")),
                l.t(
                    "This service has not been opened for our customers. Nothing was sent to it.",
                    "该服务尚未向本行客户开放，未向其发送任何资料。",
                ),
            )
        } else {
            (
                StatusCode::BAD_GATEWAY,
                format!("{name} {}", l.t("cannot be opened just now", "暂时无法打开")),
                l.t("Please try again in a moment.", "请稍后再试。"),
            )
        };
        self.message(session, status, &title, text)
    }
}
