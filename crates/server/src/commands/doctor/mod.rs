//! `causeway doctor`: looks an installation over without changing anything.

mod data;
mod network;

use std::path::PathBuf;

use serde::Serialize;
use serde_json::json;

use super::{block_on, say};
use crate::cli::{DataSource, DoctorArgs};
use crate::config::Config;
use crate::database::Location;
use crate::failure::{Failure, Outcome};

/// How one thing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Health {
    Good,
    Warning,
    Bad,
}

/// One thing that was looked at.
#[derive(Debug, Serialize)]
struct Finding {
    check: &'static str,
    health: Health,
    detail: String,
}

/// What is looked at.
struct Patient {
    location: Location,
    folder: Option<PathBuf>,
    config: Option<Config>,
}

/// The findings so far.
#[derive(Default)]
struct Report(Vec<Finding>);

impl Report {
    fn add(&mut self, check: &'static str, health: Health, detail: impl Into<String>) {
        self.0.push(Finding { check, health, detail: detail.into() });
    }

    fn good(&mut self, check: &'static str, detail: impl Into<String>) {
        self.add(check, Health::Good, detail);
    }

    fn warn(&mut self, check: &'static str, detail: impl Into<String>) {
        self.add(check, Health::Warning, detail);
    }

    fn bad(&mut self, check: &'static str, detail: impl Into<String>) {
        self.add(check, Health::Bad, detail);
    }
}

/// Runs the command.
pub(crate) fn run(args: &DoctorArgs) -> Outcome {
    let source = args.data.source();
    let config = match &source {
        DataSource::Config(file) => Some(Config::read(file)?),
        DataSource::Folder(_) | DataSource::Database(_) => None,
    };
    let location = match &config {
        Some(config) => config.data.clone(),
        None => Location::of(&source)?,
    };
    let patient = Patient { folder: location.folder.clone(), location, config };
    let report = block_on(examine(&patient))?;
    let bad = report.0.iter().filter(|it| it.health == Health::Bad).count();
    let lines = report.0.iter().map(line).collect::<Vec<_>>().join("\n");
    say(args.json, &lines, &json!({ "ok": bad == 0, "findings": report.0 }))?;
    if bad == 0 {
        return Ok(());
    }
    let words = if bad == 1 { "1 finding is bad" } else { &format!("{bad} findings are bad") };
    Err(Failure::new(format!("{words}; see the lines marked bad")))
}

fn line(finding: &Finding) -> String {
    let mark = match finding.health {
        Health::Good => "good   ",
        Health::Warning => "warning",
        Health::Bad => "bad    ",
    };
    format!("{mark} {:14} {}", finding.check, finding.detail)
}

async fn examine(patient: &Patient) -> Result<Report, Failure> {
    let mut report = Report::default();
    data::folder(patient, &mut report);
    data::files(patient, &mut report);
    match patient.location.open_read_only().await {
        Ok(store) => data::store(&*store, patient, &mut report).await,
        Err(failure) => report.bad("database", failure.to_string()),
    }
    network::ports(patient, &mut report).await?;
    Ok(report)
}
