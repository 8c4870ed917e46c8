//! Stores behind the port of app: memory, SQLite and PostgreSQL.
//!
//! Goal: [`app::ports::Store`], kept to the letter by every implementation. [`memory`] is the
//! model, written to be obviously right; [`sqlite`] is what runs inside one machine; [`postgres`]
//! serves many nodes. One conformance suite judges all, and a property test holds them against the
//! model.
//!
//! Two kinds of key: numbers that the platform gives out (`tn`, `queryId`) are unique over all
//! merchants because of how they are made; references, tasks and postings are unique per merchant,
//! whose id is the first part of their logical key, so that a store of many machines can be
//! divided by it. A number that the same merchant has already is refused by every store; one that
//! another merchant has is refused by memory and SQLite.
//!
//! When a write set meets several obstacles, the first of this list is answered:
//! `Duplicate(Message)`, `Duplicate(Reference)`, `Duplicate(Taken)`, `Stale`.

pub mod limits;
pub mod memory;
pub mod postgres;
pub mod sqlite;

mod instant;
mod order_row;
mod shape;

pub use memory::MemoryStore;
pub use postgres::{PostgresOptions, PostgresStore};
pub use sqlite::{OpenError, SqliteOptions, SqliteStore};
