//! The files that are made from declarations and committed, so that readers and diffs see them.

use std::fs;

use anyhow::{Context, Result};

use crate::shell;

/// A generated file: its path in the repository and its content.
pub(crate) struct Generated {
    pub(crate) path: String,
    pub(crate) content: String,
}

/// All generated files as they should be now.
pub(crate) fn files() -> Vec<Generated> {
    let messages = wire::spec::generated_files().into_iter();
    let messages = messages.map(|(path, content)| Generated { path: path.to_string(), content });
    let states = Generated {
        path: "docs/reference/states.md".to_owned(),
        content: domain::table::markdown(),
    };
    messages.chain([states]).collect()
}

/// `cargo xtask generate`.
pub(crate) fn run(_: &[String]) -> Result<()> {
    for file in files() {
        let path = shell::root().join(&file.path);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)
                .with_context(|| format!("the folder of {} cannot be made", file.path))?;
        }
        fs::write(&path, &file.content)
            .with_context(|| format!("{} cannot be written", file.path))?;
        println!("{}", file.path);
    }
    Ok(())
}
