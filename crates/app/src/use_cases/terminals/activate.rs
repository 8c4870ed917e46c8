//! Activation: a code becomes a terminal with its first key (upay.md section 4.1).

use domain::ids::{TerminalSn, VendorAppId, VendorSn};
use domain::terminal::{ActivationCode, Terminal, TerminalStatus};
use jiff::Timestamp;

use super::super::till::TillRefusal;
use super::{Credentials, TERMINAL_KEY, body};
use crate::limits::STALE_RETRIES_COUNT_MAX;
use crate::platform::Platform;
use crate::ports::store::{CommitOutcome, Duplicate};
use crate::records::{ACTIVATION_CODE, TERMINAL, TERMINAL_CLIENT, TERMINAL_DEVICE};
use crate::writeset::{Operation, RecordChange, RecordWrite, Versioned, WriteSet};

/// What a vendor's device asks for.
#[derive(Debug, Clone)]
pub struct Activation {
    /// `app_id`.
    pub app_id: VendorAppId,
    /// `code`.
    pub code: String,
    /// `device_id`.
    pub device_id: String,
    /// `client_sn`: the caller's own number of the terminal.
    pub client_sn: Option<String>,
    /// `name`.
    pub name: Option<String>,
}

/// Why a terminal was not activated; the code keeps its count.
#[derive(Debug, thiserror::Error)]
pub enum ActivationRefusal {
    /// There is no such code for this vendor.
    #[error("unknown activation code")]
    UnknownCode,
    /// It made as many terminals as it was good for.
    #[error("the activation code is used up")]
    UsedUp,
    /// Its seven days are over.
    #[error("the activation code expired")]
    Expired,
    /// The device was activated before, and that is allowed once only here.
    #[error("device_id was activated before")]
    DeviceTaken,
    /// The caller's number is in use within the app.
    #[error("client_sn was used before")]
    ClientSnTaken,
    /// The app is not one of this vendor's.
    #[error("unknown app_id")]
    UnknownApp,
    /// Overload or an unexpected failure.
    #[error(transparent)]
    Failed(#[from] TillRefusal),
}

impl From<crate::refusal::Refusal> for ActivationRefusal {
    fn from(refusal: crate::refusal::Refusal) -> Self {
        Self::Failed(refusal.into())
    }
}

/// Makes a terminal of the code's store. The count goes down in the same write set, so that many
/// activations at once never exceed it, and a refused one does not count.
///
/// # Errors
/// An [`ActivationRefusal`].
pub async fn activate(
    platform: &Platform,
    vendor: &VendorSn,
    input: Activation,
) -> Result<Credentials, ActivationRefusal> {
    let directory = platform.directory.get();
    let apps = directory.vendor(vendor).map(|vendor| vendor.apps.as_slice()).unwrap_or_default();
    if !apps.iter().any(|app| app.id == input.app_id) {
        return Err(ActivationRefusal::UnknownApp);
    }
    let _flight = platform.enter(format!("code:{}", input.code)).await?;
    for _ in 0..STALE_RETRIES_COUNT_MAX {
        let now = platform.clock.now();
        let code = usable(platform, vendor, &input.code, now).await?;
        let key = platform.ids.terminal_key();
        let terminal = terminal(platform, &input, &code.value, &key, now);
        let set = write_set(platform, &input, code, &terminal, now)?;
        match platform.store.commit(set).await {
            Ok(CommitOutcome::Committed) => {
                return Ok(Credentials { sn: terminal.sn, key });
            }
            Ok(CommitOutcome::Duplicate(Duplicate::Taken(what))) => {
                if what.starts_with(TERMINAL_CLIENT) {
                    return Err(ActivationRefusal::ClientSnTaken);
                }
                if what.starts_with(TERMINAL_DEVICE) {
                    return Err(ActivationRefusal::DeviceTaken);
                }
            }
            Ok(CommitOutcome::Stale | CommitOutcome::Duplicate(_)) => {}
            Err(error) => return Err(platform.till_failed(&error).into()),
        }
    }
    Err(TillRefusal::Busy.into())
}

/// The code, if it can make one more terminal now.
async fn usable(
    platform: &Platform,
    vendor: &VendorSn,
    code: &str,
    now: Timestamp,
) -> Result<Versioned<ActivationCode>, ActivationRefusal> {
    let found = platform.store.record(ACTIVATION_CODE, code).await;
    let found = found.map_err(|error| platform.till_failed(&error))?;
    let found = found.ok_or(ActivationRefusal::UnknownCode)?;
    let value: ActivationCode = serde_json::from_str(&found.value)
        .map_err(|error| platform.unexpected(&format!("a code is damaged: {error}")))?;
    if &value.vendor != vendor {
        return Err(ActivationRefusal::UnknownCode);
    }
    if now >= value.expires_at {
        return Err(ActivationRefusal::Expired);
    }
    if value.remaining == 0 {
        return Err(ActivationRefusal::UsedUp);
    }
    Ok(Versioned { value, version: found.version })
}

fn terminal(
    platform: &Platform,
    input: &Activation,
    code: &ActivationCode,
    key: &str,
    now: Timestamp,
) -> Terminal {
    Terminal {
        // Digits that do not begin with a zero, which a caller might lose.
        sn: TerminalSn::new(format!("1{}", platform.ids.digits(15))),
        vendor: code.vendor.clone(),
        app: input.app_id.clone(),
        merchant: code.merchant.clone(),
        store: code.store.clone(),
        device_id: input.device_id.clone(),
        client_sn: input.client_sn.clone(),
        name: input.name.clone(),
        status: TerminalStatus::Active,
        key_sealed: platform.sealer.seal(TERMINAL_KEY, key),
        previous_key_sealed: None,
        activated_at: now,
        checked_in_at: None,
    }
}

fn write_set(
    platform: &Platform,
    input: &Activation,
    code: Versioned<ActivationCode>,
    terminal: &Terminal,
    now: Timestamp,
) -> Result<WriteSet, TillRefusal> {
    let Versioned { value: mut code, version } = code;
    code.remaining = code.remaining.saturating_sub(1);
    let insert = |space, key: String, body: String| RecordWrite {
        space,
        key,
        change: RecordChange::Insert { body, expires_at: None },
    };
    let sn = terminal.sn.to_string();
    let mut records = vec![
        insert(TERMINAL, sn.clone(), body(platform, terminal)?),
        RecordWrite {
            space: ACTIVATION_CODE,
            key: code.code.clone(),
            change: RecordChange::Replace {
                body: body(platform, &code)?,
                expected: version,
                expires_at: None,
            },
        },
    ];
    if let Some(client_sn) = &input.client_sn {
        let key = format!("{}/{client_sn}", input.app_id);
        records.push(insert(TERMINAL_CLIENT, key, sn.clone()));
    }
    if platform.settings.terminals.unique_device {
        let key = format!("{}/{}", input.app_id, input.device_id);
        records.push(insert(TERMINAL_DEVICE, key, sn.clone()));
    }
    let particulars = serde_json::json!({ "store": code.store, "app": input.app_id });
    Ok(WriteSet {
        at: Some(now),
        records,
        operations: vec![Operation {
            stream: format!("terminal:{sn}"),
            kind: "activated".to_owned(),
            body: particulars.to_string(),
        }],
        ..WriteSet::default()
    })
}
