//! Black-box tests of the real binary over real HTTP; all of them are in `tests/blackbox`.
//!
//! They know what a partner knows: `sandbox.json`, the published messages, and the simulation API.
