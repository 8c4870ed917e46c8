//! Measures decoding a pay request and encoding its reply; run it with `--release`.

use std::hint::black_box;
use std::time::Instant;

use causeway_wire::upay::{
    Biz, BizResult, Body, Data, NoObject, Pay, Reply, Request, encode_reply, generate,
};

#[expect(clippy::disallowed_methods, reason = "a measurement needs the real clock")]
fn main() -> Result<(), NoObject> {
    const ROUNDS: u32 = 300_000;
    let usual = br#"{"terminal_sn":"100000000000123","client_sn":"till7-20260105-000017",
        "total_amount":"1000","dynamic_id":"130818341921441147","subject":"Pizza","operator":"kay",
        "notify_url":"https://shop.example/upay","reflect":"bay=17"}"#;
    let full = generate::full(Pay::CALL).to_string().into_bytes();
    let per_call = |what: &str, run: &dyn Fn()| {
        let start = Instant::now();
        (0..ROUNDS).for_each(|_| run());
        println!("{what}: {:?} a call", start.elapsed() / ROUNDS);
    };
    for (what, body) in [("decode usual", &usual[..]), ("decode full", &full)] {
        Body::parse(body)?;
        per_call(what, &|| {
            let read = Body::parse(black_box(body)).map(|body| Pay::read(&body, false));
            drop(black_box(read));
        });
    }
    let data: Data = Data {
        sn: "7890260105000017".to_owned(),
        client_sn: "till7-20260105-000017".to_owned(),
        order_status: "PAID".to_owned(),
        total_amount: "1000".to_owned(),
        subject: "Pizza".to_owned(),
        ..Data::default()
    };
    let reply = Reply::from(Biz::of(BizResult::PaySuccess, data));
    per_call("encode", &|| drop(black_box(encode_reply(black_box(&reply)))));
    Ok(())
}
