//! The bounds of this crate: whatever a partner sends stops at one of them.

/// Largest body that is parsed, in bytes (256 KiB; check 1 of the gateway uses the same bound).
pub const BODY_BYTES_MAX: usize = 256 * 1024;
/// Deepest nesting of objects and arrays, counted with the outermost object as 1.
pub const DEPTH_LEVELS_MAX: usize = 16;
/// Most members of one JSON object, unknown ones included.
pub const OBJECT_MEMBERS_MAX: usize = 128;
/// Most elements of one JSON array, before the count of the declaration is checked.
pub const ARRAY_ELEMENTS_MAX: usize = 1024;
/// Most faults that one decoding keeps; later ones are only counted.
pub const FAULTS_KEPT_MAX: usize = 64;
/// Longest `errorDetail`, in characters (S 1-255).
pub const ERROR_DETAIL_CHARS_MAX: usize = 255;
/// Longest `responseMsg`, in characters (S 1-100).
pub const RESPONSE_MSG_CHARS_MAX: usize = 100;
/// Longest JWE in compact form that a message may carry, in characters.
pub const JWE_CHARS_MAX: usize = 8192;
/// Longest text in PEM or base64 DER that carries a certificate, in characters.
pub const CERTIFICATE_CHARS_MAX: usize = 8192;
