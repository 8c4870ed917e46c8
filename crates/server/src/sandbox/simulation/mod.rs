//! The simulation API `/sandbox/v1/*` (`interface.md`): the payer, the clock, notices, timeline,
//! reset. For programs on this machine only.

mod look;
mod pay;
mod time;

use std::net::SocketAddr;
use std::sync::Arc;

use app::messages::MessageBook;
use app::use_cases::load_directory;
use app::{Platform, Refusal};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, DefaultBodyLimit, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use sandbox::wallet::fresh_barcode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::addresses::Addresses;
use super::clock::ClockKeeper;
use super::installation::Installation;
use super::running::RunningPartners;
use super::seed;
use crate::directory_file;
use crate::failure::Failure;
use crate::limits::SIMULATION_BODY_BYTES_MAX;

/// What the simulation acts on.
pub(crate) struct Simulation {
    /// The platform.
    pub(crate) platform: Arc<Platform>,
    /// The clock.
    pub(crate) keeper: Arc<ClockKeeper>,
    /// Keys and secrets.
    pub(crate) installation: Installation,
    /// Where everybody is.
    pub(crate) addresses: Addresses,
    /// The simulated partners.
    pub(crate) partners: RunningPartners,
    /// The messages that the timelines tell of.
    pub(crate) messages: Arc<MessageBook>,
}

type Shared = State<Arc<Simulation>>;

/// The routes of the simulation API.
pub(crate) fn routes(simulation: Arc<Simulation>) -> Router {
    Router::new()
        .route("/sandbox/v1/pay", post(pay::pay))
        .route("/sandbox/v1/barcode", post(barcode))
        .route("/sandbox/v1/clock", get(time::show).post(time::advance))
        .route("/sandbox/v1/notices", get(look::notices))
        .route("/sandbox/v1/timeline/{order}", get(look::timeline))
        .route("/sandbox/v1/diagnosis/{id}", get(look::diagnosis))
        .route("/sandbox/v1/reset", post(reset))
        .layer(DefaultBodyLimit::max(SIMULATION_BODY_BYTES_MAX))
        .layer(from_fn_with_state(Arc::clone(&simulation), loopback_only))
        .with_state(simulation)
}

/// Refuses other machines, pages of other sites in this machine's browsers, and the platform's own
/// calls, whose addresses partners choose: those prove who they are, callers of this API do not.
async fn loopback_only(
    State(simulation): Shared,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
    next: Next,
) -> Response {
    if !peer.ip().to_canonical().is_loopback() {
        return refused(StatusCode::FORBIDDEN, "the simulation API is for this machine only");
    }
    if !same_site(request.headers(), &simulation.addresses.platform) {
        return refused(
            StatusCode::FORBIDDEN,
            "the simulation API is not for pages of other sites",
        );
    }
    let proofs = [jose::jws::HEADER_NAME, header::AUTHORIZATION.as_str(), wire::wallet::MAC_HEADER];
    if proofs.iter().any(|proof| request.headers().contains_key(*proof)) {
        return refused(StatusCode::FORBIDDEN, "the simulation API is not for notices");
    }
    next.run(request).await
}

fn same_site(headers: &HeaderMap, own: &str) -> bool {
    headers.get(header::ORIGIN).is_none_or(|origin| origin.as_bytes() == own.as_bytes())
}

/// What a payer's phone shows.
#[derive(Deserialize)]
struct Barcode {
    provider: String,
    scenario: Option<String>,
}

/// `POST /sandbox/v1/barcode`: a fresh payment barcode.
async fn barcode(body: Bytes) -> Response {
    let wanted: Barcode = match read(&body) {
        Ok(wanted) => wanted,
        Err(response) => return *response,
    };
    match fresh_barcode(&wanted.provider, wanted.scenario.as_deref()) {
        Some((dynamic_id, payway)) => {
            answer(&json!({ "dynamic_id": dynamic_id, "payway": payway.to_string() }))
        }
        None => refused(
            StatusCode::BAD_REQUEST,
            "provider is alipay, wechat or unionpay; scenario, if given, four digits",
        ),
    }
}

/// `POST /sandbox/v1/reset`: back to seed data. Keys, codes and the clock stay.
async fn reset(State(simulation): Shared) -> Response {
    match reset_all(&simulation).await {
        Ok(()) => answer(&json!({ "reset": true })),
        Err(failure) => {
            tracing::error!(%failure, "the reset failed");
            refused(StatusCode::INTERNAL_SERVER_ERROR, &failure.to_string())
        }
    }
}

async fn reset_all(simulation: &Simulation) -> Result<(), Failure> {
    let platform = &simulation.platform;
    let store = &*platform.store;
    let now = platform.clock.now();
    let moved = simulation.keeper.moved().await;
    let stored = load_directory(store).await;
    let stored = stored.map_err(|error| Failure::at("the directory", error))?;
    store.clear().await.map_err(|error| Failure::at("the data cannot be cleared", error))?;
    let set = app::writeset::WriteSet {
        at: Some(now),
        records: vec![moved.to_record()],
        ..app::writeset::WriteSet::default()
    };
    store.commit(set).await.map_err(|error| Failure::at("the clock", error))?;
    simulation.messages.clear();
    simulation.installation.store(store, &*platform.sealer, now, "reset").await?;
    let directory = seed::directory(
        &simulation.installation,
        &simulation.addresses,
        &stored,
        &*platform.sealer,
    )?;
    directory_file::put_in_force(platform, directory, "seed").await?;
    super::put_codes(store, &simulation.installation, now).await?;
    platform.terminals.clear();
    simulation.partners.reset().await
}

/// A good answer.
fn answer(body: &Value) -> Response {
    with_status(StatusCode::OK, body)
}

/// A refusal with its reason.
fn refused(status: StatusCode, reason: &str) -> Response {
    with_status(status, &json!({ "error": reason }))
}

fn with_status(status: StatusCode, body: &Value) -> Response {
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
    (status, headers, body.to_string()).into_response()
}

/// A use case's refusal as HTTP.
fn use_case_refused(refusal: &Refusal) -> Response {
    let status = match refusal {
        Refusal::UnknownTransaction | Refusal::NoRight { .. } => StatusCode::NOT_FOUND,
        Refusal::Rule { .. }
        | Refusal::Limit { .. }
        | Refusal::Differs { .. }
        | Refusal::InFlight
        | Refusal::Replayed => StatusCode::CONFLICT,
        Refusal::Invalid { .. } => StatusCode::BAD_REQUEST,
        Refusal::DownstreamRefused { .. } | Refusal::Unavailable { .. } => StatusCode::BAD_GATEWAY,
        Refusal::Overloaded => StatusCode::SERVICE_UNAVAILABLE,
        Refusal::Internal { .. } => StatusCode::INTERNAL_SERVER_ERROR,
    };
    refused(status, &refusal.to_string())
}

/// Reads a JSON body; curl's default content type is taken too.
fn read<T: serde::de::DeserializeOwned>(body: &[u8]) -> Result<T, Box<Response>> {
    serde_json::from_slice(body).map_err(|error| {
        Box::new(refused(StatusCode::BAD_REQUEST, &format!("the body is not as expected: {error}")))
    })
}
