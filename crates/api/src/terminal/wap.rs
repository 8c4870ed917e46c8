//! The WAP gateway: an order made by the payer's browser (upay.md section 7).
//!
//! Goal: nobody is led anywhere before the link's signature was checked, since until then
//! `return_url` may be anybody's. After it, every fault goes back to the shop, signed.

use std::sync::Arc;

use app::terminals::TerminalKeys;
use app::use_cases::till::{self, OrderBy};
use app::use_cases::{record_wallet, terminals};
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse as _, Response};
use dialect::upay;
use domain::Outcome;
use domain::ids::OrderNumber;
use domain::order::{Order, OrderState};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use wire::upay::{
    Body, Request as _, Trouble, Wap, append_query, decode_query, encode_query, signing_text,
};

use crate::pages::{self, Language};
use crate::shared::Shared;

/// Where a wallet sends the browser afterwards, with a link of our own that the terminal's key
/// signs: numbers can be guessed, and what is told is for the shop.
pub(super) const RETURN_PATH: &str = "/qr/gateway/return";

/// Parameters of a query, decoded.
type Pairs = Vec<(String, String)>;

/// The browser of a payer comes from the shop.
pub(super) async fn gateway(
    State(shared): State<Arc<Shared>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let work = enter(Arc::clone(&shared), query.unwrap_or_default());
    finished(work, &headers).await
}

/// The browser of a payer comes back from the wallet.
pub(super) async fn come_back(
    State(shared): State<Arc<Shared>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let work = leave(Arc::clone(&shared), query.unwrap_or_default());
    finished(work, &headers).await
}

/// Ends the work even when the browser goes away. An address to go to, or what is wrong.
async fn finished(
    work: impl Future<Output = Result<String, Trouble>> + Send + 'static,
    headers: &HeaderMap,
) -> Response {
    use tracing::Instrument as _;
    let ended = tokio::spawn(work.in_current_span()).await;
    let ended = ended.unwrap_or_else(|error| {
        tracing::error!(%error, "a WAP payment ended unexpectedly");
        Err(Trouble::UnknownSystemError)
    });
    match ended {
        Ok(address) => found(&address),
        Err(trouble) => {
            let said = format!("{} {}", trouble.code(), trouble.message());
            pages::bad_request(Language::of_browser(headers), &said)
        }
    }
}

async fn enter(shared: Arc<Shared>, query: String) -> Result<String, Trouble> {
    let (keys, pairs) = authenticated(&shared, &query).await?;
    let return_url = value(&pairs, "return_url").filter(|url| is_web(url));
    let return_url = return_url.ok_or(Trouble::InvalidParams)?.to_owned();
    let refused = |sn: Option<&OrderNumber>, code: &str, message: &str| {
        let back = upay::wap_failure(&pairs, sn.map(OrderNumber::as_str), (code, message));
        Ok(signed(&return_url, back, &keys))
    };
    let strict = shared.platform.settings.terminals.strict;
    let message = match Wap::read(&Body::of_pairs(&pairs), strict) {
        Ok(message) => message,
        Err(faults) => return refused(None, Trouble::InvalidParams.code(), &faults.to_string()),
    };
    let back = way_back(&shared, &keys, &message.client_sn);
    let sale = upay::wap(message);
    let made = till::precreate(&shared.platform, &keys.terminal, sale, Some(&back)).await;
    match made {
        Ok((_, Some(presented))) if is_web(&presented.qr_code) => Ok(presented.qr_code),
        Ok((order, presented)) => {
            let sn = Some(&order.terms.number);
            let biz = upay::precreate_reply(&order, None, "");
            if presented.is_some() || biz.error_code.is_empty() {
                let trouble = Trouble::UnknownSystemError;
                return refused(sn, trouble.code(), trouble.message());
            }
            refused(sn, &biz.error_code, &biz.error_message)
        }
        Err(refusal) => {
            let (code, message) = upay::wap_error(&refusal);
            refused(upay::wap_order(&refusal), &code, &message)
        }
    }
}

async fn leave(shared: Arc<Shared>, query: String) -> Result<String, Trouble> {
    let (keys, pairs) = authenticated(&shared, &query).await?;
    let client_sn = value(&pairs, "client_sn").ok_or(Trouble::InvalidParams)?;
    let by = OrderBy::ClientSn(client_sn.to_owned());
    let find = || till::query(&shared.platform, &keys.terminal, &by);
    let mut order = find().await.map_err(|_| Trouble::InvalidParams)?.order;
    if settled(&shared, &order).await {
        order = find().await.map_err(|_| Trouble::UnknownSystemError)?.order;
    }
    let return_url = order.terms.details.front_url.as_deref().filter(|url| is_web(url));
    let return_url = return_url.ok_or(Trouble::InvalidParams)?;
    Ok(signed(return_url, upay::wap_return(&order), &keys))
}

/// The payer may be back before the wallet's notice: it is asked once. True when it said
/// something final, which was recorded.
async fn settled(shared: &Shared, order: &Order) -> bool {
    if !matches!(order.state, OrderState::Paying { .. }) {
        return false;
    }
    let outcome = shared.platform.wallets.inquire(order, None).await;
    if !matches!(outcome, Outcome::Succeeded(_) | Outcome::Refused(_)) {
        return false;
    }
    let (number, payment) = (&order.terms.number, &order.terms.query_id);
    let recorded = record_wallet(&shared.platform, number, payment, outcome).await;
    if let Err(refusal) = &recorded {
        tracing::warn!(order = %number, %refusal, "what the wallet said was not recorded");
    }
    recorded.is_ok()
}

/// The terminal whose current or previous key signed the query, and its parameters.
async fn authenticated(
    shared: &Shared,
    query: &str,
) -> Result<(Arc<TerminalKeys>, Pairs), Trouble> {
    let pairs = decode_query(query).ok_or(Trouble::InvalidParams)?;
    let sn = value(&pairs, "terminal_sn").ok_or(Trouble::InvalidTerminal)?;
    let sign = value(&pairs, "sign").ok_or(Trouble::IllegalSign)?;
    let keys = terminals::terminal(&shared.platform, &sn.into()).await;
    let keys = keys.map_err(|_| Trouble::UnknownSystemError)?.ok_or(Trouble::InvalidTerminal)?;
    // Leaving out what is empty is the one tolerance (7.2).
    let texts = [signing_text(&pairs, false), signing_text(&pairs, true)];
    let all = std::iter::once(&keys.current).chain(&keys.previous);
    let is_by =
        |key: &String| texts.iter().any(|text| jose::terminal::verify_query(text, key, sign));
    if all.into_iter().any(is_by) { Ok((keys, pairs)) } else { Err(Trouble::IllegalSign) }
}

/// The address at which the wallet gives the browser back to us.
fn way_back(shared: &Shared, keys: &TerminalKeys, client_sn: &str) -> String {
    let base = shared.platform.settings.base_url.trim_end_matches('/');
    let pairs = vec![
        ("terminal_sn".to_owned(), keys.terminal.sn.to_string()),
        ("client_sn".to_owned(), client_sn.to_owned()),
    ];
    format!("{base}{RETURN_PATH}?{}", encode_query(&with_sign(pairs, keys)))
}

/// The shop's address with parameters that the terminal's key signs (7.3).
fn signed(return_url: &str, pairs: Pairs, keys: &TerminalKeys) -> String {
    append_query(return_url, &with_sign(pairs, keys))
}

fn with_sign(mut pairs: Pairs, keys: &TerminalKeys) -> Pairs {
    let sign = jose::terminal::sign_query(&signing_text(&pairs, false), &keys.current);
    pairs.push(("sign".to_owned(), sign));
    pairs
}

fn value<'p>(pairs: &'p Pairs, name: &str) -> Option<&'p str> {
    let found = pairs.iter().find(|(key, _)| key == name);
    found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
}

/// Only web addresses are led to: with a host, and nothing that a header could not carry.
fn is_web(url: &str) -> bool {
    let starts = |scheme: &str| {
        url.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    };
    let scheme = ["http://", "https://"].into_iter().find(|scheme| starts(scheme));
    let rest = scheme.and_then(|scheme| url.get(scheme.len()..)).unwrap_or_default();
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    host.parse::<http::uri::Authority>().is_ok() && !url.chars().any(char::is_control)
}

/// 302, as the published pages say. The address carries what is the shop's alone, so that it is
/// not told to where it leads next.
fn found(address: &str) -> Response {
    let mut ascii = String::with_capacity(address.len());
    for byte in address.bytes() {
        if byte.is_ascii_graphic() {
            ascii.push(char::from(byte));
        } else {
            use std::fmt::Write as _;
            // Writing to a String cannot fail.
            let _ = write!(ascii, "%{byte:02X}");
        }
    }
    let Ok(location) = HeaderValue::try_from(ascii) else {
        return (StatusCode::BAD_REQUEST, "the address cannot be followed\n").into_response();
    };
    let moved = (StatusCode::FOUND, [(header::LOCATION, location)]).into_response();
    let mut response = pages::guarded(moved);
    let quiet = HeaderValue::from_static("no-referrer");
    response.headers_mut().insert(header::REFERRER_POLICY, quiet);
    response
}

#[cfg(test)]
mod tests {
    use super::is_web;

    #[test]
    fn only_web_addresses_are_led_to() {
        for good in ["http://127.0.0.1/r?x=1", "https://shop.example", "HTTPS://shop.example/#a"] {
            assert!(is_web(good), "{good}");
        }
        let bad = ["", "test", "javascript:alert(1)", "https://", "//shop.example", "http:///x"];
        for bad in bad.into_iter().chain(["https://a\\@b/", "http://a b/"]) {
            assert!(!is_web(bad), "{bad}");
        }
        assert!(!is_web("https://shop.example/\r\nSet-Cookie: a"));
    }
}
