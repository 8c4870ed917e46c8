//! A throw-away PostgreSQL cluster for tests and measurements: made in a temporary folder, on a
//! free port of this machine, with a password, gone when it is dropped.
//!
//! PostgreSQL refuses to run as root, so that root runs it as the user `postgres` of the packages.

use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::shell;

/// The password of a cluster that only this machine reaches and that lives for one run.
const PASSWORD: &str = "throw-away";
/// How long a new cluster may take until it answers.
const START_WAIT: Duration = Duration::from_mins(1);

/// A running cluster.
pub(crate) struct Cluster {
    server: Child,
    folder: PathBuf,
    port: u16,
}

/// What a cluster is started with.
pub(crate) struct Settings<'a> {
    /// Settings of the server, each `name=value`.
    pub(crate) server: &'a [&'a str],
    /// A folder that [`Cluster::keep`] made, to begin with a copy of it.
    pub(crate) copy_of: Option<&'a Path>,
}

impl Cluster {
    /// Makes and starts a cluster with the programs in this folder.
    pub(crate) fn start(programs: &Path) -> Result<Self> {
        // Durable as in production: what is measured and killed here must be.
        Self::start_with(programs, &Settings { server: &["fsync=on"], copy_of: None })
    }

    /// The same with further settings, or on what another one left.
    pub(crate) fn start_with(programs: &Path, settings: &Settings<'_>) -> Result<Self> {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let (process, number) = (std::process::id(), MADE.fetch_add(1, Ordering::Relaxed));
        let folder = std::env::temp_dir().join(format!("causeway-postgres-{process}-{number}"));
        if folder.exists() {
            fs::remove_dir_all(&folder).context("an old cluster cannot be removed")?;
        }
        fs::create_dir(&folder).context("no folder for PostgreSQL can be made")?;
        let user = Identity::find(&folder)?;
        let data = folder.join("data");
        match settings.copy_of {
            Some(kept) => copy(kept, &data)?,
            None => make(programs, &user, &folder, &data)?,
        }
        let port = free_port()?;
        let log = File::create(folder.join("log")).context("no log for PostgreSQL can be made")?;
        let mut serve = user.command(&programs.join("postgres"));
        serve.arg("-D").arg(&data).args(["-c", "listen_addresses=127.0.0.1"]);
        serve.arg("-c").arg(format!("port={port}"));
        for setting in ["unix_socket_directories=", "max_connections=200"] {
            serve.args(["-c", setting]);
        }
        for setting in settings.server {
            serve.args(["-c", setting]);
        }
        serve.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let server = serve.spawn().context("PostgreSQL could not be started")?;
        let mut cluster = Self { server, folder, port };
        cluster.wait()?;
        Ok(cluster)
    }

    /// The URL of the database that every cluster has.
    pub(crate) fn url(&self) -> String {
        self.url_of("postgres")
    }

    /// The URL of a database.
    pub(crate) fn url_of(&self, database: &str) -> String {
        format!("postgres://causeway:{PASSWORD}@127.0.0.1:{}/{database}", self.port)
    }

    /// Stops the server in good order and copies what it leaves to a new folder.
    pub(crate) fn keep(mut self, to: &Path) -> Result<()> {
        let stop = ["-INT", &self.server.id().to_string()].map(str::to_owned);
        shell::output(shell::command("kill").args(stop))?;
        self.server.wait().context("PostgreSQL did not end")?;
        copy(&self.folder.join("data"), to)
    }

    /// Waits until the server listens.
    #[expect(clippy::disallowed_methods, reason = "a tool that waits for a program it started")]
    fn wait(&mut self) -> Result<()> {
        let until = Instant::now() + START_WAIT;
        while TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_err() {
            let ended = self.server.try_wait().context("PostgreSQL cannot be waited for")?;
            if ended.is_some() || Instant::now() > until {
                let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
                bail!("PostgreSQL did not start: {}", log.lines().last().unwrap_or("no word"));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // An immediate end: nothing of it is needed any more. The server ends its own children.
        let stop = ["-QUIT", &self.server.id().to_string()].map(str::to_owned);
        if !shell::succeeds(shell::command("kill").args(stop)) {
            let _ = self.server.kill();
        }
        let _ = self.server.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// An empty cluster.
fn make(programs: &Path, user: &Identity, folder: &Path, data: &Path) -> Result<()> {
    let password = folder.join("password");
    fs::write(&password, PASSWORD).context("no file for PostgreSQL can be written")?;
    let mut make = user.command(&programs.join("initdb"));
    make.arg("--pgdata").arg(data).arg("--pwfile").arg(&password);
    make.args(["--username=causeway", "--auth=scram-sha-256", "--encoding=UTF8"]);
    shell::output(make.args(["--locale=C", "--no-sync"])).map(drop)
}

/// With owners and rights.
fn copy(from: &Path, to: &Path) -> Result<()> {
    let mut command = shell::command("cp");
    shell::output(command.args(["-a", "--reflink=auto"]).args([from, to])).map(drop)
}

/// As whom PostgreSQL runs.
struct Identity {
    /// User and group, when it is not as ourselves.
    other: Option<(u32, u32)>,
}

impl Identity {
    /// Gives the folder to the user as whom PostgreSQL will run.
    fn find(folder: &Path) -> Result<Self> {
        let is_root = fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0);
        if !is_root {
            return Ok(Self { other: None });
        }
        let users = fs::read_to_string("/etc/passwd").context("the users cannot be read")?;
        let line = users.lines().find(|line| line.starts_with("postgres:"));
        let mut words = line.unwrap_or_default().split(':').skip(2).map(str::parse::<u32>);
        let (Some(Ok(user)), Some(Ok(group))) = (words.next(), words.next()) else {
            bail!("PostgreSQL does not run as root and there is no user postgres");
        };
        std::os::unix::fs::chown(folder, Some(user), Some(group))
            .context("the folder of PostgreSQL cannot be given away")?;
        Ok(Self { other: Some((user, group)) })
    }

    fn command(&self, program: &Path) -> Command {
        let mut command = shell::command(program);
        if let Some((user, group)) = self.other {
            std::os::unix::process::CommandExt::uid(&mut command, user);
            std::os::unix::process::CommandExt::gid(&mut command, group);
        }
        // Its own folder: the one of the workspace may be closed to that user.
        command.current_dir("/");
        command
    }
}

fn free_port() -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("there is no free port")?;
    Ok(listener.local_addr().context("there is no free port")?.port())
}
