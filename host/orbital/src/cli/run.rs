//! `orbital run`

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use orbital_config::secrets::Masker;
use orbital_guest::{CompileMode, Placement};
use orbital_model::describe::describe;
use orbital_model::text::printable_json;
use orbital_model::{Outcome, Pattern, Report};
use orbital_run::component::Component;
use orbital_run::order::Order;
use orbital_run::runner::Runner;
use orbital_run::scheduler::Overrides;
use orbital_webhook::Webhook;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use super::{Exit, LogFormat, Runtimes, Signals, complain, print, progress, start_log};
use crate::descriptors;
use crate::foundation::{Foundation, authenticator, component_loader, policy, secrets};
use crate::settings::Settings;

/// The maximum number of runs at once. Runs are sequential; one may start while the last one is being cleared away.
const RUNS: usize = 2;

/// Run cases once, now, whatever their schedules say.
///
/// With a webhook listener of its own, which the system under test must deliver to. Each run is a line; one
/// that did not pass has its reasons, log and timeline below it.
#[derive(clap::Args)]
pub(super) struct Run {
    /// Components: `.wasm` files.
    #[arg(required = true, value_name = "COMPONENT")]
    components: Vec<PathBuf>,
    /// Only cases whose name, or `component/name`, matches, such as `smoke` or `shop/*`.
    #[arg(long, value_name = "GLOB", value_parser = Pattern::parse)]
    case: Option<Pattern>,
    /// How many times to run each case, one after the other.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    times: u32,
    /// Print each run as a line of JSON.
    #[arg(long)]
    json: bool,
    /// The configuration file: targets, grants, secrets, limits. Without it there is no target.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where the webhook listens, instead of the configuration's `webhook.listen`.
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
}

impl Run {
    pub(super) fn execute(self) -> anyhow::Result<Exit> {
        let masker = start_log("warn", LogFormat::Human)?.masker;
        let mut settings = Settings::load_or_default(self.config.as_deref())?;
        if let Some(listen) = self.listen {
            settings.fixed.webhook.listen = listen;
        }
        descriptors::raise();
        let runtimes = Runtimes::new().context("cannot start threads")?;
        let guests = runtimes.guests.handle().clone();
        let result = runtimes.host.block_on(self.run(settings, guests, &masker));
        runtimes.end();
        result
    }

    async fn run(&self, settings: Settings, guests: Handle, masker: &Masker) -> anyhow::Result<Exit> {
        let component_loader = component_loader(&settings, &policy(&settings), guests.clone(), RUNS)?;
        let (mut orders, mut broken) = (Vec::new(), false);
        for path in &self.components {
            let loading = format!("loading `{}`", path.display());
            match progress::shown(&loading, component_loader.load(path, CompileMode::Soon)).await {
                Ok((component, _)) => {
                    orders.extend(select(
                        Arc::new(component),
                        self.case.as_ref(),
                        &settings.live.scheduler.overrides,
                    ));
                }
                Err(error) => {
                    broken = true;
                    complain(format_args!("`{}`: {}", path.display(), error));
                }
            }
        }
        if orders.is_empty() {
            if let (Some(pattern), false) = (&self.case, broken) {
                complain(format_args!("no case matches `{}`; `orbital check` lists the cases", pattern));
            }
            return Ok(if broken { Exit::NotPassed } else { Exit::Usage });
        }
        let secrets = secrets(&settings.live.secrets, masker)?;
        let authenticator = authenticator(&settings.live.webhook, &secrets)?;
        let Foundation { waiter, runner, webhook } = Foundation::lay(&settings, &secrets, masker).await?;
        let stop = CancellationToken::new();
        let app = Webhook::new(settings.webhook(), authenticator, waiter).app();
        let serving = tokio::spawn(webhook.serve(app, stop.clone()));
        let interrupted = cancel_on_signal()?;
        let mut passed = !broken;
        for order in orders {
            for _ in 0..self.times {
                let report = run_one(&runner, &guests, &order, &interrupted).await;
                self.print(&report)?;
                passed &= report.outcome == Outcome::Pass;
            }
        }
        stop.cancel();
        serving.await.context("the webhook broke")?;
        Ok(if passed { Exit::Ok } else { Exit::NotPassed })
    }

    fn print(&self, report: &Report) -> anyhow::Result<()> {
        if self.json {
            print(&format!("{}\n", printable_json(&serde_json::to_string(report)?)))
        } else {
            print(&describe(report))
        }
    }
}

/// Returns the selected cases, ready to run now. The operator's overrides apply, except for schedules and pauses.
pub(super) fn select(
    component: Arc<Component>,
    pattern: Option<&Pattern>,
    overrides: &Overrides,
) -> Vec<Order> {
    let matches =
        |name: &str, id: &str| pattern.is_none_or(|pattern| pattern.matches(name) || pattern.matches(id));
    let cases = component.cases.iter().filter(|case| matches(case.id.case(), &case.id));
    cases.map(|case| Order::now(component.clone(), Arc::new(overrides.apply(case)))).collect()
}

pub(super) async fn run_one(
    runner: &Arc<Runner>,
    guests: &Handle,
    order: &Order,
    stop: &CancellationToken,
) -> Report {
    let order = Order::now(order.component.clone(), order.case.clone());
    let (runner, inner, stop) = (runner.clone(), order.clone(), stop.clone());
    match guests.spawn(async move { runner.run(&inner, Placement::apart(), &stop).await }).await {
        Ok(report) => report,
        Err(error) => order.host_fault(&error.to_string()),
    }
}

/// Returns a token that the first Ctrl-C or SIGTERM cancels, which ends the run in flight and those after it. A second
/// signal ends the process.
fn cancel_on_signal() -> anyhow::Result<CancellationToken> {
    let token = CancellationToken::new();
    let cancel = token.clone();
    let mut signals = Signals::listen()?;
    tokio::spawn(async move {
        signals.next().await;
        cancel.cancel();
        signals.next().await;
        std::process::exit(Exit::Host as i32);
    });
    Ok(token)
}
