//! The exit codes of the process.

use std::process::{ExitCode, Termination};

use orbital_compare::AskError;
use orbital_config::ConfigError;
use orbital_project::scaffold::ScaffoldError;
use orbital_run::registry::DirectoryError;

use crate::dev::BenchError;
use crate::foundation::StartError;

/// The exit codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// The command succeeded.
    Ok = 0,
    /// A case did not pass or differs, or a component is invalid.
    NotPassed = 1,
    /// The usage or the configuration is invalid, or nothing matched.
    Usage = 2,
    /// The host could not do its job.
    Host = 3,
}

impl Termination for Exit {
    fn report(self) -> ExitCode {
        ExitCode::from(self as u8)
    }
}

/// Returns the exit code of an error, which tells whose fault it is.
pub(super) fn of(error: &anyhow::Error) -> Exit {
    let bench = error.downcast_ref::<BenchError>();
    let start = match bench {
        Some(BenchError::Start(start)) => Some(start),
        _ => error.downcast_ref::<StartError>(),
    };
    let configuration = error.is::<ConfigError>()
        || matches!(bench, Some(BenchError::Config(_)))
        || error.is::<DirectoryError>()
        || error.is::<AskError>()
        || matches!(
            start,
            Some(
                StartError::CodeCache(_)
                    | StartError::Secrets(_)
                    | StartError::Targets(_)
                    | StartError::Token(_)
                    | StartError::Auth(_)
                    | StartError::Environments(_)
                    | StartError::Tls(_)
                    | StartError::State(_)
                    | StartError::Directory(_)
            )
        );
    let usage = matches!(
        error.downcast_ref(),
        Some(
            ScaffoldError::Nameless(_)
                | ScaffoldError::Name { .. }
                | ScaffoldError::Taken(_)
                | ScaffoldError::NoEngine(_)
        )
    );
    if configuration || usage { Exit::Usage } else { Exit::Host }
}
