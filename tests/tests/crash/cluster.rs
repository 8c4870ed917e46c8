//! A PostgreSQL cluster of its own, which the test may kill. Durable as in production.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::wait::until;

/// A running cluster; gone when dropped.
pub(crate) struct Cluster {
    programs: PathBuf,
    folder: TempDir,
    user: Option<(u32, u32)>,
    port: u16,
    server: Child,
}

/// How the database goes down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fall {
    /// `SIGQUIT`: an immediate end, without a checkpoint.
    Immediate,
    /// `SIGKILL` of the first process.
    Kill,
}

impl Cluster {
    /// Makes and starts one with the programs of `CAUSEWAY_PG_BIN`.
    pub(crate) async fn make() -> Self {
        let programs = std::env::var_os("CAUSEWAY_PG_BIN");
        let programs =
            PathBuf::from(programs.expect(
                "CAUSEWAY_PG_BIN does not name PostgreSQL's programs: run `cargo xtask test`",
            ));
        let folder = tempfile::tempdir().expect("a folder");
        let user = identity();
        if let Some((user, group)) = user {
            std::os::unix::fs::chown(folder.path(), Some(user), Some(group)).expect("chown");
        }
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        drop(listener);
        let mut make = command(user, &programs, "initdb");
        make.arg("-D").arg(folder.path().join("data")).args(["-U", "causeway", "--no-sync"]);
        make.args(["--auth=trust", "--encoding=UTF8", "--locale=C"]).stdout(Stdio::null());
        assert!(make.status().expect("initdb").success());
        let server = serve(user, &programs, &folder, port);
        let mut cluster = Self { programs, folder, user, port, server };
        cluster.wait().await;
        cluster
    }

    pub(crate) fn url(&self) -> String {
        format!("postgres://causeway@127.0.0.1:{}/postgres", self.port)
    }

    /// Takes it down.
    pub(crate) fn fall(&mut self, how: Fall) {
        let signal = if how == Fall::Kill { "KILL" } else { "QUIT" };
        let id = self.server.id().to_string();
        let status = Command::new("kill").args(["-s", signal, &id]).status();
        assert!(status.expect("the command kill").success());
        self.server.wait().expect("its end");
    }

    /// Starts it again and waits until it takes connections.
    pub(crate) async fn rise(&mut self) {
        self.server = serve(self.user, &self.programs, &self.folder, self.port);
        self.wait().await;
    }

    /// Ends every connection but the one that asks.
    pub(crate) fn cut_connections(&self) -> usize {
        let sql = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
                   WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()";
        let mut ask = command(self.user, &self.programs, "psql");
        let output = ask.args(["-qAt", "-c", sql, &self.url()]).output().expect("psql");
        String::from_utf8_lossy(&output.stdout).trim().parse().expect("a count")
    }

    /// `pg_dump` into a file of its folder, as docs/ops/backup.md says.
    pub(crate) fn dump(&self) {
        let mut dump = command(self.user, &self.programs, "pg_dump");
        dump.args(["--format=custom", "--file"]).arg(self.folder.path().join("dump"));
        assert!(dump.arg(self.url()).status().expect("pg_dump").success());
    }

    /// `pg_restore` of that file into an empty database; its URL.
    pub(crate) fn restore_dump(&self) -> String {
        let url = format!("postgres://causeway@127.0.0.1:{}/scratch", self.port);
        let mut make = command(self.user, &self.programs, "psql");
        make.args(["-q", "-c", "CREATE DATABASE scratch TEMPLATE template0", &self.url()]);
        assert!(make.status().expect("psql").success());
        let mut restore = command(self.user, &self.programs, "pg_restore");
        restore.args(["--exit-on-error", "--dbname", &url]).arg(self.folder.path().join("dump"));
        assert!(restore.status().expect("pg_restore").success());
        url
    }

    /// Until it takes connections. What was killed may leave processes for a moment, beside which
    /// the next one does not start.
    async fn wait(&mut self) {
        let cell = std::sync::Mutex::new(self);
        until("PostgreSQL answers", async || {
            let mut cluster = cell.lock().expect("the cluster");
            if cluster.server.try_wait().expect("a child").is_some() {
                let (user, port) = (cluster.user, cluster.port);
                cluster.server = serve(user, &cluster.programs, &cluster.folder, port);
            }
            let mut ask = command(cluster.user, &cluster.programs, "pg_isready");
            ask.args(["-q", "-h", "127.0.0.1", "-p", &cluster.port.to_string()]);
            let up = ask.status().expect("pg_isready").success();
            if up { Ok(()) } else { Err("not yet".to_owned()) }
        })
        .await;
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let id = self.server.id().to_string();
        // Nothing of it is needed any more.
        let _ = Command::new("kill").args(["-s", "QUIT", &id]).status();
        let _ = self.server.wait();
    }
}

fn serve(user: Option<(u32, u32)>, programs: &Path, folder: &TempDir, port: u16) -> Child {
    let log = fs::File::options().create(true).append(true).open(folder.path().join("log"));
    let mut serve = command(user, programs, "postgres");
    serve.arg("-D").arg(folder.path().join("data"));
    let port = format!("port={port}");
    let places = ["listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=on", &port];
    serve.args(places.iter().flat_map(|setting| ["-c", setting]));
    serve.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log.expect("a log"));
    serve.spawn().expect("PostgreSQL starts")
}

/// PostgreSQL refuses to run as root: then it runs as the user of its packages.
fn identity() -> Option<(u32, u32)> {
    if fs::metadata("/proc/self").expect("/proc").uid() != 0 {
        return None;
    }
    let users = fs::read_to_string("/etc/passwd").expect("the users");
    let line = users.lines().find(|line| line.starts_with("postgres:")).expect("user postgres");
    let mut numbers = line.split(':').skip(2).map(|word| word.parse().expect("a number"));
    Some((numbers.next().expect("a user"), numbers.next().expect("a group")))
}

fn command(user: Option<(u32, u32)>, programs: &Path, name: &str) -> Command {
    let mut command = Command::new(programs.join(name));
    if let Some((user, group)) = user {
        command.uid(user).gid(group);
    }
    command.current_dir("/");
    command
}
