//! The gate of the terminals: checks 1 to 6 of upay.md section 2.2, in that order.
//!
//! Goal: a handler gets a request whose sender is known and whose fields were checked. Nothing is
//! parsed before its bytes were authenticated.

use std::sync::Arc;

use app::terminals::TerminalKeys;
use app::use_cases::terminals;
use app::use_cases::till::TillRefusal;
use axum::body::to_bytes;
use axum::extract::Request;
use axum::response::Response;
use bytes::Bytes;
use domain::terminal::Terminal;
use http::{HeaderMap, header};
use wire::upay::{Body, Reply, Request as Message, Trouble};

use super::reply::{envelope, finish};
use crate::gateway::{declared_length, is_too_large};
use crate::limits::{BODY_BYTES_MAX, BODY_READ_TIME_MAX, SN_BYTES_MAX};
use crate::ops::AppOfRequest;
use crate::shared::Shared;

/// Who signs, and the signature, as the header names them; nothing of it is verified.
pub(super) struct Claimed {
    pub(super) sn: String,
    pub(super) sign: String,
}

/// A terminal whose signature was verified.
pub(super) struct Verified {
    pub(super) terminal: Arc<Terminal>,
    /// The key that signed: the current one, or the one before.
    pub(super) key: String,
}

/// Takes one call of a terminal through all checks and answers it with what `work` replies, which
/// ends even when the caller goes away.
pub(super) async fn call<T, F, W>(shared: Arc<Shared>, request: Request, work: F) -> Response
where
    T: Message,
    F: FnOnce(Arc<Shared>, Verified, T) -> W,
    W: Future<Output = Reply> + Send + 'static,
{
    look(shared, request, |shared, terminal, message| {
        // Boxed, since a use case is large and would be copied each time it is handed on.
        let work = Box::pin(work(Arc::clone(&shared), terminal, message));
        async move { finish(&shared, work).await }
    })
    .await
}

/// As [`call`], for work that changes nothing and may be left when the caller goes away.
pub(super) async fn look<T, F, W>(shared: Arc<Shared>, request: Request, work: F) -> Response
where
    T: Message,
    F: FnOnce(Arc<Shared>, Verified, T) -> W,
    W: Future<Output = Reply>,
{
    let claimed = claimed(request.headers());
    let body = match read(request, BODY_BYTES_MAX).await {
        Ok(body) => body,
        Err(response) => return response,
    };
    let sn = claimed.as_ref().map(|claimed| claimed.sn.clone()).unwrap_or_default();
    let reply = match admitted(&shared, claimed, &body).await {
        Ok((verified, message)) => {
            let (at, terminal) = (shared.platform.clock.now(), Arc::clone(&verified.terminal));
            let reply = work(Arc::clone(&shared), verified, message).await;
            let heard = (at, terminal.sn.as_str(), &terminal.merchant);
            crate::heard::upay(&shared, heard, T::CALL.name, &reply);
            reply
        }
        Err(reply) => reply,
    };
    let mut response = envelope(&reply);
    response.extensions_mut().insert(AppOfRequest(sn));
    response
}

async fn admitted<T: Message>(
    shared: &Shared,
    claimed: Option<Claimed>,
    body: &[u8],
) -> Result<(Verified, T), Reply> {
    let verified = verified(shared, claimed, body).await?;
    let message = message(shared, body, Some(verified.terminal.sn.as_str()))?;
    Ok((verified, message))
}

/// Checks 1 to 3: the header, the terminal, the digest under its current or previous key.
async fn verified(
    shared: &Shared,
    claimed: Option<Claimed>,
    body: &[u8],
) -> Result<Verified, Reply> {
    let claimed = claimed.ok_or_else(|| Reply::refused(Trouble::IllegalSign))?;
    let keys = known(shared, &claimed.sn).await?;
    let held = |keys: &TerminalKeys| signer(keys, body, &claimed.sign).cloned();
    if let Some(key) = held(&keys) {
        return Ok(Verified { terminal: Arc::clone(&keys.terminal), key });
    }
    let keys = known_anew(shared, &claimed.sn).await?;
    let key = held(&keys).ok_or_else(|| Reply::refused(Trouble::IllegalSign))?;
    Ok(Verified { terminal: Arc::clone(&keys.terminal), key })
}

/// Check 3: the key of the terminal that signed the bytes: the current or the previous one.
pub(super) fn signer<'k>(keys: &'k TerminalKeys, body: &[u8], sign: &str) -> Option<&'k String> {
    let mut all = std::iter::once(&keys.current).chain(&keys.previous);
    all.find(|key| jose::terminal::verify(body, key, sign))
}

/// Check 2: the terminal with its keys.
pub(super) async fn known(shared: &Shared, sn: &str) -> Result<Arc<TerminalKeys>, Reply> {
    let found = terminals::terminal(&shared.platform, &sn.into()).await;
    let found = found.map_err(|refusal| unavailable(&refusal))?;
    found.ok_or_else(|| Reply::refused(Trouble::InvalidTerminal))
}

/// As [`known`], read again: another node may have given it a key since it was read here.
pub(super) async fn known_anew(shared: &Shared, sn: &str) -> Result<Arc<TerminalKeys>, Reply> {
    let found = terminals::terminal_anew(&shared.platform, &sn.into()).await;
    let found = found.map_err(|refusal| unavailable(&refusal))?;
    found.ok_or_else(|| Reply::refused(Trouble::InvalidTerminal))
}

/// Checks 4 to 6: an object, of this terminal, with fields as declared.
pub(super) fn message<T: Message>(
    shared: &Shared,
    body: &[u8],
    terminal_sn: Option<&str>,
) -> Result<T, Reply> {
    let body = Body::parse(body).map_err(|_| Reply::refused(Trouble::InvalidParams))?;
    let named = body.text("terminal_sn");
    if named.zip(terminal_sn).is_some_and(|(named, signer)| named != signer) {
        return Err(Reply::refused(Trouble::InvalidTerminal));
    }
    T::read(&body, shared.platform.settings.terminals.strict)
        .map_err(|faults| Reply::refused_because(Trouble::InvalidParams, &faults.to_string()))
}

/// The store failed: what is told says nothing of it.
fn unavailable(refusal: &TillRefusal) -> Reply {
    dialect::upay::top_level(refusal).unwrap_or_else(|| Reply::refused(Trouble::UnknownSystemError))
}

/// `Authorization: <sn><one blank><sign>`, once.
pub(super) fn claimed(headers: &HeaderMap) -> Option<Claimed> {
    let mut all = headers.get_all(header::AUTHORIZATION).iter();
    let value = all.next()?.to_str().ok()?;
    let (sn, sign) = value.split_once(' ')?;
    let is_sn = !sn.is_empty()
        && sn.len() <= SN_BYTES_MAX
        && sn.bytes().all(|byte| byte.is_ascii_graphic());
    let single = all.next().is_none();
    (is_sn && single).then(|| Claimed { sn: sn.to_owned(), sign: sign.to_owned() })
}

/// The body, at most so many bytes. What is too large, or does not come in time, is refused
/// before its signature: there are no bytes to hold it against.
pub(super) async fn read(request: Request, bytes_max: usize) -> Result<Bytes, Response> {
    let refused = |why: &str| envelope(&Reply::refused_because(Trouble::InvalidParams, why));
    let too_large = || refused(&format!("请求体不可以超过{}KB", bytes_max / 1024));
    let (parts, body) = request.into_parts();
    let declared = declared_length(&parts.headers).unwrap_or(0);
    if usize::try_from(declared).map_or(true, |declared| declared > bytes_max) {
        return Err(too_large());
    }
    match tokio::time::timeout(BODY_READ_TIME_MAX, to_bytes(body, bytes_max)).await {
        Ok(Ok(body)) => Ok(body),
        Ok(Err(error)) if is_too_large(&error) => Err(too_large()),
        Ok(Err(_)) | Err(_) => Err(refused("请求体未完整到达")),
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn the_header_is_a_number_one_blank_and_a_sign() {
        let claimed = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::AUTHORIZATION, HeaderValue::from_static(value));
            claimed(&headers).map(|claimed| (claimed.sn, claimed.sign))
        };
        assert_eq!(claimed("123 ab"), Some(("123".to_owned(), "ab".to_owned())));
        // The second blank belongs to the sign, which is then no hexadecimal number.
        assert_eq!(claimed("123  ab"), Some(("123".to_owned(), " ab".to_owned())));
        for bad in ["", "123", " ab"] {
            assert_eq!(claimed(bad), None, "{bad}");
        }
    }
}
