//! The joint login: INDUSTRY_INDEX_URL with the platform's signed message, and leaving.

use axum::Form;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::Deserialize;

use super::Shared;
use crate::reply::Answered;
use crate::web::{Lang, see_other};

#[derive(Deserialize)]
pub(super) struct Opening {
    #[serde(default)]
    request_data: String,
}

#[derive(Deserialize)]
pub(super) struct Bare {
    #[serde(default)]
    csrf: String,
}

pub(super) async fn open(
    State(service): Shared,
    headers: HeaderMap,
    Query(opening): Query<Opening>,
) -> Response {
    if opening.request_data.is_empty() {
        return see_other(&service.home());
    }
    match service.partner.open_industry_login_info(&opening.request_data) {
        Ok(login) => {
            let lang = login.language.as_deref().map_or(Lang::En, Lang::of);
            if let Some(old) = service.site.session(&headers) {
                service.site.end(&old.id);
            }
            let (_, cookie) = service.site.begin(Some(login), lang);
            // The login leaves the address bar and the history.
            cookie.on(see_other(&service.home()))
        }
        Err(error) => {
            tracing::info!(%error, "login refused");
            let l = Lang::of_browser(&headers);
            let title = l.t("This login is not valid", "登录无效");
            let text = l.t(
                "It may be too old, or used already. Please open us from your bank's app again.",
                "登录可能已过期或已使用，请从银行应用重新打开。",
            );
            service.message(None, l, StatusCode::FORBIDDEN, title, text)
        }
    }
}

pub(super) async fn leave(
    State(service): Shared,
    headers: HeaderMap,
    Form(form): Form<Bare>,
) -> Answered {
    let (session, _) = service.submitted(&headers, &form.csrf)?;
    service.site.end(&session.id);
    Ok(see_other(&service.home()))
}
