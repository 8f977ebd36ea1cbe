//! Patterns of requests to targets.

use std::fmt;

use http::Method;
use orbital_config::Section;
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

use crate::grants::{PathPattern, Wildcard};

/// Requests to a target: all, or only those with certain methods and paths.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct TargetReach {
    /// The target's name.
    #[schema(value_type = String)]
    pub name: Wildcard,
    /// The methods, as they are written in requests; empty means any.
    #[serde(serialize_with = "methods")]
    #[schema(value_type = Vec<String>)]
    pub methods: Vec<Method>,
    /// The patterns of paths; empty means any.
    #[schema(value_type = Vec<String>)]
    pub paths: Vec<PathPattern>,
}

impl TargetReach {
    /// Reads the setting `targets`: a list of names, and of tables that restrict methods and paths.
    pub(super) fn read_list(
        section: &Section<'_>,
        parse_name: impl Fn(&str) -> Result<Wildcard, String>,
    ) -> Vec<Self> {
        let whole = |name: &str| Ok(Self { name: parse_name(name)?, methods: Vec::new(), paths: Vec::new() });
        section.items("targets", whole, |section| {
            let name = section.parsed("name", &parse_name);
            if !section.has("name") {
                section.mistake("has no `name`; set it to that of a target");
            }
            let methods = section.texts("methods", |text| match Method::from_bytes(text.as_bytes()) {
                Ok(method) if text == text.to_ascii_uppercase() => Ok(method),
                _ => Err(format!("`{text}` is not a method such as `POST`")),
            });
            let paths = section.texts("paths", PathPattern::parse);
            for (name, is_empty) in [("methods", methods.is_empty()), ("paths", paths.is_empty())] {
                if section.has(name) && is_empty {
                    section.mistake_at(name, "must name at least one; leave it out to mean any");
                }
            }
            Some(Self { name: name?, methods, paths })
        })
    }

    /// Returns a value that includes all requests to all targets.
    pub(super) fn any() -> Self {
        Self { name: Wildcard::new("*"), methods: Vec::new(), paths: Vec::new() }
    }

    /// Returns whether this request is included.
    pub(super) fn matches(&self, target: &str, method: &str, path: &str) -> bool {
        let is_method = self.methods.is_empty() || self.methods.iter().any(|one| one.as_str() == method);
        let is_path = || self.paths.is_empty() || self.paths.iter().any(|pattern| pattern.matches(path));
        self.name.matches(target) && is_method && is_path()
    }

    /// Returns whether all of these requests are included in those of the others.
    pub fn is_within(&self, others: &[Self]) -> bool {
        // Checks each method with each path, where an empty list means any.
        let any = |count: usize| if count == 0 { vec![None] } else { (0..count).map(Some).collect() };
        any(self.methods.len()).into_iter().all(|method| {
            let method = method.map(|index| &self.methods[index]);
            any(self.paths.len()).into_iter().all(|path| {
                let path = path.map(|index| &self.paths[index]);
                others.iter().any(|other| other.holds(&self.name, method, path))
            })
        })
    }

    fn holds(&self, name: &Wildcard, method: Option<&Method>, path: Option<&PathPattern>) -> bool {
        let method = self.methods.is_empty() || method.is_some_and(|method| self.methods.contains(method));
        let path = self.paths.is_empty()
            || path.is_some_and(|path| self.paths.iter().any(|pattern| pattern.covers(path)));
        self.name.covers(name) && method && path
    }
}

/// Formats the value as it is written in TOML.
impl fmt::Display for TargetReach {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, methods, paths } = self;
        let name = name.text();
        if methods.is_empty() && paths.is_empty() {
            return write!(formatter, "{name:?}");
        }
        write!(formatter, "{{ name = {name:?}")?;
        let lists = [
            ("methods", methods.iter().map(Method::as_str).collect::<Vec<_>>()),
            ("paths", paths.iter().map(PathPattern::text).collect()),
        ];
        for (name, list) in lists.into_iter().filter(|(_, list)| !list.is_empty()) {
            write!(formatter, ", {name} = {list:?}")?;
        }
        formatter.write_str(" }")
    }
}

fn methods<S: Serializer>(methods: &[Method], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(methods.iter().map(Method::as_str))
}

#[cfg(test)]
mod tests {
    use orbital_config::parse;

    use super::*;

    fn read(list: &str) -> Vec<TargetReach> {
        parse(&format!("targets = {list}"), |root| {
            TargetReach::read_list(root, |name| Ok(Wildcard::new(name)))
        })
        .unwrap()
        .0
    }

    #[test]
    fn requests_are_granted_by_target_method_and_path() {
        let reach =
            &read(r#"[{ name = "api", methods = ["POST", "PUT"], paths = ["/v1/*", "/health"] }]"#)[0];
        assert!(reach.matches("api", "POST", "/v1/a") && reach.matches("api", "PUT", "/health"));
        assert!(!reach.matches("api", "GET", "/v1/a"));
        assert!(!reach.matches("api", "post", "/v1/a"), "methods are told apart by case");
        assert!(!reach.matches("api", "POST", "/v2/a"));
        assert!(!reach.matches("apis", "POST", "/v1/a"));
        assert!(read(r#"["*"]"#)[0].matches("anything", "BREW", ""));
    }

    #[test]
    fn what_is_asked_for_may_be_granted_in_parts() {
        let grants = read(
            r#"[{ name = "api", methods = ["GET"] }, { name = "a*", methods = ["POST"], paths = ["/v1/*"] }]"#,
        );
        for (asked, within) in [
            (r#"[{ name = "api", methods = ["GET", "POST"], paths = ["/v1/items"] }]"#, true),
            (r#"[{ name = "api", methods = ["GET"] }]"#, true),
            (r#"[{ name = "api", methods = ["POST"] }]"#, false),
            (r#"[{ name = "api", methods = ["GET", "POST"], paths = ["/v1/a", "/v2/a"] }]"#, false),
            (r#"[{ name = "api", paths = ["/v1/items"] }]"#, false),
            (r#"["api"]"#, false),
            (r#"[{ name = "a2", methods = ["POST"], paths = ["/v1/*/x"] }]"#, true),
        ] {
            assert_eq!(read(asked)[0].is_within(&grants), within, "{asked}");
        }
        assert!(read(r#"["api"]"#)[0].is_within(&read(r#"["*"]"#)));
        assert!(!read(r#"["api"]"#)[0].is_within(&[]));
    }

    #[test]
    fn it_is_shown_as_it_is_written() {
        for text in [r#""api""#, r#"{ name = "api", methods = ["POST"], paths = ["/v1/*"] }"#] {
            assert_eq!(read(&format!("[{text}]"))[0].to_string(), text);
        }
    }
}
