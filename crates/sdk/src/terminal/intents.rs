//! Sales and refunds on disk, from before their request leaves until they are booked.

use std::path::PathBuf;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{PayEnd, RefundEnd, TerminalError, files};
use crate::limits::{CLIENT_SN_BYTES_MAX, INTENTS_MAX};

/// A sale or refund that was begun and is not booked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intent {
    /// The till's number of the sale.
    pub client_sn: String,
    /// What was begun.
    pub kind: IntentKind,
    /// In cents.
    pub amount: u64,
    /// When.
    pub begun_at: Timestamp,
    /// How it ended, if that is known.
    pub end: Option<Ending>,
}

/// What was begun.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IntentKind {
    /// A barcode payment.
    Pay,
    /// An order that the payer scans.
    Precreate,
    /// A refund.
    Refund {
        /// The server's number of the order, if it was named so.
        sn: Option<String>,
        /// Its number.
        refund_request_no: String,
        /// Who gives back.
        operator: Option<String>,
    },
}

/// How something ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// A sale.
    Sale(PayEnd),
    /// A refund.
    Refund(RefundEnd),
}

impl Intent {
    /// The name of its file: a number may hold any byte, so it is written as hex.
    fn file_name(&self) -> String {
        let number = hex(&self.client_sn);
        match &self.kind {
            IntentKind::Pay | IntentKind::Precreate => format!("sale-{number}.json"),
            IntentKind::Refund { sn, refund_request_no, .. } => {
                let order = sn.as_deref().map_or(number, hex);
                format!("refund-{order}-{}.json", hex(refund_request_no))
            }
        }
    }
}

fn hex(text: &str) -> String {
    text.bytes().fold(String::new(), |all, byte| format!("{all}{byte:02x}"))
}

/// The folder of the intents.
pub(crate) struct IntentBox {
    folder: PathBuf,
}

impl IntentBox {
    pub(crate) fn open(folder: PathBuf) -> Result<Self, TerminalError> {
        files::make_folder(&folder)?;
        Ok(Self { folder })
    }

    fn file(&self, intent: &Intent) -> Result<PathBuf, TerminalError> {
        if intent.client_sn.len() > CLIENT_SN_BYTES_MAX {
            return Err(TerminalError::Prepare { reason: "client_sn is too long" });
        }
        Ok(self.folder.join(intent.file_name()))
    }

    /// Writes a new intent.
    pub(crate) fn begin(&self, intent: &Intent) -> Result<(), TerminalError> {
        let file = self.file(intent)?;
        if files::read::<Intent>(&file)?.is_some() {
            return Err(TerminalError::SaleExists { client_sn: intent.client_sn.clone() });
        }
        files::write(&file, intent)
    }

    /// The intent of this number and kind, if it was begun before.
    pub(crate) fn find(&self, like: &Intent) -> Result<Option<Intent>, TerminalError> {
        files::read(&self.file(like)?)
    }

    /// Writes how it ended.
    pub(crate) fn end(&self, intent: &Intent, end: Ending) -> Result<(), TerminalError> {
        files::write(&self.file(intent)?, &Intent { end: Some(end), ..intent.clone() })
    }

    /// Forgets it.
    pub(crate) fn settle(&self, intent: &Intent) -> Result<(), TerminalError> {
        files::remove(&self.file(intent)?)
    }

    /// All, oldest first, at most [`INTENTS_MAX`].
    pub(crate) fn all(&self) -> Result<Vec<Intent>, TerminalError> {
        let failed = |source| files::failed(&self.folder, source);
        let mut found = Vec::new();
        for entry in std::fs::read_dir(&self.folder).map_err(failed)?.take(INTENTS_MAX) {
            let file = entry.map_err(failed)?.path();
            if file.extension().is_some_and(|end| end == "json") {
                found.extend(files::read::<Intent>(&file)?);
            }
        }
        found.sort_by_key(|intent| intent.begun_at);
        Ok(found)
    }
}
