//! What all pages share: sessions, protection of forms, headers, languages, money as shown.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use askama::Template;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse as _, Response};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use jose::jws::fresh_uuid;
use jose::secret::equal_in_constant_time;

use crate::limits::SESSIONS_MAX;

/// Language of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lang {
    /// English.
    En,
    /// Chinese, simplified.
    Zh,
}

impl Lang {
    /// The language of a tag such as `zh-CN` or `en_GB`, or of an `Accept-Language` list.
    pub(crate) fn of(tag: &str) -> Self {
        if tag.trim().to_ascii_lowercase().starts_with("zh") { Self::Zh } else { Self::En }
    }

    /// The language of a browser.
    pub(crate) fn of_browser(headers: &HeaderMap) -> Self {
        let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        accepted.map_or(Self::En, Self::of)
    }

    /// One of two texts.
    pub(crate) const fn t<'a>(self, english: &'a str, chinese: &'a str) -> &'a str {
        match self {
            Self::En => english,
            Self::Zh => chinese,
        }
    }

    /// The tag that messages and pages carry.
    pub(crate) const fn tag(self) -> &'static str {
        match self {
            Self::En => "en-GB",
            Self::Zh => "zh-CN",
        }
    }
}

/// What each page of a partner has around its content.
#[derive(Clone)]
pub(crate) struct Frame {
    /// Path before all of the partner's own paths; empty for the first of its kind.
    pub(crate) prefix: String,
    /// Class of the body, which chooses the colours.
    pub(crate) theme: &'static str,
    /// Name of the product.
    pub(crate) brand: &'static str,
    /// Language of the page.
    pub(crate) l: Lang,
    /// Token that every form sends back.
    pub(crate) csrf: String,
    /// Name of whoever is logged in.
    pub(crate) who: Option<String>,
    /// Name of the present place in the navigation.
    pub(crate) here: &'static str,
}

/// A browser that the partner knows.
#[derive(Clone)]
pub(crate) struct Session<U> {
    pub(crate) id: String,
    pub(crate) csrf: String,
    pub(crate) user: Option<U>,
    pub(crate) lang: Lang,
}

/// One partner's site: its sessions and the headers of its pages.
pub(crate) struct Site<U> {
    cookie: String,
    path: String,
    secure: bool,
    policy: HeaderValue,
    sessions: Mutex<Sessions<U>>,
}

struct Sessions<U> {
    by_id: HashMap<String, Session<U>>,
    oldest: VecDeque<String>,
}

impl<U: Clone> Site<U> {
    /// A site at a base address. `form_targets` are the origins that a form may lead to in the
    /// end, such as the platform's.
    pub(crate) fn new(name: &str, base_url: &str, prefix: &str, form_targets: &[String]) -> Self {
        let policy = format!(
            "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; \
             frame-ancestors 'none'; form-action 'self' {}",
            form_targets.join(" ")
        );
        let strict = HeaderValue::from_static("default-src 'none'");
        Self {
            cookie: format!("{name}_session"),
            path: if prefix.is_empty() { "/".to_owned() } else { prefix.to_owned() },
            secure: base_url.starts_with("https:"),
            policy: HeaderValue::from_str(policy.trim_end()).unwrap_or(strict),
            sessions: Mutex::new(Sessions { by_id: HashMap::new(), oldest: VecDeque::new() }),
        }
    }

    fn sessions(&self) -> MutexGuard<'_, Sessions<U>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The session that the browser's cookie names.
    pub(crate) fn session(&self, headers: &HeaderMap) -> Option<Session<U>> {
        let wanted = headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|cookies| cookies.split(';'))
            .filter_map(|cookie| cookie.trim().split_once('='))
            .find(|(name, _)| *name == self.cookie)
            .map(|(_, id)| id.to_owned())?;
        self.sessions().by_id.get(&wanted).cloned()
    }

    /// A fresh session, and the header that gives it to the browser.
    pub(crate) fn begin(&self, user: Option<U>, lang: Lang) -> (Session<U>, SetCookie) {
        let session = Session { id: fresh_uuid(), csrf: fresh_uuid(), user, lang };
        let mut sessions = self.sessions();
        sessions.oldest.push_back(session.id.clone());
        sessions.by_id.insert(session.id.clone(), session.clone());
        if sessions.oldest.len() > SESSIONS_MAX
            && let Some(oldest) = sessions.oldest.pop_front()
        {
            sessions.by_id.remove(&oldest);
        }
        let secure = if self.secure { "; Secure" } else { "" };
        let text = format!(
            "{}={}; Path={}; HttpOnly; SameSite=Lax{secure}",
            self.cookie, session.id, self.path
        );
        (session, SetCookie(text))
    }

    /// Changes a session.
    pub(crate) fn change(&self, id: &str, change: impl FnOnce(&mut Session<U>)) {
        if let Some(session) = self.sessions().by_id.get_mut(id) {
            change(session);
        }
    }

    /// Ends a session.
    pub(crate) fn end(&self, id: &str) {
        let mut sessions = self.sessions();
        sessions.by_id.remove(id);
        sessions.oldest.retain(|one| one != id);
    }

    /// Ends all sessions.
    pub(crate) fn end_all(&self) {
        let mut sessions = self.sessions();
        sessions.by_id.clear();
        sessions.oldest.clear();
    }

    /// A page with the headers that every page has.
    pub(crate) fn page(&self, status: StatusCode, template: &impl Template) -> Response {
        let Ok(text) = template.render() else {
            tracing::error!("a page cannot be rendered");
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        };
        let mut response = (status, Html(text)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_SECURITY_POLICY, self.policy.clone());
        for (name, value) in PAGE_HEADERS {
            headers.insert(name, HeaderValue::from_static(value));
        }
        response
    }
}

const PAGE_HEADERS: [(HeaderName, &str); 4] = [
    (header::CACHE_CONTROL, "no-store"),
    (header::REFERRER_POLICY, "same-origin"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
];

impl<U> Session<U> {
    /// Whether a form came from a page of this session.
    pub(crate) fn sent(&self, csrf: &str) -> bool {
        equal_in_constant_time(self.csrf.as_bytes(), csrf.as_bytes())
    }
}

/// A `Set-Cookie` header.
pub(crate) struct SetCookie(String);

impl SetCookie {
    /// Adds it to a response.
    pub(crate) fn on(&self, mut response: Response) -> Response {
        if let Ok(value) = HeaderValue::from_str(&self.0) {
            response.headers_mut().append(header::SET_COOKIE, value);
        }
        response
    }
}

/// A redirect after a form (303).
pub(crate) fn see_other(location: &str) -> Response {
    match HeaderValue::from_str(location) {
        Ok(value) => (StatusCode::SEE_OTHER, [(header::LOCATION, value)]).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// A stylesheet or picture that is part of the program.
pub(crate) fn asset(content_type: &'static str, text: &'static str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, content_type),
        (header::CACHE_CONTROL, "max-age=600"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, text).into_response()
}

/// Digits behind the point of a currency (ISO 4217), for the currencies of the sandbox.
const fn digits_of(currency_code: &str) -> usize {
    match currency_code.as_bytes() {
        b"392" | b"410" => 0,
        _ => 2,
    }
}

/// A time as people read it.
pub(crate) fn time(at: Timestamp, zone: &TimeZone, l: Lang) -> String {
    let format = l.t("%-d %b %Y, %H:%M", "%Y年%-m月%-d日 %H:%M");
    at.to_zoned(zone.clone()).strftime(format).to_string()
}

/// An amount as people read it: `HK$25.00`.
pub(crate) fn money(amount_minor: u64, currency_code: &str) -> String {
    let sign = match currency_code {
        "156" => "¥",
        "344" => "HK$",
        "392" => "JP¥",
        "410" => "₩",
        "446" => "MOP$",
        "702" => "S$",
        "840" => "US$",
        "978" => "€",
        other => other,
    };
    format!("{sign}{}", figures(amount_minor, currency_code))
}

/// The figures of an amount without its sign: `25.00`.
pub(crate) fn figures(amount_minor: u64, currency_code: &str) -> String {
    match digits_of(currency_code) {
        0 => amount_minor.to_string(),
        _ => format!("{}.{:02}", amount_minor / 100, amount_minor % 100),
    }
}

/// Reads figures such as `25`, `25.5` or `25.00` as minor units; at most 12 digits.
pub(crate) fn read_figures(text: &str, currency_code: &str) -> Option<u64> {
    const DIGITS_MAX: usize = 12;
    let digits = digits_of(currency_code);
    let (whole, part) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
    let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || part.len() > digits || !plain(whole) || !plain(part) {
        return None;
    }
    let joined = format!("{whole}{part:0<digits$}");
    if joined.len() > DIGITS_MAX { None } else { joined.parse().ok() }
}

/// The path of a base address: the prefix of all pages behind it.
pub(crate) fn prefix_of(base_url: &str) -> Option<String> {
    let (scheme, rest) = base_url.split_once("://")?;
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let good = matches!(scheme, "http" | "https") && !host.is_empty() && !path.ends_with('/');
    let clean = path.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'/' || b == b'-');
    (good && clean).then(|| path.to_owned())
}

/// Scheme, host and port of an address.
pub(crate) fn origin_of(url: &str) -> String {
    match url.split_once("://") {
        Some((scheme, rest)) => {
            let host = rest.split('/').next().unwrap_or_default();
            format!("{scheme}://{host}")
        }
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_shown_and_read_in_the_currency_s_own_form() {
        assert_eq!(money(2551, "344"), "HK$25.51");
        assert_eq!(money(2551, "392"), "JP¥2551");
        assert_eq!(read_figures("25.5", "344"), Some(2550));
        assert_eq!(read_figures(" 25 ", "344"), Some(2500));
        assert_eq!(read_figures("25", "392"), Some(25));
        for wrong in ["", ".5", "25.555", "-1", "1e3", "1234567890123"] {
            assert_eq!(read_figures(wrong, "344"), None, "{wrong}");
        }
    }

    #[test]
    fn a_form_of_another_session_is_not_accepted() {
        let site: Site<String> = Site::new("bank", "http://127.0.0.1:1/second", "/second", &[]);
        let (session, cookie) = site.begin(Some("u-77".to_owned()), Lang::En);
        let (other, _) = site.begin(None, Lang::En);
        assert!(session.sent(&session.csrf));
        assert!(!session.sent(&other.csrf));
        assert!(cookie.0.contains("Path=/second; HttpOnly; SameSite=Lax"));
        let mut headers = HeaderMap::new();
        let text = format!("a=b; bank_session={}", session.id);
        headers.insert(header::COOKIE, HeaderValue::from_str(&text).unwrap());
        assert_eq!(site.session(&headers).and_then(|one| one.user).as_deref(), Some("u-77"));
        site.end(&session.id);
        assert!(site.session(&headers).is_none());
    }

    #[test]
    fn base_addresses_give_their_prefix() {
        assert_eq!(prefix_of("http://127.0.0.1:8081").as_deref(), Some(""));
        assert_eq!(prefix_of("http://127.0.0.1:8081/second").as_deref(), Some("/second"));
        for wrong in ["127.0.0.1:8081", "ftp://a", "http://", "http://a/", "http://a/{b}"] {
            assert_eq!(prefix_of(wrong), None, "{wrong}");
        }
        assert_eq!(origin_of("http://127.0.0.1:8081/second"), "http://127.0.0.1:8081");
    }
}
