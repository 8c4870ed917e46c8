//! The guides' commands, run as they stand: a reader who copies them sees what the guide says.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::harness::Sandbox;
use crate::harness::sandbox::binary;

/// All shell blocks of a page, in their order, as one script.
fn script(page: &str) -> String {
    let mut inside = false;
    let mut script = String::new();
    for line in page.lines() {
        match (inside, line) {
            (false, "```bash") => inside = true,
            (true, "```") => inside = false,
            (true, line) => {
                script.push_str(line);
                script.push('\n');
            }
            (false, _) => {}
        }
    }
    script
}

fn run(sandbox: &Sandbox, name: &str) -> String {
    let guides = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/guides");
    let page = fs::read_to_string(guides.join(name)).expect("the guide is there");
    let folder = tempfile::tempdir().expect("a folder");
    // The guides call the command by its name, wherever the binary lies.
    let named = folder.path().join("causeway");
    std::os::unix::fs::symlink(binary(), named).expect("a link");
    let path = std::env::var("PATH").unwrap_or_default();
    let output = Command::new("bash")
        .args(["-euo", "pipefail", "-c", &script(&page)])
        .current_dir(folder.path())
        .env("PATH", format!("{}:{path}", folder.path().display()))
        .env("P", sandbox.base())
        .env("S", sandbox.folder.join("sandbox.json"))
        .output()
        .expect("bash starts");
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name}:\n{told}{errors}");
    told
}

#[test]
fn the_commands_of_both_guides_do_what_the_guides_say() {
    let sandbox = Sandbox::start();
    let told = run(&sandbox, "service.md");
    for part in ["paymentUrl", "\"txnStatus\":\"SUCCESS\"", "refused at check 8", "\"entries\""] {
        assert!(told.contains(part), "service.md does not show {part}:\n{told}");
    }
    let told = run(&sandbox, "channel.md");
    for part in ["industryUrl", "\n303\n410\n", "303 http"] {
        assert!(told.contains(part), "channel.md does not show {part}:\n{told}");
    }
    sandbox.verify_books();
}

#[test]
fn the_commands_of_the_tills_guide_do_what_the_guide_says() {
    let page = |name: &str| {
        let guides = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/guides");
        fs::read_to_string(guides.join(name)).expect("the guide is there")
    };
    let same = script(&page("till.md")) == script(&page("till.zh.md"));
    assert!(same, "both languages show the same commands");
    let sandbox = Sandbox::start();
    let told = run(&sandbox, "till.md");
    let parts = [
        "PAY_SUCCESS",
        "UPAY_REFUND_ORDER_NOOP",
        "CANCEL_SUCCESS",
        "Verified OK",
        "302 http",
        "TRADE_TIMEOUT",
    ];
    for part in parts {
        assert!(told.contains(part), "till.md does not show {part}:\n{told}");
    }
    sandbox.verify_books();
}
