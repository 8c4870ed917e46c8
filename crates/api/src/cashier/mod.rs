//! The cashier: the payer sees the order, chooses a card, confirms, and is told how it ended.
//!
//! Goal: works with a keyboard, on a phone, without script. What it says is never proof of
//! payment for anybody but the payer.

mod form;
pub(crate) mod page;
mod pay;

use std::sync::Arc;

use app::Refusal;
use app::use_cases::{self, CashierView};
use axum::Router;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::middleware::from_fn;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use domain::ids::OrderNumber;
use domain::order::OrderState;
use http::{HeaderMap, StatusCode, header};

use crate::limits::{CARD_LIST_TIME_MAX, FORM_BYTES_MAX};
use crate::pages::{self, Language, retry_later};
use crate::shared::Shared;

pub(crate) fn routes() -> Router<Arc<Shared>> {
    let pay = post(pay::pay).layer(DefaultBodyLimit::max(FORM_BYTES_MAX));
    Router::new()
        .route("/cashier/{tn}", get(checkout))
        .route("/cashier/{tn}/pay", pay.get(back_to_checkout))
        .route("/cashier/{tn}/wait", get(wait))
        .route("/cashier/{tn}/status", get(status))
        .layer(from_fn(pages::in_our_words))
}

/// Characters of `tn`: nothing else is looked up.
const NUMBER_CHARS: usize = 21;

/// The order that an address names.
async fn load(shared: &Shared, number: &str) -> Result<CashierView, Refusal> {
    let plausible =
        number.len() == NUMBER_CHARS && number.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if !plausible {
        return Err(Refusal::UnknownTransaction);
    }
    use_cases::cashier_order(&shared.platform, &OrderNumber::new(number)).await
}

fn language(view: &CashierView, headers: &HeaderMap) -> Language {
    Language::of_order(view.order.terms.details.language.as_deref(), headers)
}

/// Where a payer stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// The order can be paid.
    Open,
    /// Nobody paid in time.
    Expired,
    /// An attempt is under way; the flag says that it takes unusually long.
    Waiting { longer: bool },
    /// The attempt was refused.
    Refused,
    /// Paid.
    Paid,
    /// Paid, and all of it was given back.
    GivenBack,
}

impl Stage {
    fn of(view: &CashierView) -> Self {
        match &view.order.state {
            OrderState::Created if view.expired => Self::Expired,
            OrderState::Created => Self::Open,
            OrderState::Paying { .. } => Self::Waiting { longer: false },
            // Attempts of terminals alone are aborted, and they have no cashier page.
            OrderState::Unknown { .. } | OrderState::Aborting { .. } => {
                Self::Waiting { longer: true }
            }
            OrderState::Closed { .. } | OrderState::Aborted { .. } => Self::Expired,
            OrderState::Failed { .. } => Self::Refused,
            OrderState::Paid { .. } | OrderState::PartRefunded { .. } => Self::Paid,
            OrderState::Refunded { .. } | OrderState::Cancelled { .. } => Self::GivenBack,
        }
    }

    /// The word that the waiting page looks for a change of.
    const fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Expired => "expired",
            Self::Waiting { longer: false } => "waiting",
            Self::Waiting { longer: true } => "longer",
            Self::Refused => "refused",
            Self::Paid => "paid",
            Self::GivenBack => "given_back",
        }
    }
}

/// `paymentUrl`: the order with the payer's cards, or how it ended.
async fn checkout(
    State(shared): State<Arc<Shared>>,
    Path(number): Path<String>,
    headers: HeaderMap,
) -> Response {
    let view = match load(&shared, &number).await {
        Ok(view) => view,
        Err(refusal) => return pages::trouble(Language::of_browser(&headers), &refusal),
    };
    let language = language(&view, &headers);
    match Stage::of(&view) {
        Stage::Open => choose(&shared, &view, &headers, None).await,
        Stage::Waiting { .. } => see_other(&number, "/wait"),
        Stage::Paid => show(&shared, &view, language, page::Ending::AlreadyPaid),
        Stage::Expired => show(&shared, &view, language, page::Ending::Expired),
        Stage::Refused => show(&shared, &view, language, page::Ending::Refused),
        Stage::GivenBack => show(&shared, &view, language, page::Ending::GivenBack),
    }
}

/// The page to choose a card on; `wrong` is what was wrong with the last choice.
async fn choose(
    shared: &Shared,
    view: &CashierView,
    headers: &HeaderMap,
    wrong: Option<&'static str>,
) -> Response {
    let language = language(view, headers);
    let number = &view.order.terms.number;
    let asked = use_cases::cashier_cards(&shared.platform, &view.order);
    let cards = match tokio::time::timeout(CARD_LIST_TIME_MAX, asked).await {
        Ok(Ok(cards)) => cards,
        Ok(Err(Refusal::DownstreamRefused { code, message })) => {
            tracing::info!(code, message, order = %number, "the channel refused to list the cards");
            return show(shared, view, language, page::Ending::NoAccount);
        }
        Ok(Err(refusal)) => {
            tracing::warn!(%refusal, order = %number, "the cards could not be listed");
            return no_answer(shared, view, language);
        }
        Err(_) => {
            tracing::warn!(order = %number, "the channel took too long to list the cards");
            return no_answer(shared, view, language);
        }
    };
    if cards.is_empty() {
        return show(shared, view, language, page::Ending::NoCards);
    }
    let session = form::Session::of_browser(shared, headers);
    let token = session.token(shared, number.as_str());
    let status = if wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let now = shared.platform.clock.now();
    let sheet = page::Sheet::new(view, language, &zone(shared, view));
    let page = page::Checkout::new(sheet, view, &cards, page::Now { at: now, token, wrong });
    session.keep(shared, pages::render(status, &page))
}

fn no_answer(shared: &Shared, view: &CashierView, language: Language) -> Response {
    let sheet = page::Sheet::new(view, language, &zone(shared, view));
    let page = page::Outcome::new(sheet, view, page::Ending::NoAnswer);
    retry_later(pages::render(StatusCode::SERVICE_UNAVAILABLE, &page))
}

fn show(shared: &Shared, view: &CashierView, language: Language, ending: page::Ending) -> Response {
    let sheet = page::Sheet::new(view, language, &zone(shared, view));
    pages::render(StatusCode::OK, &page::Outcome::new(sheet, view, ending))
}

fn zone(shared: &Shared, view: &CashierView) -> jiff::tz::TimeZone {
    shared.platform.zone(&view.order.terms.acquirer)
}

/// Where the payer waits after the confirmation, and is told how it ended.
async fn wait(
    State(shared): State<Arc<Shared>>,
    Path(number): Path<String>,
    headers: HeaderMap,
) -> Response {
    let view = match load(&shared, &number).await {
        Ok(view) => view,
        Err(refusal) => return pages::trouble(Language::of_browser(&headers), &refusal),
    };
    let language = language(&view, &headers);
    let ending = match Stage::of(&view) {
        Stage::Open => return see_other(&number, ""),
        Stage::Waiting { longer: false } => page::Ending::Waiting,
        Stage::Waiting { longer: true } => page::Ending::Longer,
        Stage::Paid => page::Ending::Paid,
        Stage::Expired => page::Ending::Expired,
        Stage::Refused => page::Ending::Refused,
        Stage::GivenBack => page::Ending::GivenBack,
    };
    show(&shared, &view, language, ending)
}

/// Where the payer stands, for the waiting page's script: `{"state":"waiting"}`.
async fn status(State(shared): State<Arc<Shared>>, Path(number): Path<String>) -> Response {
    let word = match load(&shared, &number).await {
        Ok(view) => Stage::of(&view).word(),
        Err(Refusal::UnknownTransaction) => {
            return pages::guarded((StatusCode::NOT_FOUND, "not found\n").into_response());
        }
        Err(_) => return retry_later(StatusCode::SERVICE_UNAVAILABLE.into_response()),
    };
    let form = [(header::CONTENT_TYPE, "application/json")];
    pages::guarded((form, format!(r#"{{"state":"{word}"}}"#)).into_response())
}

/// Somebody opened the form's address, for instance by reloading: the order is shown.
async fn back_to_checkout(Path(number): Path<String>) -> Response {
    see_other(&number, "")
}

/// Leads on to another page of the order. The number is checked where it arrives.
fn see_other(number: &str, rest: &str) -> Response {
    let clean: String = number.chars().filter(char::is_ascii_alphanumeric).collect();
    let mut response = pages::lead_to(&format!("/cashier/{clean}{rest}"));
    let own = http::HeaderValue::from_static("same-origin");
    response.headers_mut().insert(header::REFERRER_POLICY, own);
    response
}
