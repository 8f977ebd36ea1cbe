//! Which case is due when. Pure: time comes in as an argument.
//!
//! A case of a period runs at multiples of it since the Unix epoch, moved by an offset that is a hash of the
//! case's id: 12 cases of one minute start spread over the minute, at the same moments on every replica and
//! after every restart. Due times are counted, not wake-ups: what was missed is told, not made up for.

mod clock;
mod halt;
mod maintenance;
mod overrides;
mod pauses;
mod plan;
mod settings;
mod ticks;

pub use clock::{ClockStep, ClockWatch};
pub use halt::{Halt, HaltedBy};
pub use maintenance::Maintenance;
pub use overrides::Overrides;
pub use pauses::{Pause, Pauses};
pub use plan::{Action, Deployed, Plan, Planned, Refusal, Tick};
pub use settings::SchedulerSettings;
pub use ticks::Ticks;
