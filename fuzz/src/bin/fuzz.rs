//! One target under libFuzzer, which brings `main` and its own options. The target's name comes
//! in `CAUSEWAY_FUZZ_TARGET`; `cargo xtask fuzz` sets it.
#![no_main]

use std::sync::OnceLock;

static TARGET: OnceLock<fn(&[u8])> = OnceLock::new();

fn chosen() -> fn(&[u8]) {
    let name = std::env::var("CAUSEWAY_FUZZ_TARGET").unwrap_or_default();
    match causeway_fuzz::target(&name) {
        Some(target) => target.run,
        None => panic!("CAUSEWAY_FUZZ_TARGET={name:?} is the name of no target"),
    }
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| TARGET.get_or_init(chosen)(data));
