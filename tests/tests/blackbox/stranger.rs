//! A stranger's program in another language walks the journey with `sandbox.json` alone.

use std::path::Path;
use std::process::Command;

use crate::harness::Sandbox;

#[test]
fn a_strangers_program_walks_the_journey() {
    let python = std::env::var_os("CAUSEWAY_INTEROP_PYTHON");
    let python =
        python.expect("CAUSEWAY_INTEROP_PYTHON is not set: run the tests with `cargo xtask test`");
    let sandbox = Sandbox::start();
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("stranger/stranger.py");
    let output = Command::new(python)
        .arg(program)
        .arg(sandbox.folder.join("sandbox.json"))
        .output()
        .expect("the program starts");
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}{errors}");
    assert!(told.trim_end().ends_with("done"), "{told}");
    sandbox.verify_books();
}
