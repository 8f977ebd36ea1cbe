//! What is wrong with the pipeline on purpose.
//!
//! Each fault acts at one point of an event's way, and one field switches it on. An event is treated by the faults that
//! were on when it was accepted, so the first event after a switch already meets the new ones. A further fault is a
//! further field, whose default is "off", and a line at the point where it acts: in [`crate::server`] for the answer, in
//! [`crate::service`] for the delivery.

use std::{collections::BTreeSet, time::Duration};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::route::Routes;

/// The faults that are on. As JSON, an absent field is off: `{}` is a healthy pipeline.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Faults {
    /// How long an event waits before it is delivered.
    pub delay_ms: u32,
    /// Events are accepted and never delivered.
    pub drop: bool,
    /// Each delivery is sent twice.
    pub duplicate: bool,
    /// The types of events that meet these faults; empty for all.
    pub types: BTreeSet<String>,
}

impl Faults {
    /// Reads faults, and refuses those that would silently do nothing.
    pub fn parse(body: &[u8], routes: &Routes) -> Result<Self, FaultsError> {
        let faults: Self = serde_json::from_slice(body)?;
        match faults.types.iter().find(|kind| !routes.has(kind)) {
            Some(kind) => Err(FaultsError::UnknownType { kind: kind.clone(), known: routes.known() }),
            None => Ok(faults),
        }
    }

    /// The faults that events of this type meet.
    pub(crate) fn met_by(&self, kind: &str) -> Self {
        if self.types.is_empty() || self.types.contains(kind) { self.clone() } else { Self::default() }
    }

    pub(crate) fn delay(&self) -> Duration {
        Duration::from_millis(self.delay_ms.into())
    }

    pub(crate) fn copies(&self) -> usize {
        if self.duplicate { 2 } else { 1 }
    }
}

/// Why faults cannot be switched like that.
#[derive(Debug, Error)]
pub enum FaultsError {
    /// It is not JSON, names an unknown field, or gives a field a wrong value.
    #[error("the faults cannot be read: {0}")]
    Unreadable(#[from] serde_json::Error),
    /// No event could meet them.
    #[error("unknown type `{kind}` in `types`; known types: {known}")]
    UnknownType {
        /// The type that is not routed.
        kind: String,
        /// The types that are.
        known: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(body: &str) -> Result<Faults, String> {
        let routes = Routes::new(["order=http://127.0.0.1:1/billing".parse().unwrap()]).unwrap();
        Faults::parse(body.as_bytes(), &routes).map_err(|error| error.to_string())
    }

    #[test]
    fn absent_fields_are_off() {
        assert_eq!(parse("{}"), Ok(Faults::default()));
        assert_eq!(parse(r#"{"drop": true}"#), Ok(Faults { drop: true, ..Faults::default() }));
    }

    #[test]
    fn what_would_do_nothing_is_refused_by_name() {
        assert!(parse(r#"{"dorp": true}"#).unwrap_err().contains("unknown field `dorp`, expected one of"));
        assert_eq!(
            parse(r#"{"drop": true, "types": ["signup"]}"#).unwrap_err(),
            "unknown type `signup` in `types`; known types: `order`"
        );
        assert!(parse(r#"{"delay_ms": -1}"#).is_err());
    }

    #[test]
    fn faults_can_be_limited_to_types() {
        let faults = parse(r#"{"drop": true, "types": ["order"]}"#).unwrap();
        assert!(faults.met_by("order").drop);
        assert!(!faults.met_by("signup").drop);
        assert!(parse(r#"{"drop": true}"#).unwrap().met_by("signup").drop);
    }
}
