//! Signed answers.

use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use domain::party::InBodyForm;
use http::{HeaderValue, StatusCode, header};
use jose::cert::Identity;
use jose::inbody::{Form, sign_in_body};
use jose::jws::{SignOptions, fresh_uuid, sign};

use super::Sealing;
use crate::crypto::Place;
use crate::ops::{self, AppOfRequest};
use crate::shared::Shared;

/// An answer before it is signed. Where it is signed in the body, the placeholder is in place.
pub(super) struct Draft {
    pub(super) status: StatusCode,
    pub(super) body: Vec<u8>,
}

/// Signs a draft in the way of `sealing` and makes the HTTP answer of it.
pub(super) async fn respond(
    shared: &Shared,
    place: &Place,
    sealing: &Sealing,
    identity: Arc<Identity>,
    draft: Draft,
) -> Response {
    let job = Job {
        identity,
        app_id: sealing.app_id.clone(),
        header: sealing.header,
        in_body: sealing.in_body,
        timestamp: shared.platform.clock.real_now().as_second(),
    };
    let status = draft.status;
    let mut response = match shared.crypto.run(place, move || job.run(draft.body)).await {
        Ok(Ok(signed)) => signed.into_response(status),
        Ok(Err(cause)) => {
            let incident = shared.platform.ids.incident();
            tracing::error!(%incident, cause, "an answer could not be signed");
            ops::failed(&incident)
        }
        Err(_) => ops::busy(),
    };
    response.extensions_mut().insert(AppOfRequest(sealing.app_id.clone()));
    response
}

/// What a signing thread needs.
struct Job {
    identity: Arc<Identity>,
    app_id: String,
    header: bool,
    in_body: Option<InBodyForm>,
    timestamp: i64,
}

struct Signed {
    body: Vec<u8>,
    header: Option<HeaderValue>,
}

impl Job {
    fn run(self, body: Vec<u8>) -> Result<Signed, String> {
        let body = match self.in_body {
            None => body,
            Some(form) => {
                let text = String::from_utf8(body).map_err(|error| error.to_string())?;
                let signed = sign_in_body(&text, &self.identity, in_body_form(form));
                signed.map_err(|error| error.to_string())?.into_bytes()
            }
        };
        if !self.header {
            return Ok(Signed { body, header: None });
        }
        let options = SignOptions {
            app_id: &self.app_id,
            uuid: &fresh_uuid(),
            timestamp: self.timestamp,
            req_path: None,
        };
        let value = sign(&self.identity, &body, &options).map_err(|error| error.to_string())?;
        let header = HeaderValue::try_from(value).map_err(|error| error.to_string())?;
        Ok(Signed { body, header: Some(header) })
    }
}

impl Signed {
    fn into_response(self, status: StatusCode) -> Response {
        let form = [(header::CONTENT_TYPE, "application/json")];
        let mut response = (status, form, self.body).into_response();
        if let Some(value) = self.header {
            response.headers_mut().insert(jose::jws::HEADER_NAME, value);
        }
        response
    }
}

/// The form of an in-body signature as `jose` names it.
pub(crate) const fn in_body_form(form: InBodyForm) -> Form {
    match form {
        InBodyForm::Bare => Form::Bare,
        InBodyForm::DigestInfo => Form::DigestInfo,
    }
}
