//! AUTHORIZATION_URL: the browser is sent to the channel and comes back with a code.
//!
//! The state is bound to the browser by a cookie, so that nobody can be logged in as somebody
//! else by a link to the callback (RFC 9700, section 4.7).

use std::sync::Arc;

use app::use_cases;
use aws_lc_rs::digest::{SHA256, digest};
use axum::extract::{Query, State};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::ids::{ChannelCode, IndustryCode};
use http::HeaderMap;
use serde::Deserialize;
use wire::ucsp::{AuthorizationUrl, decode_query};

use super::handover::lead;
use crate::crypto::Lane;
use crate::limits::AUTHORIZATION_COOKIE_S;
use crate::pages::{self, Cookie, Language};
use crate::shared::Shared;

/// The path that the channel sends the browser back to.
pub(super) const CALLBACK: &str = "/ucsp/channel/v1/authorize/callback";
const COOKIE: &str = "causeway_authorization";

/// Sends the browser to the channel.
pub(super) async fn begin(
    State(shared): State<Arc<Shared>>,
    Query(pairs): Query<Vec<(String, String)>>,
    headers: HeaderMap,
) -> Response {
    let language = Language::of_browser(&headers);
    let wanted: AuthorizationUrl = match decode_query(&pairs) {
        Ok(wanted) => wanted,
        Err(faults) => return pages::bad_request(language, &faults.detail()),
    };
    let channel = ChannelCode::new(wanted.channel_code);
    let industry = IndustryCode::new(wanted.industry_code);
    match use_cases::begin_authorization(&shared.platform, &channel, &industry).await {
        Ok(url) => {
            let cookie = Cookie {
                name: COOKIE,
                value: state_of(&url).map(|state| bound(&state)).unwrap_or_default(),
                path: CALLBACK,
                max_age_s: AUTHORIZATION_COOKIE_S,
                secure: shared.is_https(),
            };
            cookie.set_on(pages::lead_to(&url))
        }
        Err(refusal) => pages::link_trouble(language, &refusal),
    }
}

/// What comes back from the channel (RFC 6749, section 4.1.2).
#[derive(Deserialize)]
pub(super) struct Returned {
    #[serde(default)]
    state: String,
    #[serde(default)]
    code: String,
}

/// Takes the browser back from the channel and leads it on to the service.
pub(super) async fn finish(
    State(shared): State<Arc<Shared>>,
    Query(returned): Query<Returned>,
    headers: HeaderMap,
) -> Response {
    let language = Language::of_browser(&headers);
    let expected = bound(&returned.state);
    let own = pages::cookie(&headers, COOKIE);
    let same = own.is_some_and(|own| {
        jose::secret::equal_in_constant_time(own.as_bytes(), expected.as_bytes())
    });
    if returned.state.is_empty() || !same {
        return pages::link_trouble(language, &app::Refusal::UnknownTransaction);
    }
    if returned.code.is_empty() {
        return pages::declined(language);
    }
    let Ok(place) = shared.crypto.reserve(Lane::Logins) else {
        return pages::trouble(language, &app::Refusal::Overloaded);
    };
    let (state, code) = (&returned.state, &returned.code);
    match use_cases::finish_authorization(&shared.platform, state, code).await {
        Ok(handover) => lead(&shared, &place, &handover, language).await,
        Err(refusal) => pages::link_trouble(language, &refusal),
    }
}

/// The state inside the channel's authorization address.
fn state_of(url: &str) -> Option<String> {
    let (_, query) = url.split_once('?')?;
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let mut states = pairs.filter(|(name, _)| *name == "state").map(|(_, value)| value.to_owned());
    // The platform's own parameters come last, behind those of the registered address.
    states.next_back()
}

/// What the cookie holds: it proves the state without being it.
fn bound(state: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, state.as_bytes()))
}
