//! Stores behind the port of app: memory and SQLite.
//!
//! Goal: [`app::ports::Store`], kept to the letter by every implementation. [`memory`] is the
//! model, written to be obviously right; [`sqlite`] is what runs inside one machine. One
//! conformance suite judges both, and a property test holds them against each other.
//!
//! Two kinds of key: numbers that the platform gives out (`tn`, `queryId`) are unique over all
//! merchants; references, tasks and postings are unique per merchant, whose id is the first part
//! of their logical key, so that a store of many machines can be divided by it.
//!
//! When a write set meets several obstacles, the first of this list is answered:
//! `Duplicate(Message)`, `Duplicate(Reference)`, `Duplicate(Taken)`, `Stale`.

pub mod limits;
pub mod memory;
pub mod sqlite;

mod instant;
mod shape;

pub use memory::MemoryStore;
pub use sqlite::{OpenError, SqliteOptions, SqliteStore};
