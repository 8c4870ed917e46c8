//! Who may know whom: the walls of ARCHITECTURE.md as a table. Changing it is a decision that needs
//! a record in `docs/adr/`.

/// The crates a crate may name in its `[dependencies]`. Development dependencies are free, except
/// that nothing depends on the server. A crate that is missing here is an error.
pub(crate) const EDGES: &[(&str, &[&str])] = &[
    ("causeway-money", &[]),
    ("causeway-domain", &["causeway-money"]),
    ("causeway-rsa-raw", &[]),
    ("causeway-jose", &["causeway-rsa-raw"]),
    ("causeway-wire", &[]),
    ("causeway-app", &["causeway-money", "causeway-domain"]),
    ("causeway-dialect", &["causeway-money", "causeway-domain", "causeway-app", "causeway-wire"]),
    ("causeway-store", &["causeway-money", "causeway-domain", "causeway-app"]),
    ("causeway-egress", &[]),
    ("causeway-workers", &[]),
    (
        "causeway-delivery",
        &[
            "causeway-money",
            "causeway-domain",
            "causeway-app",
            "causeway-wire",
            "causeway-dialect",
            "causeway-jose",
            "causeway-egress",
            "causeway-workers",
        ],
    ),
    (
        "causeway-api",
        &[
            "causeway-money",
            "causeway-domain",
            "causeway-app",
            "causeway-wire",
            "causeway-dialect",
            "causeway-jose",
            "causeway-workers",
        ],
    ),
    ("causeway-sdk", &["causeway-wire", "causeway-jose", "causeway-egress"]),
    ("causeway-sandbox", &["causeway-sdk", "causeway-wire", "causeway-jose", "causeway-egress"]),
    // a partner from outside that happens to live in the same binary
    ("causeway-load", &["causeway-jose"]),
    ("causeway", ANY),
    ("causeway-tests", ANY),
    ("causeway-benches", ANY),
    ("causeway-sim", ANY),
    ("causeway-fuzz", ANY),
    // for the generated files
    ("xtask", &["causeway-domain", "causeway-wire"]),
];

/// Stands for every crate but the server.
pub(crate) const ANY: &[&str] = &["*"];

/// The binary; nothing may depend on it.
pub(crate) const SERVER: &str = "causeway";

/// Members that nobody depends on because they are run.
pub(crate) const RUN_BY_HAND: &[&str] =
    &[SERVER, "causeway-tests", "causeway-benches", "causeway-sim", "causeway-fuzz", "xtask"];

/// An outside crate that only some of our crates may name in their dependencies.
pub(crate) struct Reserved {
    pub(crate) outside: &'static str,
    pub(crate) only: &'static [&'static str],
    pub(crate) because: &'static str,
}

/// Outside crates with an owner.
pub(crate) const RESERVED: &[Reserved] = &[
    Reserved {
        outside: "rusqlite",
        only: &["causeway-store"],
        because: "only the store knows SQL; add a method to its port",
    },
    Reserved {
        outside: "tokio-postgres",
        only: &["causeway-store", "causeway-tests"],
        because: "only the store knows SQL; add a method to its port",
    },
    Reserved {
        outside: "hyper-util",
        only: &["causeway-egress", "causeway-api", "causeway-tests"],
        because: "egress calls out and api listens; all others go through them",
    },
    Reserved { outside: "md5", only: &[], because: "the weak hash lives in jose::terminal" },
    Reserved { outside: "md-5", only: &[], because: "the weak hash lives in jose::terminal" },
    Reserved { outside: "reqwest", only: &[], because: "use causeway-egress" },
    Reserved { outside: "ureq", only: &[], because: "use causeway-egress" },
    Reserved {
        outside: "aws-lc-sys",
        only: &["causeway-rsa-raw"],
        because: "unsafe code lives in rsa-raw alone",
    },
];

/// Crates that are pure, and what they may not name.
pub(crate) const PURE: &[&str] = &["causeway-money", "causeway-domain"];
pub(crate) const NOT_IN_PURE: &[&str] =
    &["tokio", "serde_json", "axum", "rusqlite", "hyper", "http", "async-trait", "tracing"];

/// Crates whose `lib.rs` must deny [`STRICT_LINTS`] in itself.
pub(crate) const STRICT: &[&str] =
    &["causeway-money", "causeway-domain", "causeway-jose", "causeway-app"];
pub(crate) const STRICT_LINTS: &[&str] = &[
    "clippy::unwrap_used",
    "clippy::indexing_slicing",
    "clippy::arithmetic_side_effects",
    "clippy::as_conversions",
];
