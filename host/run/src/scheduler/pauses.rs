//! Pauses that were requested while the host runs.

use std::time::Duration;

use jiff::Timestamp;
use orbital_model::Pattern;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// A pause. Its cases do not run by themselves.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Pause {
    /// The id of the pause.
    pub id: Uuid,
    /// The pattern of the ids of the paused cases.
    #[schema(value_type = String)]
    pub cases: Pattern,
    /// The reason for the pause.
    pub reason: String,
    /// The person who requested the pause.
    pub author: String,
    /// The time at which the pause began.
    pub since: Timestamp,
    /// The time at which the pause ends; null if it lasts until it is ended by request.
    #[schema(required)]
    pub until: Option<Timestamp>,
}

/// All pauses, the oldest first.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Pauses(pub Vec<Pause>);

impl Pause {
    /// Returns whether the pause has ended.
    pub fn is_over(&self, now: Duration) -> bool {
        self.until.is_some_and(|until| since_epoch(until) <= now)
    }
}

impl Pauses {
    /// Returns the pause that keeps the case from running at the time `now`, which is since the Unix epoch. If there
    /// are several, it is the one that lasts longest.
    pub fn covers(&self, case_id: &str, now: Duration) -> Option<&Pause> {
        let current = self.0.iter().filter(|pause| !pause.is_over(now) && pause.cases.matches(case_id));
        current.max_by_key(|pause| pause.until.unwrap_or(Timestamp::MAX))
    }
}

/// Converts a time to one since the Unix epoch. Times before 1970 become zero, as nobody pauses until then.
pub(super) fn since_epoch(moment: Timestamp) -> Duration {
    Duration::try_from(moment.as_duration()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pause(cases: &str, reason: &str, until: Option<i64>) -> Pause {
        Pause {
            id: Uuid::now_v7(),
            cases: Pattern::parse(cases).unwrap(),
            reason: reason.to_owned(),
            author: "ada".to_owned(),
            since: Timestamp::UNIX_EPOCH,
            until: until.map(|seconds| Timestamp::from_second(seconds).unwrap()),
        }
    }

    #[test]
    fn a_pause_is_for_its_cases_and_its_time() {
        let pauses = Pauses(vec![pause("shop/*", "short", Some(10)), pause("shop/a", "long", Some(20))]);
        let reason = |case, now| pauses.covers(case, Duration::from_secs(now)).map(|pause| &*pause.reason);
        assert_eq!(reason("shop/b", 9), Some("short"));
        assert_eq!(reason("shop/b", 10), None);
        assert_eq!(reason("shop/a", 9), Some("long"));
        assert_eq!(reason("other/a", 9), None);
        let forever = Pauses(vec![pause("*", "forever", None)]);
        assert!(forever.covers("x/y", Duration::from_secs(u64::from(u32::MAX))).is_some());
    }

    #[test]
    fn what_is_written_is_read_again() {
        let text = serde_json::to_string(&Pauses(vec![pause("shop/*", "why", Some(10))])).unwrap();
        let read: Pauses = serde_json::from_str(&text).unwrap();
        assert!(read.covers("shop/x", Duration::ZERO).is_some());
        let wrong = text.replace("shop/*", "[");
        assert!(serde_json::from_str::<Pauses>(&wrong).unwrap_err().to_string().contains("is not a pattern"));
    }
}
