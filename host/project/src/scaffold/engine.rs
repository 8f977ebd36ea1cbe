//! JavaScript engines that components contain.

use clap::ValueEnum;

/// A JavaScript engine.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "lower")]
pub enum Engine {
    /// Small and quick to start: for tests of your own code.
    #[default]
    QuickJs,
    /// With `fetch` and other browser APIs: for libraries from npm.
    StarlingMonkey,
}

impl Engine {
    /// Returns the name in `package.json`.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::QuickJs => "quickjs",
            Self::StarlingMonkey => "starlingmonkey",
        }
    }

    /// Returns the packages that build components with the engine, as lines of `devDependencies`. The versions are
    /// those that the SDK was developed with.
    pub(super) fn packages(self) -> &'static str {
        match self {
            Self::QuickJs => "    \"componentize-qjs\": \"0.4.5\",",
            Self::StarlingMonkey => concat!(
                "    \"@bytecodealliance/componentize-js\": \"0.23.0\",\n",
                "    \"@bytecodealliance/preview2-shim\": \"0.25.0\","
            ),
        }
    }

    /// Returns the engine's libraries of the language, for `lib` of `tsconfig.json`.
    pub(super) fn libraries(self) -> &'static str {
        match self {
            Self::QuickJs => "\"es2023\"",
            Self::StarlingMonkey => "\"es2023\", \"webworker\"",
        }
    }

    /// Returns the engine's other globals, for `types` of `tsconfig.json`.
    pub(super) fn types(self) -> &'static str {
        match self {
            Self::QuickJs => "\"orbital-sdk/quickjs\"",
            Self::StarlingMonkey => "",
        }
    }
}
