//! The bank as an OAuth 2.0 authorization server: way two of the authorized login (`ucsp.md` 1
//! and 8.10). Authorization code with state and PKCE, S256 only (RFC 6749, RFC 7636).

use std::collections::HashMap;
use std::sync::{MutexGuard, PoisonError};

use aws_lc_rs::digest::{SHA256, digest};
use axum::Form;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jiff::Timestamp;
use jose::jws::fresh_uuid;
use jose::secret::equal_in_constant_time;
use serde::Deserialize;
use serde_json::json;

use super::consent::Consent;
use super::pages::OauthPage;
use super::services::data_rows;
use super::{Bank, Shared};
use crate::downstream::later;
use crate::limits::{CODE_SECONDS, GRANTS_MAX, TOKEN_SECONDS};
use crate::reply::{Answered, json_answer};
use crate::web::{Session, see_other};

/// Codes and tokens that were given out.
#[derive(Default)]
pub(crate) struct Grants {
    codes: HashMap<String, Code>,
    tokens: HashMap<String, Token>,
}

struct Code {
    user_id: String,
    redirect_uri: String,
    challenge: String,
    expires_at: Timestamp,
}

struct Token {
    user_id: String,
    expires_at: Timestamp,
}

impl Grants {
    fn forget_expired(&mut self, now: Timestamp) {
        self.codes.retain(|_, code| code.expires_at > now);
        self.tokens.retain(|_, token| token.expires_at > now);
    }

    fn is_full(&self) -> bool {
        self.codes.len() >= GRANTS_MAX || self.tokens.len() >= GRANTS_MAX
    }
}

/// The query of the authorization address; the form of the page sends it back.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Authorize {
    pub(crate) response_type: String,
    pub(crate) client_id: String,
    pub(crate) redirect_uri: String,
    pub(crate) state: String,
    pub(crate) scope: String,
    pub(crate) code_challenge: String,
    pub(crate) code_challenge_method: String,
}

#[derive(Deserialize)]
pub(super) struct Decide {
    #[serde(default)]
    csrf: String,
    #[serde(default)]
    user: String,
    #[serde(default)]
    decision: String,
    #[serde(flatten)]
    authorize: Authorize,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct TokenRequest {
    grant_type: String,
    code: String,
    redirect_uri: String,
    client_id: String,
    client_secret: String,
    code_verifier: String,
}

/// How far a request for authorization is good.
enum Judged {
    /// Good.
    Good,
    /// The client or its address is unknown: nobody is redirected anywhere.
    Stranger,
    /// The client hears of the error.
    Error(&'static str),
}

impl Bank {
    fn grants(&self) -> MutexGuard<'_, Grants> {
        self.grants.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn judge(&self, authorize: &Authorize) -> Judged {
        const CHALLENGE_CHARS: usize = 43;
        if authorize.client_id != self.oauth.client_id
            || authorize.redirect_uri != self.oauth.redirect_uri
        {
            return Judged::Stranger;
        }
        if authorize.response_type != "code" {
            return Judged::Error("unsupported_response_type");
        }
        let challenge_fits = authorize.code_challenge_method == "S256"
            && authorize.code_challenge.len() == CHALLENGE_CHARS;
        if !challenge_fits || authorize.state.is_empty() {
            return Judged::Error("invalid_request");
        }
        Judged::Good
    }

    fn stranger(&self, session: &Session<String>) -> Response {
        let l = session.lang;
        let title = l.t("This request is not known to us", "无法识别的请求");
        let text = l.t("Please open the service again.", "请重新打开该服务。");
        self.message(session, StatusCode::BAD_REQUEST, title, text)
    }

    /// The page of login and consent in one.
    fn oauth_page(&self, session: &Session<String>, authorize: Authorize) -> Response {
        let icon = self.icon(&authorize.scope);
        let account = session.user.as_deref().and_then(|user| self.account(user));
        let needs_mobile = icon.is_none_or(|icon| icon.needs_mobile);
        let data = account.map(|account| data_rows(account, needs_mobile, session.lang));
        let page = OauthPage {
            f: self.frame(session, ""),
            name: icon.map_or("", |icon| icon.brand.name()),
            brand: icon.map(|icon| icon.brand),
            data: data.unwrap_or_default(),
            people: if account.is_none() { self.people() } else { Vec::new() },
            needs_mobile,
            a: authorize,
        };
        self.site.page(StatusCode::OK, &page)
    }

    /// A code for the client, bound to user, address and challenge.
    fn grant(&self, user_id: &str, authorize: &Authorize) -> Option<String> {
        let now = self.clock.now();
        let mut grants = self.grants();
        grants.forget_expired(now);
        if grants.is_full() {
            return None;
        }
        let code = fresh_uuid();
        let granted = Code {
            user_id: user_id.to_owned(),
            redirect_uri: authorize.redirect_uri.clone(),
            challenge: authorize.code_challenge.clone(),
            expires_at: later(now, CODE_SECONDS),
        };
        grants.codes.insert(code.clone(), granted);
        Some(code)
    }

    /// A token for a code; each code is good once.
    fn redeem(&self, request: &TokenRequest) -> Option<String> {
        let now = self.clock.now();
        let mut grants = self.grants();
        grants.forget_expired(now);
        let code = grants.codes.remove(&request.code)?;
        let hashed = digest(&SHA256, request.code_verifier.as_bytes());
        let challenge = URL_SAFE_NO_PAD.encode(hashed.as_ref());
        let fits = equal_in_constant_time(challenge.as_bytes(), code.challenge.as_bytes())
            && code.redirect_uri == request.redirect_uri;
        if !fits || grants.is_full() {
            return None;
        }
        let token = fresh_uuid();
        let granted = Token { user_id: code.user_id, expires_at: later(now, TOKEN_SECONDS) };
        grants.tokens.insert(token.clone(), granted);
        Some(token)
    }

    fn is_client(&self, headers: &HeaderMap, request: &TokenRequest) -> bool {
        let (id, secret) = basic(headers)
            .unwrap_or_else(|| (request.client_id.clone(), request.client_secret.clone()));
        let known = &self.oauth;
        equal_in_constant_time(id.as_bytes(), known.client_id.as_bytes())
            & equal_in_constant_time(secret.as_bytes(), known.client_secret.expose().as_bytes())
    }
}

/// The redirect back to the client with one result and the state.
fn back(authorize: &Authorize, name: &str, value: &str) -> Response {
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair(name, value)
        .append_pair("state", &authorize.state)
        .finish();
    let joint = if authorize.redirect_uri.contains('?') { '&' } else { '?' };
    see_other(&format!("{}{joint}{query}", authorize.redirect_uri))
}

pub(super) async fn show(
    State(bank): Shared,
    headers: HeaderMap,
    Query(authorize): Query<Authorize>,
) -> Response {
    let (session, cookie) = bank.any_session(&headers);
    let response = match bank.judge(&authorize) {
        Judged::Good => bank.oauth_page(&session, authorize),
        Judged::Stranger => bank.stranger(&session),
        Judged::Error(error) => back(&authorize, "error", error),
    };
    match cookie {
        Some(cookie) => cookie.on(response),
        None => response,
    }
}

pub(super) async fn decide(
    State(bank): Shared,
    headers: HeaderMap,
    Form(form): Form<Decide>,
) -> Answered {
    let (session, _) = bank.any_session(&headers);
    if !session.sent(&form.csrf) {
        return Err(bank.stale_form(&session).into());
    }
    let authorize = form.authorize;
    match bank.judge(&authorize) {
        Judged::Good => {}
        Judged::Stranger => return Err(bank.stranger(&session).into()),
        Judged::Error(error) => return Err(back(&authorize, "error", error).into()),
    }
    if form.decision != "allow" {
        return Ok(back(&authorize, "error", "access_denied"));
    }
    let user_id = session.user.clone().unwrap_or(form.user);
    if bank.account(&user_id).is_none() {
        return Ok(bank.oauth_page(&session, authorize));
    }
    let Some(code) = bank.grant(&user_id, &authorize) else {
        return Ok(back(&authorize, "error", "temporarily_unavailable"));
    };
    if let Some(icon) = bank.icon(&authorize.scope) {
        bank.consents.keep(Consent {
            user_id: user_id.clone(),
            industry_code: icon.industry_code.clone(),
            mobile: icon.needs_mobile,
            given_at: Some(bank.clock.now()),
        });
    }
    let response = back(&authorize, "code", &code);
    if session.user.is_some() {
        return Ok(response);
    }
    bank.site.end(&session.id);
    let (_, cookie) = bank.site.begin(Some(user_id), session.lang);
    Ok(cookie.on(response))
}

pub(super) async fn token(
    State(bank): Shared,
    headers: HeaderMap,
    Form(request): Form<TokenRequest>,
) -> Response {
    let refused = |status: StatusCode, error: &str| json_answer(status, &json!({ "error": error }));
    if !bank.is_client(&headers, &request) {
        return refused(StatusCode::UNAUTHORIZED, "invalid_client");
    }
    if request.grant_type != "authorization_code" {
        return refused(StatusCode::BAD_REQUEST, "unsupported_grant_type");
    }
    match bank.redeem(&request) {
        None => refused(StatusCode::BAD_REQUEST, "invalid_grant"),
        Some(token) => {
            let body = json!({
                "access_token": token,
                "token_type": "Bearer",
                "expires_in": TOKEN_SECONDS,
            });
            json_answer(StatusCode::OK, &body)
        }
    }
}

pub(super) async fn user_info(State(bank): Shared, headers: HeaderMap) -> Response {
    let authorization = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = authorization.and_then(|value| value.strip_prefix("Bearer "));
    let now = bank.clock.now();
    let user_id = token.and_then(|token| {
        let mut grants = bank.grants();
        grants.forget_expired(now);
        grants.tokens.get(token).map(|token| token.user_id.clone())
    });
    match user_id.and_then(|user_id| bank.account(&user_id)) {
        None => {
            let challenge = [(header::WWW_AUTHENTICATE, "Bearer error=\"invalid_token\"")];
            (StatusCode::UNAUTHORIZED, challenge).into_response()
        }
        Some(account) => {
            let user = &account.user;
            let body = json!({
                "user_id": user.user_id,
                "mobile": user.mobile,
                "email": user.email,
            });
            json_answer(StatusCode::OK, &body)
        }
    }
}

/// Client id and secret of HTTP Basic.
fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let decoded = STANDARD.decode(value.strip_prefix("Basic ")?).ok()?;
    let text = String::from_utf8(decoded).ok()?;
    let (id, secret) = text.split_once(':')?;
    Some((id.to_owned(), secret.to_owned()))
}
