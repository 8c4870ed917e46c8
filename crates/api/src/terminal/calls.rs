//! `/upay/v2/`: pay, precreate, query, refund, cancel and revoke.

use std::sync::Arc;

use app::use_cases::till::{self, OrderBy};
use axum::extract::{Request, State};
use axum::response::Response;
use dialect::upay::{self, Asked};
use domain::order::Order;
use wire::upay::{Cancel, Pay, Precreate, Query, Refund, Reply};

use super::gate::{Verified, call, look};
use super::reply::finish;
use crate::shared::Shared;

/// The till scans the payer's code.
pub(super) async fn pay(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    call(shared, request, |shared, by: Verified, message: Pay| async move {
        let (sale, barcode) = upay::pay(message);
        match till::pay(&shared.platform, &by.terminal, sale, &barcode).await {
            Ok(order) => upay::pay_reply(&order).into(),
            Err(refusal) => upay::refused(&refusal, Asked::Sale),
        }
    })
    .await
}

/// The payer will scan the till's code, or come to a page.
pub(super) async fn precreate(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    call(shared, request, |shared, by: Verified, message: Precreate| async move {
        let sale = upay::precreate(message);
        match till::precreate(&shared.platform, &by.terminal, sale, None).await {
            Ok((order, presented)) => {
                let picture = picture_url(&shared, &order);
                upay::precreate_reply(&order, presented.as_ref(), &picture).into()
            }
            Err(refusal) => upay::refused(&refusal, Asked::Sale),
        }
    })
    .await
}

/// The till asks how an order stands.
pub(super) async fn query(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    look(shared, request, |shared, by: Verified, message: Query| async move {
        let order = upay::query(message);
        match till::look(&shared.platform, &by.terminal, &order).await {
            Ok(Some(found)) => upay::query_reply(&found).into(),
            Ok(None) => finish(&shared, Box::pin(end(Arc::clone(&shared), by, order))).await,
            Err(refusal) => upay::refused(&refusal, Asked::Query),
        }
    })
    .await
}

/// The till gives money back.
pub(super) async fn refund(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    call(shared, request, |shared, by: Verified, message: Refund| async move {
        let wanted = upay::refund(message);
        match till::refund(&shared.platform, &by.terminal, wanted).await {
            Ok((order, refund)) => upay::refund_reply(&order, &refund).into(),
            Err(refusal) => upay::refused(&refusal, Asked::Refund),
        }
    })
    .await
}

/// The till undoes an order; cancel and revoke are the same.
pub(super) async fn cancel(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    call(shared, request, |shared, by: Verified, message: Cancel| async move {
        let order = upay::cancel(message);
        match till::cancel(&shared.platform, &by.terminal, &order).await {
            Ok((order, kind)) => upay::cancel_reply(&order, kind).into(),
            Err(refusal) => upay::refused(&refusal, Asked::Cancel),
        }
    })
    .await
}

/// An order whose time is over is ended before the answer.
async fn end(shared: Arc<Shared>, by: Verified, order: OrderBy) -> Reply {
    match till::query(&shared.platform, &by.terminal, &order).await {
        Ok(found) => upay::query_reply(&found).into(),
        Err(refusal) => upay::refused(&refusal, Asked::Query),
    }
}

/// Where the picture of an order's code is.
fn picture_url(shared: &Shared, order: &Order) -> String {
    let base = shared.platform.settings.base_url.trim_end_matches('/');
    format!("{base}/upay/qr/{}.png", order.terms.number)
}
