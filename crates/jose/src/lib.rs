//! Detached JWS, JWE, in-body signatures, certificates, key ring and the diagnoser.
