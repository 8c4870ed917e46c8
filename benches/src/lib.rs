//! What the load generator and the ceilings share.
//!
//! Goal: the product and a bare handler are asked the same questions by the same generator, in
//! the same run, so that a ratio of the two says what the product costs and not what the machine
//! does. `benches/README.md` tells the method.
//!
//! Invariants: requests are signed before the measured window; every answer of the window is
//! looked at, and a sample of them is verified after it.
//!
//! Must not know: the server's inside. It speaks HTTP and the published protocol.

pub mod client;
pub mod credentials;
pub mod limits;
pub mod messages;
pub mod process;
pub mod run;
pub mod scenario;
pub mod tally;
