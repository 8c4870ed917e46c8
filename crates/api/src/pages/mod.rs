//! What all pages share: strict headers, the language, cookies, and pages that tell of trouble.
//!
//! Goal: pages without inline script or style, that nobody may frame, keep or learn addresses from.

mod cookie;
mod language;
mod words;

use app::Refusal;
use askama::Template;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};

pub(crate) use cookie::{Cookie, cookie};
pub(crate) use language::Language;
pub(crate) use words::{Words, fill};

use crate::assets::{self, Asset};
use crate::limits::RETRY_AFTER_S;
use crate::ops;

/// Nothing but our own style, script, images and forms; no frame around us.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; \
     img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; \
     frame-ancestors 'none'";

/// A page.
pub(crate) fn html(status: StatusCode, page: String) -> Response {
    let form = [(header::CONTENT_TYPE, "text/html; charset=utf-8")];
    guarded((status, form, page).into_response())
}

/// A page from its template.
pub(crate) fn render(status: StatusCode, page: &impl Template) -> Response {
    match page.render() {
        Ok(text) => html(status, text),
        Err(error) => {
            tracing::error!(%error, "a page could not be made");
            ops::failed("page")
        }
    }
}

/// Leads the browser elsewhere by GET; the address is not told to where it goes.
pub(crate) fn lead_to(url: &str) -> Response {
    let Ok(location) = HeaderValue::try_from(url) else {
        tracing::error!("an address to lead to cannot stand in a header");
        return ops::failed("location");
    };
    let mut response =
        guarded((StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response());
    let quiet = HeaderValue::from_static("no-referrer");
    response.headers_mut().insert(header::REFERRER_POLICY, quiet);
    response
}

/// The headers of everything that a browser shows or follows.
pub(crate) fn guarded(mut response: Response) -> Response {
    // With `no-referrer` browsers send `Origin: null` with our own forms; `same-origin` keeps
    // addresses from everybody else and lets the forms prove where they come from.
    const GUARDS: [(HeaderName, &str); 6] = [
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (header::CACHE_CONTROL, "no-store"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ];
    for (name, value) in GUARDS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// A page that tells of trouble.
#[derive(Template)]
#[template(path = "trouble.html")]
pub(crate) struct Trouble {
    pub(crate) words: &'static Words,
    pub(crate) style: &'static Asset,
    pub(crate) icon: &'static Asset,
    pub(crate) title: &'static str,
    pub(crate) text: String,
    /// An id for support.
    pub(crate) incident: Option<String>,
    /// Where to start again.
    pub(crate) again: Option<String>,
}

impl Trouble {
    pub(crate) fn new(language: Language, title: &'static str, text: impl Into<String>) -> Self {
        Self {
            words: language.words(),
            style: assets::style(),
            icon: assets::icon(),
            title,
            text: text.into(),
            incident: None,
            again: None,
        }
    }
}

/// The page for what a use case refused.
pub(crate) fn trouble(language: Language, refusal: &Refusal) -> Response {
    let words = language.words();
    let page = |title, text| Trouble::new(language, title, text);
    match refusal {
        Refusal::UnknownTransaction => {
            render(StatusCode::NOT_FOUND, &page(words.not_found, words.not_found_text))
        }
        Refusal::Overloaded | Refusal::InFlight | Refusal::Unavailable { .. } => {
            let page = page(words.busy, words.busy_text);
            retry_later(render(StatusCode::SERVICE_UNAVAILABLE, &page))
        }
        Refusal::Internal { incident } => {
            let mut page = page(words.failed, words.failed_text);
            page.incident = Some(incident.clone());
            render(StatusCode::INTERNAL_SERVER_ERROR, &page)
        }
        Refusal::NoRight { .. }
        | Refusal::Limit { .. }
        | Refusal::Rule { .. }
        | Refusal::Differs { .. }
        | Refusal::Invalid { .. }
        | Refusal::Replayed
        | Refusal::DownstreamRefused { .. } => {
            render(StatusCode::FORBIDDEN, &page(words.not_possible, words.not_possible_text))
        }
    }
}

/// As [`trouble`], for links of a login.
pub(crate) fn link_trouble(language: Language, refusal: &Refusal) -> Response {
    let words = language.words();
    match refusal {
        Refusal::UnknownTransaction => {
            let page = Trouble::new(language, words.link_over, words.link_over_text);
            render(StatusCode::GONE, &page)
        }
        // The one limit of a link is its life.
        Refusal::Limit { .. } => {
            let page = Trouble::new(language, words.link_expired, words.link_over_text);
            render(StatusCode::GONE, &page)
        }
        Refusal::NoRight { .. }
        | Refusal::Rule { .. }
        | Refusal::Differs { .. }
        | Refusal::Invalid { .. }
        | Refusal::InFlight
        | Refusal::Replayed
        | Refusal::DownstreamRefused { .. }
        | Refusal::Unavailable { .. }
        | Refusal::Overloaded
        | Refusal::Internal { .. } => trouble(language, refusal),
    }
}

/// Around the pages of browsers: what the framework refuses before a handler is reached (a form of
/// another type, too large or with a field twice, an address that is no text, another method) is
/// told on a page of ours, under the same status.
pub(crate) async fn in_our_words(request: Request, next: Next) -> Response {
    let language = Language::of_browser(request.headers());
    let words = language.words();
    let is_form = request.method() == Method::POST;
    let response = next.run(request).await;
    let status = response.status();
    if !status.is_client_error() || response.headers().contains_key(header::CONTENT_SECURITY_POLICY)
    {
        return response;
    }
    let (title, text) = match status {
        StatusCode::METHOD_NOT_ALLOWED => (words.no_page, words.no_page_text),
        _ if is_form => (words.odd_form, words.odd_form_text),
        _ => (words.bad_link, words.no_page_text),
    };
    let mut page = render(status, &Trouble::new(language, title, text));
    if let Some(allowed) = response.headers().get(header::ALLOW) {
        page.headers_mut().insert(header::ALLOW, allowed.clone());
    }
    page
}

/// The address was not called as it should be.
pub(crate) fn bad_request(language: Language, detail: &str) -> Response {
    let page = Trouble::new(language, language.words().bad_link, detail);
    render(StatusCode::BAD_REQUEST, &page)
}

/// The user said no at the channel.
pub(crate) fn declined(language: Language) -> Response {
    let words = language.words();
    render(StatusCode::OK, &Trouble::new(language, words.declined, words.declined_text))
}

/// Whatever has no route: a page for browsers, a short text for programs.
pub(crate) async fn not_found(headers: HeaderMap) -> Response {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    if accept.is_some_and(|accept| accept.contains("text/html")) {
        let language = Language::of_browser(&headers);
        let words = language.words();
        let page = Trouble::new(language, words.no_page, words.no_page_text);
        return render(StatusCode::NOT_FOUND, &page);
    }
    (StatusCode::NOT_FOUND, "not found\n").into_response()
}

pub(crate) fn retry_later(mut response: Response) -> Response {
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(RETRY_AFTER_S));
    response
}
