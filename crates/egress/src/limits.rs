//! Every bound of the client, in one place.
//!
//! The constants are hard; [`Limits`] is what a configuration may choose below them.

use std::time::Duration;

/// Longest accepted URL, in bytes. UCSP addresses are at most 256 characters; the rest is room for
/// query strings.
pub const URL_BYTES_MAX: usize = 4096;

/// Largest request body, in bytes: the log that a terminal hands in (upay.md section 4.4). Messages
/// are bounded by their own protocols, at 256 KiB and less.
pub const REQUEST_BYTES_MAX: usize = 10 * 1024 * 1024;

/// Most headers a caller may set on one request.
pub const REQUEST_HEADERS_MAX: usize = 32;

/// Largest answer head (status line and headers), in bytes.
pub const RESPONSE_HEAD_BYTES_MAX: usize = 32 * 1024;

/// Most headers accepted in one answer.
pub const RESPONSE_HEADERS_MAX: usize = 100;

/// Most addresses of one host that are looked at; a host with more is refused.
pub const ADDRESSES_PER_HOST_MAX: usize = 16;

/// Longest time a caller may ask for one exchange, in seconds.
pub const TIMEOUT_SECONDS_MAX: u64 = 120;

/// Number of hosts remembered by the connection bounds before unused ones are forgotten.
pub const HOSTS_REMEMBERED_MAX: usize = 1024;

/// What one client may spend.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Time for name resolution, connection and TLS handshake together.
    pub connect: Duration,
    /// Time for the whole exchange: waiting for a free connection, connecting, sending and reading
    /// the answer to its last byte. A request may ask for another time, at most
    /// [`TIMEOUT_SECONDS_MAX`].
    pub total: Duration,
    /// Largest answer body, in bytes.
    pub response_bytes_max: usize,
    /// Exchanges with one host and port at the same time. Others wait, and give up when their time
    /// is over.
    pub connections_per_host_max: usize,
    /// Exchanges with all hosts together at the same time.
    pub connections_max: usize,
    /// Open connections that wait for reuse, for one host.
    pub idle_per_host_max: usize,
    /// How long a connection waits for reuse before it is closed.
    pub idle: Duration,
}

impl Default for Limits {
    /// Bounds that suit partners on the open internet.
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            total: Duration::from_secs(15),
            response_bytes_max: 1024 * 1024,
            connections_per_host_max: 32,
            connections_max: 512,
            idle_per_host_max: 16,
            idle: Duration::from_secs(30),
        }
    }
}
