//! The binary as an operator meets it: exit statuses, one-line errors, files, start and end.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on must say where")]

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

const BINARY: &str = env!("CARGO_BIN_EXE_causeway");

fn causeway(arguments: &[&str]) -> Output {
    Command::new(BINARY).args(arguments).stdin(Stdio::null()).output().unwrap()
}

fn with_input(arguments: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(BINARY)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    child.wait_with_output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// Asserts the status, and that standard error is one line of the program that holds the words.
fn assert_fails(output: &Output, status: i32, words: &str) {
    let error = text(&output.stderr);
    assert_eq!(output.status.code(), Some(status), "{error}");
    assert_eq!(error.lines().count(), 1, "{error}");
    assert!(error.starts_with("causeway: ") && error.contains(words), "{words}: {error}");
}

fn assert_good(output: &Output) -> &str {
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stdout)
}

/// A running sandbox on free ports; killed when dropped.
struct Sandbox {
    child: Child,
    base_url: String,
}

impl Sandbox {
    fn start(folder: &Path) -> Self {
        Self::start_with(folder, &[])
    }

    fn start_with(folder: &Path, further: &[&str]) -> Self {
        let mut child = Command::new(BINARY)
            .args(["sandbox", "--listen", "127.0.0.1:0", "--data"])
            .arg(folder)
            .args(further)
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let ready = lines.map(Result::unwrap).any(|line| line == "ready");
        assert!(ready, "the sandbox ended before it was ready");
        let document = document(folder);
        let base_url = document["base_url"].as_str().unwrap().to_owned();
        Self { child, base_url }
    }

    /// Ends it as an operator does, and returns its status.
    fn terminate(mut self) -> Option<i32> {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        self.child.wait().unwrap().code()
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn document(folder: &Path) -> Value {
    serde_json::from_slice(&fs::read(folder.join("sandbox.json")).unwrap()).unwrap()
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn wrong_usage_is_one_line_and_status_2() {
    for (arguments, words) in [
        (&[][..], "causeway --help"),
        (&["sandbx"][..], "sandbox"),
        (&["sandbox", "--lisen", "x"][..], "--listen"),
        (&["sandbox", "--listen", "nowhere"][..], "nowhere"),
        (&["serve"][..], "--config <FILE>"),
        (&["serve", "--config", "x", "--role", "king"][..], "king"),
        (&["ledger", "verify", "--data", "a", "--config", "b"][..], "--data"),
        (&["ledger", "verify", "--database-url", "postgres://h"][..], "no database"),
        (&["sandbox", "--database-url", "mysql://h/d"][..], "postgres://USER"),
        (&["clock", "advance", "soon"][..], "soon"),
        (&["spec", "submit_payment"][..], "SUBMIT_PAYMENT_ORDER"),
        (&["sign", "/dev/null"][..], "--credentials"),
        (&["verify", "/dev/null"][..], "--cert"),
        (&["encrypt", "/dev/null"][..], "--cert"),
        (&["sandbox", "--listen", "127.0.0.1:65534"][..], "65534"),
    ] {
        let folder = TempDir::new().unwrap();
        let output = Command::new(BINARY).args(arguments).current_dir(&folder).output().unwrap();
        assert_fails(&output, 2, words);
    }
}

#[test]
fn what_cannot_be_done_is_one_line_and_status_1() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "not a database, and not a folder").unwrap();
    let file = file.to_str().unwrap();
    let below = format!("{file}/data");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap();
    let data = folder.path().join("data");
    let data = data.to_str().unwrap();
    for (arguments, words) in [
        (&["sandbox", "--data", &below][..], "is not a folder"),
        (&["sandbox", "--data", data, "--listen", &taken.to_string()][..], "in use"),
        (&["ledger", "verify", "--data", "/does/not/exist"][..], "/does/not/exist"),
        (&["audit", "verify", "--database-url", &format!("sqlite:{file}")][..], file),
        (&["config", "check", "--config", "/does/not/exist"][..], "/does/not/exist"),
        (&["clock", "advance", "1s", "--url", "http://127.0.0.1:1"][..], "causeway sandbox"),
        (&["sign", "/does/not/exist"][..], "/does/not/exist"),
    ] {
        assert_fails(&causeway(arguments), 1, words);
    }
    assert!(!Path::new(data).exists(), "a port in use leaves no folder behind");
    assert!(
        text(&causeway(&["sandbox", "--data", data, "--listen", &taken.to_string()]).stderr)
            .contains(&taken.port().to_string())
    );
}

#[test]
fn help_teaches_and_specs_are_data() {
    for command in ["sandbox", "serve", "migrate", "doctor", "sign", "verify", "encrypt", "spec"] {
        let output = causeway(&[command, "--help"]);
        assert!(assert_good(&output).contains("Examples:"), "{command}");
    }
    let output = causeway(&["spec"]);
    let declared = wire::ucsp::MESSAGES.len() + wire::upay::CALLS.len();
    assert_eq!(assert_good(&output).lines().count(), declared);
    assert!(assert_good(&causeway(&["spec", "pay"])).contains("dynamic_id"));
    for form in ["--json", "--json-schema", "--example"] {
        let output = causeway(&["spec", "payment-refund", form]);
        let value: Value = serde_json::from_str(assert_good(&output)).unwrap();
        assert!(value.to_string().contains("origQryId"), "{form}: {value}");
    }
}

#[test]
fn config_check_lists_every_fault() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("causeway.toml");
    fs::write(&file, "listen = \"x\"\npublic_url = 1\n[master_key]\nfile = \"/nope\"\n").unwrap();
    let file = file.to_str().unwrap();
    let output = causeway(&["config", "check", "--config", file]);
    assert_fails(&output, 1, "3 faults");
    assert_eq!(text(&output.stdout).lines().count(), 3, "{}", text(&output.stdout));
    let output = causeway(&["config", "check", "--config", file, "--json"]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["ok"], false);
    assert_eq!(report["faults"].as_array().unwrap().len(), 3);
    assert_fails(&causeway(&["serve", "--config", file]), 1, "config check");
}

/// A folder with a good configuration of everything that lies in files, and the file's path.
fn installation(folder: &Path) -> String {
    let at = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    for (name, content) in [
        ("master.key", "cd".repeat(32)),
        ("admin.password", "a long one\n".to_owned()),
        ("wallet.secret", "ef".repeat(32)),
        ("directory.json", "{}".to_owned()),
    ] {
        fs::write(at(name), content).unwrap();
        fs::set_permissions(at(name), fs::Permissions::from_mode(0o600)).unwrap();
    }
    let config = format!(
        "listen = \"127.0.0.1:0\"\npublic_url = \"https://pay.example.com\"\ndata = {:?}\n\
         [master_key]\nfile = {:?}\n[directory]\nfile = {:?}\n\
         [metrics]\nlisten = \"127.0.0.1:0\"\n\
         [admin]\nemail = \"o@example.com\"\npassword_file = {:?}\n\
         [[wallets]]\nurl = \"https://w.example.com\"\npayways = [\"3\"]\nsecret_file = {:?}\n",
        at("data"),
        at("master.key"),
        at("directory.json"),
        at("admin.password"),
        at("wallet.secret"),
    );
    fs::write(at("causeway.toml"), config).unwrap();
    at("causeway.toml")
}

/// What is done to a file, with the text to write.
type Damage<'a> = &'a dyn Fn(&Path, &str);

/// What `serve` would refuse is a fault of `config check`, with the setting's name.
#[test]
fn what_serve_refuses_is_no_good_configuration() {
    let write = |path: &Path, text: &str| fs::write(path, text).unwrap();
    let open = |path: &Path, _: &str| {
        fs::set_permissions(path, fs::Permissions::from_mode(0o644)).unwrap();
    };
    let remove = |path: &Path, _: &str| fs::remove_file(path).unwrap();
    let two = r#"{ "applications": [{ "id": "1", "owner": { "kind": "channel", "code": "2" },
        "active": true, "sandbox": false, "certificates": [] }],
        "openings": [{ "channel": "2", "industry": "3", "open": true }] }"#;
    let rows: [(&str, Damage<'_>, &str, &[&str]); 6] = [
        ("admin.password", &remove, "", &["admin.password_file: "]),
        ("admin.password", &open, "", &["admin.password_file: "]),
        ("wallet.secret", &remove, "", &["wallets.secret_file: "]),
        ("wallet.secret", &write, "short", &["wallets.secret_file: "]),
        ("master.key", &open, "", &["master_key: "]),
        (
            "directory.json",
            &write,
            two,
            &[
                "directory.file: applications[0].owner: 2 is not in channels",
                "directory.file: openings[0].channel: 2 is not in channels",
                "directory.file: openings[0].industry: 3 is not in industries",
            ],
        ),
    ];
    for (name, damage, text, faults) in rows {
        let folder = TempDir::new().unwrap();
        let config = installation(folder.path());
        assert_good(&causeway(&["config", "check", "--config", &config]));
        damage(&folder.path().join(name), text);
        let told = causeway(&["config", "check", "--config", &config, "--json"]);
        let told: Value = serde_json::from_slice(&told.stdout).unwrap();
        let told = told["faults"].as_array().unwrap();
        assert_eq!(told.len(), faults.len(), "{name}: {told:?}");
        for (said, fault) in told.iter().zip(faults) {
            assert!(said.as_str().unwrap().starts_with(fault), "{name}: {said}");
        }
        assert_fails(&causeway(&["serve", "--config", &config]), 1, name);
    }
}

#[test]
fn the_sandbox_writes_its_file_and_says_ready() {
    let folder = TempDir::new().unwrap();
    let data = folder.path();
    let sandbox = Sandbox::start(data);
    for private in ["sandbox.json", "master.key", "causeway.db"] {
        let mode = fs::metadata(data.join(private)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{private}");
    }
    let document = document(data);
    assert_eq!(keys(&document), ["base_url", "upay", "ucsp", "admin"]);
    let ucsp = &document["ucsp"];
    assert_eq!(keys(ucsp), ["platform", "channel", "industry", "channels", "industries"]);
    assert_eq!(ucsp["channels"][0], ucsp["channel"]);
    assert_eq!(ucsp["industries"][0], ucsp["industry"]);
    assert_eq!(ucsp["channels"].as_array().unwrap().len(), 2);
    assert_eq!(ucsp["industries"].as_array().unwrap().len(), 2);
    let own = ["sign_cert_id", "sign_key_pem", "enc_cert_id", "enc_key_pem"];
    assert_eq!(keys(&ucsp["channel"])[..3], ["channel_code", "app_id", "base_url"]);
    assert_eq!(keys(&ucsp["channel"])[3..7], own);
    assert_eq!(keys(&ucsp["channel"]["users"][0]), ["user_id", "mobile"]);
    assert_eq!(keys(&ucsp["industry"])[7..], own);
    assert_eq!(ucsp["industry"]["currency_codes"], serde_json::json!(["156", "344"]));
    assert_eq!(document["upay"]["activation_codes"].as_array().unwrap().len(), 4);
    assert_eq!(keys(&document["admin"]), ["email", "password"]);
    second_start_is_refused(data);
    tools_work_with_the_file(data);
    assert_eq!(sandbox.terminate(), Some(0));
}

/// Without the database that it was made with, a folder is no place for another installation.
#[test]
fn a_folder_of_another_database_is_not_begun_anew() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    let url = format!("sqlite:{}", folder.path().join("elsewhere.db").display());
    let elsewhere = ["--database-url", &url];
    assert_eq!(Sandbox::start_with(&data, &elsewhere).terminate(), Some(0));
    let before = document(&data);
    let path = data.to_str().unwrap();
    let sandbox = ["sandbox", "--listen", "127.0.0.1:0", "--data", path];
    for command in
        [&sandbox[..], &["migrate", "--data", path], &["ledger", "verify", "--data", path]]
    {
        assert_fails(&causeway(command), 1, "--database-url");
    }
    assert_eq!(document(&data), before);
    assert!(!data.join("causeway.db").exists());
    assert_eq!(Sandbox::start_with(&data, &elsewhere).terminate(), Some(0));
    // A folder of an older version does not say what it belongs to.
    fs::remove_file(data.join("store.kind")).unwrap();
    assert_eq!(Sandbox::start_with(&data, &elsewhere).terminate(), Some(0));
}

/// A failure names the file that was named, and leaves nothing half made.
#[test]
fn a_backup_that_fails_names_the_files_of_its_operator() {
    let folder = TempDir::new().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let data = at("data");
    assert_good(&causeway(&["migrate", "--data", &data]));
    fs::write(at("bad.db"), "not a database").unwrap();
    let (bad, nowhere, made) = (at("bad.db"), at("nowhere/x.db"), at("folder"));
    fs::create_dir(&made).unwrap();
    for (arguments, words) in [
        (&["restore", "--drill", "--from", &bad][..], &*bad),
        (&["restore", "--drill", "--from", &nowhere][..], &nowhere),
        (&["backup", "--data", &data, "--to", &bad][..], "it is there already"),
        (&["backup", "--data", &data, "--to", &nowhere][..], &nowhere),
    ] {
        let output = causeway(arguments);
        assert_fails(&output, 1, words);
        let said = text(&output.stderr);
        assert!(!said.contains(".part") && !said.contains("drill"), "{said}");
    }
    // A disk that is full in the midst of the copy.
    let to = at("copy.db");
    let script = "trap '' XFSZ; ulimit -f 128; exec \"$0\" \"$@\"";
    let mut limited = Command::new("sh");
    limited.args(["-c", script, BINARY, "backup", "--data", &data, "--to", &to]);
    let output = limited.output().unwrap();
    assert_fails(&output, 1, &to);
    assert!(!text(&output.stderr).contains(".part"), "{}", text(&output.stderr));
    assert!(!Path::new(&to).exists() && !Path::new(&format!("{to}.part")).exists());
}

fn second_start_is_refused(data: &Path) {
    let data = data.to_str().unwrap();
    let output = causeway(&["sandbox", "--data", data, "--listen", "127.0.0.1:0"]);
    assert_fails(&output, 1, "in use by another process");
}

fn tools_work_with_the_file(data: &Path) {
    let file = data.join("sandbox.json");
    let file = file.to_str().unwrap();
    let who = ["--credentials", file, "--as"];
    let body = br#"{"a":"1"}"#;
    let path = "/ucsp/industry/v1/getcardlist";
    let sign = [&["sign"], &who[..], &["industry", "--path", path]].concat();
    let signed = with_input(&sign, body);
    let header = assert_good(&signed).trim();
    let verify = [&["verify"], &who[..], &["industry", "--header", header, "--path"]].concat();
    let good = with_input(&[&verify[..], &[path]].concat(), body);
    assert!(assert_good(&good).starts_with("good"));
    let changed = with_input(&[&verify[..], &[path]].concat(), br#"{"a": "1"}"#);
    assert_fails(&changed, 1, "check 8");
    let elsewhere = with_input(&[&verify[..], &["/ucsp/other"]].concat(), body);
    assert_fails(&elsewhere, 1, "check 7");
    let late = [&verify[..], &[path, "--at", "2030-01-01T00:00:00Z", "--json"]].concat();
    let late = with_input(&late, body);
    let report: Value = serde_json::from_slice(&late.stdout).unwrap();
    assert_eq!((report["check"].as_u64(), report["ok"].as_bool()), (Some(6), Some(false)));
    let encrypt = [&["encrypt"], &who[..], &["channel", "--profile", "rsa-oaep-256"]].concat();
    let sealed = with_input(&encrypt, b"secret");
    let sealed = assert_good(&sealed);
    let open = |party| with_input(&[&["decrypt"], &who[..], &[party]].concat(), sealed.as_bytes());
    assert_eq!(assert_good(&open("channel")), "secret\n");
    assert_fails(&open("industry"), 1, "encrypted for certificate");
    assert_fails(&open("platform"), 2, "name a partner");
    assert_fails(&open("nobody"), 2, "nobody");
}

#[test]
fn the_clock_and_the_keys_outlive_a_kill_and_the_data_verifies_beside_the_server() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().to_str().unwrap();
    let sandbox = Sandbox::start(folder.path());
    let first = document(folder.path());
    let advance = ["clock", "advance", "1d", "--json", "--url"];
    let moved = causeway(&[&advance[..], &[&sandbox.base_url]].concat());
    let moved: Value = serde_json::from_str(assert_good(&moved)).unwrap();
    assert_eq!(moved["advanced_seconds"], 86_400);
    for book in ["ledger", "audit"] {
        let report = causeway(&[book, "verify", "--data", data, "--json"]);
        let report: Value = serde_json::from_str(assert_good(&report)).unwrap();
        assert_eq!(report["ok"], true, "{book}: {report}");
    }
    let doctor = causeway(&["doctor", "--data", data, "--json"]);
    let doctor: Value = serde_json::from_str(assert_good(&doctor)).unwrap();
    assert_eq!(doctor["ok"], true, "{doctor}");
    drop(sandbox);
    let again = Sandbox::start(folder.path());
    let second = document(folder.path());
    let own = |document: &Value| document["ucsp"]["industry"]["sign_key_pem"].clone();
    assert_eq!(own(&first), own(&second));
    assert_eq!(first["ucsp"]["platform"], second["ucsp"]["platform"]);
    let later = causeway(&["clock", "advance", "1s", "--json", "--url", &again.base_url]);
    let later: Value = serde_json::from_str(assert_good(&later)).unwrap();
    assert!(later["unix_ms"].as_i64() > moved["unix_ms"].as_i64());
    assert_eq!(later["advanced_seconds"], 86_401);
}

#[test]
fn data_of_another_master_key_is_refused() {
    let folder = TempDir::new().unwrap();
    assert_eq!(Sandbox::start(folder.path()).terminate(), Some(0));
    let key = folder.path().join("master.key");
    fs::write(&key, "ab".repeat(32)).unwrap();
    let data = folder.path().to_str().unwrap();
    let output = causeway(&["sandbox", "--data", data, "--listen", "127.0.0.1:0"]);
    assert_fails(&output, 1, "master key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    let output = causeway(&["sandbox", "--data", data, "--listen", "127.0.0.1:0"]);
    assert_fails(&output, 1, "chmod 600");
}

#[test]
fn production_serves_what_its_configuration_says() {
    let folder = TempDir::new().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    fs::write(at("master.key"), "cd".repeat(32)).unwrap();
    fs::set_permissions(at("master.key"), fs::Permissions::from_mode(0o600)).unwrap();
    fs::write(at("directory.json"), "{}").unwrap();
    fs::create_dir(at("data")).unwrap();
    let config = format!(
        "listen = \"127.0.0.1:0\"\npublic_url = \"https://pay.example.com\"\ndata = {:?}\n\
         [master_key]\nfile = {:?}\n[directory]\nfile = {:?}\n\
         [metrics]\nlisten = \"127.0.0.1:0\"\n",
        at("data"),
        at("master.key"),
        at("directory.json"),
    );
    fs::write(at("causeway.toml"), config).unwrap();
    let file = at("causeway.toml");
    assert_good(&causeway(&["config", "check", "--config", &file]));
    let migrated = causeway(&["migrate", "--config", &file, "--json"]);
    let migrated: Value = serde_json::from_str(assert_good(&migrated)).unwrap();
    assert_eq!(migrated["platform_keys"], 2);
    let mut child = Command::new(BINARY)
        .args(["serve", "--config", &file, "--log", "json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert_eq!(lines.next().unwrap().unwrap(), "ready");
    assert_good(&causeway(&["audit", "verify", "--config", &file]));
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    let ended = child.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(0));
    for line in text(&ended.stderr).lines() {
        assert!(serde_json::from_str::<Value>(line).is_ok(), "{line}");
    }
}
