//! The access of components: the intersection of what they ask for and what the operator grants.
//!
//! Nothing is granted by default. A component asks by its [`Manifest`], or by its imports if it has none; the operator
//! grants in the sections `[components."PATTERN"]`. [`Access`] combines both, for one attempt of a run.

mod access;
mod granted;
mod hosts;
mod manifest;
mod paths;
mod shortage;
mod targets;
mod wildcard;

pub use access::{Access, Denial};
pub use granted::{Grants, HostGrant};
pub use hosts::HostPattern;
pub use manifest::{Asks, ConfigAsk, Manifest};
pub use paths::PathPattern;
pub use shortage::Shortage;
pub use targets::TargetReach;
pub use wildcard::Wildcard;
