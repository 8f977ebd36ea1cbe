//! Where events of a type go.

use std::{collections::BTreeMap, fmt, str::FromStr};

use reqwest::Url;
use thiserror::Error;

/// Events of one type go to one destination.
#[derive(Clone, Debug, PartialEq)]
pub struct Route {
    kind: String,
    destination: Destination,
}

/// A webhook that receives events.
#[derive(Clone, Debug, PartialEq)]
pub struct Destination {
    /// The last segment of the URL's path: `crm` for `http://127.0.0.1:8710/hooks/crm`.
    pub name: String,
    /// Where to post.
    pub url: Url,
}

/// All routes: several of one type fan out.
#[derive(Debug)]
pub struct Routes(BTreeMap<String, Vec<Destination>>);

impl Routes {
    /// Gathers routes by type. A type cannot have two destinations of one name, since nobody could tell them apart.
    pub fn new(routes: impl IntoIterator<Item = Route>) -> Result<Self, RouteError> {
        let mut by_type = BTreeMap::<String, Vec<Destination>>::new();
        for Route { kind, destination } in routes {
            let destinations = by_type.entry(kind.clone()).or_default();
            if destinations.iter().any(|other| other.name == destination.name) {
                return Err(RouteError::Ambiguous { kind, name: destination.name });
            }
            destinations.push(destination);
        }
        Ok(Self(by_type))
    }

    /// Whether events of this type go anywhere.
    pub fn has(&self, kind: &str) -> bool {
        self.0.contains_key(kind)
    }

    /// Where events of this type go; nowhere if the type is unknown.
    pub fn destinations(&self, kind: &str) -> &[Destination] {
        self.0.get(kind).map_or(&[], Vec::as_slice)
    }

    /// The types that are routed, in alphabetical order.
    pub fn types(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// The types that are routed, as messages list them.
    pub fn known(&self) -> String {
        self.types().map(|kind| format!("`{kind}`")).collect::<Vec<_>>().join(", ")
    }

    /// Every destination of every type.
    pub(crate) fn all_destinations(&self) -> impl Iterator<Item = &Destination> {
        self.0.values().flatten()
    }
}

impl FromStr for Route {
    type Err = RouteError;

    fn from_str(text: &str) -> Result<Self, RouteError> {
        let (kind, url) = match text.split_once('=') {
            Some((kind, url)) if !kind.is_empty() => (kind, url),
            _ => return Err(RouteError::Shape),
        };
        let invalid =
            |reason: &dyn fmt::Display| RouteError::Url { url: url.to_owned(), reason: reason.to_string() };
        let parsed = Url::parse(url).map_err(|error| invalid(&error))?;
        if parsed.scheme() != "http" {
            return Err(invalid(&"it must start with `http://`"));
        }
        let name = parsed.path_segments().and_then(|mut segments| segments.next_back());
        let name = name.filter(|name| !name.is_empty());
        let name = name
            .ok_or_else(|| invalid(&"its path must end in the destination's name, such as `/hooks/crm`"))?;
        let destination = Destination { name: name.to_owned(), url: parsed };
        Ok(Self { kind: kind.to_owned(), destination })
    }
}

/// Why a route makes no sense.
#[derive(Debug, Error)]
pub enum RouteError {
    /// It is not written as a route.
    #[error("a route is written `type=url`, such as `signup=http://127.0.0.1:8710/hooks/crm`")]
    Shape,
    /// Its URL cannot be posted to.
    #[error("cannot use `{url}`: {reason}")]
    Url {
        /// The URL as it was given.
        url: String,
        /// Why it is invalid.
        reason: String,
    },
    /// It is not the only one of its name.
    #[error("type `{kind}` has two destinations named `{name}`; let one of the URLs end in another name")]
    Ambiguous {
        /// The type of both routes.
        kind: String,
        /// The name of both destinations.
        name: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    fn routes(routes: &[&str]) -> Result<Routes, RouteError> {
        Routes::new(routes.iter().map(|route| route.parse().unwrap()))
    }

    #[test]
    fn routes_of_one_type_fan_out() {
        let routes = routes(&[
            "order=http://127.0.0.1:1/hooks/billing",
            "signup=http://127.0.0.1:1/hooks/crm",
            "order=http://127.0.0.1:2/shipping?a=b",
        ])
        .unwrap();
        let names = |kind| routes.destinations(kind).iter().map(|to| to.name.as_str()).collect::<Vec<_>>();
        assert_eq!(names("order"), ["billing", "shipping"]);
        assert_eq!(names("signup"), ["crm"]);
        assert!(names("refund").is_empty());
        assert_eq!(routes.known(), "`order`, `signup`");
    }

    #[test]
    fn two_destinations_of_a_type_have_two_names() {
        let same = ["order=http://127.0.0.1:1/a/hook", "order=http://127.0.0.1:1/b/hook"];
        assert_eq!(
            routes(&same).unwrap_err().to_string(),
            "type `order` has two destinations named `hook`; let one of the URLs end in another name"
        );
        assert!(routes(&["order=http://127.0.0.1:1/hook", "signup=http://127.0.0.1:1/hook"]).is_ok());
    }

    #[test]
    fn a_route_that_cannot_work_says_why() {
        let error = |route: &str| route.parse::<Route>().unwrap_err().to_string();
        for shape in ["", "signup", "=http://127.0.0.1:1/crm"] {
            assert!(error(shape).starts_with("a route is written `type=url`"), "{shape}");
        }
        assert!(error("signup=crm").starts_with("cannot use `crm`: relative URL"));
        assert!(error("signup=https://example.com/crm").contains("must start with `http://`"));
        assert!(error("signup=http://example.com/").contains("must end in the destination's name"));
    }
}
