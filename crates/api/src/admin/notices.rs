//! Notices and callbacks: which were given up, those of an order, and sending one again by hand.

use std::sync::Arc;

use app::Platform;
use app::ports::StoreError;
use app::ports::store::NoticeFilter;
use app::use_cases::resend_notice;
use app::writeset::{Task, TaskBody, TaskId};
use axum::extract::{Path, Query, State};
use axum::response::Response;
use domain::ids::{MerchantId, NoticeId};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{answer, refused};
use crate::limits::ADMIN_NOTICES_COUNT_MAX;
use crate::shared::Shared;

#[derive(Deserialize)]
pub(super) struct Question {
    order: Option<String>,
}

/// All notices of the orders that a number names, oldest first; without a number those that were
/// given up, newest first, at most [`ADMIN_NOTICES_COUNT_MAX`].
pub(super) async fn list(
    State(shared): State<Arc<Shared>>,
    Query(question): Query<Question>,
) -> Response {
    let platform = &shared.platform;
    let found = match question.order.as_deref() {
        Some(number) => of_order(platform, number).await,
        None => undelivered(platform).await.map(Some),
    };
    match found {
        Ok(Some(tasks)) => answer(&tasks.iter().filter_map(shown).collect::<Vec<_>>()),
        Ok(None) => refused(StatusCode::NOT_FOUND, "no order has this number"),
        Err(error) => store_failed(&error),
    }
}

async fn undelivered(platform: &Platform) -> Result<Vec<Task>, StoreError> {
    let filter = NoticeFilter { undelivered_only: true, count_max: ADMIN_NOTICES_COUNT_MAX };
    let found = platform.store.notices(filter).await?;
    Ok(found.into_iter().map(|task| task.value).collect())
}

/// Nothing when no order has this number.
async fn of_order(platform: &Platform, number: &str) -> Result<Option<Vec<Task>>, StoreError> {
    let mut tasks = None;
    for order in platform.store.find_orders(number).await? {
        let Some(stored) = platform.store.order_by_number(&order).await? else { continue };
        let owner = &stored.value.terms.merchant;
        let found = platform.store.tasks_of(owner, &order).await?;
        let known: &mut Vec<Task> = tasks.get_or_insert_default();
        known.extend(found.into_iter().map(|task| task.value));
    }
    Ok(tasks)
}

/// What an operator needs to send it again, and why the last attempt did not count; never the body.
fn shown(task: &Task) -> Option<Value> {
    let TaskBody::Notice(notice) = &task.body else { return None };
    let last = notice.attempts.last();
    Some(json!({
        "id": notice.id,
        "merchant": task.owner,
        "order": task.order,
        "transaction": notice.transaction,
        "to": notice.receiver.name(),
        "state": notice.state.name(),
        "created_at": notice.created_at,
        "attempts": notice.attempts.len(),
        "last_at": last.map(|it| it.at),
        "last_status": last.map(|it| json!(it.status)),
        "last_error": last.and_then(|it| it.error.clone()),
    }))
}

/// Sends a notice or callback again, at once.
pub(super) async fn resend(
    State(shared): State<Arc<Shared>>,
    Path((merchant, id)): Path<(String, String)>,
) -> Response {
    let task = TaskId::notice(&NoticeId::new(id));
    match resend_notice(&shared.platform, &MerchantId::new(merchant), &task).await {
        Ok(true) => answer(&json!({ "resent": true })),
        Ok(false) => {
            refused(StatusCode::NOT_FOUND, "there is no such notice, or it is just being sent")
        }
        Err(error) => store_failed(&error),
    }
}

fn store_failed(error: &StoreError) -> Response {
    tracing::error!(%error, "notices could not be read or sent again");
    refused(StatusCode::INTERNAL_SERVER_ERROR, "the store failed; the log says why")
}
