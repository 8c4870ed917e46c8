//! `GET /sandbox/v1/notices`, `/sandbox/v1/timeline/{order}` and `/sandbox/v1/diagnosis/{id}`.

use app::ports::store::StoreError;
use app::timeline::timeline as entries_of;
use app::use_cases::notices_of;
use app::{Platform, records};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use domain::ids::{MerchantId, OrderNumber};
use domain::notice::Notice;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Shared, Simulation, answer, refused};
use crate::limits::ORDERS_NAMED_COUNT_MAX;

/// Which order: any of its numbers.
#[derive(Deserialize)]
pub(super) struct Question {
    order: Option<String>,
}

/// Why nothing can be shown.
enum Nothing {
    NoSuchOrder,
    Store(StoreError),
}

impl From<StoreError> for Nothing {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl Nothing {
    fn response(&self) -> Response {
        match self {
            Self::NoSuchOrder => refused(StatusCode::NOT_FOUND, "no order has this number"),
            Self::Store(error) => {
                tracing::error!(%error, "an order cannot be shown");
                refused(StatusCode::SERVICE_UNAVAILABLE, "the store cannot be read; see the log")
            }
        }
    }
}

/// Why a request was refused at the gate, by the id of the header `UPI-DIAGNOSIS` (security 2).
pub(super) async fn diagnosis(State(simulation): Shared, Path(id): Path<String>) -> Response {
    let found = simulation.platform.store.record(records::DIAGNOSIS, &id).await;
    match found.map(|it| it.and_then(|record| serde_json::from_str::<Value>(&record.value).ok())) {
        Ok(Some(record)) => answer(&record),
        Ok(None) => refused(StatusCode::NOT_FOUND, "no refusal is known by this id, or none yet"),
        Err(error) => Nothing::Store(error).response(),
    }
}

/// The notices of an order with their attempts.
pub(super) async fn notices(
    State(simulation): Shared,
    Query(question): Query<Question>,
) -> Response {
    let Some(number) = question.order else {
        return refused(StatusCode::BAD_REQUEST, "order is missing: any number of the order");
    };
    match read_notices(&simulation.platform, &number).await {
        Ok(notices) => answer(&json!({ "notices": notices })),
        Err(nothing) => nothing.response(),
    }
}

async fn read_notices(platform: &Platform, number: &str) -> Result<Vec<Value>, Nothing> {
    let mut shown = Vec::new();
    for (owner, order) in named(platform, number).await? {
        let notices = notices_of(platform, &owner, &order).await?;
        shown.extend(notices.iter().map(notice));
    }
    Ok(shown)
}

fn notice(notice: &Notice) -> Value {
    let attempts = notice.attempts.iter().map(|attempt| {
        let mut shown = json!({
            "at": attempt.at,
            "status": attempt.status,
            "latency_ms": attempt.latency_ms,
        });
        if let Some(error) = &attempt.error {
            shown["error"] = json!(error);
        }
        shown
    });
    json!({
        "notify_id": notice.id,
        "to": notice.receiver.name(),
        "state": notice.state.name(),
        "query_id": notice.transaction,
        "attempts": attempts.collect::<Value>(),
    })
}

/// Everything that happened to an order.
pub(super) async fn timeline(State(simulation): Shared, Path(number): Path<String>) -> Response {
    match read_timeline(&simulation, &number).await {
        Ok(shown) => answer(&shown),
        Err(nothing) => nothing.response(),
    }
}

async fn read_timeline(simulation: &Simulation, number: &str) -> Result<Value, Nothing> {
    let platform = &simulation.platform;
    let found = named(platform, number).await?;
    let (owner, order) = found.first().ok_or(Nothing::NoSuchOrder)?;
    let stored = platform.store.order(owner, order).await?.ok_or(Nothing::NoSuchOrder)?;
    // A message comes before what it made happen at the same instant.
    let mut entries = simulation.messages.of(&stored.value);
    entries.extend(entries_of(&*platform.store, owner, order).await?);
    entries.sort_by_key(|entry| entry.at);
    Ok(json!({ "order": order, "entries": entries }))
}

/// The orders that a number names, with their merchants.
async fn named(
    platform: &Platform,
    number: &str,
) -> Result<Vec<(MerchantId, OrderNumber)>, Nothing> {
    let mut found = Vec::new();
    for order in platform.store.find_orders(number).await?.into_iter().take(ORDERS_NAMED_COUNT_MAX)
    {
        if let Some(stored) = platform.store.order_by_number(&order).await? {
            found.push((stored.value.terms.merchant.clone(), order));
        }
    }
    if found.is_empty() { Err(Nothing::NoSuchOrder) } else { Ok(found) }
}
