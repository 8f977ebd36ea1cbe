//! Tests of the history as a whole, on a file.

use std::path::Path;
use std::time::{Duration, SystemTime};

use orbital_model::{Attempt, CaseId, Outcome, Report, Trigger};
use uuid::Uuid;

use crate::{FixedHistorySettings, HistorySettings, LiveHistorySettings};

/// Returns the default settings with this file.
pub(super) fn settings(path: impl AsRef<Path>) -> HistorySettings {
    let read = |root: &orbital_config::Section<'_>| {
        root.section("history", |section| HistorySettings::read(section, Path::new("."), Path::new("state")))
    };
    let (settings, _) = orbital_config::parse("", read).unwrap();
    let path = path.as_ref().to_owned();
    HistorySettings { fixed: FixedHistorySettings { path, ..settings.fixed }, ..settings }
}

/// Returns the default live settings.
pub(super) fn live() -> LiveHistorySettings {
    settings("unused").live
}

/// Returns a passed run of a case with this number.
pub(super) fn report(case_id: &str, number: u64) -> Report {
    report_at(case_id, number, SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_000_000 + number))
}

/// Returns a passed run of a case with this number, which started at this time.
pub(super) fn report_at(case_id: &str, number: u64, started: SystemTime) -> Report {
    let since = started.duration_since(SystemTime::UNIX_EPOCH).unwrap();
    let run = Uuid::from_u128((since.as_millis() << 80) | (7 << 76) | (2 << 62) | u128::from(number));
    Report {
        run,
        case: case_id.parse().unwrap(),
        digest: "d".repeat(64),
        language: "Rust".to_owned(),
        trigger: Trigger::Schedule,
        due: started,
        started,
        start_delay: Duration::ZERO,
        duration: Duration::from_millis(20),
        outcome: Outcome::Pass,
        flaky: false,
        attempts: vec![Attempt {
            started,
            duration: Duration::from_millis(20),
            outcome: Outcome::Pass,
            messages: Vec::new(),
            has_trace: false,
            timeline: Vec::new(),
            omitted: 0,
            usage: Default::default(),
            samples: Vec::new(),
        }],
    }
}

mod room {
    use std::sync::Arc;

    use orbital_model::Pattern;
    use proptest::collection::vec;
    use proptest::prelude::*;
    use rusqlite::Connection;

    use super::*;
    use crate::database::Database;
    use crate::holdings::Holdings;
    use crate::rollup::{HOUR, MINUTE, MINUTES_KEPT};
    use crate::row::{RunRow, millis};
    use crate::{HistoryError, LastSession, Mark, RunQuery, Step, query, retention, stats};

    const CASES: [&str; 3] = ["a/x", "a/y", "b/x"];

    fn open(settings: &HistorySettings) -> Database {
        try_open(settings, None).unwrap().0
    }

    fn try_open(
        HistorySettings { fixed, live }: &HistorySettings,
        session: Option<i64>,
    ) -> Result<(Database, Option<LastSession>), HistoryError> {
        Database::open(&fixed.path, live, session)
    }

    fn reading(settings: &HistorySettings) -> Connection {
        Connection::open(&settings.fixed.path).unwrap()
    }

    /// Returns runs of all cases, with different outcomes.
    fn some_reports(outcomes: &[(u8, u8)]) -> Vec<Arc<Report>> {
        let report = |(number, (case, outcome)): (usize, &(u8, u8))| {
            let case = CASES[usize::from(*case) % CASES.len()];
            let outcome = Outcome::ALL[usize::from(*outcome) % Outcome::ALL.len()];
            let flaky = outcome == Outcome::Pass && number % 5 == 0;
            Arc::new(Report { outcome, flaky, ..report(case, number as u64) })
        };
        outcomes.iter().enumerate().map(report).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

        /// For any query, the pages together have the same runs as a filter over all runs.
        #[test]
        fn pages_have_each_run_that_is_wanted_once_and_in_order(
            outcomes in vec((0u8..3, 0u8..5), 1..80),
            pattern in prop_oneof![Just(None), Just(Some("a/*")), Just(Some("*/x")), Just(Some("nobody/*"))],
            outcome in prop_oneof![Just(None), proptest::sample::select(&Outcome::ALL[..]).prop_map(Some)],
            flaky in any::<Option<bool>>(),
            wrong in any::<bool>(),
            limit in 1usize..20,
        ) {
            let folder = tempfile::tempdir().unwrap();
            let settings = settings(folder.path().join("history.db"));
            let reports = some_reports(&outcomes);
            open(&settings).write(&reports, &settings.live).unwrap();
            let connection = reading(&settings);
            let cases = pattern.map(|pattern| Pattern::parse(pattern).unwrap());
            let all = RunQuery { cases, outcome, flaky, wrong, limit, ..RunQuery::default() };
            let mut expected: Vec<RunRow> = reports.iter().map(|report| RunRow::of(report)).collect();
            expected.retain(|row| all.matches(row));
            expected.reverse();
            let (mut found, mut before) = (Vec::new(), None);
            loop {
                let page = RunQuery { before, ..all.clone() }.run(&connection).unwrap();
                prop_assert!(page.len() <= limit);
                let Some(last) = page.last() else { break };
                before = Some(last.run);
                found.extend(page);
            }
            prop_assert_eq!(found, expected);
        }

        /// Statistics and the points of a series match the runs.
        #[test]
        fn statistics_come_to_what_the_runs_are(outcomes in vec((0u8..3, 0u8..5), 1..200)) {
            let folder = tempfile::tempdir().unwrap();
            let settings = settings(folder.path().join("history.db"));
            let reports = some_reports(&outcomes);
            let mut database = open(&settings);
            for (number, batch) in reports.chunks(7).enumerate() {
                match (number + outcomes.len()) % 5 {
                    0 => drop(database),
                    1 => database.end().unwrap(),
                    _ => {
                        database.write(batch, &settings.live).unwrap();
                        continue;
                    }
                }
                // Nothing is lost or counted twice if the host is killed, nor if it ends.
                database = open(&settings);
                database.write(batch, &settings.live).unwrap();
            }
            let connection = reading(&settings);
            let now = reports.last().unwrap().started;
            let sums = stats::stats(&connection, "1h".parse().unwrap(), now, |id| id.as_str() != "b/x").unwrap().cases;
            for case in CASES {
                let runs = || reports.iter().filter(|report| *report.case == *case);
                let count = |outcome| runs().filter(|report| report.outcome == outcome).count() as u32;
                let Some(sum) = sums.get(case) else {
                    prop_assert!(case == "b/x" || runs().count() == 0);
                    continue;
                };
                prop_assert_eq!(sum.total() as usize, runs().count());
                prop_assert_eq!((sum.runs(Outcome::Pass), sum.runs(Outcome::Timeout)), (count(Outcome::Pass), count(Outcome::Timeout)));
                prop_assert_eq!(sum.flaky() as usize, runs().filter(|report| report.flaky).count());
                let step = Step::new("1h".parse().unwrap(), None).unwrap();
                let series = stats::series(&connection, &case.parse().unwrap(), "1h".parse().unwrap(), step, now).unwrap();
                let total: u32 = series.points.iter().map(|point| point.runs.total()).sum();
                prop_assert_eq!(total, sum.total());
                prop_assert!(series.points.len() <= 62);
            }
        }
    }

    #[test]
    fn a_report_comes_back_as_it_was_and_what_is_written_twice_is_there_once() {
        let folder = tempfile::tempdir().unwrap();
        let settings = settings(folder.path().join("a/b/history.db"));
        let mut database = open(&settings);
        let reports = some_reports(&[(0, 0), (1, 1), (0, 2)]);
        database.write(&reports[..2], &settings.live).unwrap();
        database.write(&reports, &settings.live).unwrap();
        assert_eq!(database.extent().runs, 3);
        assert_eq!(database.extent().oldest, Some(reports[0].started));
        let connection = reading(&settings);
        for report in &reports {
            let json = query::report(&connection, report.run).unwrap().unwrap();
            assert_eq!(json, serde_json::to_string(&**report).unwrap());
        }
        assert_eq!(query::report(&connection, Uuid::nil()).unwrap(), None);
        let [first, _, third] = &reports[..] else { unreachable!() };
        assert_eq!(
            query::strips(&connection, 5, |_| true).unwrap()["a/x"],
            [Mark::of(third), Mark::of(first)]
        );
        assert_eq!(query::strips(&connection, 1, |_| true).unwrap()["a/x"], [Mark::of(third)]);
        let beside = query::neighbours(&connection, first.run).unwrap();
        assert_eq!((beside.previous, beside.next), (None, Some(third.run)));
        let records = query::records(&connection).unwrap();
        let record = &records["a/x"];
        assert_eq!(record.last_pass.map(millis), Some(millis(first.ended())));
        let standing = record.standing.unwrap();
        assert_eq!((standing.up, millis(standing.since)), (false, millis(third.ended())));
    }

    #[test]
    fn too_many_and_too_old_runs_go_the_oldest_first() {
        let folder = tempfile::tempdir().unwrap();
        let limits = LiveHistorySettings { max_runs: 10, ..live() };
        let settings = HistorySettings { live: limits, ..settings(folder.path().join("history.db")) };
        let now = SystemTime::now();
        let long_ago = now - settings.live.max_age - Duration::from_secs(7200);
        let mut reports: Vec<_> = (0..40)
            .map(|number| Arc::new(report_at("old/x", number, long_ago + Duration::from_secs(number))))
            .collect();
        let age = |number: u64| now - Duration::from_secs(100 - number);
        reports.extend((0..15).map(|number| Arc::new(report_at("a/x", number, age(number)))));
        let mut database = open(&settings);
        for batch in reports.chunks(10) {
            database.write(batch, &settings.live).unwrap();
        }
        // The rollups and the last uses of names are up to date after this.
        database.end().unwrap();
        let mut database = open(&settings);
        while database.prune(&settings.live).unwrap() {}
        // The second deletion removes the names that have no data left.
        database.prune(&settings.live).unwrap();
        assert_eq!(database.extent().runs, 10);
        let connection = reading(&settings);
        let left = RunQuery { limit: 100, ..RunQuery::default() }.run(&connection).unwrap();
        let expected: Vec<_> = reports.iter().rev().take(10).map(|report| report.run).collect();
        assert_eq!(left.iter().map(|row| row.run).collect::<Vec<_>>(), expected);
        let count = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
        assert_eq!(count("SELECT count(*) FROM reports"), 10);
        assert_eq!(count("SELECT count(*) FROM cases WHERE component = 'old'"), 0);
        assert_eq!(count("SELECT count(*) FROM versions"), 1);
        let older = format!(
            "SELECT count(*) FROM rollups WHERE span < 86400 AND start < {}",
            millis(long_ago) / 1000 + HOUR
        );
        assert_eq!(count(&older), 0, "what was counted of them went too");
        // A case that runs again is a new case.
        database.write(&[Arc::new(report_at("old/x", 99, now))], &settings.live).unwrap();
        assert_eq!(count("SELECT count(*) FROM cases WHERE component = 'old'"), 1);
    }

    /// Returns a text that hardly compresses, so it uses about its length in the file.
    fn noise(number: u64) -> String {
        let mut state = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            char::from(b'!' + (state % 90) as u8)
        };
        (0..8000).map(|_| next()).collect()
    }

    #[test]
    fn a_component_with_much_in_the_file_displaces_no_runs_of_others() {
        let folder = tempfile::tempdir().unwrap();
        let open_at = |name: &str| settings(folder.path().join(name));
        for settings in [
            HistorySettings { live: LiveHistorySettings { max_runs: 50, ..live() }, ..open_at("runs.db") },
            HistorySettings {
                live: LiveHistorySettings { max_bytes: 1 << 20, ..live() },
                ..open_at("bytes.db")
            },
        ] {
            let mut database = open(&settings);
            let now = SystemTime::now() - Duration::from_secs(3600);
            let quiet: Vec<_> = (0..20)
                .map(|number| {
                    let case = if number % 2 == 0 { "quiet/x" } else { "quiet/y" };
                    Arc::new(report_at(case, number, now + Duration::from_millis(number)))
                })
                .collect();
            database.write(&quiet, &settings.live).unwrap();
            for batch in 0..30 {
                let loud = |number: u64| {
                    let number = 100 + 10 * batch + number;
                    let mut report = report_at("loud/x", number, now + Duration::from_millis(number));
                    report.attempts[0].messages.push(noise(number));
                    Arc::new(report)
                };
                let loud: Vec<_> = (0..10).map(loud).collect();
                database.write(&loud, &settings.live).unwrap();
                while database.prune(&settings.live).unwrap() {}
                // The cached holdings match the file, also after it is opened again.
                if batch % 10 == 0 {
                    drop(database);
                    database = open(&settings);
                }
            }
            let connection = reading(&settings);
            let runs = |component: &str| -> i64 {
                let sql = "SELECT count(*) FROM runs JOIN cases ON cases.id = case_id WHERE component = ?1";
                connection.query_row(sql, [component], |row| row.get(0)).unwrap()
            };
            assert_eq!(runs("quiet"), 20);
            assert!((1..300).contains(&runs("loud")), "{}", runs("loud"));
            let held: (i64, i64, i64) = connection
                .query_row(
                    "SELECT sum(runs), (SELECT count(*) FROM runs), sum(bytes) - (SELECT sum(length(json)) FROM reports) \
                     FROM holdings",
                    [],
                    |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
                )
                .unwrap();
            assert_eq!((held.0, held.2), (held.1, 0));
            let newest = RunQuery { limit: 1, ..RunQuery::default() }.run(&connection).unwrap();
            assert_eq!(newest[0].run, report_at("loud/x", 399, now + Duration::from_millis(399)).run);
        }
    }

    #[test]
    fn the_file_stays_within_its_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let limits = LiveHistorySettings { max_bytes: 1 << 20, ..live() };
        let settings = HistorySettings { live: limits, ..settings(folder.path().join("history.db")) };
        let mut database = open(&settings);
        let now = SystemTime::now();
        let mut most = 0;
        for number in 0..600 {
            let mut report = report_at("a/x", number, now + Duration::from_millis(number));
            report.attempts[0].messages.push(noise(number));
            database.write(&[Arc::new(report)], &settings.live).unwrap();
            database.prune(&settings.live).unwrap();
            most = most.max(std::fs::metadata(&settings.fixed.path).unwrap().len());
        }
        assert!(database.extent().runs < 300, "{}", database.extent().runs);
        assert!(most < 8 << 20, "{most}");
    }

    #[test]
    fn what_was_counted_goes_once_all_of_its_span_is_too_old() {
        let folder = tempfile::tempdir().unwrap();
        let settings = settings(folder.path().join("history.db"));
        // A full minute.
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_057_600);
        let minute = Duration::from_secs(60);
        let kept_from = now - Duration::from_secs(MINUTES_KEPT as u64);
        let reports = [2, 1, 0].map(|ago| Arc::new(report_at("a/x", ago, kept_from - ago as u32 * minute)));
        let mut database = open(&settings);
        database.write(&reports, &settings.live).unwrap();
        database.end().unwrap();
        let connection = reading(&settings);
        let minutes = |later: Duration| {
            let mut holdings = Holdings::load(&connection).unwrap();
            retention::prune(&connection, &settings.live, &mut holdings, now + later, true).unwrap();
            let mut left =
                connection.prepare("SELECT start FROM rollups WHERE span = 60 ORDER BY start").unwrap();
            let left = left.query_map([], |row| row.get::<_, i64>(0)).unwrap();
            left.map(|start| (start.unwrap() - millis(kept_from) / 1000) / MINUTE).collect::<Vec<_>>()
        };
        assert_eq!(minutes(Duration::ZERO), [-1, 0]);
        assert_eq!(minutes(Duration::from_secs(1)), [0]);
        assert_eq!(minutes(minute), [0]);
        assert_eq!(minutes(2 * minute), [0; 0]);
    }

    #[test]
    fn statistics_have_no_run_from_before_the_window() {
        let folder = tempfile::tempdir().unwrap();
        let settings = settings(folder.path().join("history.db"));
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_057_630);
        let ago = |minutes: u64| now - Duration::from_secs(60 * minutes);
        let minutes = [1, 30, 59, 62, 120, 60 * 23, 60 * 25, 60 * 24 * 3];
        let reports = minutes.map(|minutes| Arc::new(report_at("a/x", minutes, ago(minutes))));
        open(&settings).write(&reports, &settings.live).unwrap();
        let connection = reading(&settings);
        let counted = |window: &str| {
            let window = window.parse().unwrap();
            let stats = stats::stats(&connection, window, now, |_| true).unwrap();
            let step = Step::new(window, None).unwrap();
            let series = stats::series(&connection, &CaseId::new("a", "x"), window, step, now).unwrap();
            let points: u32 = series.points.iter().map(|point| point.runs.total()).sum();
            (stats.cases["a/x"].total(), points)
        };
        assert_eq!(counted("1h"), (3, 3));
        assert_eq!(counted("24h"), (6, 6));
    }

    #[test]
    fn minutes_are_kept_for_a_day_and_hours_for_as_long_as_runs() {
        let folder = tempfile::tempdir().unwrap();
        let settings = settings(folder.path().join("history.db"));
        let now = SystemTime::now();
        let mut database = open(&settings);
        let old = Arc::new(report_at("a/x", 0, now - Duration::from_secs(27 * 3600)));
        let new = Arc::new(report_at("a/x", 1, now));
        database.write(&[old, new], &settings.live).unwrap();
        database.end().unwrap();
        open(&settings).prune(&settings.live).unwrap();
        let connection = reading(&settings);
        let count = |span: i64| {
            let sql = "SELECT count(*) FROM rollups WHERE span = ?1";
            connection.query_row(sql, [span], |row| row.get::<_, i64>(0)).unwrap()
        };
        assert_eq!((count(MINUTE), count(HOUR)), (1, 2));
        let total = |window: &str| {
            let stats = stats::stats(&connection, window.parse().unwrap(), now, |_| true).unwrap();
            stats.cases["a/x"].total()
        };
        assert_eq!((total("24h"), total("7d")), (1, 2));
    }

    #[test]
    fn a_session_that_did_not_end_is_told_of_by_the_next() {
        let folder = tempfile::tempdir().unwrap();
        let settings = settings(folder.path().join("history.db"));
        let (database, last) = try_open(&settings, None).unwrap();
        assert_eq!(last, None);
        drop(database);
        let (mut database, last) = try_open(&settings, None).unwrap();
        let missing = last.unwrap().missing.unwrap();
        assert_eq!((missing.runs, missing.time), (500, Duration::from_secs(1)));
        database.write(&some_reports(&[(0, 0)]), &settings.live).unwrap();
        let same = database.session();
        drop(database);
        let (database, _) = try_open(&settings, Some(same)).unwrap();
        database.end().unwrap();
        assert_eq!(try_open(&settings, None).unwrap().1.unwrap().missing, None);
    }

    #[test]
    fn a_file_belongs_to_one_host() {
        let folder = tempfile::tempdir().unwrap();
        let settings = settings(folder.path().join("history.db"));
        let database = open(&settings);
        let error = try_open(&settings, None).err().unwrap().to_string();
        assert!(error.contains("in use by another orbital"), "{error}");
        drop(database);
        open(&settings);
    }

    #[test]
    fn damage_is_found_at_the_start() {
        let folder = tempfile::tempdir().unwrap();
        let settings = settings(folder.path().join("history.db"));
        let mut database = open(&settings);
        for number in 0..50 {
            database.write(&[Arc::new(report("a/x", number))], &settings.live).unwrap();
        }
        database.check().unwrap();
        database.end().unwrap();
        let mut bytes = std::fs::read(&settings.fixed.path).unwrap();
        let middle = bytes.len() / 2;
        bytes[8192..middle].fill(0x5a);
        std::fs::write(&settings.fixed.path, bytes).unwrap();
        let checked = try_open(&settings, None).and_then(|(mut database, _)| database.check());
        let error = checked.unwrap_err().to_string();
        assert!(error.contains("is damaged") && error.contains("move it away"), "{error}");
        std::fs::write(&settings.fixed.path, "no database, but long enough to look like one").unwrap();
        let error = try_open(&settings, None).err().unwrap().to_string();
        assert!(error.contains("is damaged (file is not a database)"), "{error}");
    }
}
