//! Test keys.
