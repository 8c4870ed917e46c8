//! What cargo says about the workspace.

use std::path::PathBuf;

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::shell;

#[derive(Deserialize)]
pub(crate) struct Metadata {
    /// The members of the workspace.
    pub(crate) packages: Vec<Package>,
    pub(crate) target_directory: PathBuf,
}

#[derive(Deserialize)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) manifest_path: PathBuf,
    pub(crate) dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    /// The name in code, where it differs.
    pub(crate) rename: Option<String>,
    /// `None` for a normal dependency, else `dev` or `build`.
    pub(crate) kind: Option<String>,
    /// Set for our own crates.
    pub(crate) path: Option<PathBuf>,
}

impl Package {
    /// The manifest relative to the workspace.
    pub(crate) fn manifest(&self) -> String {
        relative(&self.manifest_path)
    }
}

impl Dependency {
    pub(crate) fn is_dev(&self) -> bool {
        self.kind.as_deref() == Some("dev")
    }

    /// The name by which code refers to it.
    pub(crate) fn name_in_code(&self) -> String {
        self.rename.as_ref().unwrap_or(&self.name).replace('-', "_")
    }
}

/// Asks cargo for the members of the workspace and their declared dependencies.
pub(crate) fn read() -> Result<Metadata> {
    let text = shell::output(&mut shell::cargo(["metadata", "--format-version=1", "--no-deps"]))?;
    serde_json::from_str(&text).context("cargo metadata printed something else than its JSON")
}

/// A path below the workspace as text with slashes; other paths as they are.
pub(crate) fn relative(path: &std::path::Path) -> String {
    path.strip_prefix(shell::root()).unwrap_or(path).to_string_lossy().into_owned()
}
