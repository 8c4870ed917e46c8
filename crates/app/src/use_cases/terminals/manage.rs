//! What an operator does with terminals: issue codes, look, disable.

use domain::ids::{MerchantId, StoreSn, TerminalSn, VendorSn};
use domain::terminal::{ActivationCode, Terminal, TerminalStatus};
use jiff::Timestamp;

use super::super::till::TillRefusal;
use super::{body, stored};
use crate::limits::{ACTIVATION_CODE_LIFE, NUMBER_TRIES_COUNT_MAX, PAGE_COUNT_MAX};
use crate::platform::Platform;
use crate::ports::store::{CommitOutcome, Store, StoreError};
use crate::records::{ACTIVATION_CODE, TERMINAL};
use crate::writeset::{Operation, RecordChange, RecordWrite, Versioned, WriteSet};

/// A code to issue.
#[derive(Debug, Clone)]
pub struct NewCode {
    /// The vendor that may use it.
    pub vendor: VendorSn,
    /// The store whose terminals it makes.
    pub store: StoreSn,
    /// How many terminals it is good for, at least 1.
    pub uses_count_max: u32,
}

/// Issues an activation code that lives seven days.
///
/// # Errors
/// [`TillRefusal::NoTerminal`] when there is no such vendor or store.
pub async fn issue_code(
    platform: &Platform,
    input: &NewCode,
) -> Result<ActivationCode, TillRefusal> {
    let directory = platform.directory.get();
    let known = directory.vendor(&input.vendor).is_some();
    let store = directory.store(&input.store).filter(|_| known && input.uses_count_max > 0);
    let merchant = store.map(|store| store.merchant.clone()).ok_or(TillRefusal::NoTerminal)?;
    for _ in 0..NUMBER_TRIES_COUNT_MAX {
        let code = fresh_code(
            platform.ids.digits(8),
            (&input.vendor, &merchant, &input.store),
            input.uses_count_max,
            platform.clock.now(),
        );
        if store_code(&*platform.store, &code).await.map_err(|e| platform.till_failed(&e))? {
            return Ok(code);
        }
    }
    Err(TillRefusal::Busy)
}

fn fresh_code(
    code: String,
    (vendor, merchant, store): (&VendorSn, &MerchantId, &StoreSn),
    uses_count_max: u32,
    now: Timestamp,
) -> ActivationCode {
    ActivationCode {
        code,
        vendor: vendor.clone(),
        merchant: merchant.clone(),
        store: store.clone(),
        uses_count_max,
        remaining: uses_count_max,
        issued_at: now,
        expires_at: now.checked_add(ACTIVATION_CODE_LIFE).unwrap_or(now),
    }
}

/// Keeps a code; `false` when there is one of the same digits.
///
/// # Errors
/// The store's.
pub async fn store_code(store: &dyn Store, code: &ActivationCode) -> Result<bool, StoreError> {
    let body = serde_json::to_string(code).map_err(|error| StoreError::Damaged {
        what: "activation code".to_owned(),
        reason: error.to_string(),
    })?;
    let particulars = serde_json::json!({
        "store": code.store,
        "vendor": code.vendor,
        "uses": code.uses_count_max,
    });
    let set = WriteSet {
        at: Some(code.issued_at),
        records: vec![RecordWrite {
            space: ACTIVATION_CODE,
            key: code.code.clone(),
            change: RecordChange::Insert { body, expires_at: None },
        }],
        // The code itself is a secret until it is used.
        operations: vec![Operation {
            stream: format!("store:{}", code.store),
            kind: "code_issued".to_owned(),
            body: particulars.to_string(),
        }],
        ..WriteSet::default()
    };
    Ok(store.commit(set).await? == CommitOutcome::Committed)
}

/// Activation codes by their digits, after the given one, a page at most.
///
/// # Errors
/// The store's.
pub async fn codes(
    store: &dyn Store,
    after: Option<&str>,
) -> Result<Vec<ActivationCode>, StoreError> {
    page(store, ACTIVATION_CODE, after).await
}

/// Terminals by their number, after the given one, a page at most.
///
/// # Errors
/// The store's.
pub async fn terminals(
    store: &dyn Store,
    after: Option<&str>,
) -> Result<Vec<Terminal>, StoreError> {
    page(store, TERMINAL, after).await
}

/// The terminals of a store of this page.
#[must_use]
pub fn terminals_of(page: Vec<Terminal>, store: &StoreSn) -> Vec<Terminal> {
    page.into_iter().filter(|terminal| &terminal.store == store).collect()
}

async fn page<T: serde::de::DeserializeOwned>(
    store: &dyn Store,
    space: &'static str,
    after: Option<&str>,
) -> Result<Vec<T>, StoreError> {
    let found = store.records(space, after, PAGE_COUNT_MAX).await?;
    let read = found.into_iter().map(|(key, document)| {
        serde_json::from_str(&document.value).map_err(|error| StoreError::Damaged {
            what: format!("{space} {key}"),
            reason: error.to_string(),
        })
    });
    read.collect()
}

/// Disables a terminal or serves it again.
///
/// # Errors
/// [`TillRefusal::NoTerminal`] when there is none; [`TillRefusal::Busy`] when it kept changing.
pub async fn set_terminal_status(
    platform: &Platform,
    sn: &TerminalSn,
    status: TerminalStatus,
) -> Result<Terminal, TillRefusal> {
    for _ in 0..NUMBER_TRIES_COUNT_MAX {
        let found = stored(platform, sn).await?.ok_or(TillRefusal::NoTerminal)?;
        let Versioned { value: mut terminal, version } = found;
        terminal.status = status;
        let kind = match status {
            TerminalStatus::Active => "enabled",
            TerminalStatus::Disabled => "disabled",
        };
        let change = RecordChange::Replace {
            body: body(platform, &terminal)?,
            expected: version,
            expires_at: None,
        };
        let set = WriteSet {
            at: Some(platform.clock.now()),
            records: vec![RecordWrite { space: TERMINAL, key: sn.to_string(), change }],
            operations: vec![Operation {
                stream: format!("terminal:{sn}"),
                kind: kind.to_owned(),
                body: "{}".to_owned(),
            }],
            ..WriteSet::default()
        };
        let committed = platform.store.commit(set).await;
        if committed.map_err(|e| platform.till_failed(&e))? == CommitOutcome::Committed {
            platform.terminals.clear();
            return Ok(terminal);
        }
    }
    Err(TillRefusal::Busy)
}
