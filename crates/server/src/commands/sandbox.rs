//! `causeway sandbox`.

use super::block_on;
use crate::cli::SandboxArgs;
use crate::failure::Outcome;

/// Runs the command.
pub(crate) fn run(args: SandboxArgs) -> Outcome {
    block_on(crate::sandbox::run(args))
}
