//! Cron expressions that cannot be, and a zone that is nowhere.

#[path = "shared/by_hand.rs"]
#[allow(dead_code, unused_imports, reason = "each example uses a part of it")]
mod by_hand;

use by_hand::{CronSchedule, Schedule, TestCase, manual};

fn cron(name: &str, expression: &str, zone: Option<&str>) -> TestCase {
    let schedule = CronSchedule { expression: expression.to_owned(), zone: zone.map(str::to_owned) };
    TestCase { schedule: Schedule::Cron(schedule), ..manual(name) }
}

by_hand::export_cases!(vec![
    cron("short", "* * *", None),
    cron("broken", "61 * * * *", None),
    cron("never", "0 0 30 2 *", None),
    cron("nowhere", "0 7 * * *", Some("Europe/Atlantis")),
]);
