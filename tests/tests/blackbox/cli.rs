//! The command line as users type it: exit status, one-line errors, tools that agree.

use std::path::Path;
use std::process::Output;

use serde_json::Value;

use crate::harness::messages::SUBMIT;
use crate::harness::sandbox::{free_block, run, run_in};
use crate::harness::{Report, Sandbox, Service};

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).trim().to_owned()
}

/// Notes a command whose status is another, or whose error is not one line with these words.
fn fails(report: &mut Report, arguments: &[&str], status: i32, words: &str) {
    let output = run(arguments);
    let line = err(&output);
    let holds = output.status.code() == Some(status)
        && line.lines().count() == 1
        && line.contains(words)
        && !line.contains("panicked");
    report.check(holds, || format!("{arguments:?}: {:?}, {words:?} in: {line}", output.status));
}

#[test]
fn wrong_usage_is_2_and_failure_is_1_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    std::fs::write(at("damaged.toml"), "listen = \"127.0.0.1:8080\"\nlisten = ").unwrap();
    std::fs::write(at("unknown.toml"), "listen = \"127.0.0.1:8080\"\nlissten = 1\n").unwrap();
    std::fs::write(at("empty.json"), "{}").unwrap();
    let mut report = Report::default();
    fails(&mut report, &[], 2, "--help");
    fails(&mut report, &["sandbxo"], 2, "sandbxo");
    fails(&mut report, &["sandbox", "--prot", "1"], 2, "--prot");
    fails(&mut report, &["sandbox", "--listen", "nowhere"], 2, "nowhere");
    fails(&mut report, &["serve"], 2, "--config");
    fails(&mut report, &["sign"], 2, "--credentials");
    fails(&mut report, &["serve", "--config", &at("none.toml")], 1, "none.toml");
    fails(&mut report, &["serve", "--config", &at("damaged.toml")], 1, "damaged.toml");
    fails(&mut report, &["serve", "--config", &at("unknown.toml")], 1, "unknown.toml");
    fails(&mut report, &["ledger", "verify", "--data", &at("none")], 1, "none");
    fails(&mut report, &["audit", "verify", "--data", &at("none")], 1, "none");
    fails(&mut report, &["spec", "no_such_message"], 2, "no_such_message");
    fails(
        &mut report,
        &["clock", "advance", "1h", "--url", "http://127.0.0.1:9"],
        1,
        "127.0.0.1:9",
    );
    let mysql = ["sandbox", "--data", &at("my"), "--database-url", "mysql://x/y"];
    fails(&mut report, &mysql, 2, "postgres://");
    std::fs::write(at("a-file"), "x").unwrap();
    fails(&mut report, &["sandbox", "--data", &at("a-file/inside")], 1, "a-file");
    fails(&mut report, &["sandbox", "--data", &at("a-file")], 1, "name a folder");
    fails(&mut report, &["migrate", "--data", &at("a-file")], 1, "name a folder");
    let checked = run(&["config", "check", "--config", &at("unknown.toml")]);
    let told = format!("{}{}", out(&checked), err(&checked));
    report.check(checked.status.code() == Some(1), || format!("config check: {told}"));
    report.check(told.contains("lissten"), || format!("config check: {told}"));
    for help in [vec!["--help"], vec!["sandbox", "--help"], vec!["verify", "--help"]] {
        let output = run(&help);
        let teaches = output.status.success() && out(&output).contains("causeway ");
        report.check(teaches, || format!("{help:?}: {}", out(&output)));
    }
    report.check(run(&["--version"]).status.success(), || "--version".into());
    report.done();
}

/// Whoever asked for JSON gets it, also where the data is too damaged to be counted.
#[test]
fn a_damaged_ledger_is_told_in_json() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let at = data.to_str().unwrap();
    assert!(run(&["migrate", "--data", at]).status.success());
    let good = run(&["ledger", "verify", "--json", "--data", at]);
    let told: Value = serde_json::from_slice(&good.stdout).expect("JSON");
    assert_eq!((good.status.code(), &told["ok"]), (Some(0), &Value::Bool(true)));
    for file in database_files(&data) {
        let mut bytes = std::fs::read(&file).unwrap();
        bytes[4096..].fill(0xa5);
        std::fs::write(file, bytes).unwrap();
    }
    for what in ["ledger", "audit"] {
        let bad = run(&[what, "verify", "--json", "--data", at]);
        let told: Value = serde_json::from_slice(&bad.stdout).expect("JSON");
        assert_eq!((bad.status.code(), &told["ok"]), (Some(1), &Value::Bool(false)), "{told}");
        assert_eq!(err(&bad).lines().count(), 1, "{}", err(&bad));
        assert!(told["error"].as_str().is_some_and(|error| err(&bad).contains(error)), "{told}");
    }
}

/// A directory file that the server would not start with is found by every look before.
#[test]
fn a_directory_file_that_cannot_be_read_is_found_before_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let text = format!(
        "listen = \"127.0.0.1:0\"\npublic_url = \"http://127.0.0.1:1\"\ndata = \"{}\"\n\
         [master_key]\nfile = \"{}\"\n[directory]\nfile = \"{}\"\n",
        at("data"),
        at("master.key"),
        at("directory.json"),
    );
    std::fs::write(at("causeway.toml"), text).unwrap();
    std::fs::write(at("directory.json"), r#"{"applications": 7}"#).unwrap();
    let config = at("causeway.toml");
    let mut report = Report::default();
    fails(&mut report, &["migrate", "--config", &config], 1, "directory.json");
    report.check(!folder.path().join("data").exists(), || "something was made".to_owned());
    for command in [&["config", "check"][..], &["doctor"][..]] {
        let output = run(&[command, &["--config", &config]].concat());
        let told = out(&output);
        let named = output.status.code() == Some(1) && told.contains("directory.json");
        report.check(named, || format!("{command:?}: {told} {}", err(&output)));
    }
    report.done();
}

#[test]
fn what_stands_in_the_way_is_named() {
    let mut sandbox = Sandbox::start();
    let mut report = Report::default();
    for taken in 0..4 {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().to_str().unwrap();
        // The block begins so that only its last listeners meet those that are taken.
        let port = sandbox.port + taken;
        let listen = format!("127.0.0.1:{port}");
        let words = port.max(sandbox.port).to_string();
        fails(&mut report, &["sandbox", "--data", data, "--listen", &listen], 1, &words);
    }
    // A second program on the same data would be two writers.
    let data = sandbox.folder.to_str().unwrap().to_owned();
    let listen = format!("127.0.0.1:{}", free_block());
    fails(&mut report, &["sandbox", "--data", &data, "--listen", &listen], 1, &data);
    sandbox.signal("TERM");
    sandbox.wait();
    newer_version(&sandbox.folder);
    let port = sandbox.port.to_string();
    let listen = format!("127.0.0.1:{port}");
    fails(&mut report, &["sandbox", "--data", &data, "--listen", &listen], 1, "newer");
    fails(&mut report, &["ledger", "verify", "--data", &data], 1, "newer");
    for file in database_files(&sandbox.folder) {
        std::fs::write(file, "this is no database, whatever its name says").unwrap();
    }
    fails(&mut report, &["sandbox", "--data", &data, "--listen", &listen], 1, &data);
    report.done();
}

fn database_files(folder: &Path) -> Vec<std::path::PathBuf> {
    let is_database = |path: &Path| {
        std::fs::read(path).is_ok_and(|bytes| bytes.starts_with(b"SQLite format 3\0"))
    };
    let entries = std::fs::read_dir(folder).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path()).filter(|path| is_database(path));
    let files: Vec<_> = paths.collect();
    assert!(!files.is_empty(), "a database is in the data folder");
    files
}

/// Raises the version that SQLite keeps in the file's head, at bytes 60 to 63.
fn newer_version(folder: &Path) {
    for file in database_files(folder) {
        let mut bytes = std::fs::read(&file).unwrap();
        bytes[60..64].copy_from_slice(&9999_u32.to_be_bytes());
        std::fs::write(file, bytes).unwrap();
    }
}

#[tokio::test]
async fn what_one_tool_writes_the_other_reads() {
    let sandbox = Sandbox::start();
    let service = Service::first(&sandbox);
    let folder = tempfile::tempdir().unwrap();
    let credentials = sandbox.folder.join("sandbox.json");
    let credentials = credentials.to_str().unwrap();
    let body = crate::harness::messages::wrapped(&service.partner, SUBMIT, &service.order("2500"));
    let body = body.to_string();
    std::fs::write(folder.path().join("body.json"), &body).unwrap();
    let whose = ["--credentials", credentials, "--as", "industry"];
    let tool = |arguments: &[&str]| {
        let mut all = arguments.to_vec();
        all.extend(whose);
        run_in(folder.path(), &all, "")
    };
    let jws = out(&tool(&["sign", "body.json", "--path", SUBMIT]));
    let verified = tool(&["verify", "body.json", "--header", &jws, "--path", SUBMIT]);
    assert!(verified.status.success(), "{} {}", out(&verified), err(&verified));
    // The platform takes what the tool signed; the tool takes what the platform signed.
    let reply = service.partner.post(SUBMIT, &jws, &body).await;
    service.partner.accept(&reply).expect("00");
    std::fs::write(folder.path().join("answer.json"), &reply.body).unwrap();
    let header = reply.header("UPI-JWS");
    let platform = ["--credentials", credentials, "--as", "platform"];
    let mut arguments = vec!["verify", "answer.json", "--answer", "--header", header];
    arguments.extend(platform);
    let verified = run_in(folder.path(), &arguments, "");
    assert!(verified.status.success(), "{} {}", out(&verified), err(&verified));
    causes(&tool, folder.path(), &body, &jws);
    sealed(&sandbox, credentials, folder.path());
    let signed = in_body(&tool, folder.path(), &body, service.partner.seed("sign_cert_id"));
    service.partner.accept(&service.partner.post_signed(SUBMIT, &signed).await).expect("00");
}

/// `verify` names the first failing check and its probable cause.
fn causes(tool: &dyn Fn(&[&str]) -> Output, folder: &Path, body: &str, jws: &str) {
    let value: Value = serde_json::from_str(body).unwrap();
    std::fs::write(folder.join("pretty.json"), serde_json::to_string_pretty(&value).unwrap())
        .unwrap();
    std::fs::write(folder.join("other.json"), "{}").unwrap();
    for (file, header, path, words) in [
        ("other.json", jws, SUBMIT, "signature"),
        ("pretty.json", jws, SUBMIT, "another way"),
        ("body.json", jws, "/ucsp/industry/v1/paymentrefund", "REQPATH"),
        ("body.json", "a.b.c", SUBMIT, "detached"),
    ] {
        let output = tool(&["verify", file, "--header", header, "--path", path]);
        let told = format!("{}{}", out(&output), err(&output));
        assert_eq!(output.status.code(), Some(1), "{file} {path}: {told}");
        assert!(told.to_lowercase().contains(&words.to_lowercase()), "{words:?} in {told}");
    }
    let output = tool(&["verify", "other.json", "--header", jws, "--path", SUBMIT, "--json"]);
    let report: Value = serde_json::from_str(&out(&output)).expect("a report in JSON");
    assert!(report.is_object(), "{report}");
}

/// `encrypt` and `decrypt`, in both profiles.
fn sealed(sandbox: &Sandbox, credentials: &str, folder: &Path) {
    for profile in ["rsa1_5", "rsa-oaep-256"] {
        let plain = "{\"mobile\":\"+85291234567\"}";
        let arguments =
            ["encrypt", "--credentials", credentials, "--as", "industry", "--profile", profile];
        let sealed = run_in(folder, &arguments, plain);
        assert!(sealed.status.success(), "{}", err(&sealed));
        let arguments = ["decrypt", "--credentials", credentials, "--as", "industry"];
        let opened = run_in(folder, &arguments, &out(&sealed));
        assert_eq!(out(&opened), plain, "{}", err(&opened));
        let arguments = ["decrypt", "--credentials", credentials, "--as", "channel"];
        let closed = run_in(folder, &arguments, &out(&sealed));
        assert_eq!(closed.status.code(), Some(1));
        assert_eq!(err(&closed).lines().count(), 1, "{}", err(&closed));
    }
    let compact = sandbox.channel(0).encrypt("for the platform");
    let arguments = ["decrypt", "--credentials", credentials, "--as", "channel"];
    let foreign = run_in(folder, &arguments, &compact);
    assert_eq!(foreign.status.code(), Some(1), "{}", out(&foreign));
}

/// `sign --in-body` and `verify --in-body`; gives the signed text.
fn in_body(tool: &dyn Fn(&[&str]) -> Output, folder: &Path, body: &str, id: &str) -> String {
    let mut message: Value = serde_json::from_str(body).unwrap();
    message["trxInfo"]["orderId"] = crate::harness::messages::order_id().into();
    message["certificateSignature"] =
        serde_json::json!({ "appSignCertID": id, "signature": "00000000" });
    std::fs::write(folder.join("place.json"), message.to_string()).unwrap();
    let signed = tool(&["sign", "place.json", "--in-body"]);
    assert!(signed.status.success(), "{}", err(&signed));
    let text = out(&signed);
    std::fs::write(folder.join("signed.json"), &text).unwrap();
    let good = tool(&["verify", "signed.json", "--in-body"]);
    assert!(good.status.success(), "{} {}", out(&good), err(&good));
    std::fs::write(folder.join("changed.json"), text.replace("\"2500\"", "\"2600\"")).unwrap();
    let bad = tool(&["verify", "changed.json", "--in-body"]);
    assert_eq!(bad.status.code(), Some(1), "{}", out(&bad));
    text
}

#[test]
fn the_tools_agree_with_the_golden_vectors() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../vectors/jose.json");
    let vectors: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let key = vectors["enc_key_pem"].as_str().unwrap();
    std::fs::write(folder.path().join("enc.key"), key).unwrap();
    let decrypt = |compact: &str| run_in(folder.path(), &["decrypt", "--key", "enc.key"], compact);
    let rows = vectors["jwe"].as_array().unwrap();
    for row in rows {
        let output = decrypt(row["compact"].as_str().unwrap());
        let plain = base64_of(row["plaintext_base64"].as_str().unwrap());
        assert!(output.status.success(), "{}: {}", row["profile"], err(&output));
        assert_eq!(out(&output), String::from_utf8_lossy(&plain).trim());
    }
    let rows = vectors["jwe_must_fail"].as_array().unwrap();
    assert!(rows.len() > 5);
    for row in rows {
        let output = decrypt(row["compact"].as_str().unwrap());
        assert_eq!(output.status.code(), Some(1), "{}: {}", row["why"], out(&output));
        assert_eq!(err(&output).lines().count(), 1, "{}", err(&output));
    }
}

fn base64_of(text: &str) -> Vec<u8> {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.decode(text).expect("base64")
}

#[test]
fn the_specification_can_be_asked() {
    let all = out(&run(&["spec"]));
    for message in wire::ucsp::MESSAGES {
        let name = message.name.to_lowercase();
        assert!(all.to_lowercase().contains(&name), "{name} in {all}");
    }
    for name in ["SUBMIT_PAYMENT_ORDER", "payment-refund", "channel_login_info"] {
        let table = run(&["spec", name]);
        assert!(table.status.success() && !out(&table).is_empty(), "{}", err(&table));
        for form in ["--json-schema", "--example", "--json"] {
            let shown = run(&["spec", name, form]);
            let value: Value = serde_json::from_str(&out(&shown)).expect("JSON");
            assert!(value.is_object(), "{name} {form}: {value}");
        }
    }
}

#[tokio::test]
async fn operators_see_how_it_stands() {
    let sandbox = Sandbox::start();
    let service = Service::first(&sandbox);
    service.place_paid(&sandbox, "2500").await;
    for arguments in [["ledger", "verify"], ["audit", "verify"]] {
        let mut all = arguments.to_vec();
        all.push("--json");
        let output = sandbox.run(&all);
        assert!(output.status.success(), "{}", err(&output));
        let report: Value = serde_json::from_str(&out(&output)).expect("JSON");
        assert!(report.is_object(), "{report}");
    }
    let doctor = sandbox.run(&["doctor", "--json"]);
    let report: Value = serde_json::from_str(&out(&doctor)).expect("JSON");
    assert!(doctor.status.success(), "{report} {}", err(&doctor));
    let before = sandbox.now().await;
    let moved = run(&["clock", "advance", "1h30m", "--url", &sandbox.base(), "--json"]);
    assert!(moved.status.success(), "{}", err(&moved));
    let answer: Value = serde_json::from_str(&out(&moved)).expect("JSON");
    assert!(answer["now"].is_string(), "{answer}");
    assert!(sandbox.now().await >= before + 5400);
    for path in ["healthz", "readyz"] {
        let reply = sandbox.http.get(&format!("{}/{path}", sandbox.base())).await.unwrap();
        assert_eq!(reply.status, 200, "{path}");
    }
    seed_document(&sandbox);
}

/// `sandbox.json` has the promised form and nobody else can read it.
fn seed_document(sandbox: &Sandbox) {
    use std::os::unix::fs::PermissionsExt as _;
    let path = sandbox.folder.join("sandbox.json");
    let mode = std::fs::metadata(path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let document = &sandbox.document;
    let ucsp = &document["ucsp"];
    for (object, names) in [
        (document, vec!["base_url", "upay", "ucsp", "admin"]),
        (&ucsp["platform"], vec!["sign_cert_id", "sign_cert_pem", "enc_cert_id", "enc_cert_pem"]),
        (
            &ucsp["channel"],
            vec![
                "channel_code",
                "app_id",
                "base_url",
                "sign_cert_id",
                "sign_key_pem",
                "enc_cert_id",
                "enc_key_pem",
                "users",
            ],
        ),
        (
            &ucsp["industry"],
            vec![
                "industry_code",
                "app_id",
                "base_url",
                "index_url",
                "mer_id",
                "acq_iin",
                "currency_codes",
                "sign_cert_id",
                "sign_key_pem",
                "enc_cert_id",
                "enc_key_pem",
            ],
        ),
        (&document["admin"], vec!["email", "password"]),
    ] {
        for name in names {
            assert!(!object[name].is_null(), "{name} in {object}");
        }
    }
    for (all, first) in [("channels", "channel"), ("industries", "industry")] {
        assert_eq!(ucsp[all].as_array().map(Vec::len), Some(2), "two {all}");
        assert_eq!(ucsp[all][0], ucsp[first], "the first of {all}");
    }
    assert_eq!(ucsp["industry"]["currency_codes"], serde_json::json!(["156", "344"]));
}
