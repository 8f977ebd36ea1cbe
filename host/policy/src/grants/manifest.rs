//! Manifests: the access that components ask for.

use orbital_config::{Mistake, Section, parse};
use serde::Serialize;
use utoipa::ToSchema;

use crate::grants::{HostPattern, TargetReach, Wildcard};

/// A component's manifest: everything that it asks for. It is written in TOML, and stored unchanged in a custom section
/// of the component.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Manifest {
    /// The requests to targets.
    pub targets: Vec<TargetReach>,
    /// The hosts other than targets, for `wasi:http`.
    #[schema(value_type = Vec<String>)]
    pub hosts: Vec<HostPattern>,
    /// The configuration values that the component reads.
    pub config: Vec<ConfigAsk>,
    /// Whether the component records its own metrics.
    pub metrics: bool,
}

/// A configuration value that a component reads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ConfigAsk {
    /// The name of the configuration value.
    pub name: String,
    /// Whether the component also works without the value.
    pub optional: bool,
}

/// Everything that a component asks for, by its manifest or by its imports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Asks {
    /// Whether the component has a manifest. Without one, its imports show what it could do.
    pub by_manifest: bool,
    /// The access that the component asks for.
    #[serde(flatten)]
    pub what: Manifest,
}

impl Manifest {
    /// The name of the custom section.
    pub const SECTION: &str = "orbital:manifest";

    /// The name of the file, in the same directory as the manifest of the project's language.
    pub const FILE: &str = "orbital-manifest.toml";

    /// The maximum size of a manifest, in bytes.
    pub const MAX_SIZE: usize = 64 << 10;

    /// Parses a manifest.
    ///
    /// # Errors
    /// All mistakes in the manifest.
    pub fn parse(text: &[u8]) -> Result<Self, Vec<Mistake>> {
        let wrong = |reason: String| vec![Mistake { line: 1, setting: String::new(), reason }];
        if text.len() > Self::MAX_SIZE {
            let (size, limit) = (text.len(), Self::MAX_SIZE);
            return Err(wrong(format!("it has {size} bytes; at most {limit} are allowed")));
        }
        let text = std::str::from_utf8(text).map_err(|error| wrong(format!("it is not UTF-8: {error}")))?;
        parse(text, Self::read).map(|(manifest, _)| manifest)
    }

    fn read(root: &Section<'_>) -> Self {
        let name = |name: &str| match name {
            "" => Err("is empty; write the name of a target".to_owned()),
            name if name.contains('*') => Err(format!("`{name}` is no name: each target has to be named")),
            name => Ok(Wildcard::new(name)),
        };
        let required = |name: &str| Ok(ConfigAsk { name: name.to_owned(), optional: false });
        Self {
            targets: TargetReach::read_list(root, name),
            hosts: root.texts("hosts", HostPattern::parse),
            config: root.items("config", required, |section| {
                let (name, optional) = (section.string("name"), section.optional_boolean("optional"));
                if !section.has("name") {
                    section.mistake("has no `name`; set it to that of a configuration value");
                }
                Some(ConfigAsk { name: name?, optional: optional.unwrap_or(false) })
            }),
            metrics: root.optional_boolean("metrics").unwrap_or(false),
        }
    }
}

impl Asks {
    /// Returns what a component with this manifest, or with these imports, asks for.
    pub fn of(manifest: Option<&Manifest>, imports: &[String]) -> Self {
        if let Some(manifest) = manifest {
            return Self { by_manifest: true, what: manifest.clone() };
        }
        let imports = |interface: &str| {
            imports.iter().any(|import| import.split('@').next().is_some_and(|name| name == interface))
        };
        let (events, http) = (imports("orbital:test/events"), imports("wasi:http/outgoing-handler"));
        let all = ConfigAsk { name: "*".to_owned(), optional: true };
        let what = Manifest {
            targets: (events || http).then(TargetReach::any).into_iter().collect(),
            hosts: http.then(HostPattern::any).into_iter().collect(),
            config: imports("orbital:test/config").then_some(all).into_iter().collect(),
            metrics: imports("orbital:test/metrics"),
        };
        Self { by_manifest: false, what }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_says_all_that_is_asked_for() {
        let text = br#"
            targets = ["status", { name = "api", methods = ["POST"], paths = ["/v1/*"] }]
            hosts = ["*.example.com"]
            config = ["currency", { name = "plan", optional = true }]
            metrics = true
        "#;
        let manifest = Manifest::parse(text).unwrap();
        let targets: Vec<String> = manifest.targets.iter().map(ToString::to_string).collect();
        assert_eq!(targets, ["\"status\"", r#"{ name = "api", methods = ["POST"], paths = ["/v1/*"] }"#]);
        assert_eq!(manifest.hosts[0].text(), "*.example.com");
        assert_eq!(manifest.config.iter().map(|ask| ask.optional).collect::<Vec<_>>(), [false, true]);
        assert!(manifest.metrics);
        assert_eq!(Manifest::parse(b"").unwrap(), Manifest::default());
    }

    #[test]
    fn every_mistake_has_its_line() {
        let text = br#"target = ["api"]
targets = ["*", { nam = "x" }, { name = "api", methods = ["post"], paths = ["v1"] }, 7]
hosts = ["a b"]
metrics = "yes"
"#;
        let mistakes: Vec<String> =
            Manifest::parse(text).unwrap_err().iter().map(ToString::to_string).collect();
        for part in [
            "line 1: `target`: unknown setting; did you mean `targets`?",
            "line 2: `targets[0]`: `*` is no name",
            "line 2: `targets[1].nam`: unknown setting; did you mean `name`?",
            "line 2: `targets[1]`: has no `name`",
            "line 2: `targets[2].methods[0]`: `post` is not a method",
            "line 2: `targets[2].paths[0]`: `v1` does not start with `/`",
            "line 2: `targets[3]`: must be a string or a table, not a number",
            "line 3: `hosts[0]`: `a b` is not a host",
            "line 4: `metrics`: must be true or false",
        ] {
            assert!(mistakes.iter().any(|mistake| mistake.starts_with(part)), "{part}: {mistakes:#?}");
        }
        assert!(Manifest::parse(b"\xff").is_err());
        assert!(Manifest::parse(&vec![b'\n'; Manifest::MAX_SIZE + 1]).is_err());
    }

    #[test]
    fn without_a_manifest_the_imports_say_what_could_be_done() {
        let asks =
            Asks::of(None, &["orbital:test/events@0.1.0".to_owned(), "wasi:cli/stdout@0.2.6".to_owned()]);
        assert_eq!((asks.what.targets.len(), asks.what.hosts.len(), asks.what.metrics), (1, 0, false));
        let asks = Asks::of(None, &["wasi:http/outgoing-handler@0.2.6".to_owned()]);
        assert_eq!((asks.what.targets.len(), asks.what.hosts.len()), (1, 1));
        let asks = Asks::of(Some(&Manifest::default()), &["orbital:test/metrics@0.1.0".to_owned()]);
        assert!(asks.by_manifest && !asks.what.metrics);
    }
}
