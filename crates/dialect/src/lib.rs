//! Projection between the domain and the wire.
