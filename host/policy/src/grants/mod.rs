//! What a component may reach: the meet of what it asks for and what the operator grants.
//!
//! Nothing is granted by itself. A component asks by its [`Manifest`], or else by its imports; the operator grants in
//! the sections `[components."PATTERN"]`. [`Access`] is both together, for one attempt of a run.

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
