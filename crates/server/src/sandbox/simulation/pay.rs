//! `POST /sandbox/v1/pay`: the payer's side of an order, as the cashier page would do it.

use std::sync::Arc;
use std::time::Duration;

use app::use_cases::{PayOrder, cashier_cards, cashier_order, pay_order};
use app::{Platform, Refusal};
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::ids::{CardId, OrderNumber};
use domain::order::{Order, OrderState};
use sandbox::wallet::{Choice, NotPayable};
use serde::Deserialize;
use serde_json::json;

use super::{Shared, Simulation, answer, read, refused, use_case_refused};

/// How long the call waits for the synchronous leg; a silent downstream system takes longer, and
/// then the answer is the state as it stands.
const ANSWER_WAIT: Duration = Duration::from_secs(3);

/// The request.
#[derive(Deserialize)]
pub(super) struct Pay {
    tn: Option<String>,
    sn: Option<String>,
    outcome: Option<Outcome>,
    card_id: Option<String>,
}

/// The outcome to force (ucsp.md section 8.1).
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    Success,
    Fail,
    Unknown,
}

impl Outcome {
    /// The row of the table of section 7.
    const fn scenario(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Fail => 51,
            Self::Unknown => 98,
        }
    }
}

/// Pays an order.
pub(super) async fn pay(State(simulation): Shared, body: Bytes) -> Response {
    let request: Pay = match read(&body) {
        Ok(request) => request,
        Err(response) => return *response,
    };
    let number = match (&request.tn, &request.sn) {
        (Some(tn), None) => OrderNumber::new(tn.as_str()),
        (None, Some(sn)) => return at_wallet(&simulation, sn, request.outcome).await,
        (Some(_), Some(_)) | (None, None) => {
            return refused(StatusCode::BAD_REQUEST, "give tn or sn, one of them");
        }
    };
    let platform = Arc::clone(&simulation.platform);
    let work = tokio::spawn({
        let number = number.clone();
        async move { attempt(&platform, &number, request).await }
    });
    match tokio::time::timeout(ANSWER_WAIT, work).await {
        Ok(Ok(Ok(order))) => state_of(&order),
        Ok(Ok(Err(refusal))) => use_case_refused(&refusal),
        Ok(Err(_panic)) => refused(StatusCode::INTERNAL_SERVER_ERROR, "the attempt broke off"),
        // The attempt goes on; its intent is durable.
        Err(_) => match cashier_order(&simulation.platform, &number).await {
            Ok(view) => state_of(&view.order),
            Err(refusal) => use_case_refused(&refusal),
        },
    }
}

/// What the payer does on the wallet's page.
async fn at_wallet(simulation: &Simulation, sn: &str, outcome: Option<Outcome>) -> Response {
    let Some(wallet) = simulation.partners.wallet().await else {
        return refused(StatusCode::SERVICE_UNAVAILABLE, "the simulated wallets are not up yet");
    };
    let choice = match outcome.unwrap_or(Outcome::Success) {
        Outcome::Success => Choice::Success,
        Outcome::Fail => Choice::Fail,
        Outcome::Unknown => Choice::Unknown,
    };
    match wallet.simulate(sn, choice).await {
        Ok(()) => {}
        Err(error @ NotPayable::Unknown) => {
            return refused(StatusCode::NOT_FOUND, &error.to_string());
        }
        Err(error @ NotPayable::Over) => return refused(StatusCode::CONFLICT, &error.to_string()),
    }
    match simulation.platform.store.order_by_number(&OrderNumber::new(sn)).await {
        Ok(Some(order)) => state_of(&order.value),
        Ok(None) => refused(StatusCode::NOT_FOUND, "there is no terminal order with this sn"),
        Err(error) => refused(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}

async fn attempt(
    platform: &Platform,
    number: &OrderNumber,
    request: Pay,
) -> Result<Order, Refusal> {
    let scenario = request.outcome.map(Outcome::scenario);
    if let Some(card) = request.card_id {
        let card = Some(CardId::new(card));
        return pay_order(platform, number, PayOrder { card, scenario }).await;
    }
    let card = usual_card(platform, number).await?;
    let chosen = card.is_some();
    match pay_order(platform, number, PayOrder { card, scenario }).await {
        // Nobody asked for that card: a channel that does not give it must not stop the payer.
        Err(Refusal::Unavailable { .. } | Refusal::DownstreamRefused { .. }) if chosen => {
            pay_order(platform, number, PayOrder { card: None, scenario }).await
        }
        done => done,
    }
}

/// The card that the payer would take: the default one, else the first; none when the channel
/// gives none.
async fn usual_card(platform: &Platform, number: &OrderNumber) -> Result<Option<CardId>, Refusal> {
    let view = cashier_order(platform, number).await?;
    if !matches!(view.order.state, OrderState::Created) {
        // It will be refused; the channel need not be asked.
        return Ok(None);
    }
    let cards = cashier_cards(platform, &view.order).await.unwrap_or_default();
    let usual = cards.iter().find(|it| it.default_flag.as_deref() == Some("1")).or(cards.first());
    Ok(usual.map(|entry| entry.card.id.clone()))
}

fn state_of(order: &Order) -> Response {
    answer(&json!({ "order": order.terms.number, "state": state_name(&order.state) }))
}

/// The state in the words of ucsp.md section 5.
const fn state_name(state: &OrderState) -> &'static str {
    match state {
        OrderState::Created => "CREATED",
        OrderState::Closed { .. } => "CLOSED",
        OrderState::Paying { .. } => "PAYING",
        OrderState::Unknown { .. } => "UNKNOWN",
        OrderState::Aborting { .. } => "ABORTING",
        OrderState::Aborted { .. } => "ABORTED",
        OrderState::Failed { .. } => "FAIL",
        OrderState::Paid { .. } => "SUCCESS",
        OrderState::PartRefunded { .. } => "PART_REFUNDED",
        OrderState::Refunded { .. } => "REFUNDED",
        OrderState::Cancelled { .. } => "CANCELLED",
    }
}
