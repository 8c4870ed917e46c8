//! The only outbound HTTP client of the platform.
//!
//! Goal: whatever the platform calls (partners' notice addresses, the downstream payment system, a
//! simulated partner), it calls from here, under one address policy and one set of bounds.
//!
//! What holds (section 7 of the security rules):
//! - A host is resolved once for a connection; every address found is judged by [`Policy`] and the
//!   connection goes to one of the judged addresses. Literal addresses take the same way.
//! - Redirects are never followed and no proxy is ever used: a 3xx answer is an answer.
//! - Time, answer size, open connections and idle connections are bounded by [`Limits`].
//! - An error knows whether the request may have left ([`EgressError::maybe_sent`]): a payment
//!   whose call surely stayed here may be tried again, and any other may not.
//!
//! What it must not know: payments, messages, signatures. It carries bytes.

mod address;
mod client;
mod connect;
mod error;
mod gate;
pub mod limits;
mod policy;
mod request;
mod tls;

pub use address::AddressKind;
pub use client::Client;
pub use error::{EgressError, Phase, Refusal};
pub use limits::Limits;
pub use policy::{Cidr, CidrError, Policy};
pub use request::{Request, Response};

// The vocabulary of the public types, so that callers need no dependency of their own for it.
pub use bytes::Bytes;
pub use http::{HeaderMap, Method};
