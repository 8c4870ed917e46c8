//! What stands in an index for a long text without order: a part of its SHA-256, so that the index
//! is small and nobody can choose where his texts fall. A digest finds; what is found is compared.

use aws_lc_rs::digest;
use domain::ids::{MerchantId, OrderId, Reference};

/// How many bits of a reference's digest tell apart what has the same `orderId`.
const LOW_BITS: u32 = 24;
const LOW: i64 = (1 << LOW_BITS) - 1;

/// The digest of a reference: five bytes from its `orderId`, three from the rest.
pub(super) fn reference(owner: &MerchantId, reference: &Reference) -> i64 {
    let low = sha(&[owner.as_str(), reference.txn_time.as_str()]);
    joined(reference.order_id.as_str(), low)
}

/// The digests of all references with this `orderId`: the first and the last.
pub(super) fn references(order_id: &OrderId) -> (i64, i64) {
    let any = joined(order_id.as_str(), [0; 32]);
    (any, any | LOW)
}

/// Where the next one goes when a digest is taken by something else.
pub(super) fn next(digest: i64) -> i64 {
    (digest & !LOW) | (digest.wrapping_add(1) & LOW)
}

/// The digest of a message that was acted on.
pub(super) fn message(app: &str, id: &str) -> [u8; 16] {
    let mut out = [0; 16];
    for (to, from) in out.iter_mut().zip(sha(&[app, id])) {
        *to = from;
    }
    out
}

/// Five bytes from the name, three from the rest.
fn joined(name: &str, low: [u8; 32]) -> i64 {
    let mut out = [0; 8];
    let parts = sha(&[name]).into_iter().take(5).chain(low);
    for (to, from) in out.iter_mut().zip(parts) {
        *to = from;
    }
    i64::from_be_bytes(out)
}

/// SHA-256 over the texts, each with its length in front.
fn sha(texts: &[&str]) -> [u8; 32] {
    let mut context = digest::Context::new(&digest::SHA256);
    for text in texts {
        let length = u64::try_from(text.len()).unwrap_or(u64::MAX);
        context.update(&length.to_be_bytes());
        context.update(text.as_bytes());
    }
    let mut out = [0; 32];
    for (to, from) in out.iter_mut().zip(context.finish().as_ref()) {
        *to = *from;
    }
    out
}

#[cfg(test)]
mod tests {
    use domain::ids::TxnTime;

    use super::*;

    #[test]
    fn the_references_of_an_order_id_are_one_range() {
        for n in 0..200 {
            let order_id = OrderId::new(format!("order-{n}"));
            let txn_time = TxnTime::new(format!("{n:014}"));
            let of = Reference { order_id: order_id.clone(), txn_time };
            let digest = reference(&"M1".into(), &of);
            let (first, last) = references(&order_id);
            assert!(first < last && (first..=last).contains(&digest), "{n}");
            assert_ne!(digest, reference(&"M2".into(), &of));
            assert!((first..=last).contains(&next(digest)));
            assert_eq!(next(last), first, "the range is a ring");
        }
    }

    #[test]
    fn texts_are_told_apart_where_they_meet() {
        assert_ne!(message("ab", "c"), message("a", "bc"));
    }
}
