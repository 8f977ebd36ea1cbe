//! Faults that can be injected into the pipeline.
//!
//! | fault | acts on | what goes wrong |
//! | --- | --- | --- |
//! | `"stall": true` | the answer | there is none: the sender waits until it gives up, or for a minute; the event is not taken |
//! | `"status": 503` | the answer | it has this status, 500 to 599; the event is not taken |
//! | `"miscount": true` | the counter | `pipeline_events_accepted_total` stands still, although the event was accepted |
//! | `"drop": true` | the delivery | there is none, although the event was accepted |
//! | `"reorder": true` | the delivery | the destinations of an event get it in the opposite order, the last one first |
//! | `"delay_ms": 500` | the delivery | it comes so much later |
//! | `"corrupt": true` | the delivery | its body is damaged: `processed` is missing and `email` is rubbish, but it is JSON with the `id` |
//! | `"duplicate": true` | the delivery | it comes twice, one copy after the other |
//!
//! Several can be on at once; an event meets them in this order, as far as it gets. `"types": ["order"]` limits them to
//! events of these types. An event is treated by the faults that were on when it arrived, so the first event after a
//! switch already meets the new ones.
//!
//! Each fault acts at one point of an event's way, and one field switches it on. A further fault is a further field,
//! whose default is "off", and a line at the point where it acts: in [`crate::service`], and in [`crate::server`] where
//! the answer is more than a refusal.

use std::{collections::BTreeSet, ops::RangeInclusive, time::Duration};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::route::Routes;

/// Those for which it is the server that is to blame.
const STATUSES: RangeInclusive<u16> = 500..=599;

/// The faults that are on. As JSON, an absent field is off: `{}` is a healthy pipeline.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Faults {
    /// Requests with an event are never answered, and the event is not taken.
    pub stall: bool,
    /// Requests with an event are answered with this status, and the event is not taken.
    pub status: Option<u16>,
    /// Events are accepted and not counted.
    pub miscount: bool,
    /// Events are accepted and never delivered.
    pub drop: bool,
    /// The last destination of an event gets it first.
    pub reorder: bool,
    /// How long an event waits before it is delivered.
    pub delay_ms: u32,
    /// Deliveries are damaged.
    pub corrupt: bool,
    /// Each delivery is sent twice.
    pub duplicate: bool,
    /// The types of events that meet these faults; empty for all.
    pub types: BTreeSet<String>,
}

impl Faults {
    /// Reads faults, and refuses those that would silently do nothing or something else.
    pub fn parse(body: &[u8], routes: &Routes) -> Result<Self, FaultsError> {
        let faults: Self = serde_json::from_slice(body)?;
        if let Some(status) = faults.status.filter(|status| !STATUSES.contains(status)) {
            return Err(FaultsError::Status { status });
        }
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
    /// The answer would not be a failure of the pipeline.
    #[error("`status` must be {} to {}, not {status}; leave it out to switch it off", STATUSES.start(), STATUSES.end())]
    Status {
        /// The status that was asked for.
        status: u16,
    },
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
    use serde_json::json;

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
    fn a_status_is_one_that_blames_the_server() {
        for status in [500, 503, 599] {
            assert_eq!(parse(&json!({ "status": status }).to_string()).unwrap().status, Some(status));
        }
        assert_eq!(parse(r#"{"status": null}"#), Ok(Faults::default()));
        for status in [0, 200, 404, 499, 600] {
            assert_eq!(
                parse(&json!({ "status": status }).to_string()).unwrap_err(),
                format!("`status` must be 500 to 599, not {status}; leave it out to switch it off")
            );
        }
    }

    #[test]
    fn faults_can_be_limited_to_types() {
        let faults = parse(r#"{"drop": true, "types": ["order"]}"#).unwrap();
        assert!(faults.met_by("order").drop);
        assert!(!faults.met_by("signup").drop);
        assert!(parse(r#"{"drop": true}"#).unwrap().met_by("signup").drop);
    }
}
