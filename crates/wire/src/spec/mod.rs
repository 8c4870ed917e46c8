//! Reference tables, schemas and examples from the declarations.
