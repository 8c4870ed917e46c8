//! Check-in: the key is changed; the new one and the one just replaced are both accepted.
//!
//! A lost answer leaves the caller with the key that is now the previous one: it signs the next
//! check-in with it and gets another new key (upay.md section 4.3). A crash between commit and
//! answer is the same case.

use domain::ids::TerminalSn;
use domain::terminal::TerminalStatus;

use super::super::till::TillRefusal;
use super::{Credentials, TERMINAL_KEY, body, opened, stored};
use crate::limits::STALE_RETRIES_COUNT_MAX;
use crate::platform::Platform;
use crate::ports::store::CommitOutcome;
use crate::writeset::{RecordChange, RecordWrite, Versioned, WriteSet};

/// Why a terminal was not checked in; its keys did not change.
#[derive(Debug, thiserror::Error)]
pub enum CheckInRefusal {
    /// `device_id` is not the one that was activated.
    #[error("device_id is not the activated one")]
    WrongDevice,
    /// The key that signed was replaced meanwhile by two check-ins.
    #[error("the key was replaced meanwhile")]
    KeyReplaced,
    /// An operator disabled the terminal.
    #[error("the terminal is disabled")]
    Disabled,
    /// Overload or an unexpected failure.
    #[error(transparent)]
    Failed(#[from] TillRefusal),
}

impl From<crate::refusal::Refusal> for CheckInRefusal {
    fn from(refusal: crate::refusal::Refusal) -> Self {
        Self::Failed(refusal.into())
    }
}

/// Gives the terminal a new key. `signed_by` is the key that the request was signed with: under
/// concurrent check-ins it is looked at again, so that a replaced key changes nothing.
///
/// # Errors
/// A [`CheckInRefusal`].
pub async fn check_in(
    platform: &Platform,
    sn: &TerminalSn,
    device_id: &str,
    signed_by: &str,
) -> Result<Credentials, CheckInRefusal> {
    let _flight = platform.enter(format!("terminal:{sn}")).await?;
    for _ in 0..STALE_RETRIES_COUNT_MAX {
        let found = stored(platform, sn).await?.ok_or(TillRefusal::NoTerminal)?;
        let Versioned { value: mut terminal, version } = found;
        if terminal.device_id != device_id {
            return Err(CheckInRefusal::WrongDevice);
        }
        if terminal.status == TerminalStatus::Disabled {
            return Err(CheckInRefusal::Disabled);
        }
        let keys = opened(platform, Versioned { value: terminal.clone(), version })?;
        if keys.current != signed_by && keys.previous.as_deref() != Some(signed_by) {
            return Err(CheckInRefusal::KeyReplaced);
        }
        let key = platform.ids.terminal_key();
        let sealed = platform.sealer.seal(TERMINAL_KEY, &key);
        let now = platform.clock.now();
        terminal.previous_key_sealed = Some(std::mem::replace(&mut terminal.key_sealed, sealed));
        terminal.checked_in_at = Some(now);
        let change = RecordChange::Replace {
            body: body(platform, &terminal)?,
            expected: version,
            expires_at: None,
        };
        let set = WriteSet {
            at: Some(now),
            records: vec![RecordWrite {
                space: crate::records::TERMINAL,
                key: sn.to_string(),
                change,
            }],
            ..WriteSet::default()
        };
        match platform.store.commit(set).await {
            Ok(CommitOutcome::Committed) => {
                let after = Versioned { value: terminal, version: version.saturating_add(1) };
                let keys = opened(platform, after)?;
                platform.terminals.put(keys.into(), platform.clock.real_now());
                return Ok(Credentials { sn: sn.clone(), key });
            }
            Ok(CommitOutcome::Stale | CommitOutcome::Duplicate(_)) => {}
            Err(error) => return Err(platform.till_failed(&error).into()),
        }
    }
    Err(TillRefusal::Busy.into())
}
