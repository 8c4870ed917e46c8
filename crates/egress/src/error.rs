//! What can go wrong on the way out, and whether the request may have left.

use std::sync::Arc;

use crate::address::AddressKind;

/// Why the policy refuses a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The scheme is `http` and plain HTTP is not allowed.
    #[error("plain http is not allowed")]
    PlainHttp,
    /// The host is, or resolves to, an address that may not be called.
    #[error("its address is {0}")]
    Address(AddressKind),
    /// The host has more addresses than [`crate::limits::ADDRESSES_PER_HOST_MAX`].
    #[error("it has too many addresses")]
    TooManyAddresses,
}

/// How far an exchange had come when its time was over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// It waited for one of the bounded connections.
    Queued,
    /// It had no connection yet.
    Connecting,
    /// It was on a connection: sending, or waiting for the answer.
    Exchanging,
}

/// An exchange that gave no complete answer, or a client that could not be made.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum EgressError {
    /// The URL is not an absolute http(s) URL with a host and without user information.
    #[error("the URL cannot be called: {reason}")]
    BadUrl {
        /// Which rule it breaks.
        reason: &'static str,
    },
    /// A header, the method or the size of the request is not acceptable.
    #[error("the request cannot be sent: {reason}")]
    BadRequest {
        /// Which rule it breaks.
        reason: &'static str,
    },
    /// The address policy does not allow this call.
    #[error("{host} may not be called: {reason}")]
    Forbidden {
        /// Host of the URL.
        host: String,
        /// The rule.
        reason: Refusal,
    },
    /// The host name has no address, or the name service gave no answer.
    #[error("{host} cannot be resolved")]
    Resolve {
        /// Host of the URL.
        host: String,
        /// What the system said.
        #[source]
        source: Arc<std::io::Error>,
    },
    /// No address of the host accepts connections.
    #[error("{host} accepts no connection")]
    Connect {
        /// Host of the URL.
        host: String,
        /// What the last address said.
        #[source]
        source: Arc<std::io::Error>,
    },
    /// The TLS handshake failed: untrusted or wrong certificate, or no TLS at all.
    #[error("no trusted TLS connection to {host}")]
    Tls {
        /// Host of the URL.
        host: String,
        /// What the TLS library said.
        #[source]
        source: Arc<std::io::Error>,
    },
    /// The time for the exchange is over.
    #[error("{host} gave no complete answer in time")]
    Timeout {
        /// Host of the URL.
        host: String,
        /// How far it had come.
        phase: Phase,
    },
    /// The connection closed before the request was begun.
    #[error("{host} closed the connection before the request began")]
    NotStarted {
        /// Host of the URL.
        host: String,
    },
    /// The answer's head or body is larger than allowed.
    #[error("the answer of {host} is larger than allowed")]
    TooLarge {
        /// Host of the URL.
        host: String,
    },
    /// The other side broke off, or what it sent is not HTTP.
    #[error("the exchange with {host} broke: {detail}")]
    Protocol {
        /// Host of the URL.
        host: String,
        /// What the HTTP library said, without any content of the exchange.
        detail: String,
    },
    /// The configured extra certificate authorities cannot be read.
    #[error("the extra certificate authorities cannot be read: {detail}")]
    BadAuthorities {
        /// What is wrong with the PEM text.
        detail: String,
    },
    /// The TLS configuration cannot be made.
    #[error("TLS cannot be set up: {detail}")]
    TlsSetup {
        /// What the TLS library said.
        detail: String,
    },
}

impl EgressError {
    /// `false` only if it is certain that not one byte of the request left this machine.
    ///
    /// Whoever moves money by the call may treat `false` as "not done" and must treat `true` as
    /// "unknown".
    #[must_use]
    pub fn maybe_sent(&self) -> bool {
        match self {
            Self::BadUrl { .. }
            | Self::BadRequest { .. }
            | Self::Forbidden { .. }
            | Self::Resolve { .. }
            | Self::Connect { .. }
            | Self::Tls { .. }
            | Self::NotStarted { .. }
            | Self::BadAuthorities { .. }
            | Self::TlsSetup { .. }
            | Self::Timeout { phase: Phase::Queued | Phase::Connecting, .. } => false,
            Self::Timeout { phase: Phase::Exchanging, .. }
            | Self::TooLarge { .. }
            | Self::Protocol { .. } => true,
        }
    }
}
