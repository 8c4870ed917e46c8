//! What people and their tools read, made from the declarations: reference tables, examples,
//! JSON Schema, `OpenAPI`.
//!
//! [`generated_files`] gives the committed ones; the repository's check compares them, so that a
//! declaration and its documentation cannot part.

mod example;
mod flows;
mod markdown;
mod openapi;
mod schema;
mod table;

pub use example::{example, example_plain, pretty};
pub use markdown::reference;
pub use openapi::openapi;
pub use schema::{schema, schema_of};
pub use table::{COLUMNS, Row, rows, rows_of, text};

/// The committed files that come from the declarations: path in the repository, content.
#[must_use]
pub fn generated_files() -> Vec<(&'static str, String)> {
    vec![
        ("docs/reference/ucsp.md", reference()),
        ("openapi/ucsp.json", pretty(&openapi()) + "\n"),
        ("docs/reference/upay.md", crate::upay::reference()),
        ("openapi/upay.json", pretty(&crate::upay::openapi()) + "\n"),
    ]
}
