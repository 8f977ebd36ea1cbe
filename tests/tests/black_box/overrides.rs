//! When cases run: schedules of their own, what the operator sets in place of them, and when they do not run.

use std::time::Duration;

use orbital_tests::{Api, Finished, Host, config, eventually, guest, orbital};

/// Runs of a case that ended, however they did.
async fn runs(host: &Host, component: &str, case: &str) -> f64 {
    host.metrics().await.sum("orbital_runs_total", &[("component", component), ("case", case)])
}

/// Runs of a case that were skipped for this reason.
async fn skipped(host: &Host, component: &str, case: &str, reason: &str) -> f64 {
    let labels = [("component", component), ("case", case), ("reason", reason)];
    host.metrics().await.get("orbital_runs_skipped_total", &labels).unwrap_or(0.0)
}

/// Waits until so many runs of a case were skipped because it is paused.
async fn paused(host: &Host, component: &str, case: &str, times: f64) {
    let what = format!("`{component}/{case}` is paused {times} times");
    eventually(&what, async || (skipped(host, component, case, "paused").await >= times).then_some(())).await;
}

/// Starts a host with this file, which must be refused with exactly these mistakes, each with all of its texts.
async fn refused(toml: &str, mistakes: &[&[&str]]) {
    let config = config(toml);
    let Finished { code, stderr, .. } = orbital(["serve".as_ref(), "--config".as_ref(), config.path()]).await;
    assert_eq!(code, 2, "{stderr}");
    let said: Vec<&str> = stderr.lines().filter(|line| line.starts_with("  line ")).collect();
    assert_eq!(said.len(), mistakes.len(), "{stderr}");
    for (said, texts) in said.iter().zip(mistakes) {
        assert!(texts.iter().all(|text| said.contains(text)), "not all of {texts:?} in `{said}`");
    }
}

#[tokio::test]
async fn check_shows_a_cron_expression_with_its_zone() {
    let finished = orbital(["check".as_ref(), guest("uses_cron").as_path()]).await;
    assert_eq!(finished.code, 0, "{finished:?}");
    assert!(finished.stdout.contains("    daily: cron 0 7 * * * Europe/Madrid, timeout"), "{finished:?}");
    let finished = orbital(["check".as_ref(), guest("leap_day").as_path()]).await;
    assert!(finished.stdout.contains("    leaps: cron 0 0 29 2 * UTC, timeout"), "{finished:?}");
}

#[tokio::test]
async fn a_case_of_a_cron_expression_waits_for_its_time_after_a_start_and_runs_at_once_after_a_deploy() {
    let host = Host::builder().with("leap_day").with("passes").start().await;
    // Time for a first run, if there were one.
    host.lines.wait_n(host.lines.mark(), 3, &["--- PASS: passes/passes"]).await;
    assert_eq!(runs(&host, "leap_day", "leaps").await, 0.0);

    let mark = host.deploy_as("leap_day", "new");
    host.lines.wait(mark, &["--- PASS: new/leaps"]).await;
    host.lines.wait_n(host.lines.mark(), 3, &["--- PASS: passes/passes"]).await;
    assert_eq!(runs(&host, "new", "leaps").await, 1.0, "at once, and once");
    assert_eq!(runs(&host, "leap_day", "leaps").await, 0.0);
}

#[tokio::test]
async fn a_schedule_can_be_set_for_a_case_that_has_none() {
    let host = Host::builder()
        .sections("[[override]]\ncases = \"manual/*\"\nevery = \"200ms\"")
        .with("manual")
        .start()
        .await;
    host.lines.wait_n(0, 3, &["--- PASS: manual/manual"]).await;
}

#[tokio::test]
async fn configuration_can_be_set_for_cases_by_pattern() {
    let config = config(
        "[webhook]\nlisten = \"127.0.0.1:0\"\n[config.reads]\nplan = \"gold\"\nregion = \"eu\"\n[[override]]\ncases = \
         \"*/reads\"\nconfig = { region = \"us\", absent = \"here\" }\n[[override]]\ncases = \"other/*\"\nconfig = { plan = \
         \"iron\" }\n",
    );
    let component = guest("reads");
    let arguments =
        ["run".as_ref(), component.as_path(), "--json".as_ref(), "--config".as_ref(), config.path()];
    let finished = orbital(arguments).await;
    for value in ["plan is Some(\\\"gold\\\")", "region is Some(\\\"us\\\")", "absent is Some(\\\"here\\\")"]
    {
        assert!(finished.stdout.contains(value), "`{value}` is not in {finished:?}");
    }
}

#[tokio::test]
async fn what_is_set_for_a_case_holds_for_runs_by_hand_too() {
    let config = config(
        "[webhook]\nlisten = \"127.0.0.1:0\"\n[[override]]\ncases = \"slow/*\"\ntimeout = \"50ms\"\nretries = 1\npaused = \
         \"not by itself\"\n",
    );
    let component = guest("slow");
    let finished = orbital(["run".as_ref(), component.as_path(), "--config".as_ref(), config.path()]).await;
    assert_eq!(finished.code, 1, "{finished:?}");
    for text in ["--- TIMEOUT: slow/sleeps", "attempt 2: timeout", "timed out after 50.0ms"] {
        assert!(finished.stdout.contains(text), "`{text}` is not in {finished:?}");
    }
}

#[tokio::test]
async fn the_schedule_that_holds_is_shown() {
    let host = Host::builder()
        .sections("[[override]]\ncases = \"passes/*\"\nevery = \"150ms\"")
        .with("passes")
        .start()
        .await;
    let schedule = async |schedule| {
        let labels = [("component", "passes"), ("case", "passes"), ("schedule", schedule)];
        host.metrics().await.get("orbital_case_info", &labels)
    };
    eventually("the override is shown", async || schedule("every 150ms").await).await;
    assert_eq!(schedule("every 200ms").await, None);
    let text = std::fs::read_to_string(host.config()).unwrap();
    std::fs::write(host.config(), text.replace("150ms", "170ms")).unwrap();
    eventually("the newer one is shown", async || schedule("every 170ms").await).await;
    assert_eq!(schedule("every 150ms").await, None);
}

#[tokio::test]
async fn a_case_can_be_made_manual_and_does_not_run_after_a_deploy_either() {
    let host = Host::builder()
        .sections("[[override]]\ncases = \"still/*\"\nmanual = true")
        .with("passes")
        .start()
        .await;
    let mark = host.deploy_as("passes", "still");
    host.lines.wait(mark, &["loaded", "component=still"]).await;
    host.lines.wait_n(host.lines.mark(), 3, &["--- PASS: passes/passes"]).await;
    assert_eq!(runs(&host, "still", "passes").await, 0.0);
    assert_eq!(host.metrics().await.sum("orbital_runs_skipped_total", &[("component", "still")]), 0.0);
}

#[tokio::test]
async fn a_cron_expression_can_be_set_in_place_of_a_period() {
    let host = Host::builder()
        .sections("[[override]]\ncases = \"rare/*\"\ncron = \"0 0 29 2 *\"\nzone = \"Europe/Madrid\"")
        .with("passes")
        .start()
        .await;
    let mark = host.deploy_as("passes", "rare");
    host.lines.wait(mark, &["--- PASS: rare/passes"]).await;
    host.lines.wait_n(host.lines.mark(), 3, &["--- PASS: passes/passes"]).await;
    assert_eq!(runs(&host, "rare", "passes").await, 1.0, "the one after the deploy");
}

#[tokio::test]
async fn a_period_can_be_set_that_is_as_long_as_a_test_may_have() {
    let host = Host::builder().sections("[[override]]\ncases = \"passes/*\"\nevery = \"30d\"").start().await;
    let mark = host.deploy("passes");
    host.lines.wait(mark, &["--- PASS: passes/passes"]).await;
}

#[tokio::test]
async fn a_timeout_can_be_set() {
    let host =
        Host::builder().sections("[[override]]\ncases = \"slow/sleeps\"\ntimeout = \"300ms\"").start().await;
    let mark = host.deploy("slow");
    host.lines.wait(mark, &["--- TIMEOUT: slow/sleeps ("]).await;
    host.lines.wait(mark, &["timed out after 300.0ms while sleeping"]).await;
}

#[tokio::test]
async fn retries_can_be_set_and_taken_away() {
    let host = Host::builder()
        .sections(
            "[[override]]\ncases = \"tries/second\"\nretries = 0\n\
             [[override]]\ncases = \"tries/never\"\nretries = 4\nretry_delay = \"1ms\"",
        )
        .start()
        .await;
    let mark = host.deploy("tries");
    host.lines.wait(mark, &["--- FAIL: tries/second"]).await;
    host.lines.wait(mark, &["--- FAIL: tries/never"]).await;
    host.lines.wait(mark, &["    attempt 5: fail ("]).await;
    assert!(host.lines.find(mark, &["    attempt 6: "]).is_empty(), "{}", host.lines.text());
}

#[tokio::test]
async fn more_runs_in_flight_can_be_allowed() {
    let mut api = Api::start().await;
    let target = format!("[targets.api]\nurl = {:?}\ntimeout = \"50s\"", api.url);
    let host = Host::builder()
        .sections(&format!("{target}\n[[override]]\ncases = \"relays/*\"\nmax_in_flight = 3"))
        .with("relays")
        .start()
        .await;
    let mut calls = Vec::new();
    for _ in 0..3 {
        calls.push(api.next_to("/events").await);
    }
    eventually("the fourth is skipped", async || {
        (skipped(&host, "relays", "relays", "overlap").await >= 1.0).then_some(())
    })
    .await;
    assert!(api.waiting().is_empty(), "there are three in flight");
    assert_eq!(host.metrics().await.get("orbital_runs_in_flight", &[]), Some(3.0));
}

#[tokio::test]
async fn of_several_overrides_the_last_one_that_sets_something_counts() {
    let host = Host::builder()
        .sections(
            "[[override]]\ncases = \"*\"\ntimeout = \"1h\"\nmanual = true\n\
             [[override]]\ncases = \"slow/*\"\ntimeout = \"300ms\"\n\
             [[override]]\ncases = \"*/sleeps\"\nevery = \"7d\"",
        )
        .start()
        .await;
    let mark = host.deploy("slow");
    host.lines.wait(mark, &["--- TIMEOUT: slow/sleeps ("]).await;
}

#[tokio::test]
async fn a_paused_case_does_not_run_and_its_runs_are_counted_as_skipped() {
    let host = Host::builder()
        .sections("[[override]]\ncases = \"*/passes\"\npaused = \"the CRM is being moved\"")
        .with("passes")
        .start()
        .await;
    paused(&host, "passes", "passes", 3.0).await;
    // Nor after a deploy.
    host.deploy_as("passes", "new");
    paused(&host, "new", "passes", 3.0).await;
    for component in ["passes", "new"] {
        assert_eq!(runs(&host, component, "passes").await, 0.0, "{component}");
        for reason in ["overlap", "capacity"] {
            assert_eq!(skipped(&host, component, "passes", reason).await, 0.0, "{component}: {reason}");
        }
    }
}

#[tokio::test]
async fn a_pause_is_for_the_cases_that_it_names() {
    let host = Host::builder()
        .sections("[[override]]\ncases = \"tagged/crm\"\npaused = \"moving\"")
        .with("tagged")
        .start()
        .await;
    paused(&host, "tagged", "crm", 2.0).await;
    host.lines.wait_n(0, 2, &["--- PASS: tagged/shop"]).await;
    assert_eq!(runs(&host, "tagged", "crm").await, 0.0);
    assert_eq!(skipped(&host, "tagged", "shop", "paused").await, 0.0);
}

/// A host on which this window covers some cases of `tagged`, from long ago until long after.
async fn in_maintenance(cases: &str) -> Host {
    let window = format!(
        "[[maintenance]]\n{cases}\nreason = \"moving\"\nfrom = 2020-01-01T00:00:00Z\nuntil = 2099-01-01T00:00:00Z"
    );
    Host::builder().sections(&window).with("tagged").start().await
}

#[tokio::test]
async fn cases_in_maintenance_by_their_pattern_do_not_run() {
    let host = in_maintenance("cases = \"tagged/crm\"").await;
    paused(&host, "tagged", "crm", 2.0).await;
    host.lines.wait_n(0, 2, &["--- PASS: tagged/shop"]).await;
    assert_eq!(runs(&host, "tagged", "crm").await, 0.0);
}

#[tokio::test]
async fn cases_in_maintenance_by_their_tags_do_not_run() {
    let host = in_maintenance("tags = { team = \"shop\", tier = \"1\" }").await;
    paused(&host, "tagged", "shop", 2.0).await;
    host.lines.wait_n(0, 2, &["--- PASS: tagged/crm"]).await;
    assert_eq!(runs(&host, "tagged", "shop").await, 0.0);
}

#[tokio::test]
async fn a_window_of_pattern_and_tags_is_for_cases_that_have_both() {
    let host = in_maintenance("cases = \"*/shop\"\ntags = { tier = \"1\" }").await;
    paused(&host, "tagged", "shop", 2.0).await;
    host.lines.wait_n(0, 2, &["--- PASS: tagged/crm"]).await;
    assert_eq!(runs(&host, "tagged", "shop").await, 0.0);
}

#[tokio::test]
async fn a_window_of_other_cases_or_of_another_time_changes_nothing() {
    let host = Host::builder()
        .sections(
            "[[maintenance]]\ntags = { team = \"nobody\" }\nfrom = 2020-01-01T00:00:00Z\nuntil = 2099-01-01T00:00:00Z\n\
             [[maintenance]]\ncases = \"*\"\nfrom = 2020-01-01T00:00:00Z\nuntil = 2020-01-02T00:00:00Z\n\
             [[maintenance]]\ncases = \"*\"\nfrom = 2098-01-01T00:00:00Z\nuntil = 2099-01-01T00:00:00Z\n\
             [[maintenance]]\ncases = \"*\"\ncron = \"0 0 29 2 *\"\nduration = \"1s\"",
        )
        .with("tagged")
        .start()
        .await;
    host.lines.wait_n(0, 2, &["--- PASS: tagged/crm"]).await;
    host.lines.wait_n(0, 2, &["--- PASS: tagged/shop"]).await;
    assert_eq!(host.metrics().await.sum("orbital_runs_skipped_total", &[("reason", "paused")]), 0.0);
}

/// The window of every minute lasts for a day, so that one of them covers every moment.
#[tokio::test]
async fn a_window_that_comes_again_and_again_covers_its_duration() {
    let host = Host::builder()
        .sections("[[maintenance]]\ncases = \"*\"\ncron = \"* * * * *\"\nzone = \"Europe/Madrid\"\nduration = \"1d\"")
        .with("passes")
        .start()
        .await;
    paused(&host, "passes", "passes", 3.0).await;
    assert_eq!(runs(&host, "passes", "passes").await, 0.0);
}

#[tokio::test]
async fn a_window_that_ends_lets_cases_run() {
    // Three seconds from now, in whole seconds: time passing is what is tested.
    let now = std::time::SystemTime::now() + Duration::from_secs(3);
    let seconds = now.duration_since(std::time::SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let until = utc(seconds);
    let host = Host::builder()
        .sections(&format!(
            "[[maintenance]]\ncases = \"*\"\nfrom = 2020-01-01T00:00:00Z\nuntil = \"{until}\""
        ))
        .with("passes")
        .start()
        .await;
    host.lines.wait(0, &["--- PASS: passes/passes"]).await;
    let over = std::time::SystemTime::now().duration_since(std::time::SystemTime::UNIX_EPOCH).unwrap();
    assert!(over.as_secs() >= seconds, "it ran in the window: {}", host.lines.text());
}

/// A moment as `2026-12-24T20:00:00Z`, by the algorithm of Howard Hinnant's `civil_from_days`.
fn utc(seconds: u64) -> String {
    let (days, time) = (seconds / 86_400 + 719_468, seconds % 86_400);
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    let (hour, minute, second) = (time / 3600, time / 60 % 60, time % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[tokio::test]
async fn overrides_that_contradict_themselves_are_refused_with_their_lines() {
    refused(
        "[[override]]\ncases = \"*\"\nevery = \"1s\"\nmanual = true\n\
         [[override]]\ncases = \"*\"\nevery = \"1s\"\nzone = \"Europe/Madrid\"\n\
         [[override]]\ntimeout = \"1s\"\n\
         [[override]]\ncases = \"[\"\nretries = 11\nmax_in_flight = 0\npaused = \" \"\n\
         [[override]]\ncases = \"*\"\ncron = \"* * *\"\n\
         [[override]]\ncases = \"*\"\ncron = \"0 7 * * *\"\nzone = \"Europe/Atlantis\"\n\
         [[override]]\ncases = \"*\"\ntimeout = \"0s\"\nreties = 1\n",
        &[
            &["line 1:", "`override[0]`", "more than one of `every`, `cron` and `manual`"],
            &["line 8:", "`override[1].zone`", "belongs to a `cron`"],
            &["line 9:", "`override[2]`", "has no `cases`"],
            &["line 12:", "`override[3].cases`", "`[` is not a pattern"],
            &["line 13:", "`override[3].retries`", "from 0 to 10"],
            &["line 14:", "`override[3].max_in_flight`", "from 1 to"],
            &["line 15:", "`override[3].paused`", "must say why"],
            &["line 18:", "`override[4].cron`", "has 3 fields"],
            &["line 21:", "`override[5].cron`", "`Europe/Atlantis`"],
            &["line 25:", "`override[6].timeout`", "above zero"],
            &["line 26:", "`override[6].reties`", "did you mean `retries`?"],
        ],
    )
    .await;
}

#[tokio::test]
async fn windows_that_cannot_be_are_refused_with_their_lines() {
    refused(
        "[[maintenance]]\nfrom = 2020-01-01T00:00:00Z\nuntil = 2021-01-01T00:00:00Z\n\
         [[maintenance]]\ncases = \"*\"\n\
         [[maintenance]]\ncases = \"*\"\nfrom = 2020-01-01T00:00:00Z\nuntil = 2019-01-01T00:00:00Z\n\
         [[maintenance]]\ncases = \"*\"\nfrom = 2020-01-01T00:00:00Z\nuntil = \"tomorrow\"\n\
         [[maintenance]]\ncases = \"*\"\nfrom = 2020-01-01T00:00:00Z\nduration = \"1h\"\n\
         [[maintenance]]\ncases = \"*\"\ncron = \"0 2 * *\"\nduration = \"1h\"\n",
        &[
            &["line 1:", "`maintenance[0]`", "says not which cases"],
            &["line 4:", "`maintenance[1]`", "either `from` and `until`", "`cron` and `duration`"],
            &["line 9:", "`maintenance[2].until`", "must be after `from`"],
            &["line 13:", "`maintenance[3].until`", "`tomorrow` is not a moment"],
            &["line 14:", "`maintenance[4]`", "either `from` and `until`"],
            &["line 20:", "`maintenance[5].cron`", "has 4 fields"],
        ],
    )
    .await;
}

#[tokio::test]
async fn a_pattern_that_matches_no_case_is_named_in_a_warning() {
    let host = Host::builder()
        .sections(
            "[[override]]\ncases = \"pases/*\"\nretries = 1\n[[override]]\ncases = \"passes/*\"\nretries = 1\n\
             [[maintenance]]\ncases = \"crm/*\"\nfrom = 2020-01-01T00:00:00Z\nuntil = 2021-01-01T00:00:00Z",
        )
        .with("passes")
        .start()
        .await;
    host.lines.wait(0, &["WARN", "no case matches this pattern", "pases/*"]).await;
    host.lines.wait(0, &["WARN", "no case matches this pattern", "crm/*"]).await;
    host.lines.wait_n(0, 2, &["--- PASS: passes/passes"]).await;
    assert_eq!(host.lines.find(0, &["no case matches this pattern"]).len(), 2, "{}", host.lines.text());
}

#[tokio::test]
async fn a_first_run_that_falls_into_a_pause_is_skipped_once() {
    // A case that runs once in thirty days, deployed while it is paused, has had its first run.
    let host = Host::builder()
        .sections("[[override]]\ncases = \"rarely/*\"\npaused = \"moving\"")
        .with("passes")
        .start()
        .await;
    host.deploy("rarely");
    paused(&host, "rarely", "rarely", 1.0).await;
    host.lines.wait_n(host.lines.mark(), 3, &["--- PASS: passes/passes"]).await;
    assert_eq!(skipped(&host, "rarely", "rarely", "paused").await, 1.0);
    assert_eq!(runs(&host, "rarely", "rarely").await, 0.0);
}
