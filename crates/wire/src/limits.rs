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
/// Most operations of one call to a wallet; an operation has at most
/// [`WALLET_OPERATION_BYTES_MAX`].
pub const WALLET_OPERATIONS_COUNT_MAX: usize = 128;
/// Largest operation of a call to a wallet, in bytes: as many of them as may come in one call
/// fit into [`BODY_BYTES_MAX`] with the commas between them.
pub const WALLET_OPERATION_BYTES_MAX: usize = 2040;
/// Most keys of `extended` (`upay.md` 5.1).
pub const UPAY_EXTENDED_KEYS_COUNT_MAX: usize = 24;
/// Longest key of `extended` in bytes (`upay.md` 5.1).
pub const UPAY_EXTENDED_KEY_BYTES_MAX: usize = 64;
/// Longest value of `extended` in bytes (`upay.md` 5.1).
pub const UPAY_EXTENDED_VALUE_BYTES_MAX: usize = 256;
/// Longest `extended` that comes as text, in bytes: what 24 keys and values with their quotes
/// need. The documented 256 bytes of the WAP page would refuse what an object may hold.
pub const UPAY_EXTENDED_TEXT_BYTES_MAX: usize = 24 * (64 + 256 + 6) + 2;
/// Most elements of `goods_details`; the documents name no bound.
pub const UPAY_GOODS_COUNT_MAX: usize = 256;
/// Longest number by which an order is looked up, in bytes: what a body may hold beside its other
/// members, since one that no order can have is merely not found (D16).
pub const UPAY_LOOKUP_BYTES_MAX: usize = BODY_BYTES_MAX - 1024;
/// Longest `refund_request_no` outside strict mode, in bytes (`upay.md` 5.4).
pub const UPAY_REFUND_REQUEST_NO_BYTES_MAX: usize = 64;
/// Most parameters of a WAP link.
pub const UPAY_QUERY_PAIRS_COUNT_MAX: usize = 64;
/// Longest query of a WAP link in bytes, as received.
pub const UPAY_QUERY_BYTES_MAX: usize = 16 * 1024;
