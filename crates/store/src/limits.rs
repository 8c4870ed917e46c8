//! The bounds of this crate.

use std::time::Duration;

use jiff::SignedDuration;

/// Write sets and control calls that wait for the writer; one more is refused as overloaded.
pub const QUEUE_COUNT_MAX: usize = 2_048;
/// Write sets that share one transaction.
pub const BATCH_COUNT_MAX: usize = 256;
/// Parts of one kind in a write set, such as tasks; a larger set is a fault of the program.
pub const PARTS_COUNT_MAX: usize = 1_024;
/// The largest text in one column: an order, an event, a document.
pub const BODY_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Entries in one answer, whatever the caller asked for.
pub const ANSWER_COUNT_MAX: usize = 10_000;
/// Orders that `find_orders` names.
pub const FOUND_COUNT_MAX: usize = 10;
/// Places that are tried for a key whose digest another key has; two in a row are rare.
pub const DIGEST_TRIES_COUNT_MAX: usize = 1_024;
/// Rows that one step of `forget_expired` takes away; other write sets go in between.
pub const FORGET_COUNT_MAX: usize = 2_000;

/// Connections for reads that touch a few rows.
pub const READERS_COUNT: usize = 4;
/// Connections for reads that go over many rows, off the async threads.
pub const SCANNERS_COUNT: usize = 2;
/// Page cache of the writer.
pub const WRITER_CACHE_KIB: i64 = 32 * 1024;
/// Page cache of each reader; every commit empties it, so that more would not be used.
pub const READER_CACHE_KIB: i64 = 2 * 1024;
/// Prepared statements that a connection keeps.
pub const STATEMENTS_COUNT_MAX: usize = 64;
/// How long a connection waits for a lock that another process holds.
pub const LOCK_WAIT: Duration = Duration::from_secs(5);

/// Pages that wait in the write-ahead log until they are copied into the database beside the
/// writing. Many at once cost a little less, since a page that was written often is copied once;
/// but commits wait behind them for the disk: with 4 000 the slowest hundredth takes half as long
/// again.
pub const COPY_PAGES: usize = 1_024;
/// Pages in the write-ahead log from which on it is to begin anew.
pub const CHECKPOINT_PAGES: usize = 16_384;
/// Pages that the writer itself copies at most, so that the log begins anew, unless nobody else
/// came to it.
pub const WRITER_PAGES_MAX: usize = 512;
/// Pages in the write-ahead log from which on the writer itself copies the rest, so that the log
/// begins anew and never grows on.
pub const LOG_PAGES_MAX: usize = 32_768;
/// The writer looks at the size of the log after this many transactions.
pub const LOOK_EVERY: u64 = 8;
/// Without a commit for this long, what is in the write-ahead log is copied and the log cut.
pub const QUIET: Duration = Duration::from_secs(2);
/// A database up to this size is checked as a whole when it is opened.
pub const CHECKED_BYTES_MAX: u64 = 32 * 1024 * 1024;

/// Write sets that share one transaction in PostgreSQL.
pub const POSTGRES_BATCH_COUNT_MAX: usize = 512;
/// So many write sets are worth a transaction beside one that is under way: fewer wait for its end
/// ([`GATHER_WAIT`] at most), since each transaction has a cost of its own.
pub const GATHER_COUNT: usize = 16;
/// How long fewer wait: as long as a commit takes when all is well.
pub const GATHER_WAIT: Duration = Duration::from_millis(5);
/// Connections that commit; each has a lane of the journal. With two, one batch is put together
/// while the server works on the other.
pub const WRITERS_COUNT: usize = 2;
/// The oldest version of PostgreSQL that is served.
pub const POSTGRES_VERSION_MIN: u32 = 13;
/// Connections that a node needs beside its own for a moment: at start and while one is replaced.
pub const SESSIONS_SPARE: usize = 2;
/// Short questions that are under way at once; others wait.
pub const SHORT_QUESTIONS_COUNT_MAX: usize = 1_024;
/// Attempts at a claim of due tasks whose connections break.
pub const CLAIM_TRIES_MAX: usize = 3;
/// How long a claim whose answer was lost is looked for: beyond the time in which the server could
/// still come to it, and no longer than a lease.
pub const MISLAID_LIFE: SignedDuration = SignedDuration::from_secs(90);
/// Claims whose answers were lost that are looked for; more are left to their leases.
pub const MISLAID_COUNT_MAX: usize = 256;
/// Attempts at a transaction that others keep standing in the way of.
pub const COMMIT_TRIES_MAX: usize = 8;
/// Lanes of the journal over all nodes.
pub const LANES_COUNT_MAX: usize = 1_024;
/// How long one attempt to connect may take.
pub const CONNECT_WAIT: Duration = Duration::from_secs(3);
/// How long callers wait while a broken connection is made anew.
pub const RECONNECT_PATIENCE: Duration = Duration::from_secs(5);
/// The pause after the first failed attempt to connect again; each further one is twice as long.
pub const RECONNECT_PAUSE_MIN: Duration = Duration::from_millis(50);
/// The longest pause between two attempts to connect again.
pub const RECONNECT_PAUSE_MAX: Duration = Duration::from_secs(1);
/// How long an answer of the server is waited for until the connection is given up.
pub const UNANSWERED_WAIT: Duration = Duration::from_secs(20);
/// The same for questions over many rows.
pub const LONG_ANSWER_WAIT: Duration = Duration::from_mins(2);
/// A connection without traffic for this long is probed.
pub const KEEPALIVE_IDLE: Duration = Duration::from_secs(30);
/// The shortest time between two notifications of the other nodes.
pub const NOTIFY_PAUSE: Duration = Duration::from_millis(50);
