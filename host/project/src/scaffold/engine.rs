//! What runs JavaScript in a component.

use clap::ValueEnum;

/// An engine of JavaScript.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "lower")]
pub enum Engine {
    /// Small and quick to start: for tests of your own code.
    #[default]
    QuickJs,
    /// With `fetch` and what else browsers have: for libraries from npm.
    StarlingMonkey,
}

impl Engine {
    /// As `package.json` names it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::QuickJs => "quickjs",
            Self::StarlingMonkey => "starlingmonkey",
        }
    }

    /// What makes components with it, as lines of `devDependencies`. The versions are those that the SDK is made for.
    pub(super) fn packages(self) -> &'static str {
        match self {
            Self::QuickJs => "    \"componentize-qjs\": \"0.4.5\",",
            Self::StarlingMonkey => concat!(
                "    \"@bytecodealliance/componentize-js\": \"0.23.0\",\n",
                "    \"@bytecodealliance/preview2-shim\": \"0.25.0\","
            ),
        }
    }

    /// The libraries of the language that it has, for `lib` of `tsconfig.json`.
    pub(super) fn libraries(self) -> &'static str {
        match self {
            Self::QuickJs => "\"es2023\"",
            Self::StarlingMonkey => "\"es2023\", \"webworker\"",
        }
    }

    /// Its globals beside those, for `types` of `tsconfig.json`.
    pub(super) fn types(self) -> &'static str {
        match self {
            Self::QuickJs => "\"orbital-sdk/quickjs\"",
            Self::StarlingMonkey => "",
        }
    }
}
