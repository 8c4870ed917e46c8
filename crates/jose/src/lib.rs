//! Detached JWS, JWE, in-body signatures, certificates, key ring and the diagnoser.
//!
//! Goal: all that the platform and its partners need to trust bytes (security 1 to 5),
//! with one way to do each thing and one error outward.
//!
//! Invariants: nothing here reads a clock, a file or the network; time comes in as an
//! argument, randomness from the system generator. Secrets are wiped when dropped and have
//! no `Debug`. Every input is bounded by a constant of [`limits`].
//!
//! Must not know: HTTP, the store, the fields of any message but `certificateSignature`.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        clippy::as_conversions
    )
)]

pub mod cert;
pub mod diagnose;
mod encode;
pub mod inbody;
pub mod jwe;
pub mod jws;
pub mod keyring;
pub mod limits;
pub mod mac;
pub mod seal;
pub mod secret;
pub mod terminal;

#[cfg(test)]
mod testing;
