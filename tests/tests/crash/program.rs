//! The program under test as a process that can be killed.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

/// Nothing healthy takes as long to start.
const READY_WAIT: Duration = Duration::from_mins(1);
/// Listeners of a sandbox.
const LISTENERS: u16 = 4;

/// The binary under test.
pub(crate) fn binary() -> PathBuf {
    let path = std::env::var_os("CAUSEWAY_BINARY");
    path.expect("CAUSEWAY_BINARY is not set: run the tests with `cargo xtask test`").into()
}

/// A sandbox; killed when dropped.
pub(crate) struct Program {
    pub(crate) folder: PathBuf,
    /// Where the tables are; none: a file in the folder.
    database: Option<String>,
    port: u16,
    child: Child,
    /// From the start of the process to its line `ready`.
    pub(crate) ready_after: Duration,
}

impl Program {
    pub(crate) fn start(folder: &Path, database: Option<String>) -> Self {
        let port = free_block();
        let (child, ready_after) = launch(folder, database.as_deref(), port);
        Self { folder: folder.to_owned(), database, port, child, ready_after }
    }

    /// kill -9.
    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("a running program can be killed");
        self.child.wait().expect("a killed program ends");
    }

    /// Starts it again on the same data.
    pub(crate) fn start_again(&mut self) {
        let (child, after) = launch(&self.folder, self.database.as_deref(), self.port);
        (self.child, self.ready_after) = (child, after);
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("a child").is_none()
    }

    /// `sandbox.json`.
    pub(crate) fn document(&self) -> Value {
        let text = std::fs::read_to_string(self.folder.join("sandbox.json"));
        serde_json::from_str(&text.expect("sandbox.json")).expect("sandbox.json is JSON")
    }

    /// The report of `ledger verify` or `audit verify`; panics when it finds a fault.
    pub(crate) fn verify(&self, what: &str) -> Value {
        let folder = self.folder.to_str().expect("UTF-8").to_owned();
        let place = match &self.database {
            Some(url) => ["--database-url".to_owned(), url.clone()],
            None => ["--data".to_owned(), folder],
        };
        let output = Command::new(binary()).args([what, "verify", "--json"]).args(place).output();
        let output: Output = output.expect("the binary starts");
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{what} verify: {told}{error}");
        serde_json::from_str(&told).expect("a report")
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            let log = std::fs::read_to_string(self.folder.join("log")).unwrap_or_default();
            let lines: Vec<&str> = log.lines().collect();
            eprintln!("--- the log ends\n{}", lines[lines.len().saturating_sub(30)..].join("\n"));
        }
    }
}

/// Starts the program and waits for its line `ready`.
fn launch(folder: &Path, database: Option<&str>, port: u16) -> (Child, Duration) {
    let log = File::options().create(true).append(true).open(folder.join("log"));
    let begun = Instant::now();
    let mut command = Command::new(binary());
    command.arg("sandbox").arg("--data").arg(folder);
    command.args(["--listen", &format!("127.0.0.1:{port}")]);
    command.args(database.iter().flat_map(|url| ["--database-url", url]));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log.expect("a log"));
    let mut child = command.spawn().expect("the binary starts");
    let lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        for line in lines.map_while(Result::ok) {
            // After the line that was waited for, the rest is only drained.
            let _ = sender.send(line);
        }
    });
    loop {
        match receiver.recv_timeout(READY_WAIT) {
            Ok(line) if line.trim() == "ready" => return (child, begun.elapsed()),
            Ok(_) => {}
            Err(error) => {
                let _ = child.kill();
                let _ = child.wait();
                let log = std::fs::read_to_string(folder.join("log")).unwrap_or_default();
                panic!("no line `ready` ({error}): {log}");
            }
        }
    }
}

/// The first of four free ports below those that the system hands out by itself.
pub(crate) fn free_block() -> u16 {
    for attempt in 0..1000 {
        let number = (std::process::id() + attempt) % 1_900;
        let port = 12_000 + u16::try_from(number).expect("small") * LISTENERS;
        let bound = |port| TcpListener::bind(("127.0.0.1", port)).is_ok();
        if (port..port + LISTENERS).all(bound) {
            return port;
        }
    }
    panic!("no four free ports in a row");
}
