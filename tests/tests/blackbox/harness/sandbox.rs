//! The running binary: started on free ports with a data folder of its own, killed when dropped.

use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::database;
use super::http::{Http, Reply};
use super::partner::Partner;

/// A first start makes keys; nothing healthy takes as long.
const READY_WAIT: Duration = Duration::from_mins(1);
/// Four listeners: platform, bank, service, downstream.
const LISTENERS: u16 = 4;

/// The program under test.
pub(crate) fn binary() -> PathBuf {
    let path = std::env::var_os("CAUSEWAY_BINARY");
    path.expect("CAUSEWAY_BINARY is not set: run the tests with `cargo xtask test`").into()
}

/// Runs a command of the binary to its end.
pub(crate) fn run(arguments: &[&str]) -> Output {
    run_in(Path::new("."), arguments, "")
}

/// Runs a command of the binary in a folder with this standard input.
pub(crate) fn run_in(folder: &Path, arguments: &[&str], input: &str) -> Output {
    use std::io::Write as _;
    let mut child = Command::new(binary())
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    // A command that reads nothing may have ended already.
    let _ = child.stdin.take().expect("a pipe").write_all(input.as_bytes());
    child.wait_with_output().expect("the command ends")
}

/// A sandbox and what it printed.
pub(crate) struct Sandbox {
    /// Its data folder.
    pub(crate) folder: PathBuf,
    /// The platform's port.
    pub(crate) port: u16,
    /// `sandbox.json` as it is on disk.
    pub(crate) document: Value,
    /// For calls without a signature.
    pub(crate) http: Http,
    child: Child,
    log: Arc<Mutex<Vec<u8>>>,
    owned: Option<TempDir>,
    /// The URL of its database, if its tables are not in the folder.
    database: Option<String>,
}

impl Sandbox {
    /// A fresh installation.
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut sandbox = Self::start_in(folder.path(), free_block());
        sandbox.owned = Some(folder);
        sandbox
    }

    /// An installation in a folder that may have data, on this port and the three after it.
    pub(crate) fn start_in(folder: &Path, port: u16) -> Self {
        Self::start_over(folder, port, database::of(folder))
    }

    /// As [`Self::start_in`], over this database.
    pub(crate) fn start_over(folder: &Path, port: u16, database: Option<String>) -> Self {
        let (child, log) = launch(folder, port, database.as_deref());
        let document = read_document(folder);
        let http = Http::new();
        let folder = folder.to_owned();
        Self { folder, port, document, http, child, log, owned: None, database }
    }

    /// Starts it again where no file may grow beyond this size, as on a full disk.
    pub(crate) fn start_again_without_room(&mut self, file_bytes_max: u64) {
        let (child, log) = self.launch_by(limited(file_bytes_max));
        self.child = child;
        self.log = log;
        self.http = Http::new();
    }

    /// Kills it without a warning, as a power cut would.
    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("a running program can be killed");
        self.child.wait().expect("a killed program ends");
    }

    /// Starts it again on the same data and ports, after [`Self::kill`].
    pub(crate) fn start_again(&mut self) {
        let (child, log) = self.launch_by(Command::new(binary()));
        self.child = child;
        self.log = log;
        self.document = read_document(&self.folder);
        self.http = Http::new();
    }

    fn launch_by(&self, command: Command) -> (Child, Arc<Mutex<Vec<u8>>>) {
        launch_by(command, &self.folder, self.port, self.database.as_deref())
    }

    /// Sends a signal by its name.
    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let status = Command::new("kill").args(["-s", name, &id]).status();
        assert!(status.expect("the command kill").success());
    }

    /// Waits for its end and gives the exit status.
    pub(crate) fn wait(&mut self) -> Option<i32> {
        self.child.wait().expect("the program ends").code()
    }

    /// The platform's base address.
    pub(crate) fn base(&self) -> String {
        self.document["base_url"].as_str().expect("base_url").to_owned()
    }

    /// What it wrote to standard error so far.
    pub(crate) fn log(&self) -> String {
        String::from_utf8_lossy(&self.log.lock().expect("the log")).into_owned()
    }

    /// Runs a command that reads the data folder.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        let place = match &self.database {
            Some(url) => ["--database-url".to_owned(), url.clone()],
            None => database::arguments(&self.folder),
        };
        let mut all = arguments.to_vec();
        all.extend(place.iter().map(String::as_str));
        run(&all)
    }

    /// An industry service by its place in the list.
    pub(crate) fn industry(&self, index: usize) -> Partner {
        Partner::new(self, &self.document["ucsp"]["industries"][index], "industry_code")
    }

    /// A channel by its place in the list.
    pub(crate) fn channel(&self, index: usize) -> Partner {
        Partner::new(self, &self.document["ucsp"]["channels"][index], "channel_code")
    }

    /// A call of the simulation API with a body.
    pub(crate) async fn simulate(&self, path: &str, body: &Value) -> Reply {
        let url = format!("{}/sandbox/v1/{path}", self.base());
        self.http.post(&url, &[], body.to_string()).await.expect("the simulation API answers")
    }

    /// A question to the simulation API.
    pub(crate) async fn ask(&self, path: &str) -> Value {
        let url = format!("{}/sandbox/v1/{path}", self.base());
        let reply = self.http.get(&url).await.expect("the simulation API answers");
        assert_eq!(reply.status, 200, "{path}: {}", reply.text());
        reply.json()
    }

    /// The payer pays, with an outcome of the simulation API or by the amount table.
    pub(crate) async fn pay(&self, tn: &str, outcome: Option<&str>) -> Reply {
        let mut body = json!({ "tn": tn });
        if let Some(outcome) = outcome {
            body["outcome"] = outcome.into();
        }
        self.simulate("pay", &body).await
    }

    /// Moves business time.
    pub(crate) async fn advance(&self, seconds: u64) {
        let reply = self.simulate("clock", &json!({ "advance_seconds": seconds })).await;
        assert_eq!(reply.status, 200, "clock: {}", reply.text());
    }

    /// Business time in Unix seconds.
    pub(crate) async fn now(&self) -> i64 {
        self.ask("clock").await["unix_ms"].as_i64().expect("unix_ms") / 1000
    }

    /// The notices of an order, to one side or to all.
    pub(crate) async fn notices(&self, order: &str) -> Vec<Value> {
        let answer = self.ask(&format!("notices?order={order}")).await;
        answer["notices"].as_array().expect("notices").clone()
    }

    /// Ledger and audit trail hold, by the commands of the binary.
    pub(crate) fn verify_books(&self) {
        for what in ["ledger", "audit"] {
            let output = self.run(&[what, "verify"]);
            assert!(
                output.status.success(),
                "{what} verify: {}{}",
                String::from_utf8_lossy(&output.stdout),
                String::from_utf8_lossy(&output.stderr)
            );
        }
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if self.owned.is_some() {
            database::drop_of(&self.folder);
        }
        if std::thread::panicking() {
            let log = self.log();
            let lines: Vec<&str> = log.lines().collect();
            let last = lines.len().saturating_sub(40);
            eprintln!("--- the last lines of the log\n{}", lines[last..].join("\n"));
        }
    }
}

/// The program under a bound on the size of its files: writing beyond it is an error, not a
/// signal, as it is when the disk is full.
pub(crate) fn limited(file_bytes_max: u64) -> Command {
    const BLOCK_BYTES: u64 = 512; // POSIX, ulimit -f
    let blocks = file_bytes_max / BLOCK_BYTES;
    let mut command = Command::new("sh");
    let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
    command.arg("-c").arg(script).arg(binary());
    command
}

/// Starts the program and waits for its line `ready`.
fn launch(folder: &Path, port: u16, database: Option<&str>) -> (Child, Arc<Mutex<Vec<u8>>>) {
    launch_by(Command::new(binary()), folder, port, database)
}

fn launch_by(
    mut command: Command,
    folder: &Path,
    port: u16,
    database: Option<&str>,
) -> (Child, Arc<Mutex<Vec<u8>>>) {
    let mut child = command
        .arg("sandbox")
        .arg("--data")
        .arg(folder)
        .args(["--listen", &format!("127.0.0.1:{port}")])
        .args(database.iter().flat_map(|url| ["--database-url", url]))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let log = Arc::new(Mutex::new(Vec::new()));
    let mut errors = child.stderr.take().expect("a pipe");
    let sink = Arc::clone(&log);
    std::thread::spawn(move || {
        let mut buffer = [0_u8; 4096];
        while let Ok(count @ 1..) = errors.read(&mut buffer) {
            sink.lock().expect("the log").extend_from_slice(&buffer[..count]);
        }
    });
    let lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        for line in lines.map_while(Result::ok) {
            // After the test has what it waited for, the rest is only drained.
            let _ = sender.send(line);
        }
    });
    loop {
        match receiver.recv_timeout(READY_WAIT) {
            Ok(line) if line.trim() == "ready" => return (child, log),
            Ok(_) => {}
            Err(error) => {
                let _ = child.kill();
                let _ = child.wait();
                let log = String::from_utf8_lossy(&log.lock().expect("the log")).into_owned();
                panic!("no line `ready` ({error}); standard error: {log}");
            }
        }
    }
}

fn read_document(folder: &Path) -> Value {
    let text = std::fs::read_to_string(folder.join("sandbox.json")).expect("sandbox.json");
    serde_json::from_str(&text).expect("sandbox.json is JSON")
}

/// The first of four free ports below those that the system hands out by itself, so that no
/// other connection takes them between a kill and a restart. Each process looks elsewhere first.
pub(crate) fn free_block() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    for _ in 0..1000 {
        let number = std::process::id() * 5 + NEXT.fetch_add(1, Ordering::Relaxed);
        let port = 20_000 + u16::try_from(number % 3000).expect("below 3000") * LISTENERS;
        let bound = |port| TcpListener::bind(("127.0.0.1", port)).is_ok();
        if (port..port + LISTENERS).all(bound) {
            return port;
        }
    }
    panic!("no four free ports in a row");
}
