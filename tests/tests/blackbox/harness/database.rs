//! Where a sandbox keeps its tables: in its folder, or, when `CAUSEWAY_TEST_STORE` is `postgres`,
//! in a database of its own in the cluster that `CAUSEWAY_TEST_POSTGRES` names.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The URL of the folder's database, made if it is not there; none when tables are in the folder.
pub(crate) fn of(folder: &Path) -> Option<String> {
    let name = name(folder)?;
    // It is there already when the same folder is started again.
    let _ = ask(&format!("CREATE DATABASE {name} TEMPLATE template0"));
    Some(url(&name))
}

/// The URL of a database for this folder, wherever the other tests keep their tables.
pub(crate) fn made(folder: &Path) -> String {
    let name = code(folder).expect("a folder with a name");
    let made = ask(&format!("CREATE DATABASE {name} TEMPLATE template0")).expect("psql");
    assert!(made.success(), "{name} cannot be made");
    url(&name)
}

/// Takes that one away.
pub(crate) fn drop_made(folder: &Path) {
    if let Some(name) = code(folder) {
        // The cluster goes as well, later.
        let _ = ask(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
    }
}

/// Takes the folder's database away, if it has one.
pub(crate) fn drop_of(folder: &Path) {
    if name(folder).is_some() {
        drop_made(folder);
    }
}

/// The arguments that name the data to commands that read it.
pub(crate) fn arguments(folder: &Path) -> [String; 2] {
    match name(folder) {
        Some(name) => ["--database-url".to_owned(), url(&name)],
        None => ["--data".to_owned(), folder.to_str().expect("a folder name in UTF-8").to_owned()],
    }
}

fn name(folder: &Path) -> Option<String> {
    let asked = std::env::var("CAUSEWAY_TEST_STORE").is_ok_and(|store| store == "postgres");
    if asked { code(folder) } else { None }
}

/// A name that says the folder, letter by letter.
fn code(folder: &Path) -> Option<String> {
    let bytes = folder.file_name()?.as_encoded_bytes();
    let pairs: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let code = pairs.concat();
    Some(format!("bb_{code}_{}", std::process::id()))
}

fn url(name: &str) -> String {
    let url = std::env::var("CAUSEWAY_TEST_POSTGRES")
        .expect("CAUSEWAY_TEST_POSTGRES names no PostgreSQL server; run `cargo xtask test`");
    let (server, _) = url.rsplit_once('/').expect("a database in the URL");
    format!("{server}/{name}")
}

/// The rows that a statement in that database gives.
pub(crate) fn rows(folder: &Path, sql: &str) -> Vec<String> {
    let name = code(folder).expect("a folder with a name");
    let mut psql = Command::new(programs().join("psql"));
    let output = psql.args(["-qAt", "-c", sql, &url(&name)]).output().expect("psql");
    assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
}

fn programs() -> PathBuf {
    std::env::var_os("CAUSEWAY_PG_BIN").map(PathBuf::from).unwrap_or_default()
}

fn ask(sql: &str) -> std::io::Result<std::process::ExitStatus> {
    let mut psql = Command::new(programs().join("psql"));
    psql.args(["-q", "-c", sql, &url("postgres")]).stderr(std::process::Stdio::null());
    psql.status()
}
