//! The gate: checks 1 to 9 of security 1 on raw bytes, before anything is read.
//!
//! Goal: a handler is given a [`Received`] whose sender is known, and from it a use case only
//! gets a [`Verified`] caller. What fails is refused here, with the form that the protocol gives
//! to each check, and leaves a record for its owner.
//!
//! Invariants: the order of checks is that of security 1; a refusal says no more than E0; the
//! body that was verified is the body that is decoded.

pub(crate) mod diagnosis;
mod exchange;
mod in_body;
mod intake;
mod refuse;
mod sign;

use std::sync::Arc;

use app::Caller;
use axum::extract::{FromRequest, Request};
use axum::response::Response;
use bytes::Bytes;
use domain::ids::{AppId, ChannelCode, IndustryCode};
use domain::party::{Application, EncryptionProfile, InBodyForm, Party, Security};

pub(crate) use exchange::Answered;
pub(crate) use intake::{declared_length, is_too_large};
pub(crate) use sign::in_body_form;

use crate::crypto::{Lane, Place};
use crate::ops;
use crate::shared::Shared;

/// A caller that passed all checks, as the party the route is for. Only this module makes one.
pub(crate) struct Verified<P> {
    /// What use cases are told of the caller.
    pub(crate) caller: Caller,
    /// The party.
    pub(crate) party: P,
    /// The profiles in which it may encrypt.
    pub(crate) encryption: EncryptionProfile,
    /// The request's place among those that need a key.
    pub(crate) place: Arc<Place>,
}

/// What the gate knows of the application that calls; its certificates stay in the directory.
#[derive(Debug, Clone)]
struct Sender {
    id: AppId,
    owner: Party,
    sandbox: bool,
    security: Security,
    in_body: InBodyForm,
    encryption: EncryptionProfile,
}

impl Sender {
    fn of(application: &Application) -> Self {
        Self {
            id: application.id.clone(),
            owner: application.owner.clone(),
            sandbox: application.sandbox,
            security: application.security,
            in_body: application.in_body,
            encryption: application.encryption,
        }
    }
}

/// A kind of party that calls.
pub(crate) trait Audience: Sized + Send + 'static {
    /// Whether it may be identified from inside the body (ucsp.md section 2).
    const IN_BODY: bool;

    /// The party, if the application is of this kind.
    fn of(party: &Party) -> Option<Self>;
}

/// A channel that calls.
pub(crate) struct ChannelCaller(pub(crate) ChannelCode);

/// An industry service that calls.
pub(crate) struct IndustryCaller(pub(crate) IndustryCode);

/// The downstream payment system of an acquirer that calls.
pub(crate) struct DownstreamCaller;

impl Audience for ChannelCaller {
    const IN_BODY: bool = false;

    fn of(party: &Party) -> Option<Self> {
        match party {
            Party::Channel(code) => Some(Self(code.clone())),
            Party::Industry(_) | Party::Downstream(_) => None,
        }
    }
}

impl Audience for IndustryCaller {
    const IN_BODY: bool = true;

    fn of(party: &Party) -> Option<Self> {
        match party {
            Party::Industry(code) => Some(Self(code.clone())),
            Party::Channel(_) | Party::Downstream(_) => None,
        }
    }
}

impl Audience for DownstreamCaller {
    const IN_BODY: bool = false;

    fn of(party: &Party) -> Option<Self> {
        match party {
            Party::Downstream(_) => Some(Self),
            Party::Channel(_) | Party::Industry(_) => None,
        }
    }
}

/// How the answer is secured: in kind (ucsp.md section 2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sealing {
    app_id: String,
    header: bool,
    in_body: Option<InBodyForm>,
}

impl Sealing {
    fn by_header(app_id: &AppId) -> Self {
        Self { app_id: app_id.to_string(), header: true, in_body: None }
    }

    /// Wrapped messages: by the setting, and by the header too where the request had one.
    fn wrapped(sender: &Sender, header: bool) -> Self {
        let in_body = matches!(sender.security, Security::Body | Security::Both);
        Self {
            app_id: sender.id.to_string(),
            header: header || sender.security != Security::Body,
            in_body: in_body.then_some(sender.in_body),
        }
    }
}

/// A request whose sender is known. What is left to check (shape, right, signature in the body)
/// is checked by `exchange`, in its order, before a use case is called.
pub(crate) struct Received<A> {
    body: Bytes,
    caller: Caller,
    encryption: EncryptionProfile,
    party: Option<A>,
    sealing: Sealing,
    in_body: Result<(), in_body::Failure>,
    /// It asks for an outcome that the sandbox does not know.
    unheard: bool,
    place: Arc<Place>,
}

/// The lane in which the requests of a route are signed; the route's layer sets it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RouteLane(pub(crate) Lane);

impl<A: Audience> FromRequest<Arc<Shared>> for Received<A> {
    type Rejection = Response;

    async fn from_request(request: Request, shared: &Arc<Shared>) -> Result<Self, Response> {
        let lane = request.extensions().get::<RouteLane>().map_or(Lane::Refusals, |lane| lane.0);
        let place = Arc::new(shared.crypto.reserve(lane).map_err(|_| ops::busy())?);
        let arrived = intake::take(request).await?;
        let scenario = arrived.scenario;
        match intake::authenticate::<A>(shared, &arrived) {
            Ok(known) => Ok(known.received(arrived.body, scenario, place)),
            Err(refused) => Err(refuse::refuse(shared, &place, arrived, *refused).await),
        }
    }
}
