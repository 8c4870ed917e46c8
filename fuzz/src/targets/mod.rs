//! The table of targets. A new one is a module with `run` and `seeds`, and a row here.

mod certificates;
mod documents;
mod http;
mod in_body;
mod jwe;
mod jws;
mod messages;
mod orders;
mod partner;
mod secrets;
mod texts;
mod ucsp;
mod upay;
mod write_sets;

use crate::limits::{REPLAY_MUTATIONS, REPLAY_MUTATIONS_SLOW};

/// One target.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Its name: of its folder in `corpus/`, and for `--target`.
    pub name: &'static str,
    /// What it holds against what.
    pub about: &'static str,
    /// Takes any bytes; panics when a rule is broken.
    pub run: fn(&[u8]),
    /// Mutations of the kept inputs that a test run makes: fewer where each takes longer.
    pub mutations: u64,
    /// Inputs to begin with, named, from the vectors and the generators.
    pub seeds: fn() -> Vec<(String, Vec<u8>)>,
}

/// All targets.
pub const TARGETS: &[Target] = &[
    Target {
        name: "ucsp",
        about: "every UCSP message and shape: all faults listed, what is read is written alike",
        run: ucsp::run,
        mutations: REPLAY_MUTATIONS,
        seeds: ucsp::seeds,
    },
    Target {
        name: "upay",
        about: "every Upay call, reply, callback and query, and what the use cases are told",
        run: upay::run,
        mutations: REPLAY_MUTATIONS,
        seeds: upay::seeds,
    },
    Target {
        name: "jws",
        about: "UPI-JWS, request and answer, with the diagnoser: only what was signed is accepted",
        run: jws::run,
        mutations: REPLAY_MUTATIONS,
        seeds: jws::seeds,
    },
    Target {
        name: "jwe",
        about: "both profiles of JWE: one error for all that is wrong inside",
        run: jwe::run,
        mutations: REPLAY_MUTATIONS,
        seeds: jwe::seeds,
    },
    Target {
        name: "in_body",
        about: "the signature in the body, both forms: only what was signed is accepted",
        run: in_body::run,
        mutations: REPLAY_MUTATIONS,
        seeds: in_body::seeds,
    },
    Target {
        name: "certificates",
        about: "certificates and keys in PEM, DER and base64: only what exists is accepted",
        run: certificates::run,
        mutations: REPLAY_MUTATIONS,
        seeds: certificates::seeds,
    },
    Target {
        name: "orders",
        about: "the state table under any commands, both origins, against a second book of account",
        run: orders::run,
        mutations: REPLAY_MUTATIONS,
        seeds: orders::seeds,
    },
    Target {
        name: "documents",
        about: "what stores keep as JSON: orders, events, notices, tasks, records",
        run: documents::run,
        mutations: REPLAY_MUTATIONS,
        seeds: documents::seeds,
    },
    Target {
        name: "messages",
        about: "wallets, downstream systems and callbacks: read, kept within bounds, authenticated",
        run: messages::run,
        mutations: REPLAY_MUTATIONS,
        seeds: messages::seeds,
    },
    Target {
        name: "http",
        about: "whole requests to every route: no 5xx, and a stranger changes nothing",
        run: http::run,
        mutations: REPLAY_MUTATIONS,
        seeds: http::seeds,
    },
    Target {
        name: "secrets",
        about: "secrets at rest, terminal signatures, the key ring",
        run: secrets::run,
        mutations: REPLAY_MUTATIONS,
        seeds: secrets::seeds,
    },
    Target {
        name: "texts",
        about: "amounts, times, ranges, URLs: the calendar, the closed addresses, no secret told",
        run: texts::run,
        mutations: REPLAY_MUTATIONS,
        seeds: texts::seeds,
    },
    Target {
        name: "partner",
        about: "what the client libraries receive: signed by the platform, and once",
        run: partner::run,
        mutations: REPLAY_MUTATIONS,
        seeds: partner::seeds,
    },
    Target {
        name: "write_sets",
        about: "write sets with any texts through SQLite's rows, against the model",
        run: write_sets::run,
        mutations: REPLAY_MUTATIONS_SLOW,
        seeds: write_sets::seeds,
    },
];

/// The target of this name.
#[must_use]
pub fn target(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}
