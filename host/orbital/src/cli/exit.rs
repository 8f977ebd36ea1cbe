//! The exit codes of the process.

use std::process::{ExitCode, Termination};

use orbital_compare::AskError;
use orbital_config::ConfigError;
use orbital_project::scaffold::ScaffoldError;
use orbital_run::registry::DirectoryError;

use crate::dev::DevError;
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

/// Returns the exit code of an error: whether the user has to change something, or the host could not do its job.
pub(super) fn of(error: &anyhow::Error) -> Exit {
    let is_mistake = error.is::<ConfigError>()
        || error.is::<DirectoryError>()
        || error.is::<AskError>()
        || error.downcast_ref().is_some_and(StartError::is_mistake)
        || error.downcast_ref().is_some_and(DevError::is_mistake)
        || error.downcast_ref().is_some_and(ScaffoldError::is_mistake);
    if is_mistake { Exit::Usage } else { Exit::Host }
}
