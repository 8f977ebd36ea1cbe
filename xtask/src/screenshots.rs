//! `cargo xtask screenshots`: what the pages look like, for the documents: the demo's set-up with a fault switched on, seen
//! by a browser.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};

use crate::{
    guests::{self, Language},
    stage::{Addresses, Signals, Stage},
    workspace,
};

/// Where the pictures go.
const FOLDER: &str = "docs/screenshots";

/// The faults that they show: sign-ups are corrupted, and the case for one of them detects it.
const FAULTS: &str = r#"{"corrupt":true,"types":["signup"]}"#;

/// The case that they show.
const CASE: &str = "rust/smoke";

/// How long everything is well before, so that there is something to see.
const WELL: Duration = Duration::from_secs(30);

/// How long something is wrong.
const WRONG: Duration = Duration::from_secs(8);

/// How long a browser waits for a page: one that is live never says that it is done.
const DRAWN: &str = "--timeout=3000";

/// The largest picture, in bytes: they are kept in the repository.
const LARGEST: u64 = 150_000;

const GLANCE: Duration = Duration::from_millis(50);

/// Screens: name, width and height.
const SCREENS: [(&str, u32, u32); 2] = [("desk", 1000, 720), ("phone", 375, 812)];

/// Colour schemes, and their numbers in Chromium.
const SCHEMES: [(&str, u8); 2] = [("light", 1), ("dark", 0)];

pub(crate) fn run() -> anyhow::Result<()> {
    let chromium = chromium()?;
    let component = guests::build_example(Language::Rust)?;
    let folder = workspace::path("target/screenshots");
    let signals = Signals::catch()?;
    let mut stage = Stage::set(&folder, &[component], Addresses::choose()?, "")?;
    pass_time(&mut stage, &signals, WELL)?;
    stage.put_faults(FAULTS)?;
    pass_time(&mut stage, &signals, WRONG)?;

    let failed = stage.api(&format!("runs?cases={CASE}&outcome=fail&limit=1"))?;
    let run = failed["runs"][0]["run"].as_str();
    let run = run.with_context(|| format!("no run of `{CASE}` has failed: {failed}"))?;
    let pages = [
        ("overview", "/?window=15m".to_owned()),
        ("case", format!("/cases/{CASE}?window=15m")),
        ("run", format!("/runs/{run}")),
        ("webhook", "/webhook".to_owned()),
    ];
    fs::create_dir_all(workspace::path(FOLDER))?;
    for (page, path) in &pages {
        let url = format!("http://{}{path}", stage.addresses.admin);
        for (screen, width, height) in SCREENS {
            for (scheme, preferred) in SCHEMES {
                let picture = workspace::path(FOLDER).join(format!("{page}-{screen}-{scheme}.png"));
                ensure!(!signals.told_to_stop(), "told to stop");
                take(&chromium, &folder, &url, (width, height), preferred, &picture)?;
            }
        }
    }
    stage.stop()
}

fn chromium() -> anyhow::Result<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let found =
        env::split_paths(&path).map(|folder| folder.join("chromium")).find(|program| program.is_file());
    found.context("`chromium` is not installed (Debian: `chromium`)")
}

fn pass_time(stage: &mut Stage, signals: &Signals, time: Duration) -> anyhow::Result<()> {
    let end = Instant::now() + time;
    while Instant::now() < end {
        ensure!(!signals.told_to_stop(), "told to stop");
        stage.expect_running()?;
        thread::sleep(GLANCE);
    }
    Ok(())
}

fn take(
    chromium: &Path,
    folder: &Path,
    url: &str,
    (width, height): (u32, u32),
    scheme: u8,
    picture: &Path,
) -> anyhow::Result<()> {
    let mut browser = Command::new(chromium);
    browser
        // It sees pages of ours alone, and cannot make its sandbox in a container.
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--hide-scrollbars",
            DRAWN,
        ])
        .arg(format!("--user-data-dir={}", folder.join("browser").display()))
        .arg(format!("--window-size={width},{height}"))
        .arg(format!("--blink-settings=preferredColorScheme={scheme}"))
        .arg(format!("--screenshot={}", picture.display()))
        .arg(url)
        .stderr(Stdio::null());
    workspace::run(&mut browser)?;
    let size = fs::metadata(picture).with_context(|| format!("there is no `{}`", picture.display()))?.len();
    ensure!(size <= LARGEST, "`{}` has {size} bytes; at most {LARGEST} are kept", picture.display());
    Ok(())
}
