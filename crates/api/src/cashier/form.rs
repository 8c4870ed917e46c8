//! Whether a form of the cashier was sent by the page that we gave to this browser.
//!
//! Two walls: where the browser says that it comes from (`Sec-Fetch-Site`, `Origin`), and a token
//! in the form that is bound to the order and to a cookie. A stranger's page can set neither.

use http::{HeaderMap, header};
use jiff::{SignedDuration, Timestamp};
use jose::secret::equal_in_constant_time;

use axum::response::Response;

use crate::limits::FORM_LIFE_HOURS;
use crate::pages::{self, Cookie};
use crate::shared::Shared;

const COOKIE: &str = "causeway_cashier";
/// The purpose under which tokens are sealed.
const TOKEN: &str = "cashier.form";
/// A secret of the platform has 43 characters; nothing longer is kept.
const SESSION_CHARS_MAX: usize = 64;

/// A browser that came to the cashier.
pub(super) struct Session {
    id: String,
    fresh: bool,
}

impl Session {
    /// The browser's session, or a new one.
    pub(super) fn of_browser(shared: &Shared, headers: &HeaderMap) -> Self {
        match known(headers) {
            Some(id) => Self { id, fresh: false },
            None => Self { id: shared.platform.ids.secret(), fresh: true },
        }
    }

    /// The token of a form for this order.
    pub(super) fn token(&self, shared: &Shared, number: &str) -> String {
        let life = SignedDuration::from_hours(FORM_LIFE_HOURS);
        let until = shared.platform.clock.now().saturating_add(life).unwrap_or(Timestamp::MAX);
        let plain = format!("{number}\n{}\n{}", self.id, until.as_second());
        shared.platform.sealer.seal(TOKEN, &plain)
    }

    /// Makes the browser keep a new session.
    pub(super) fn keep(&self, shared: &Shared, response: Response) -> Response {
        if !self.fresh {
            return response;
        }
        let life_s = FORM_LIFE_HOURS.saturating_mul(3600);
        let cookie = Cookie {
            name: COOKIE,
            value: self.id.clone(),
            path: "/cashier",
            max_age_s: u32::try_from(life_s).unwrap_or(u32::MAX),
            secure: shared.is_https(),
        };
        cookie.set_on(response)
    }
}

fn known(headers: &HeaderMap) -> Option<String> {
    let usual = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    pages::cookie(headers, COOKIE)
        .filter(|id| (16..=SESSION_CHARS_MAX).contains(&id.len()) && id.bytes().all(usual))
}

/// Whether a form for this order comes from our own page in this browser.
pub(super) fn is_ours(shared: &Shared, headers: &HeaderMap, number: &str, token: &str) -> bool {
    let (Some(session), Some(plain)) = (known(headers), shared.platform.sealer.open(TOKEN, token))
    else {
        return false;
    };
    let mut parts = plain.split('\n');
    let (Some(order), Some(owner), Some(until)) = (parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    let in_time =
        until.parse::<i64>().is_ok_and(|until| shared.platform.clock.now().as_second() <= until);
    in_time
        && order == number
        && equal_in_constant_time(owner.as_bytes(), session.as_bytes())
        && comes_from_us(shared, headers)
}

/// What browsers say of where a request comes from; programs say nothing, and have no cookies of
/// others to misuse.
fn comes_from_us(shared: &Shared, headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    if text("sec-fetch-site").is_some_and(|site| site != "same-origin") {
        return false;
    }
    let Some(origin) = text(header::ORIGIN.as_str()) else { return true };
    let registered = shared.platform.settings.base_url.as_str();
    let host = text(header::HOST.as_str()).unwrap_or_default();
    let stripped = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
    let by_address = registered
        .strip_prefix(origin)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    by_address || stripped.is_some_and(|authority| !host.is_empty() && authority == host)
}
