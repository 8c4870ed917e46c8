//! The only outbound HTTP client, with its address policy.
