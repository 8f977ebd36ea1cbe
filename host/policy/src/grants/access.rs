//! The access of a run: what it may use.

use std::collections::BTreeMap;
use std::sync::Arc;

use orbital_model::Cause;
use url::Url;

use crate::grants::{Grants, HostGrant, Manifest, Shortage};

/// The grants of a component, and the part of them that it asks for.
#[derive(Debug, Clone)]
pub struct Access {
    component: String,
    grants: Grants,
    /// Without a manifest, the component asks for everything.
    manifest: Option<Arc<Manifest>>,
}

/// The reason why something is not allowed, and the change that would allow it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Denial {
    /// The operator has not granted it.
    #[error("{0}")]
    NotGranted(String),
    /// The component's manifest does not ask for it.
    #[error("{0}")]
    NotAsked(String),
}

impl Denial {
    /// Returns the mistake that caused the denial.
    pub fn cause(&self) -> Cause {
        match self {
            Self::NotGranted(what) => Cause::operator(what),
            Self::NotAsked(what) => Cause::author(what),
        }
    }
}

impl Access {
    /// Creates the access of a component with these grants and, if it has one, this manifest.
    pub fn new(component: &str, grants: Grants, manifest: Option<Arc<Manifest>>) -> Self {
        Self { component: component.to_owned(), grants, manifest }
    }

    /// Returns the grants.
    pub fn grants(&self) -> &Grants {
        &self.grants
    }

    /// Checks whether the component may send this request to a target.
    ///
    /// # Errors
    /// If the component may not.
    pub fn target(&self, target: &str, method: &str, path: &str) -> Result<(), Denial> {
        let path = path.split('?').next().unwrap_or_default();
        let is_part =
            |reaches: &[super::TargetReach]| reaches.iter().any(|reach| reach.matches(target, method, path));
        // If other requests to the target are allowed, the method and the path are the reason.
        let describe = |reaches: &[super::TargetReach]| {
            let path = if path.is_empty() { "/" } else { path };
            match reaches.iter().any(|reach| reach.name.matches(target)) {
                true => (
                    format!("send `{method} {path}` to the target `{target}`"),
                    format!(
                        "targets = [{{ name = {target:?}, methods = [{method:?}], paths = [{path:?}] }}]"
                    ),
                ),
                false => (format!("send to the target `{target}`"), format!("targets = [{target:?}]")),
            }
        };
        match &self.manifest {
            Some(manifest) if !is_part(&manifest.targets) => {
                let (what, setting) = describe(&manifest.targets);
                Err(self.not_asked(&what, &setting))
            }
            _ if !is_part(&self.grants.targets) => {
                let (what, setting) = describe(&self.grants.targets);
                Err(self.not_granted(&what, &setting))
            }
            _ => Ok(()),
        }
    }

    /// Returns the grant that allows requests to the host of a URL, which is not a target. If there are several, one
    /// that includes private addresses is preferred.
    ///
    /// # Errors
    /// If there is no grant.
    pub fn host(&self, url: &Url) -> Result<&HostGrant, Denial> {
        let origin = url.origin().ascii_serialization();
        let what = format!("send to the host `{origin}`");
        let setting = format!("hosts = [{origin:?}]");
        if let Some(manifest) = &self.manifest
            && !manifest.hosts.iter().any(|pattern| pattern.matches(url))
        {
            return Err(self.not_asked(&what, &setting));
        }
        let granted = self.grants.hosts.iter().filter(|grant| grant.pattern.matches(url));
        granted.min_by_key(|grant| !grant.private).ok_or_else(|| self.not_granted(&what, &setting))
    }

    /// Returns the names of the targets that its manifest asks for.
    pub fn asked_targets(&self) -> impl Iterator<Item = &str> {
        self.manifest.iter().flat_map(|manifest| &manifest.targets).map(|reach| reach.name.text())
    }

    /// Checks whether the component may record its own metrics.
    ///
    /// # Errors
    /// If the component may not.
    pub fn metrics(&self) -> Result<(), Denial> {
        let (what, setting) = ("have metrics of its own", "metrics = true");
        match &self.manifest {
            Some(manifest) if !manifest.metrics => Err(self.not_asked(what, setting)),
            _ if !self.grants.metrics => Err(self.not_granted(what, setting)),
            _ => Ok(()),
        }
    }

    /// Returns the configuration values that the component may read: with a manifest, only those that it names.
    pub fn config(&self, set: Arc<BTreeMap<String, String>>) -> Arc<BTreeMap<String, String>> {
        if set.keys().all(|name| self.asks_for_config(name)) {
            return set;
        }
        let named = set.iter().filter(|(name, _)| self.asks_for_config(name));
        Arc::new(named.map(|(name, value)| (name.clone(), value.clone())).collect())
    }

    /// Returns whether the component requires this configuration value; nothing if it has no manifest, which would say
    /// so.
    pub fn requires_config(&self, name: &str) -> Option<bool> {
        let manifest = self.manifest.as_ref()?;
        Some(manifest.config.iter().any(|ask| ask.name == name && !ask.optional))
    }

    /// Returns whether the component asks for this configuration value.
    pub fn asks_for_config(&self, name: &str) -> bool {
        let Some(manifest) = &self.manifest else { return true };
        manifest.config.iter().any(|ask| ask.name == name)
    }

    /// Returns what the manifest asks for and is not granted; `has_value` returns whether a configuration value is set.
    pub fn shortage(&self, has_value: impl Fn(&str) -> bool) -> Option<Shortage> {
        let manifest = self.manifest.as_deref()?;
        let Grants { targets, hosts, metrics } = &self.grants;
        let is_host =
            |pattern: &&super::HostPattern| !hosts.iter().any(|grant| grant.pattern.covers(pattern));
        let shortage = Shortage {
            component: self.component.clone(),
            targets: manifest.targets.iter().filter(|ask| !ask.is_within(targets)).cloned().collect(),
            hosts: manifest.hosts.iter().filter(is_host).cloned().collect(),
            config: manifest
                .config
                .iter()
                .filter(|ask| !ask.optional && !has_value(&ask.name))
                .map(|ask| ask.name.clone())
                .collect(),
            metrics: manifest.metrics && !metrics,
        };
        (!shortage.is_none()).then_some(shortage)
    }

    fn not_granted(&self, what: &str, setting: &str) -> Denial {
        let component = &self.component;
        Denial::NotGranted(format!(
            "`{component}` may not {what}: add `{setting}` to a section `[components.{component:?}]` of the configuration"
        ))
    }

    fn not_asked(&self, what: &str, setting: &str) -> Denial {
        let (component, file) = (&self.component, Manifest::FILE);
        Denial::NotAsked(format!(
            "`{component}` may not {what}, as its manifest does not ask for that: add `{setting}` to `{file}` of its \
             project, and build it again"
        ))
    }
}

#[cfg(test)]
mod tests {
    use orbital_config::parse;
    use orbital_config::secrets::SecretsSettings;

    use super::*;
    use crate::targets::TargetsSettings;

    /// Reads grants, in a configuration that has the named targets.
    fn read(text: &str) -> Grants {
        let targets = "[targets.api]\nurl = \"http://a\"";
        let secrets = SecretsSettings::default();
        let targets = parse(targets, |root| TargetsSettings::read(root, &secrets)).unwrap().0;
        parse(text, |root| Grants::read(root, &targets)).unwrap().0
    }

    fn access(grants: &str, manifest: Option<&str>) -> Access {
        let grants = read(grants);
        let manifest = manifest.map(|text| Arc::new(Manifest::parse(text.as_bytes()).unwrap()));
        Access::new("shop", grants, manifest)
    }

    fn reason<T: std::fmt::Debug>(result: Result<T, Denial>) -> String {
        result.unwrap_err().to_string()
    }

    #[test]
    fn what_is_not_granted_is_denied_with_what_to_add() {
        let nothing = access("", None);
        assert_eq!(
            reason(nothing.target("api", "POST", "/v1")),
            "`shop` may not send to the target `api`: add `targets = [\"api\"]` to a section `[components.\"shop\"]` of \
             the configuration"
        );
        assert!(reason(nothing.metrics()).contains("`metrics = true`"));
        let url = Url::parse("https://user:pass@example.com/secret").unwrap();
        let denied = reason(nothing.host(&url));
        assert!(
            denied.contains("`hosts = [\"https://example.com\"]`") && !denied.contains("pass"),
            "{denied}"
        );

        let some = access("targets = [{ name = \"api\", methods = [\"GET\"] }]", None);
        assert_eq!(some.target("api", "GET", "/x?y"), Ok(()));
        let denied = reason(some.target("api", "POST", "/x?y"));
        assert!(denied.contains("`POST /x` to the target `api`"), "{denied}");
        assert!(denied.contains("[{ name = \"api\", methods = [\"POST\"], paths = [\"/x\"] }]"), "{denied}");
    }

    #[test]
    fn a_manifest_narrows_what_is_granted() {
        let all = "targets = [\"*\"]\nhosts = [\"*\"]\nmetrics = true";
        let narrow = access(all, Some("targets = [\"api\"]\nhosts = [\"*.example.com\"]"));
        assert_eq!(narrow.target("api", "POST", ""), Ok(()));
        assert!(reason(narrow.target("billing", "POST", "")).contains("`orbital-manifest.toml`"));
        assert!(narrow.host(&Url::parse("https://a.example.com").unwrap()).is_ok());
        assert!(narrow.host(&Url::parse("https://example.org").unwrap()).is_err());
        assert!(narrow.metrics().is_err());
        let set = Arc::new(BTreeMap::from([("a".to_owned(), "1".to_owned())]));
        assert!(narrow.config(set.clone()).is_empty());
        assert_eq!(access("", None).config(set.clone()), set);
        assert_eq!(access("", Some("config = [\"a\"]")).config(set.clone()), set);
    }

    #[test]
    fn a_grant_for_private_hosts_wins() {
        let mut grants = read("hosts = [\"*\"]");
        grants.add(&read("hosts = [\"*.internal\"]\nprivate_hosts = true"));
        let access = Access::new("shop", grants, None);
        let grant = |url: &str| access.host(&Url::parse(url).unwrap()).unwrap().clone();
        assert!(grant("https://a.internal").private);
        assert!(!grant("https://example.com").private);
    }

    #[test]
    fn a_shortage_lists_all_that_is_missing_and_what_to_add() {
        let manifest = "targets = [\"api\", { name = \"billing\", methods = [\"POST\"] }]\nhosts = [\"example.com\"]\n\
                        config = [\"currency\", { name = \"plan\", optional = true }]\nmetrics = true";
        let short = access("targets = [{ name = \"*\", methods = [\"POST\"] }]", Some(manifest));
        let shortage = short.shortage(|_| false).unwrap();
        assert_eq!(
            shortage.to_string(),
            "it asks for what it is not granted; add to the configuration:\n  [components.\"shop\"]\n  targets = [\"api\"]\n  \
             hosts = [\"example.com\"]\n  metrics = true\n  [config.\"shop\"]\n  \"currency\" = \"…\""
        );
        let enough = access("targets = [\"*\"]\nhosts = [\"*.com\"]\nmetrics = true", Some(manifest));
        assert_eq!(enough.shortage(|name| name == "currency"), None);
        assert_eq!(access("", None).shortage(|_| false), None);
    }
}
