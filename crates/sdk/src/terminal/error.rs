//! What is known when a call of a terminal has no answer to give.

use std::io;
use std::path::PathBuf;

use egress::EgressError;

use crate::error::Certainty;

/// A call that did not end with the protocol's inner answer.
#[derive(Debug, thiserror::Error)]
pub enum TerminalError {
    /// A file of the till cannot be read or written. Nothing was sent since.
    #[error("the till's file {}", file.display())]
    File {
        /// Which.
        file: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// Another process uses this folder: two would take each other's keys away.
    #[error("another program uses the till's folder {}", folder.display())]
    Taken {
        /// Which.
        folder: PathBuf,
    },
    /// There is a sale with this number already.
    #[error("there is a sale {client_sn} already")]
    SaleExists {
        /// `client_sn`.
        client_sn: String,
    },
    /// A field cannot be sent; nothing was.
    #[error("{reason}")]
    Prepare {
        /// What is wrong.
        reason: &'static str,
    },
    /// Not one byte of the request left this machine.
    #[error("the server could not be reached")]
    NotSent(#[source] EgressError),
    /// The request may have arrived; there is no answer.
    #[error("the answer of the server was lost")]
    Lost(#[source] EgressError),
    /// There is an answer that cannot be understood, so it counts as none.
    #[error("the answer of the server (HTTP {status}) cannot be understood")]
    Unreadable {
        /// HTTP status.
        status: u16,
    },
    /// The outer code is not 200 (`upay.md` 10.1).
    #[error("{result_code} {error_code} {error_message}")]
    Refused {
        /// 400: not accepted, nothing was done. 500: it may have been.
        result_code: String,
        /// Such as `ILLEGAL_SIGN`; empty when it is missing.
        error_code: String,
        /// For people.
        error_message: String,
    },
}

impl TerminalError {
    /// What is known about the request.
    #[must_use]
    pub fn certainty(&self) -> Certainty {
        match self {
            Self::File { .. }
            | Self::Taken { .. }
            | Self::SaleExists { .. }
            | Self::Prepare { .. }
            | Self::NotSent(_) => Certainty::NothingDone,
            Self::Refused { result_code, .. } if result_code == "400" => Certainty::NothingDone,
            Self::Lost(_) | Self::Unreadable { .. } | Self::Refused { .. } => Certainty::Unknown,
        }
    }

    /// The protocol's `error_code`, if the server gave one.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Refused { error_code, .. } => Some(error_code),
            Self::File { .. }
            | Self::Taken { .. }
            | Self::SaleExists { .. }
            | Self::Prepare { .. }
            | Self::NotSent(_)
            | Self::Lost(_)
            | Self::Unreadable { .. } => None,
        }
    }
}

impl From<EgressError> for TerminalError {
    fn from(error: EgressError) -> Self {
        if error.maybe_sent() { Self::Lost(error) } else { Self::NotSent(error) }
    }
}
