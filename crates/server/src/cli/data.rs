//! Arguments that name an installation's data.

use std::path::PathBuf;

use clap::Args;

/// Which installation's data is meant. One of the three; without any, the sandbox's default
/// folder.
#[derive(Debug, Args)]
#[group(multiple = false)]
pub(crate) struct DataArgs {
    /// A data folder.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// A database.
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
    /// The configuration file of a platform.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// Where the data is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum DataSource {
    /// In a data folder.
    Folder(PathBuf),
    /// In a database.
    Database(String),
    /// Where a configuration file says.
    Config(PathBuf),
}

impl DataArgs {
    /// Where the data is.
    pub(crate) fn source(&self) -> DataSource {
        match (&self.data, &self.database_url, &self.config) {
            (_, Some(url), _) => DataSource::Database(url.clone()),
            (_, _, Some(file)) => DataSource::Config(file.clone()),
            (Some(folder), None, None) => DataSource::Folder(folder.clone()),
            (None, None, None) => DataSource::Folder(PathBuf::from("./causeway-data")),
        }
    }
}

const VERIFY_EXAMPLES: &str = "\
Examples:
  causeway ledger verify --data ./causeway-data
  causeway audit verify --config /etc/causeway/causeway.toml --json

ledger: every posting balances, and every order's money agrees with its postings.
audit: every line of the journal carries the hash of the line before it, without a gap.";

/// `causeway audit verify` and `causeway ledger verify`.
#[derive(Debug, Args)]
#[command(after_help = VERIFY_EXAMPLES)]
pub(crate) struct VerifyDataArgs {
    /// Which installation.
    #[command(flatten)]
    pub(crate) data: DataArgs,
    /// Print the report as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

const DOCTOR_EXAMPLES: &str = "\
Examples:
  causeway doctor
  causeway doctor --config /etc/causeway/causeway.toml --json

Nothing is changed; it may run beside the server. Status 1 when something is wrong.";

/// `causeway doctor`.
#[derive(Debug, Args)]
#[command(after_help = DOCTOR_EXAMPLES)]
pub(crate) struct DoctorArgs {
    /// Which installation.
    #[command(flatten)]
    pub(crate) data: DataArgs,
    /// Print the report as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}
