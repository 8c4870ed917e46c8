//! Terminals: looked up, activated, checked in, and the logs that they send (upay.md section 4).

mod activate;
mod check_in;
mod manage;

use std::sync::Arc;

use domain::ids::{TerminalSn, VendorSn};
use domain::terminal::Terminal;

pub use activate::{Activation, ActivationRefusal, activate};
pub use check_in::{CheckInRefusal, check_in};
pub use manage::{
    NewCode, codes, issue_code, set_terminal_status, store_code, terminals, terminals_of,
};

use super::till::TillRefusal;
use crate::platform::Platform;
use crate::records::TERMINAL;
use crate::terminals::TerminalKeys;
use crate::writeset::Versioned;

/// What purpose a sealed terminal key is bound to.
pub const TERMINAL_KEY: &str = "terminal_key";
/// What purpose a sealed vendor key is bound to.
pub const VENDOR_KEY: &str = "vendor_key";

/// What a terminal signs with from now on.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// `terminal_sn`.
    pub sn: TerminalSn,
    /// `terminal_key`, in the clear: for the answer alone.
    pub key: String,
}

/// A terminal with the keys it may sign with; `None` when there is none.
///
/// # Errors
/// [`TillRefusal::Internal`] and [`TillRefusal::Busy`] when the store fails.
pub async fn terminal(
    platform: &Platform,
    sn: &TerminalSn,
) -> Result<Option<Arc<TerminalKeys>>, TillRefusal> {
    let real_now = platform.clock.real_now();
    if let Some(known) = platform.terminals.get(sn, real_now) {
        return Ok(Some(known));
    }
    terminal_anew(platform, sn).await
}

/// As [`terminal`], read from the store whatever is remembered: another node may have given the
/// terminal a key a moment ago.
///
/// # Errors
/// As [`terminal`].
pub async fn terminal_anew(
    platform: &Platform,
    sn: &TerminalSn,
) -> Result<Option<Arc<TerminalKeys>>, TillRefusal> {
    let real_now = platform.clock.real_now();
    let Some(found) = stored(platform, sn).await? else { return Ok(None) };
    let keys = Arc::new(opened(platform, found)?);
    platform.terminals.put(Arc::clone(&keys), real_now);
    Ok(Some(keys))
}

/// `vendor_key` of a vendor that is served.
#[must_use]
pub fn vendor_key(platform: &Platform, sn: &VendorSn) -> Option<String> {
    let directory = platform.directory.get();
    let vendor = directory.vendor(sn).filter(|vendor| vendor.active)?;
    platform.sealer.open(VENDOR_KEY, &vendor.key_sealed)
}

/// Keeps a log that a terminal sent, by the day of its arrival.
///
/// # Errors
/// [`TillRefusal::Busy`] when the day's room is used up, [`TillRefusal::Internal`] when the disk
/// fails.
pub async fn keep_log(
    platform: &Platform,
    terminal: &TerminalSn,
    bytes: &[u8],
) -> Result<(), TillRefusal> {
    let kept = platform.logs.keep(terminal, platform.clock.now(), bytes).await;
    kept.map_err(|error| {
        if error.kind() == std::io::ErrorKind::QuotaExceeded {
            tracing::warn!(%terminal, %error, "a terminal's log was not kept");
            return TillRefusal::Busy;
        }
        platform.unexpected(&format!("a terminal's log could not be kept: {error}")).into()
    })
}

async fn stored(
    platform: &Platform,
    sn: &TerminalSn,
) -> Result<Option<Versioned<Terminal>>, TillRefusal> {
    let found = platform.store.record(TERMINAL, sn.as_str()).await;
    let Some(found) = found.map_err(|error| platform.till_failed(&error))? else {
        return Ok(None);
    };
    let value = serde_json::from_str(&found.value)
        .map_err(|error| platform.unexpected(&format!("terminal {sn} is damaged: {error}")))?;
    Ok(Some(Versioned { value, version: found.version }))
}

fn opened(platform: &Platform, found: Versioned<Terminal>) -> Result<TerminalKeys, TillRefusal> {
    let Versioned { value: terminal, version } = found;
    let open = |sealed: &str| platform.sealer.open(TERMINAL_KEY, sealed);
    let current = open(&terminal.key_sealed)
        .ok_or_else(|| platform.unexpected("a terminal key was not sealed by this master key"))?;
    let previous = terminal.previous_key_sealed.as_deref().and_then(open);
    Ok(TerminalKeys { terminal: Arc::new(terminal), version, current, previous })
}

/// A document as JSON text; the types that are kept always have one.
fn body<T: serde::Serialize>(platform: &Platform, value: &T) -> Result<String, TillRefusal> {
    let text = serde_json::to_string(value);
    Ok(text.map_err(|error| platform.unexpected(&error.to_string()))?)
}
