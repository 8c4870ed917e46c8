//! Where the product's data lies while it is measured: a folder, or a throw-away cluster beside it;
//! empty, or a copy of one that was filled once and is used again.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::programs::{Programs, Server};
use crate::postgres::{Cluster, Settings};
use crate::{provide, shell};

/// Settings of the database beside those of every throw-away cluster: a production server of this
/// size. Nothing here gives up durability.
pub(crate) const POSTGRES_SETTINGS: &[&str] = &[
    "fsync=on",
    "full_page_writes=on",
    "synchronous_commit=on",
    "shared_buffers=2GB",
    "max_wal_size=8GB",
    "min_wal_size=1GB",
    "checkpoint_timeout=15min",
];
/// Orders that are filled in by one call of the filler; after each the count is kept.
const FILL_STEP: u64 = 500_000;
/// Disk that is left alone, in KiB.
const ROOM_KIB: u64 = 4 * 1024 * 1024;
/// Above so many orders a filled database is not copied but used itself: what a measurement adds is
/// little against it.
const COPIED_ORDERS_MAX: u64 = 1_000_000;

/// The engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Store {
    Sqlite,
    Postgres,
}

impl Store {
    pub(crate) const ALL: [Self; 2] = [Self::Sqlite, Self::Postgres];

    /// The name in results and on the command line.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        }
    }
}

/// A place for the product's data.
pub(crate) struct Ground {
    /// The sandbox's data folder.
    data: PathBuf,
    /// Its database, if that is not in the folder.
    pub(crate) cluster: Option<Cluster>,
    /// `client_sn` of some of the orders.
    pub(crate) names: PathBuf,
    /// Folder to take away at the end.
    own: Option<PathBuf>,
}

impl Ground {
    /// Empty.
    pub(crate) fn empty(programs: &Programs, store: Store) -> Result<Self> {
        let folder = programs.folder.join("ground");
        remove(&folder)?;
        fs::create_dir_all(&folder)?;
        let cluster = match store {
            Store::Sqlite => None,
            Store::Postgres => Some(start(None)?),
        };
        let (data, names) = (folder.join("data"), folder.join("names"));
        Ok(Self { data, cluster, names, own: Some(folder) })
    }

    /// With at least so many paid orders in the tables.
    pub(crate) fn filled(programs: &Programs, store: Store, orders: u64) -> Result<Self> {
        let template = fill(programs, store, orders)?;
        if store == Store::Sqlite && orders > COPIED_ORDERS_MAX {
            let (data, names) = (template.join("data"), template.join("names"));
            return Ok(Self { data, cluster: None, names, own: None });
        }
        let folder = programs.folder.join("ground");
        remove(&folder)?;
        copy(&template, &folder)?;
        let cluster = match store {
            Store::Sqlite => None,
            Store::Postgres => Some(start(Some(&folder.join("cluster")))?),
        };
        let (data, names) = (folder.join("data"), folder.join("names"));
        Ok(Self { data, cluster, names, own: Some(folder) })
    }

    /// The product with its simulated partners on any free ports.
    pub(crate) fn sandbox(&self, programs: &Programs) -> Result<Server> {
        self.sandbox_at(programs, "127.0.0.1:0")
    }

    /// The same at an address.
    pub(crate) fn sandbox_at(&self, programs: &Programs, listen: &str) -> Result<Server> {
        let mut arguments = Vec::new();
        if let Some(cluster) = &self.cluster {
            arguments.extend(["--database-url".to_owned(), cluster.url()]);
        }
        Server::sandbox(programs, &self.data, listen, &arguments)
    }

    /// What programs beside the product are told of the store: a folder or a URL.
    pub(crate) fn place(&self) -> String {
        match &self.cluster {
            Some(cluster) => cluster.url(),
            None => self.data.to_string_lossy().into_owned(),
        }
    }
}

impl Drop for Ground {
    fn drop(&mut self) {
        if let Some(folder) = &self.own {
            drop(fs::remove_dir_all(folder));
        }
    }
}

fn start(copy_of: Option<&Path>) -> Result<Cluster> {
    let programs = postgres_programs()?;
    Cluster::start_with(&programs, &Settings { server: POSTGRES_SETTINGS, copy_of })
}

/// Where PostgreSQL's programs are.
pub(crate) fn postgres_programs() -> Result<PathBuf> {
    let given = std::env::var_os("CAUSEWAY_PG_BIN").map(PathBuf::from);
    given
        .or_else(provide::postgres_programs)
        .context("PostgreSQL's server programs are missing; `cargo xtask test` installs them")
}

/// Where filled databases are kept from one run to the next.
fn templates(programs: &Programs) -> PathBuf {
    programs.release.with_file_name("bench-filled")
}

/// Takes all filled databases away.
pub(crate) fn forget(programs: &Programs) -> Result<()> {
    remove(&templates(programs))
}

/// A database with so many orders, made unless it is there; filling goes on where it was left.
pub(crate) fn fill(programs: &Programs, store: Store, orders: u64) -> Result<PathBuf> {
    let folder = templates(programs).join(format!("{}-{orders}", store.name()));
    let of = layout()?;
    let mark = folder.join("orders");
    let mut done = 0;
    match fs::read_to_string(&mark).ok().as_deref().and_then(|text| text.split_once(' ')) {
        Some((count, found)) if found == of => done = count.parse().unwrap_or(0),
        Some(_) | None => remove(&folder)?,
    }
    if done >= orders {
        return Ok(folder);
    }
    fs::create_dir_all(&folder)?;
    let cluster = match store {
        Store::Sqlite => None,
        // A cluster is not filled half: its folder is kept when it is done.
        Store::Postgres => Some(start(None)?),
    };
    let (data, names) = (folder.join("data"), folder.join("names"));
    let mut ground = Ground { data, cluster, names, own: None };
    if done == 0 {
        ground.sandbox(programs)?.stop()?;
    }
    while done < orders {
        let step = FILL_STEP.min(orders - done);
        eprintln!("filling {orders} orders in, {done} are there");
        add(programs, &ground, step)?;
        done += step;
        if store == Store::Sqlite {
            fs::write(&mark, format!("{done} {of}"))?;
            check_room(&folder, done, orders)?;
        }
    }
    if let Some(cluster) = ground.cluster.take() {
        cluster.keep(&folder.join("cluster"))?;
        fs::write(&mark, format!("{done} {of}"))?;
    }
    Ok(folder)
}

/// Adds orders with the filler, and their names to the others.
fn add(programs: &Programs, ground: &Ground, count: u64) -> Result<()> {
    let some = ground.names.with_extension("some");
    let count = count.to_string();
    let (data, file) = (ground.data.to_string_lossy(), some.to_string_lossy());
    let mut arguments = vec!["--data", &*data, "--orders", &count, "--names", &*file];
    let url = ground.cluster.as_ref().map(Cluster::url);
    if let Some(url) = &url {
        arguments.extend(["--database-url", url]);
    }
    programs.json("examples/fill", &arguments)?;
    let before = fs::read_to_string(&ground.names).unwrap_or_default();
    fs::write(&ground.names, before + &fs::read_to_string(&some)?)?;
    fs::remove_file(some)?;
    Ok(())
}

/// Fails when the rest would not find room on the disk.
fn check_room(folder: &Path, done: u64, orders: u64) -> Result<()> {
    let words = |command: &mut Command| -> Result<Vec<u64>> {
        let text = shell::output(command)?;
        Ok(text.split_whitespace().filter_map(|word| word.parse().ok()).collect())
    };
    let used = words(shell::command("du").arg("-sk").arg(folder))?;
    let free = words(shell::command("df").args(["-k", "--output=avail"]).arg(folder))?;
    let (Some(used), Some(free)) = (used.first(), free.first()) else { return Ok(()) };
    let needed = (orders - done) * used / done.max(1);
    if needed + ROOM_KIB > *free {
        let gib = |kib: u64| kib / (1024 * 1024);
        bail!(
            "{orders} orders take {} GiB and {} are free; {done} are there",
            gib(used + needed),
            gib(*free)
        );
    }
    Ok(())
}

/// What the form of filled tables depends on.
fn layout() -> Result<String> {
    let parts = ["HEAD:crates/store", "HEAD:crates/domain", "HEAD:crates/app"];
    let mut git = shell::command("git");
    git.current_dir(shell::root()).arg("rev-parse").args(parts);
    Ok(shell::output(&mut git)?.split_whitespace().collect::<Vec<_>>().join("-"))
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    let mut command = shell::command("cp");
    shell::output(command.args(["-a", "--reflink=auto"]).args([from, to])).map(drop)
}

fn remove(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("{}", folder.display()))?;
    }
    Ok(())
}
