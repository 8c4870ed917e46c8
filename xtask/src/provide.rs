//! What the tests need from the machine: found, or installed.
//!
//! Programs come from Debian packages when this runs as root on a Debian system; otherwise the
//! error is one line that names the packages. Libraries of other languages go into `target`.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::shell;

/// Something the tests need that Debian packages provide.
struct Need {
    what: &'static str,
    is_there: fn() -> bool,
    packages: &'static [&'static str],
}

const NEEDS: &[Need] = &[
    Need {
        what: "Chromium (browser tests)",
        is_there: || chromium().is_some(),
        packages: &["chromium"],
    },
    Need {
        what: "chromedriver (browser tests)",
        is_there: || chromedriver().is_some(),
        packages: &["chromium-driver"],
    },
    Need {
        what: "a Chinese font (browser tests)",
        is_there: has_chinese_font,
        packages: &["fonts-noto-cjk"],
    },
    Need {
        what: "Python with venv (a second implementation of the cryptography)",
        is_there: || {
            shell::succeeds(shell::command("python3").args(["-c", "import ensurepip, venv"]))
        },
        packages: &["python3", "python3-venv"],
    },
    Need {
        what: "Node with npm (a third implementation of the cryptography)",
        is_there: || shell::find(&["node"]).is_some() && shell::find(&["npm"]).is_some(),
        packages: &["nodejs", "npm"],
    },
    Need {
        what: "PostgreSQL's server programs (the tests make clusters of their own)",
        is_there: || postgres_programs().is_some(),
        packages: &["postgresql"],
    },
];

pub(crate) fn chromium() -> Option<PathBuf> {
    shell::find(&["chromium", "chromium-browser", "google-chrome"])
}

pub(crate) fn chromedriver() -> Option<PathBuf> {
    shell::find(&["chromedriver"])
}

/// The folder with PostgreSQL's programs: the newest of Debian's, or the one on the path.
pub(crate) fn postgres_programs() -> Option<PathBuf> {
    let has_server = |folder: &PathBuf| {
        ["postgres", "initdb"].iter().all(|program| folder.join(program).is_file())
    };
    let mut found: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let version = entry.file_name().to_str()?.parse().ok()?;
            let folder = entry.path().join("bin");
            has_server(&folder).then_some((version, folder))
        })
        .collect();
    found.sort();
    let on_path = || shell::find(&["postgres"])?.parent().map(Path::to_path_buf);
    found.pop().map(|(_, folder)| folder).or_else(|| on_path().filter(has_server))
}

/// Makes sure that every needed program is there.
pub(crate) fn programs() -> Result<()> {
    let missing: Vec<&Need> = NEEDS.iter().filter(|need| !(need.is_there)()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let packages: Vec<&str> = missing.iter().flat_map(|need| need.packages).copied().collect();
    if !is_root() || shell::find(&["apt-get"]).is_none() {
        let whats: Vec<&str> = missing.iter().map(|need| need.what).collect();
        bail!(
            "{} missing: install the packages {} (Debian names), or run this as root",
            whats.join(", "),
            packages.join(" ")
        );
    }
    install(&packages)?;
    if let Some(need) = missing.iter().find(|need| !(need.is_there)()) {
        bail!("{} is still missing after installing {}", need.what, need.packages.join(" "));
    }
    Ok(())
}

fn install(packages: &[&str]) -> Result<()> {
    let apt = |arguments: &[&str]| {
        let mut command = shell::command("apt-get");
        command.args(["-q", "-o", "Acquire::Retries=3"]).args(arguments);
        command.env("DEBIAN_FRONTEND", "noninteractive");
        command
    };
    shell::run(&mut apt(&["update"]))?;
    let mut arguments = vec!["install", "-y", "--no-install-recommends"];
    arguments.extend(packages);
    shell::run(&mut apt(&arguments))
}

/// Whether a font with Chinese characters is installed, by the usual names of such fonts.
fn has_chinese_font() -> bool {
    fn search(folder: &Path, depth: usize) -> bool {
        let Ok(entries) = fs::read_dir(folder) else { return false };
        entries.flatten().any(|entry| {
            let name = entry.file_name().to_string_lossy().to_lowercase();
            ["cjk", "wqy", "sourcehan", "notosanssc", "droidsansfallback"]
                .iter()
                .any(|part| name.contains(part) && name.contains('.'))
                || (depth > 0 && search(&entry.path(), depth - 1))
        })
    }
    ["/usr/share/fonts", "/usr/local/share/fonts"].iter().any(|folder| search(Path::new(folder), 4))
}

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}

/// The Python interpreter of an environment with `tests/interop/requirements.txt`, if that exists.
pub(crate) fn python(target: &Path) -> Result<Option<PathBuf>> {
    let wanted = shell::root().join("tests/interop/requirements.txt");
    let Ok(list) = fs::read_to_string(&wanted) else { return Ok(None) };
    let folder = target.join("interop/venv");
    let python = folder.join("bin/python");
    let done = folder.join("requirements.done");
    if fs::read_to_string(&done).is_ok_and(|installed| installed == list) {
        return Ok(Some(python));
    }
    shell::run(shell::command("python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
    shell::run(
        shell::command(&python)
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"])
            .arg(&wanted),
    )?;
    fs::write(&done, list).context("the note about the Python environment cannot be written")?;
    Ok(Some(python))
}

/// The `node_modules` made from `tests/interop/package-lock.json`, if that exists.
pub(crate) fn node_modules(target: &Path) -> Result<Option<PathBuf>> {
    let from = shell::root().join("tests/interop");
    let Ok(lock) = fs::read_to_string(from.join("package-lock.json")) else { return Ok(None) };
    let folder = target.join("interop/node");
    let modules = folder.join("node_modules");
    let done = folder.join("package-lock.done");
    if fs::read_to_string(&done).is_ok_and(|installed| installed == lock) {
        return Ok(Some(modules));
    }
    fs::create_dir_all(&folder).context("the folder for npm cannot be made")?;
    for file in ["package.json", "package-lock.json"] {
        fs::copy(from.join(file), folder.join(file))
            .with_context(|| format!("tests/interop/{file} cannot be copied"))?;
    }
    let arguments = ["ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"];
    shell::run(shell::command("npm").args(arguments).current_dir(&folder))?;
    fs::write(&done, lock).context("the note about npm cannot be written")?;
    Ok(Some(modules))
}
