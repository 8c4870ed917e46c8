//! Properties over all messages: valid ones survive, each flaw is found where it is.

use causeway_wire::fault::Fault;
use causeway_wire::generate::{full, invalid_variants, valid};
use causeway_wire::ucsp::{SubmitPaymentOrder, canonical, decode, decode_flat, first_difference};
use causeway_wire::{Shape, Side};
use proptest::prelude::{ProptestConfig, any, prop_assert, prop_assert_eq, proptest};

use crate::codecs;

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 64,
        failure_persistence: None,
        ..Default::default()
    })]

    #[test]
    fn what_is_decoded_encodes_to_the_same_bytes(seed in any::<u64>()) {
        for codec in codecs::all() {
            let value = valid(codec.message, codec.shape, codec.side, seed);
            let body = value.to_string();
            let again = (codec.recode)(body.as_bytes());
            prop_assert!(again.is_ok(), "{} {:?} {}", codec.message.name, again, body);
            prop_assert_eq!(String::from_utf8(again.unwrap()).unwrap(), body);
        }
    }

    #[test]
    fn no_bytes_make_decoding_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = decode::<SubmitPaymentOrder>(&bytes);
        let _ = decode_flat::<SubmitPaymentOrder>(&bytes);
    }

    #[test]
    fn a_body_cut_short_is_refused_as_a_whole(seed in any::<u64>(), at in 0.0..1.0_f64) {
        let value = valid(&causeway_wire::ucsp::SUBMIT_PAYMENT_ORDER, Shape::Wrapped,
            Side::Request, seed);
        let body = value.to_string().into_bytes();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss,
            clippy::cast_precision_loss, reason = "a place within a short body")]
        let cut = (body.len() as f64 * at) as usize;
        let rejected = decode::<SubmitPaymentOrder>(&body[..cut]).unwrap_err();
        prop_assert_eq!(rejected.faults.count(), 1);
        prop_assert_eq!(&rejected.faults.list()[0].path, "body");
    }

    #[test]
    fn the_first_difference_is_the_first_changed_field(seed in any::<u64>()) {
        let message = &causeway_wire::ucsp::SUBMIT_PAYMENT_ORDER;
        let body = full(message, Shape::Wrapped, Side::Request, seed).to_string();
        let order = decode::<SubmitPaymentOrder>(body.as_bytes()).unwrap().trx_info;
        let stored = canonical(&order);
        prop_assert_eq!(first_difference(&stored, &order), None);
        let mut late = order.clone();
        late.coupon_id = None;
        prop_assert_eq!(first_difference(&stored, &late), Some("couponId"));
        late.goods_list.as_mut().unwrap()[0].goods_name.push('x');
        prop_assert_eq!(first_difference(&stored, &late), Some("goodsList"));
        late.txn_amt.push('1');
        prop_assert_eq!(first_difference(&stored, &late), Some("txnAmt"));
    }
}

#[test]
fn each_flaw_is_reported_at_its_path_with_its_rule() {
    let mut checked = 0;
    for codec in codecs::all().iter().filter(|codec| codec.shape != Shape::Query) {
        for variant in invalid_variants(codec.message, codec.shape, codec.side) {
            let body = variant.value.to_string();
            let faults = (codec.recode)(body.as_bytes());
            let faults = faults.err().unwrap_or_else(|| {
                panic!("{} accepts {} {:?}", codec.message.name, variant.path, variant.rule)
            });
            let expected = Fault { path: variant.path, rule: variant.rule };
            let name = codec.message.name;
            assert!(faults.list().contains(&expected), "{name}: {expected:?} not in {faults:?}");
            checked += 1;
        }
    }
    assert!(checked > 1000, "only {checked} variants");
}

#[test]
fn a_flaw_alone_is_the_only_fault() {
    // Where one flaw hides or makes others (a section, an array), its consequences may follow;
    // for a text in trxInfo there is exactly one fault.
    for variant in
        invalid_variants(&causeway_wire::ucsp::SUBMIT_PAYMENT_ORDER, Shape::Wrapped, Side::Request)
    {
        if variant.path.starts_with("trxInfo.") {
            let rejected = decode::<SubmitPaymentOrder>(variant.value.to_string().as_bytes());
            let faults = rejected.unwrap_err().faults;
            assert_eq!(faults.count(), 1, "{faults}");
        }
    }
}

#[test]
fn all_faults_are_listed_at_once() {
    let body = br#"{"msgInfo":{"versionNo":"1.0.0"},"trxInfo":{"orderId":"a-b","txnAmt":0,
        "goodsList":[{},{"goodsName":"x","amount":"1x"}]}}"#;
    let faults = decode::<SubmitPaymentOrder>(body).unwrap_err().faults;
    insta::assert_snapshot!(faults);
    insta::assert_snapshot!(faults.detail());
}
