//! Nodes of `causeway serve` over one PostgreSQL database, beside a sandbox over the same one that
//! brings the partners: the simulated wallets and the downstream system.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;

use tempfile::TempDir;

use crate::harness::http::Http;
use crate::harness::sandbox::{binary, free_block};
use crate::harness::wait::until;
use crate::harness::{Sandbox, Service, Till, database};

/// How long a node says that it is not ready before it stops: a look of the balancer, many times.
const DRAIN_SECONDS: &str = "3";

/// `causeway serve` on a port of its own; killed when dropped.
pub(crate) struct Node {
    child: Child,
    config: String,
    pub(crate) base: String,
}

impl Node {
    pub(crate) fn start(config: &str, port: u16) -> Self {
        let child = serve(config);
        Self { child, config: config.to_owned(), base: format!("http://127.0.0.1:{port}") }
    }

    /// Until it says that it is ready.
    pub(crate) async fn ready(&self) {
        let (http, url) = (Http::new(), format!("{}/readyz", self.base));
        until("ready", async || match http.get(&url).await {
            Ok(reply) if reply.status == 200 => Ok(()),
            other => Err(format!("{other:?}")),
        })
        .await;
    }

    pub(crate) async fn start_again(&mut self) {
        self.child = serve(&self.config);
        self.ready().await;
    }

    /// kill -9.
    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("a running node");
        self.child.wait().expect("its end");
    }

    /// SIGTERM alone.
    pub(crate) fn terminate(&self) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", "TERM", &id]).status().unwrap().success());
    }

    /// SIGTERM, and waits for a clean end.
    pub(crate) async fn stop(&mut self) {
        self.terminate();
        self.ended().await;
    }

    /// Waits for a clean end.
    pub(crate) async fn ended(&mut self) {
        let child = Mutex::new(&mut self.child);
        let code = until("the end of a node", async || {
            let ended = child.lock().unwrap().try_wait().unwrap();
            ended.map(|status| status.code()).ok_or_else(|| "it runs".to_owned())
        })
        .await;
        assert_eq!(code, Some(0), "a graceful end");
    }

    /// The number of its process, with which its name in leases begins.
    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }

    /// This till at this node.
    pub(crate) fn till(&self, till: &Till) -> Till {
        Till { base: self.base.clone(), http: Http::new(), ..till.clone() }
    }

    /// This service at this node.
    pub(crate) fn service(&self, service: &Service) -> Service {
        let mut here = service.clone();
        here.partner.base.clone_from(&self.base);
        here.partner.http = Http::new();
        here
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn serve(config: &str) -> Child {
    let mut command = Command::new(binary());
    command.args(["serve", "--drain-seconds", DRAIN_SECONDS, "--config", config]);
    command.stdout(Stdio::null()).stderr(log(config)).spawn().expect("the binary starts")
}

/// What a node writes goes beside its configuration.
fn log(config: &str) -> Stdio {
    let path = PathBuf::from(config).with_extension("log");
    let file = std::fs::File::options().create(true).append(true).open(path);
    file.expect("a log").into()
}

/// A sandbox and so many nodes over its database.
pub(crate) struct Group {
    pub(crate) nodes: Vec<Node>,
    pub(crate) sandbox: Sandbox,
    pub(crate) folder: TempDir,
}

impl Group {
    pub(crate) async fn start(count: usize) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let database = database::made(folder.path());
        let sandbox = Sandbox::start_over(folder.path(), free_block(), Some(database.clone()));
        let start = |port: u16| Node::start(&configure(&sandbox, &database, port), port);
        let ports: Vec<u16> = (0..count).map(|_| free_block()).collect();
        let nodes: Vec<Node> = ports.into_iter().map(start).collect();
        for node in &nodes {
            node.ready().await;
        }
        Self { nodes, sandbox, folder }
    }

    /// A fresh terminal of the first merchant, made at this node.
    pub(crate) async fn till(&self, node: usize) -> Till {
        self.nodes[node].till(&Till::first(&self.sandbox).await)
    }

    /// The rows of a question to the database.
    pub(crate) fn rows(&self, sql: &str) -> Vec<String> {
        database::rows(self.folder.path(), sql)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.nodes.clear();
        if std::thread::panicking() {
            tell_logs(self.folder.path());
        }
        database::drop_made(self.folder.path());
    }
}

/// The last lines of each node's log.
fn tell_logs(folder: &Path) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.extension().is_some_and(|end| end == "log") {
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            let lines: Vec<&str> = text.lines().filter(|line| !line.contains(" INFO ")).collect();
            let last = lines.len().saturating_sub(15);
            eprintln!("--- {}\n{}", path.display(), lines[last..].join("\n"));
        }
    }
}

/// The configuration of a node that uses the sandbox's partners.
fn configure(sandbox: &Sandbox, database: &str, port: u16) -> String {
    let at = |name: &str| sandbox.folder.join(name).to_str().expect("UTF-8").to_owned();
    let text = format!(
        "listen = \"127.0.0.1:{port}\"\npublic_url = \"http://127.0.0.1:{port}\"\n\
         database_url = \"{database}\"\n[master_key]\nfile = \"{}\"\n\
         [metrics]\nlisten = \"127.0.0.1:{}\"\n\
         [egress]\nallow_loopback = true\nallow_plain_http = true\n\
         [terminals]\nlog_folder = \"{}\"\n\
         [[wallets]]\nurl = \"http://127.0.0.1:{}\"\npayways = [\"1\", \"3\"]\n\
         secret_file = \"{}\"\n",
        at("master.key"),
        port + 1,
        at(&format!("logs-{port}")),
        sandbox.port + 3,
        at("wallet.secret"),
    );
    let file = at(&format!("node-{port}.toml"));
    std::fs::write(&file, text).expect("a file");
    file
}
