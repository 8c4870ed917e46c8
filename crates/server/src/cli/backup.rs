//! Arguments of `causeway backup` and `causeway restore`.

use std::path::PathBuf;

use clap::Args;

use super::data::DataArgs;

const BACKUP_EXAMPLES: &str = "\
Examples:
  causeway backup --config /etc/causeway/causeway.toml --to /backup/causeway-$(date +%F).db
  causeway backup --data ./causeway-data --to copy.db --json

The server may run meanwhile: the copy is the state at one instant. The master key is not in it;
keep that elsewhere. PostgreSQL has tools of its own: docs/ops/backup.md.";

/// `causeway backup`.
#[derive(Debug, Args)]
#[command(after_help = BACKUP_EXAMPLES)]
pub(crate) struct BackupArgs {
    /// Which installation.
    #[command(flatten)]
    pub(crate) data: DataArgs,
    /// The new file.
    #[arg(long, value_name = "FILE")]
    pub(crate) to: PathBuf,
    /// Print the report as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

const RESTORE_EXAMPLES: &str = "\
Examples:
  causeway restore --drill --from copy.db                changes nothing: is this backup good?
  causeway restore --from copy.db --config causeway.toml
  causeway restore --drill --database-url postgres://u:p@db/scratch   after pg_restore

Every restore first recomputes ledger and audit trail of the backup in a scratch place. A place that
has data already is refused. What was acknowledged after the backup is not in it.";

/// `causeway restore`.
#[derive(Debug, Args)]
#[command(after_help = RESTORE_EXAMPLES)]
pub(crate) struct RestoreArgs {
    /// Where to.
    #[command(flatten)]
    pub(crate) data: DataArgs,
    /// The backup.
    #[arg(long, value_name = "FILE")]
    pub(crate) from: Option<PathBuf>,
    /// Only recompute, in a scratch place.
    #[arg(long)]
    pub(crate) drill: bool,
    /// Print the report as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}
