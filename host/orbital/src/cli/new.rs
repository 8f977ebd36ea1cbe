//! `orbital new`

use std::path::PathBuf;

use orbital_project::language::Language;
use orbital_project::scaffold;
use orbital_project::scaffold::Engine;

use super::{Exit, print};

/// Make a project to begin from: a suite that builds, and passes at once.
///
/// With a case to begin from, unit tests, settings for the editor, and the SDK, which comes out of this binary.
#[derive(clap::Args)]
pub(super) struct New {
    /// The directory to make; the component will have its name.
    #[arg(value_name = "NAME")]
    directory: PathBuf,
    /// The language of the tests.
    #[arg(long, value_enum, value_name = "LANGUAGE")]
    lang: Language,
    /// The JavaScript engine of the component; only for TypeScript and JavaScript. Default: quickjs.
    #[arg(long, value_enum, value_name = "ENGINE")]
    engine: Option<Engine>,
}

impl New {
    pub(super) fn execute(self) -> anyhow::Result<Exit> {
        let Self { directory, lang, engine } = self;
        let name = scaffold::create(&directory, lang, engine)?;
        let shown = directory.display();
        print(&format!(
            "{shown}: a suite in {lang}\n\n  \
             orbital dev {shown}      build and run it at every save, until Ctrl-C\n\n\
             or, step by step:\n\n  \
             orbital build {shown}\n  \
             orbital run {name}.wasm --config {shown}/orbital.toml\n\n\
             {shown}/README.md says what is in it, and what comes next.\n"
        ))?;
        Ok(Exit::Ok)
    }
}
