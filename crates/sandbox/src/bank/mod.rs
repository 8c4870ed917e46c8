//! A channel app: the bank or wallet that holds the user, the cards and the consent.
//!
//! Goal: a bank that looks and behaves like one. The user logs in here only; services are opened
//! from their icons after consent; cards are given out masked, or one by one under encryption;
//! the platform's notices appear as payments. All it knows of the platform is its certificates
//! and base address.

mod account;
mod consent;
mod login;
mod oauth;
mod pages;
mod services;
mod ucsp;

use std::path::Path;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::{get, post};
use sdk::{ChannelClient, NoticeKeys, Partner};

use self::account::{Account, accounts};
use self::consent::Consents;
use self::oauth::Grants;
use self::pages::MessagePage;
use self::ucsp::Noted;
use crate::clock::PartnerClock;
use crate::config::{BankBrand, BankConfig, IconConfig, OauthConfig};
use crate::journal::Journal;
use crate::limits::BODY_BYTES_MAX;
use crate::partners::StartError;
use crate::reply::Refused;
use crate::web::{Frame, Lang, Session, Site, asset, prefix_of, see_other};

/// A simulated channel app.
pub struct Bank {
    brand: BankBrand,
    prefix: String,
    partner: Partner,
    channel: ChannelClient,
    clock: Arc<dyn PartnerClock>,
    accounts: Vec<Account>,
    icons: Vec<IconConfig>,
    oauth: OauthConfig,
    site: Site<String>,
    consents: Consents,
    grants: Mutex<Grants>,
    notices: Mutex<Vec<Noted>>,
    notice_journal: Journal,
    notice_keys: NoticeKeys,
}

/// Shared state of the handlers.
type Shared = axum::extract::State<Arc<Bank>>;

impl Bank {
    /// A bank that remembers what its journals hold. `form_targets` are the origins that a
    /// service may be opened at.
    pub(crate) fn open(
        config: BankConfig,
        partner: Partner,
        clock: Arc<dyn PartnerClock>,
        folder: Option<&Path>,
        form_targets: &[String],
    ) -> Result<Arc<Self>, StartError> {
        let prefix = prefix_of(&config.base_url)
            .ok_or_else(|| StartError::BaseUrl(config.base_url.clone()))?;
        let theme = theme(config.brand);
        let code = &partner.config().code;
        let consents = Consents::open(folder, &format!("bank-{code}-consents"))?;
        let (notice_journal, notices) =
            Journal::open(folder, &format!("bank-{code}-notices"), Noted::key)?;
        Ok(Arc::new(Self {
            brand: config.brand,
            site: Site::new(theme, &config.base_url, &prefix, form_targets),
            prefix,
            channel: ChannelClient::new(partner.clone()),
            partner,
            clock,
            accounts: accounts(&config.users, config.brand),
            icons: config.icons,
            oauth: config.oauth,
            consents,
            grants: Mutex::default(),
            notices: Mutex::new(notices),
            notice_journal,
            notice_keys: NoticeKeys::default(),
        }))
    }

    /// Forgets consents, notices and sessions.
    pub(crate) fn reset(&self) -> Result<(), StartError> {
        self.site.end_all();
        self.notices().clear();
        self.consents.clear()?;
        self.notice_journal.clear()
    }

    /// All pages and endpoints, under the prefix.
    pub(crate) fn router(self: &Arc<Self>) -> Router {
        let at = |path: &str| format!("{}{path}", self.prefix);
        let home = if self.prefix.is_empty() { "/".to_owned() } else { self.prefix.clone() };
        Router::new()
            .route(&home, get(services::home))
            .route(&at("/login"), get(login::show).post(login::submit))
            .route(&at("/logout"), post(login::leave))
            .route(&at("/language"), post(login::language))
            .route(&at("/services/{code}/open"), post(services::tap))
            .route(&at("/services/{code}/consent"), get(services::ask).post(services::decide))
            .route(&at("/connections"), get(services::connections))
            .route(&at("/connections/{code}/withdraw"), post(services::withdraw))
            .route(&at("/cards"), get(services::cards))
            .route(&at("/payments"), get(services::payments))
            .route(&at("/oauth/authorize"), get(oauth::show).post(oauth::decide))
            .route(&at("/oauth/token"), post(oauth::token))
            .route(&at("/oauth/userinfo"), get(oauth::user_info))
            .route(&at("/ucsp/v1/getcardlist"), post(ucsp::card_list))
            .route(&at("/ucsp/v1/getcardpayload"), post(ucsp::card_payload))
            .route(&at("/ucsp/v1/paymentresultnotice"), post(ucsp::notice))
            .route(&at("/ucsp/v1/autodebitsign"), post(ucsp::auto_debit_sign))
            .route(&at("/ucsp/v1/autodebitclose"), post(ucsp::auto_debit_close))
            .route(&at("/ucsp/v1/autodebitpay"), post(ucsp::auto_debit_pay))
            .route(&at("/assets/bank.css"), get(stylesheet))
            .route(&at("/assets/icon.svg"), get(icon))
            .route(&at("/assets/parkeasy.svg"), get(parkeasy))
            .route(&at("/assets/traveljoy.svg"), get(traveljoy))
            .layer(DefaultBodyLimit::max(BODY_BYTES_MAX + 1))
            .with_state(Arc::clone(self))
    }

    fn account(&self, user_id: &str) -> Option<&Account> {
        self.accounts.iter().find(|account| account.user.user_id == user_id)
    }

    fn icon(&self, industry_code: &str) -> Option<&IconConfig> {
        self.icons.iter().find(|icon| icon.industry_code == industry_code)
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.prefix)
    }

    /// Where the home page is.
    fn home(&self) -> String {
        if self.prefix.is_empty() { "/".to_owned() } else { self.prefix.clone() }
    }

    fn frame(&self, session: &Session<String>, here: &'static str) -> Frame {
        let account = session.user.as_deref().and_then(|user| self.account(user));
        Frame {
            prefix: self.prefix.clone(),
            theme: theme(self.brand),
            brand: self.brand.name(),
            l: session.lang,
            csrf: session.csrf.clone(),
            who: account.map(|account| account.user.name.clone()),
            here,
        }
    }

    /// The session and account of whoever is logged in; else the way to the login page.
    fn logged_in(&self, headers: &HeaderMap) -> Result<(Session<String>, &Account), Refused> {
        let session = self.site.session(headers);
        let found = session.and_then(|session| {
            let account = self.account(session.user.as_deref()?)?;
            Some((session, account))
        });
        found.ok_or_else(|| see_other(&self.url("/login")).into())
    }

    /// As [`Self::logged_in`], for a form that must come from a page of this session.
    fn submitted(
        &self,
        headers: &HeaderMap,
        csrf: &str,
    ) -> Result<(Session<String>, &Account), Refused> {
        let (session, account) = self.logged_in(headers)?;
        if session.sent(csrf) {
            Ok((session, account))
        } else {
            Err(self.stale_form(&session).into())
        }
    }

    fn stale_form(&self, session: &Session<String>) -> Response {
        let l = session.lang;
        self.message(
            session,
            StatusCode::FORBIDDEN,
            l.t("This page is out of date", "页面已过期"),
            l.t("Please go back, reload the page and try again.", "请返回并刷新页面后重试。"),
        )
    }

    /// A page that says one thing.
    fn message(
        &self,
        session: &Session<String>,
        status: StatusCode,
        title: &str,
        text: &str,
    ) -> Response {
        let page = MessagePage {
            f: self.frame(session, ""),
            title: title.to_owned(),
            text: text.to_owned(),
            home: self.home(),
        };
        self.site.page(status, &page)
    }

    /// The session of the browser, or a fresh one without a user.
    fn any_session(&self, headers: &HeaderMap) -> (Session<String>, Option<crate::web::SetCookie>) {
        if let Some(session) = self.site.session(headers) {
            return (session, None);
        }
        let (session, cookie) = self.site.begin(None, Lang::of_browser(headers));
        (session, Some(cookie))
    }
}

const fn theme(brand: BankBrand) -> &'static str {
    match brand {
        BankBrand::Harbour => "harbour",
        BankBrand::Jade => "jade",
    }
}

async fn stylesheet() -> Response {
    asset("text/css; charset=utf-8", include_str!("../../assets/bank.css"))
}

async fn icon(axum::extract::State(bank): Shared) -> Response {
    let text = match bank.brand {
        BankBrand::Harbour => include_str!("../../assets/harbour.svg"),
        BankBrand::Jade => include_str!("../../assets/jade.svg"),
    };
    asset("image/svg+xml", text)
}

async fn parkeasy() -> Response {
    asset("image/svg+xml", include_str!("../../assets/parkeasy.svg"))
}

async fn traveljoy() -> Response {
    asset("image/svg+xml", include_str!("../../assets/traveljoy.svg"))
}
