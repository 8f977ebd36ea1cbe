//! Decides which case is due when. Pure: time is an argument.
//!
//! A case with a period runs at multiples of the period since the Unix epoch, shifted by an offset that is a hash of
//! the case's id: 12 cases with a period of one minute are spread over the minute, at the same times on every replica
//! and after every restart. Due times are counted, not wake-ups: missed runs are reported, but not made up for.

mod clock;
mod maintenance;
mod overrides;
mod pauses;
mod plan;
mod settings;
mod suspension;
mod ticks;

pub use clock::{ClockStep, ClockWatch};
pub use maintenance::Maintenance;
pub use overrides::Overrides;
pub use pauses::{Pause, Pauses};
pub use plan::{Action, Deployed, Plan, Planned, Refusal, Tick};
pub use settings::{FixedSchedulerSettings, LiveSchedulerSettings, SchedulerSettings};
pub use suspension::{SuspendedBy, Suspension};
pub use ticks::Ticks;
