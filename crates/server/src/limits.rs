//! The bounds of this crate.

use std::time::Duration;

/// The longest file that an offline tool reads: the bound of a message body (security.md 1).
pub(crate) const MESSAGE_BYTES_MAX: usize = 256 * 1024;
/// The longest configuration, directory or credentials file.
pub(crate) const CONFIG_BYTES_MAX: usize = 4 * 1024 * 1024;
/// How long a shutdown may take until the rest is left to the leases.
pub(crate) const SHUTDOWN_SECONDS_MAX: u64 = 50;
/// How long a node that is told to end may be draining.
pub(crate) const DRAIN_SECONDS_MAX: u64 = 300;
/// The longest body of the simulation API.
pub(crate) const SIMULATION_BODY_BYTES_MAX: usize = 16 * 1024;
/// The furthest that one call moves the sandbox's clock: two years.
pub(crate) const CLOCK_ADVANCE_SECONDS_MAX: i64 = 2 * 366 * 24 * 3_600;
/// How many orders a `order=` of the simulation API may name.
pub(crate) const ORDERS_NAMED_COUNT_MAX: usize = 10;
/// How long a client command waits for the sandbox.
pub(crate) const CLIENT_TIMEOUT: Duration = Duration::from_secs(110);
/// Validity of the certificates that are made here.
pub(crate) const CERTIFICATE_DAYS: u32 = 3 * 365;
/// How many times four free consecutive ports are looked for.
pub(crate) const PORT_SEARCH_COUNT_MAX: u32 = 64;
/// Records read at once when a space is listed.
pub(crate) const RECORDS_COUNT_MAX: usize = 256;
/// The most that the logs of all terminals take on one day.
pub(crate) const TERMINAL_LOGS_DAY_BYTES_MAX: u64 = 1024 * 1024 * 1024;
/// How often a node looks whether another one changed the directory.
pub(crate) const DIRECTORY_POLL: Duration = Duration::from_secs(2);
/// How often a directory is imported anew when another node changed it at the same time.
pub(crate) const IMPORT_ATTEMPTS_MAX: usize = 5;
/// The longest word that names a kind of store.
pub(crate) const STORE_KIND_BYTES_MAX: usize = 64;
