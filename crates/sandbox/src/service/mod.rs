//! An industry service: parking, or rail tickets.
//!
//! Goal: a merchant that does everything right. It logs users in by the platform's signed
//! message alone; it never takes the browser's return as payment but waits for the notice; it
//! confirms notices once and idempotently; it asks when an answer was lost. All it knows of the
//! platform is its certificates and base address.

mod bill;
mod books;
mod catalogue;
mod login;
mod notice;
mod orders;
mod pages;
mod shop;

use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::{get, post};
use sdk::{IndustryClient, LoginInfo, NoticeKeys, Partner};

use self::bill::Bill;
use self::books::Books;
use self::pages::{MessagePage, WelcomePage};
use crate::clock::PartnerClock;
use crate::config::{ChannelLink, ServiceBrand, ServiceConfig};
use crate::limits::BODY_BYTES_MAX;
use crate::partners::StartError;
use crate::reply::Refused;
use crate::web::{Frame, Lang, Session, Site, asset, prefix_of};

/// A simulated industry service.
pub struct Service {
    brand: ServiceBrand,
    prefix: String,
    base_url: String,
    mer_id: String,
    acq_iin: String,
    currency_codes: Vec<String>,
    channels: Vec<ChannelLink>,
    partner: Partner,
    industry: IndustryClient,
    clock: Arc<dyn PartnerClock>,
    site: Site<LoginInfo>,
    books: Books,
    notice_keys: NoticeKeys,
}

/// Shared state of the handlers.
type Shared = axum::extract::State<Arc<Service>>;

impl Service {
    /// A service that remembers what its journal holds. `form_targets` are the origins that
    /// paying may lead to: the platform's.
    pub(crate) fn open(
        config: ServiceConfig,
        partner: Partner,
        clock: Arc<dyn PartnerClock>,
        folder: Option<&Path>,
        form_targets: &[String],
    ) -> Result<Arc<Self>, StartError> {
        let prefix = prefix_of(&config.base_url)
            .ok_or_else(|| StartError::BaseUrl(config.base_url.clone()))?;
        let name = format!("service-{}-bills", partner.config().code);
        Ok(Arc::new(Self {
            brand: config.brand,
            site: Site::new(theme(config.brand), &config.base_url, &prefix, form_targets),
            prefix,
            base_url: config.base_url,
            mer_id: config.mer_id,
            acq_iin: config.acq_iin,
            currency_codes: config.currency_codes,
            channels: config.channels,
            industry: IndustryClient::new(partner.clone()),
            partner,
            clock,
            books: Books::open(folder, &name)?,
            notice_keys: NoticeKeys::default(),
        }))
    }

    /// Forgets bills and sessions.
    pub(crate) fn reset(&self) -> Result<(), StartError> {
        self.site.end_all();
        self.books.clear()
    }

    /// All pages and endpoints, under the prefix.
    pub(crate) fn router(self: &Arc<Self>) -> Router {
        let at = |path: &str| format!("{}{path}", self.prefix);
        Router::new()
            .route(&self.home(), get(shop::home))
            .route(&at("/open"), get(login::open))
            .route(&at("/logout"), post(login::leave))
            .route(&at("/bills"), get(shop::bills).post(shop::make))
            .route(&at("/bills/{id}"), get(shop::bill))
            .route(&at("/bills/{id}/return"), get(shop::come_back))
            .route(&at("/bills/{id}/pay"), post(orders::pay))
            .route(&at("/bills/{id}/refund"), post(orders::refund))
            .route(&at("/bills/{id}/cancel"), post(orders::cancel))
            .route(&at("/bills/{id}/inquire"), post(orders::inquire))
            .route(&at("/ucsp/v1/notice"), post(notice::receive))
            .route(&at("/assets/service.css"), get(stylesheet))
            .route(&at("/assets/icon.svg"), get(icon))
            .layer(DefaultBodyLimit::max(BODY_BYTES_MAX + 1))
            .with_state(Arc::clone(self))
    }

    fn home(&self) -> String {
        if self.prefix.is_empty() { "/".to_owned() } else { self.prefix.clone() }
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.prefix)
    }

    fn frame(&self, session: Option<&Session<LoginInfo>>, l: Lang, here: &'static str) -> Frame {
        let who = session.and_then(|session| session.user.as_ref()).map(|user| {
            let channel = self.channels.iter().find(|one| one.code == user.channel_code);
            channel.map_or_else(|| user.user_id.clone(), |one| one.name.clone())
        });
        Frame {
            prefix: self.prefix.clone(),
            theme: theme(self.brand),
            brand: self.brand.name(),
            l,
            csrf: session.map(|session| session.csrf.clone()).unwrap_or_default(),
            who,
            here,
        }
    }

    /// Whoever is logged in; else the page that leads to the channel apps.
    fn logged_in(&self, headers: &HeaderMap) -> Result<(Session<LoginInfo>, LoginInfo), Refused> {
        let session = self.site.session(headers);
        if let Some(session) = session
            && let Some(user) = session.user.clone()
        {
            return Ok((session, user));
        }
        Err(self.welcome(Lang::of_browser(headers)).into())
    }

    /// As [`Self::logged_in`], for a form that must come from a page of this session.
    fn submitted(
        &self,
        headers: &HeaderMap,
        csrf: &str,
    ) -> Result<(Session<LoginInfo>, LoginInfo), Refused> {
        let (session, user) = self.logged_in(headers)?;
        if session.sent(csrf) {
            return Ok((session, user));
        }
        let l = session.lang;
        let title = l.t("This page is out of date", "页面已过期");
        let text = l.t("Please reload the page and try again.", "请刷新页面后重试。");
        Err(self.message(Some(&session), l, StatusCode::FORBIDDEN, title, text).into())
    }

    /// A bill of this user; a bill of anybody else does not exist.
    fn own_bill(
        &self,
        session: &Session<LoginInfo>,
        user: &LoginInfo,
        id: &str,
    ) -> Result<Bill, Refused> {
        let own =
            |bill: &Bill| bill.channel_code == user.channel_code && bill.user_id == user.user_id;
        self.books.bill(id).filter(own).ok_or_else(|| {
            let l = session.lang;
            let title = l.t("No such bill", "没有此账单");
            let text = l.t("You have no bill with this number.", "您没有该编号的账单。");
            self.message(Some(session), l, StatusCode::NOT_FOUND, title, text).into()
        })
    }

    fn welcome(&self, l: Lang) -> Response {
        let page = WelcomePage {
            f: self.frame(None, l, ""),
            brand: self.brand,
            channels: self.channels.clone(),
        };
        self.site.page(StatusCode::OK, &page)
    }

    /// A page that says one thing.
    fn message(
        &self,
        session: Option<&Session<LoginInfo>>,
        l: Lang,
        status: StatusCode,
        title: &str,
        text: &str,
    ) -> Response {
        let page = MessagePage {
            f: self.frame(session, l, ""),
            title: title.to_owned(),
            text: text.to_owned(),
            home: self.home(),
        };
        self.site.page(status, &page)
    }
}

const fn theme(brand: ServiceBrand) -> &'static str {
    match brand {
        ServiceBrand::ParkEasy => "parkeasy",
        ServiceBrand::TravelJoy => "traveljoy",
    }
}

async fn stylesheet() -> Response {
    asset("text/css; charset=utf-8", include_str!("../../assets/service.css"))
}

async fn icon(axum::extract::State(service): Shared) -> Response {
    let text = match service.brand {
        ServiceBrand::ParkEasy => include_str!("../../assets/parkeasy.svg"),
        ServiceBrand::TravelJoy => include_str!("../../assets/traveljoy.svg"),
    };
    asset("image/svg+xml", text)
}
