//! Cookies: never read by scripts, never sent from elsewhere but by following a link.

use axum::response::Response;
use http::{HeaderMap, HeaderValue, header};

/// A cookie to set.
pub(crate) struct Cookie {
    pub(crate) name: &'static str,
    /// Letters, digits, `-` and `_` only.
    pub(crate) value: String,
    pub(crate) path: &'static str,
    pub(crate) max_age_s: u32,
    pub(crate) secure: bool,
}

impl Cookie {
    /// Sets it on an answer.
    pub(crate) fn set_on(&self, mut response: Response) -> Response {
        let Self { name, value, path, max_age_s, secure } = self;
        let secure = if *secure { "; Secure" } else { "" };
        let text = format!(
            "{name}={value}; Path={path}; Max-Age={max_age_s}; HttpOnly; SameSite=Lax{secure}"
        );
        if let Ok(value) = HeaderValue::try_from(text) {
            response.headers_mut().append(header::SET_COOKIE, value);
        }
        response
    }
}

/// The value of a cookie that the browser sent.
pub(crate) fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.split_once('='));
    pairs.find(|(own, _)| own.trim() == name).map(|(_, value)| value.trim().to_owned())
}
