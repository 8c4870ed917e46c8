//! The payer confirms.

use std::sync::Arc;
use std::time::Duration;

use app::Refusal;
use app::use_cases::{self, CashierView, PayOrder};
use axum::extract::{Form, Path, State};
use axum::response::Response;
use domain::ids::{CardId, OrderNumber};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;

use super::{Stage, choose, form, language, load, no_answer, see_other};
use crate::pages::{self, Language, Trouble};
use crate::shared::Shared;

/// How long the browser is kept before it is shown the waiting page.
const ANSWER_SOON: Duration = Duration::from_millis(2500);

/// What the form holds.
#[derive(Deserialize)]
pub(super) struct Confirmation {
    /// `cardId` of the chosen card.
    #[serde(default)]
    card: String,
    /// The token of [`form`].
    #[serde(default)]
    csrf: String,
}

/// The payer confirms: one attempt, and then the page that waits for its end.
pub(super) async fn pay(
    State(shared): State<Arc<Shared>>,
    Path(number): Path<String>,
    headers: HeaderMap,
    Form(confirmation): Form<Confirmation>,
) -> Response {
    let view = match load(&shared, &number).await {
        Ok(view) => view,
        Err(refusal) => return pages::trouble(Language::of_browser(&headers), &refusal),
    };
    let language = language(&view, &headers);
    if !form::is_ours(&shared, &headers, &number, &confirmation.csrf) {
        let words = language.words();
        let mut page = Trouble::new(language, words.stale_form, words.stale_form_text);
        page.again = Some(format!("/cashier/{number}"));
        return pages::render(StatusCode::FORBIDDEN, &page);
    }
    if Stage::of(&view) != Stage::Open {
        return see_other(&number, "/wait");
    }
    // ANS 1-64 (ucsp.md section 4, GET_CARD_LIST).
    if !(1..=64).contains(&confirmation.card.chars().count()) {
        return choose(&shared, &view, &headers, Some(language.words().choose_again)).await;
    }
    match attempt(&shared, &view.order.terms.number, confirmation.card).await {
        Ok(()) => see_other(&number, "/wait"),
        Err(refusal) => refused(&shared, &view, &headers, refusal).await,
    }
}

/// Makes the attempt. It goes on without the browser; if it takes long and its intent is durable,
/// the browser waits on a page instead of on this answer.
async fn attempt(shared: &Arc<Shared>, number: &OrderNumber, card: String) -> Result<(), Refusal> {
    let platform = Arc::clone(&shared.platform);
    let own = number.clone();
    let input = PayOrder { card: Some(CardId::new(card)), ..PayOrder::default() };
    let work = async move { use_cases::pay_order(&platform, &own, input).await.map(|_| ()) };
    let mut work = std::pin::pin!(shared.finish(Box::pin(work)));
    loop {
        if let Ok(ended) = tokio::time::timeout(ANSWER_SOON, work.as_mut()).await {
            return ended;
        }
        let view = load(shared, number.as_str()).await?;
        if Stage::of(&view) != Stage::Open {
            return Ok(());
        }
    }
}

async fn refused(
    shared: &Shared,
    view: &CashierView,
    headers: &HeaderMap,
    refusal: Refusal,
) -> Response {
    let language = language(view, headers);
    match refusal {
        // Somebody was faster: the next page says how the order stands.
        Refusal::Rule { .. } | Refusal::InFlight => {
            see_other(view.order.terms.number.as_str(), "/wait")
        }
        Refusal::NoRight { .. } | Refusal::Invalid { .. } | Refusal::DownstreamRefused { .. } => {
            choose(shared, view, headers, Some(language.words().choose_again)).await
        }
        Refusal::Unavailable { .. } => no_answer(shared, view, language),
        Refusal::UnknownTransaction
        | Refusal::Limit { .. }
        | Refusal::Differs { .. }
        | Refusal::Replayed
        | Refusal::Overloaded
        | Refusal::Internal { .. } => pages::trouble(language, &refusal),
    }
}
