//! `/terminal/`: activation, check-in, and the logs that terminals send.

use std::sync::Arc;

use app::use_cases::terminals::{self, Credentials};
use axum::extract::{Request, State};
use axum::response::Response;
use bytes::Bytes;
use dialect::upay;
use domain::ids::VendorSn;
use wire::upay::{Activate, CheckIn, Reply, Trouble};

use super::gate::{Claimed, Verified, call, claimed, known, known_anew, message, read, signer};
use super::reply::{busy, envelope, finish};
use crate::limits::{BODY_BYTES_MAX, LOG_BYTES_MAX};
use crate::ops::AppOfRequest;
use crate::shared::Shared;

/// A vendor turns a code into a terminal.
pub(super) async fn activate(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let claimed = claimed(request.headers());
    let body = match read(request, BODY_BYTES_MAX).await {
        Ok(body) => body,
        Err(response) => return response,
    };
    let reply = match vendor(&shared, claimed, &body) {
        Ok((vendor, message)) => {
            let work = activated(Arc::clone(&shared), vendor, message);
            finish(&shared, work).await
        }
        Err(reply) => reply,
    };
    envelope(&reply)
}

async fn activated(shared: Arc<Shared>, vendor: VendorSn, message: Activate) -> Reply {
    let input = upay::activation(message);
    match terminals::activate(&shared.platform, &vendor, input).await {
        Ok(credentials) => granted(credentials),
        Err(refusal) => upay::activation_refused(&refusal),
    }
}

/// An unknown vendor is a bad signature too: who is a vendor is nobody's business (2.2, check 2).
fn vendor(
    shared: &Shared,
    claimed: Option<Claimed>,
    body: &[u8],
) -> Result<(VendorSn, Activate), Reply> {
    let illegal = || Reply::refused(Trouble::IllegalSign);
    let Claimed { sn, sign } = claimed.ok_or_else(illegal)?;
    let sn = VendorSn::new(sn);
    let key = terminals::vendor_key(&shared.platform, &sn).ok_or_else(illegal)?;
    if !jose::terminal::verify(body, &key, &sign) {
        return Err(illegal());
    }
    Ok((sn, message(shared, body, None)?))
}

/// A terminal changes its key.
pub(super) async fn check_in(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    call(shared, request, |shared, by: Verified, message: CheckIn| async move {
        let (sn, device) = (&by.terminal.sn, &message.device_id);
        match terminals::check_in(&shared.platform, sn, device, &by.key).await {
            Ok(credentials) => granted(credentials),
            Err(refusal) => upay::check_in_refused(&refusal),
        }
    })
    .await
}

fn granted(Credentials { sn, key }: Credentials) -> Reply {
    Reply::Credentials { terminal_sn: sn.to_string(), terminal_key: key }
}

/// A terminal hands in its log: bytes of any kind, kept and not looked into. Room is taken only
/// for a terminal that is known, before the bytes are read.
pub(super) async fn upload_log(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let Some(claimed) = claimed(request.headers()) else {
        return envelope(&Reply::refused(Trouble::IllegalSign));
    };
    let sn = claimed.sn.clone();
    if let Err(reply) = known(&shared, &sn).await {
        return envelope(&reply);
    }
    let Ok(_room) = shared.logs.try_acquire() else { return busy() };
    let body = match read(request, LOG_BYTES_MAX).await {
        Ok(body) => body,
        Err(response) => return response,
    };
    let work = log_kept(Arc::clone(&shared), claimed, body);
    let mut response = envelope(&finish(&shared, work).await);
    response.extensions_mut().insert(AppOfRequest(sn));
    response
}

async fn log_kept(shared: Arc<Shared>, claimed: Claimed, body: Bytes) -> Reply {
    // Read again: the hash over megabytes is made once.
    let keys = match known_anew(&shared, &claimed.sn).await {
        Ok(keys) => keys,
        Err(reply) => return reply,
    };
    let terminal = Arc::clone(&keys.terminal);
    // A hash over megabytes would keep everybody else waiting on this thread.
    let (bytes, sign) = (body.clone(), claimed.sign);
    let check = tokio::task::spawn_blocking(move || signer(&keys, &bytes, &sign).is_some());
    if !check.await.unwrap_or(false) {
        return Reply::refused(Trouble::IllegalSign);
    }
    match terminals::keep_log(&shared.platform, &terminal.sn, &body).await {
        Ok(()) => Reply::LogKept,
        Err(refusal) => upay::refused(&refusal, upay::Asked::Query),
    }
}
