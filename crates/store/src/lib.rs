//! Stores behind the port of app: memory and SQLite.
