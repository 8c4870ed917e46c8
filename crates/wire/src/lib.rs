//! The messages of the published dialects, declared once as data.
//!
//! A declaration in [`ucsp`] yields the reference table and the typed struct of a message at the
//! same time. Everything else is derived from the tables: decoding that lists all faults
//! ([`ucsp::decode`]), encoding in the order of the declaration, the reference pages, JSON Schema
//! and `OpenAPI` ([`spec`]), and generators of good and bad messages ([`generate`]).
//!
//! This crate knows neither the domain, nor HTTP, nor cryptography: it sees bytes and text.

pub mod card_number;
pub mod class;
pub mod downstream;
pub mod fault;
pub mod field;
pub mod form;
pub mod generate;
pub mod limits;
pub mod message;
pub mod part;
pub mod read;
pub mod slot;
pub mod spec;
mod tree;
pub mod ucsp;
pub mod upay;
pub mod wallet;
pub mod write;

pub use class::Class;
pub use fault::{Fault, Faults, Rule};
pub use field::{Condition, Field, Kind, Length, Presence, Source, Table};
pub use form::Form;
pub use message::{Leg, Message, Method, Party, Shape, Side};
pub use part::{Part, Request};
pub use read::check_text;
