//! Backups under load: what was acknowledged before one began is in it, and it proves good.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::cluster::Cluster;
use crate::facts::{Facts, Sale};
use crate::load::Load;
use crate::program::{Program, binary};
use crate::till::Till;
use crate::wait::until;

/// Sales before the backup begins.
const SALES: usize = 40;

/// Runs a command of the binary that must succeed, and gives its report.
fn done(arguments: &[&str]) -> Value {
    let output = Command::new(binary()).args(arguments).arg("--json").output().expect("it starts");
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{arguments:?}: {error}");
    serde_json::from_slice(&output.stdout).expect("a report")
}

/// Sells until there is something to lose, copies while tills go on, and gives what the tills had
/// been told before that.
async fn copied_under_load(program: &Program, copy: impl FnOnce()) -> (Till, Vec<Sale>) {
    let till = Till::activate(&program.document()).await;
    let facts = Facts::default();
    let load = Load::start(std::slice::from_ref(&till), &facts, false);
    until(
        "the load runs",
        async || {
            if facts.count() > SALES { Ok(()) } else { Err("not yet".to_owned()) }
        },
    )
    .await;
    let told: Vec<Sale> = facts.since(0).into_iter().filter(|sale| sale.paid).collect();
    assert!(!told.is_empty(), "nothing was paid");
    copy();
    load.end().await;
    (till, told)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_of_the_file_under_load_is_whole() {
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let at = |path: &Path, name: &str| path.join(name).to_str().expect("UTF-8").to_owned();
    let (data, file) = (at(folder.path(), "data"), at(folder.path(), "copy.db"));
    std::fs::create_dir(&data).unwrap();
    let mut program = Program::start(Path::new(&data), None);
    let copy = || drop(done(&["backup", "--data", &data, "--to", &file]));
    let (till, told) = copied_under_load(&program, copy).await;
    program.kill();
    let drill = done(&["restore", "--drill", "--from", &file]);
    assert!(drill["orders"].as_u64() >= u64::try_from(told.len()).ok(), "{drill}");
    let fresh = at(other.path(), "data");
    let restored = done(&["restore", "--from", &file, "--data", &fresh]);
    assert_eq!(restored["heads"], drill["heads"]);
    let mut again = Command::new(binary());
    again.args(["restore", "--from", &file, "--data", &fresh]);
    assert!(!again.status().expect("it starts").success(), "data is never overwritten");
    std::fs::copy(at(Path::new(&data), "master.key"), at(Path::new(&fresh), "master.key")).unwrap();
    let program = Program::start(Path::new(&fresh), None);
    let base = program.document()["base_url"].as_str().expect("base_url").to_owned();
    let till = till.reconnected(Some(&base));
    for sale in told {
        let reply = till.query(&sale.client_sn).await.expect("an answer");
        assert_eq!(reply.get("sn"), sale.sn, "{sale:?}: {}", reply.0);
        assert_eq!(reply.get("total_amount"), sale.total.to_string(), "{}", reply.0);
    }
    program.verify("ledger");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dump_of_the_database_under_load_is_whole() {
    let cluster = Cluster::make().await;
    let folder = tempfile::tempdir().unwrap();
    let program = Program::start(folder.path(), Some(cluster.url()));
    let (_, told) = copied_under_load(&program, || cluster.dump()).await;
    let scratch = cluster.restore_dump();
    let drill = done(&["restore", "--drill", "--database-url", &scratch]);
    assert!(drill["orders"].as_u64() >= u64::try_from(told.len()).ok(), "{drill}");
}
