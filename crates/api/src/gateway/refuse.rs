//! Refusals of the gate: a bare E0, signed where the sender is known well enough.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use jose::jws::Failure;
use metrics::counter;

use super::diagnosis::Suspect;
use super::intake::{Arrived, Refused};
use super::sign::{Draft, respond};
use super::{AppId, Sealing};
use crate::crypto::Place;
use crate::ops;
use crate::shared::Shared;

const DIAGNOSIS: &str = "UPI-DIAGNOSIS";

/// 401 E0 with a record for the owner, or 503.
pub(super) async fn refuse(
    shared: &Shared,
    place: &Place,
    arrived: Arrived,
    refused: Refused,
) -> Response {
    let failure = match refused {
        Refused::Busy => return ops::busy(),
        Refused::Check(failure) => failure,
    };
    counter!("causeway_gateway_refusals_total", "check" => failure.check.name()).increment(1);
    let partner = failure.partner.as_ref().filter(|_| failure.sign_refusal);
    let sealing = partner.map(|partner| Sealing::by_header(&AppId::new(&partner.app_id)));
    let response = match sealing {
        Some(sealing) => signed(shared, place, &sealing).await,
        None => bare(),
    };
    note(shared, arrived, failure, response)
}

/// 401 E0 to a sender that was authenticated, for a message that was acted on before.
pub(crate) async fn unauthorized(shared: &Shared, place: &Place, sealing: &Sealing) -> Response {
    counter!("causeway_gateway_refusals_total", "check" => "uuid").increment(1);
    signed(shared, place, sealing).await
}

async fn signed(shared: &Shared, place: &Place, sealing: &Sealing) -> Response {
    let sealing = Sealing { header: true, in_body: None, ..sealing.clone() };
    let identity = shared.keys.signing_for(&sealing.app_id);
    let body = wire::ucsp::gateway_refusal(false).as_bytes().to_vec();
    let draft = Draft { status: StatusCode::UNAUTHORIZED, body };
    respond(shared, place, &sealing, identity, draft).await
}

fn bare() -> Response {
    let form = [(header::CONTENT_TYPE, "application/json")];
    (StatusCode::UNAUTHORIZED, form, wire::ucsp::gateway_refusal(false)).into_response()
}

/// Keeps a record of the refusal; in the sandbox the answer names it.
fn note(shared: &Shared, arrived: Arrived, failure: Failure, mut response: Response) -> Response {
    tracing::info!(check = failure.check.name(), cause = %failure.cause, "refused at the gate");
    let suspect = Suspect { arrived, failure, now: shared.key_clock() };
    let id = shared.diagnoses.keep(suspect);
    if shared.options.diagnosis_header
        && let Some(value) = id.and_then(|id| HeaderValue::try_from(id).ok())
    {
        response.headers_mut().insert(DIAGNOSIS, value);
    }
    response
}
