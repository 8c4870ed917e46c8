//! What the machine, the database and the store alone can do, in the same run.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::ground::{Ground, postgres_programs};
use super::options::Options;
use super::programs::Programs;
use crate::postgres::Cluster;
use crate::shell;

/// Connections of `pgbench`.
const CONNECTIONS: &str = "32";
/// The database beside the product's, in the same cluster.
const DATABASE: &str = "ceiling";

/// RSA alone.
pub(crate) fn rsa(programs: &Programs) -> Result<Value> {
    eprintln!("measuring RSA alone");
    programs.json("ceiling", &["rsa", "--seconds", "1"])
}

/// The store alone through its port: the write sets of a payment, or all shapes.
pub(crate) fn store(
    programs: &Programs,
    options: &Options,
    ground: &Ground,
    shapes: &str,
) -> Result<Value> {
    eprintln!("measuring the store alone");
    let [connections, seconds] =
        [options.connections, options.seconds].map(|number| number.to_string());
    let place = ground.place();
    programs.json("examples/commit_rate", &[&connections, &seconds, &place, "0", shapes])
}

/// `pgbench` with one statement of three inserts, in a cluster that the product uses as well.
pub(crate) struct Pgbench<'a> {
    cluster: &'a Cluster,
    seconds: u64,
}

impl<'a> Pgbench<'a> {
    /// Makes its tables.
    pub(crate) fn prepare(cluster: &'a Cluster, seconds: u64) -> Result<Self> {
        let psql = |database: &str, arguments: &[&str]| {
            let mut command = Command::new(postgres_programs()?.join("psql"));
            command.args(["--quiet", "--no-psqlrc", "-v", "ON_ERROR_STOP=1"]);
            command.args(arguments).arg(cluster.url_of(database));
            shell::output(&mut command)
        };
        psql("postgres", &["-c", &format!("CREATE DATABASE {DATABASE}")])?;
        psql(DATABASE, &["-f", &*script("tables.sql")])?;
        Ok(Self { cluster, seconds })
    }

    /// Statements a second.
    pub(crate) fn run(&self) -> Result<Value> {
        let mut command = Command::new(postgres_programs()?.join("pgbench"));
        let (seconds, cores) = (self.seconds.to_string(), std::thread::available_parallelism());
        let threads = cores.map_or(1, std::num::NonZero::get).to_string();
        command.args(["--no-vacuum", "--protocol=prepared", "--client", CONNECTIONS]);
        command.args(["--jobs", &threads, "--time", &seconds, "-f", &*script("three-inserts.sql")]);
        let text = shell::output(command.arg(self.cluster.url_of(DATABASE)))?;
        let rate = value_of(&text, "tps").with_context(|| format!("no rate: {text}"))?;
        Ok(json!({"per_second": rate, "latency_ms": value_of(&text, "latency average")}))
    }
}

fn script(name: &str) -> String {
    let folder = shell::root().join("benches/pgbench");
    Path::new(&folder).join(name).to_string_lossy().into_owned()
}

/// The number behind `name = `.
fn value_of(text: &str, name: &str) -> Option<f64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(" = "))?;
    line.split(' ').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::value_of;

    #[test]
    fn rate_and_time_are_read() {
        let text = "number of clients: 32\nlatency average = 2.421 ms\n\
                    tps = 13216.018253 (without initial connection time)\n";
        assert_eq!(value_of(text, "tps"), Some(13_216.018_253));
        assert_eq!(value_of(text, "latency average"), Some(2.421));
        assert_eq!(value_of(text, "latency"), None);
    }
}
