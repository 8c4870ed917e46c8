//! Programs that are measured or that measure: started, waited for, stopped.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::shell;

/// Where the programs are, and where they may write.
pub(crate) struct Programs {
    pub(crate) release: PathBuf,
    pub(crate) folder: PathBuf,
}

impl Programs {
    /// Runs a program that prints one JSON document.
    pub(crate) fn json(&self, program: &str, arguments: &[&str]) -> Result<Value> {
        let text = shell::output(Command::new(self.release.join(program)).args(arguments))?;
        serde_json::from_str(&text).with_context(|| format!("{program} printed no JSON"))
    }
}

/// A program that printed `ready` and runs.
pub(crate) struct Server {
    child: Child,
    output: BufReader<ChildStdout>,
    /// From the call of the system to the line `ready`.
    pub(crate) ready_after: Duration,
    /// The file with what the generator needs.
    pub(crate) credentials: PathBuf,
}

impl Server {
    /// The product with its simulated partners; the data folder is made or used again.
    pub(crate) fn sandbox(
        programs: &Programs,
        data: &Path,
        listen: &str,
        others: &[String],
    ) -> Result<Self> {
        let mut command = Command::new(programs.release.join("causeway"));
        command.args(["sandbox", "--listen", listen, "--data"]).arg(data).args(others);
        let log = fs::File::create(programs.folder.join("sandbox.log"))?;
        Self::start(command.stderr(log), data.join("sandbox.json"))
    }

    /// The bare handler; `sign` says where it signs.
    pub(crate) fn ceiling(programs: &Programs, sign: &str) -> Result<Self> {
        let credentials = programs.folder.join(format!("ceiling-{sign}.json"));
        let mut command = Command::new(programs.release.join("ceiling"));
        command.args(["serve", "--sign", sign, "--credentials"]).arg(&credentials);
        Self::start(&mut command, credentials)
    }

    fn start(command: &mut Command, credentials: PathBuf) -> Result<Self> {
        #[expect(clippy::disallowed_methods, reason = "a start is measured in real time")]
        let begun = Instant::now();
        let mut child =
            command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().with_context(|| {
                format!("{} cannot be started", command.get_program().display())
            })?;
        let mut output = BufReader::new(child.stdout.take().context("no output")?);
        let mut line = String::new();
        while line.trim() != "ready" {
            line.clear();
            if output.read_line(&mut line)? == 0 {
                bail!("{} ended before it was ready", command.get_program().display());
            }
        }
        Ok(Self { child, output, ready_after: begun.elapsed(), credentials })
    }

    /// The number of the process.
    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }

    /// Ends the program as an operator would.
    pub(crate) fn stop(mut self) -> Result<()> {
        shell::output(Command::new("kill").args(["-TERM", &self.process().to_string()]))?;
        // Whatever it still prints must not stop it.
        std::io::copy(&mut self.output, &mut std::io::sink())?;
        self.child.wait().context("the server did not end")?;
        Ok(())
    }

    /// Ends the program as a fault would: nothing of it runs on.
    pub(crate) fn kill(mut self) -> Result<()> {
        self.child.kill().context("the server cannot be killed")?;
        self.child.wait().context("the server did not end")?;
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // After a failure; a program that ended already is no news.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
