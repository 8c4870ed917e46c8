//! Rust client of the public protocol for channels and services.
