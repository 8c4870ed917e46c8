//! Keys of the installation: the master key, the platform's identities, the partners' certificates.
//!
//! Goal: private keys lie in the store sealed under the master key and nowhere else; what a
//! request needs is parsed once and shared.

pub(crate) mod generate;
pub(crate) mod master;
pub(crate) mod ring;
pub(crate) mod sealer;
pub(crate) mod stored;

pub(crate) use generate::{KeyPlan, generate_all};
pub(crate) use ring::PlatformKeys;
pub(crate) use sealer::MasterSealer;
