//! Measures decoding and encoding of `SUBMIT_PAYMENT_ORDER`; run it with `--release`.

use std::hint::black_box;
use std::time::Instant;

use causeway_wire::ucsp::{SUBMIT_PAYMENT_ORDER, SubmitPaymentOrder, decode, encode};
use causeway_wire::{Shape, Side, spec};

#[expect(clippy::disallowed_methods, reason = "a measurement needs the real clock")]
fn main() {
    const ROUNDS: u32 = 200_000;
    let body = spec::example(&SUBMIT_PAYMENT_ORDER, Shape::Wrapped, Side::Request);
    let body = body.to_string().into_bytes();
    let Ok(message) = decode::<SubmitPaymentOrder>(&body) else {
        return println!("the example does not decode");
    };
    let per_call = |what: &str, run: &dyn Fn()| {
        let start = Instant::now();
        (0..ROUNDS).for_each(|_| run());
        println!("{what}: {:?} a call, {} bytes", start.elapsed() / ROUNDS, body.len());
    };
    per_call("decode", &|| drop(black_box(decode::<SubmitPaymentOrder>(black_box(&body)))));
    per_call("encode", &|| drop(black_box(encode(black_box(&message)))));
}
