//! A real browser, without a window.

use std::panic::{AssertUnwindSafe, resume_unwind};
use std::process::Stdio;

use futures_util::FutureExt as _;
use serde_json::{Value, json};
use tempfile::TempDir;
use thirtyfour::{
    By, CapabilitiesHelper as _, ChromeCapabilities, ChromiumLikeCapabilities as _, DesiredCapabilities,
    WebDriver, WebElement,
};
use tokio::process::Command;

use crate::{Lines, client, eventually, missing, program, tools};

/// A phone's width and height, in CSS pixels.
const PHONE: (u32, u32) = (375, 800);

/// A desk's, of a window that is not the whole screen.
const DESK: (u32, u32) = (1000, 720);

/// Chromium with a profile of its own.
pub struct Browser {
    driver: WebDriver,
}

/// Has a browser do this, and closes it, whatever came of it. See [`missing`] for what happens if there is none.
pub async fn browse(work: impl AsyncFnOnce(&Browser)) {
    let (Some(chromium), Some(chromedriver)) =
        (program("chromium", "Debian: `chromium`"), program("chromedriver", "Debian: `chromium-driver`"))
    else {
        return;
    };
    let profile = TempDir::new().unwrap();
    let mut process = Command::new(chromedriver)
        .arg("--port=0")
        .env("HOME", profile.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let lines = Lines::default();
    lines.read(process.stdout.take().unwrap());
    let line = lines.wait(0, &["started successfully on port"]).await;
    let port = line.rsplit(' ').next().unwrap().trim_end_matches('.').to_owned();

    let mut capabilities: ChromeCapabilities = DesiredCapabilities::chrome();
    capabilities.set_binary(chromium.to_str().unwrap()).unwrap();
    // In a container a browser cannot make a sandbox of its own; here it sees pages of ours alone.
    let profile_argument = format!("--user-data-dir={}", profile.path().display());
    for argument in [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--no-first-run",
        &profile_argument,
    ] {
        capabilities.add_arg(argument).unwrap();
    }
    capabilities.set("goog:loggingPrefs", json!({ "browser": "ALL" })).unwrap();
    // The one that it makes itself wants a provider of TLS.
    let _ = client();
    let driver = WebDriver::new(format!("http://127.0.0.1:{port}"), capabilities).await.unwrap();
    let browser = Browser { driver: driver.clone() };
    browser.look_from(DESK).await;

    let done = AssertUnwindSafe(work(&browser)).catch_unwind().await;
    let _ = driver.quit().await;
    let _ = process.kill().await;
    if let Err(panic) = done {
        resume_unwind(panic);
    }
}

impl Browser {
    /// Opens a page.
    pub async fn open(&self, url: &str) {
        self.driver.goto(url).await.unwrap();
    }

    /// The page's address.
    pub async fn url(&self) -> String {
        self.driver.current_url().await.unwrap().to_string()
    }

    /// The element that this selects; waits for it.
    pub async fn find(&self, selector: &str) -> WebElement {
        eventually(&format!("there is `{selector}`"), async || self.driver.find(By::Css(selector)).await.ok())
            .await
    }

    /// Clicks on what this selects.
    pub async fn click(&self, selector: &str) {
        self.find(selector).await.click().await.unwrap();
    }

    /// Types into what this selects.
    pub async fn type_in(&self, selector: &str, text: &str) {
        self.find(selector).await.send_keys(text).await.unwrap();
    }

    /// Runs JavaScript, and returns its result.
    pub async fn run(&self, script: &str) -> Value {
        self.driver.execute(script, Vec::new()).await.unwrap().json().clone()
    }

    /// Waits until an expression of JavaScript is true.
    pub async fn until(&self, expression: &str) {
        let script = format!("return !!({expression})");
        // While another page is being loaded there is none to ask.
        eventually(&format!("`{expression}`"), async || {
            let answer = self.driver.execute(&script, Vec::new()).await.ok()?;
            (*answer.json() == true).then_some(())
        })
        .await;
    }

    /// The text that one sees of what this selects.
    pub async fn text(&self, selector: &str) -> String {
        self.find(selector).await.text().await.unwrap()
    }

    /// Returns the errors on the browser's console since the last call.
    pub async fn complaints(&self) -> Vec<String> {
        let entries = self.driver.get_log("browser").await.unwrap();
        entries.into_iter().map(|entry| format!("{entry:?}")).collect()
    }

    /// Likes it dark, or light.
    pub async fn prefer(&self, scheme: &str) {
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        self.command("Emulation.setEmulatedMedia", json!({ "features": features })).await;
    }

    /// Is as wide as a phone from now on.
    pub async fn on_a_phone(&self) {
        self.look_from(PHONE).await;
    }

    /// Is as wide as a desk from now on.
    pub async fn at_a_desk(&self) {
        self.look_from(DESK).await;
    }

    /// Flaws of the page that keep people from using it, by axe's rules: none if there are none.
    pub async fn flaws(&self, axe: &str) -> Vec<String> {
        self.driver.execute(axe, Vec::new()).await.unwrap();
        let script = "const done = arguments[0]; axe.run(document).then((found) => done(found.violations), (error) => done(String(error)))";
        let found = self.driver.execute_async(script, Vec::new()).await.unwrap().json().clone();
        let found = found.as_array().unwrap_or_else(|| panic!("axe: {found}")).clone();
        let serious = |flaw: &&Value| flaw["impact"] == "serious" || flaw["impact"] == "critical";
        let told = |flaw: &Value| {
            let nodes = flaw["nodes"].as_array().unwrap();
            let places: Vec<_> = nodes
                .iter()
                .take(3)
                .map(|node| format!("{} {}", node["html"], node["failureSummary"]))
                .collect();
            format!("{}: {}", flaw["id"], places.join("; "))
        };
        found.iter().filter(serious).map(told).collect()
    }

    async fn look_from(&self, (width, height): (u32, u32)) {
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.command("Emulation.setDeviceMetricsOverride", metrics).await;
    }

    async fn command(&self, method: &str, parameters: Value) {
        self.driver.cdp().send_raw(method, parameters).await.unwrap();
    }
}

/// The text of axe, which looks for flaws of pages, if it is there. See [`missing`] for what happens if it is not.
pub fn axe() -> Option<String> {
    let file = tools().join("node_modules/axe-core/axe.min.js");
    let text = std::fs::read_to_string(&file).ok();
    text.or_else(|| {
        missing(&format!(
            "`{}` is not there; `npm install --prefix target/tools --no-save axe-core` gets it",
            file.display()
        ))
    })
}
