//! Connects the parts of the host, starts them and drains them.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use orbital_admin::{Access, Admin, ConfigStatus, Guard};
use orbital_config::secrets::Masker;
use orbital_files::watch::Stamps;
use orbital_history::{History, HistoryError};
use orbital_listener::{Acceptors, App};
use orbital_model::error::chain;
use orbital_model::text::one_line;
use orbital_report::output::Outputs;
use orbital_report::{Console, Journal, Live, MetricsSink, Reporter};
use orbital_run::dispatcher::Dispatcher;
use orbital_run::pausing::PauseBook;
use orbital_run::registry::{ComponentLoader, DirectoryLoader};
use orbital_webhook::Webhook;
use tokio::runtime::Handle;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::foundation::{
    Foundation, StartError, authenticator, component_loader, environments, policy, private, secrets, state,
};
use crate::reload::{Reloader, seen_of};
use crate::settings::Settings;

/// The interval at which observations are added to their histograms, and early deliveries are settled.
const UPKEEP: Duration = Duration::from_secs(5);

/// A running host.
pub struct Service {
    /// The URL to which the system under test delivers.
    pub webhook_url: String,
    /// The URL for operators.
    pub admin_url: String,
    /// When cancelled, no more runs start and no more versions are loaded.
    no_more: CancellationToken,
    /// When cancelled, the listeners accept no more requests.
    close: CancellationToken,
    dispatcher: JoinHandle<()>,
    others: Vec<JoinHandle<()>>,
    history: Arc<History>,
}

impl Service {
    /// Starts all parts of the host. `path` is the file that the settings are from, and `seen` its state before it was
    /// read; `guests` is the runtime of the guests. Runs are printed on `outputs`; `quiet` leaves out those that passed
    /// at the first attempt. `masker` receives all secrets.
    ///
    /// # Errors
    /// The first part that cannot be set up. Nothing is left running in this case.
    pub async fn start(
        (path, seen): (PathBuf, Stamps),
        settings: Settings,
        guests: Handle,
        outputs: Outputs,
        quiet: bool,
        masker: Masker,
    ) -> Result<Self, StartError> {
        let seen = seen_of(&seen, &path, &settings).await;
        let secrets = secrets(&settings.live.secrets, &masker)?;
        let guard = Guard::new(Access::new(&settings.fixed.admin, &settings.live.admin, &secrets)?);
        let pauses = Arc::new(PauseBook::open(state(&settings.fixed.state)?)?);
        let authenticator = authenticator(&settings.live.webhook, &secrets)?;
        let (environments, compared) = watch::channel(environments(&settings.live.environments, &secrets)?);
        let Foundation { waiter, runner, webhook: public } =
            Foundation::lay(&settings, &secrets, &masker).await?;
        let policy = policy(&settings);
        let component_loader =
            component_loader(&settings, &policy, guests.clone(), settings.fixed.scheduler.max_in_flight)?;
        // A component named on a command line may be anywhere. Others than the operator may write to the directory.
        let inside =
            (!settings.fixed.registry.external_links).then(|| settings.fixed.registry.directory.clone());
        let component_loader = ComponentLoader { inside, ..component_loader };
        let private = private(&settings).await?;
        let hangup = signal(SignalKind::hangup())?;
        let acceptors = Acceptors { webhook: public.acceptor().clone(), admin: private.acceptor().clone() };
        let runtimes = [("host", Handle::current()), ("guests", guests.clone())];
        let metrics = MetricsSink::new(waiter.clone(), acceptors.clone(), runtimes, outputs.clone());
        let console = Console::new(outputs.stdout, quiet);
        let journal = Journal::new(settings.fixed.journal.clone());
        let history = History::start(settings.history(), || metrics.history_batches()).await?;
        match history.records().await {
            Ok(records) => {
                metrics.restore(records.clone());
                journal.restore(records);
            }
            Err(HistoryError::Off) => {}
            Err(error) => tracing::warn!("how cases stood before is not known: {}", one_line(&chain(&error))),
        }
        let live = Live::new();
        let reporter =
            Arc::new(Reporter::new(metrics.clone(), journal.clone(), history.clone(), live.clone(), console));
        let (loader, deployed) =
            DirectoryLoader::new(settings.fixed.registry.clone(), component_loader, reporter.clone())?;

        let (no_more, close) = (CancellationToken::new(), CancellationToken::new());
        let (webhook_url, admin_url) = (public.url(), private.url());
        let (scheduler, scheduling) = watch::channel(settings.live.scheduler.clone());
        let (status, config) = watch::channel(ConfigStatus {
            path: path.clone(),
            loaded_at: SystemTime::now(),
            failure: None,
            at_next_start: Vec::new(),
        });
        let (dispatcher, dispatcher_handle) = Dispatcher::new(
            settings.fixed.scheduler,
            scheduling,
            pauses.subscribe(),
            runner.clone(),
            reporter,
            guests,
        );
        let webhook = Webhook::new(settings.webhook(), authenticator, waiter.clone());
        let admin = Admin {
            deployed: deployed.clone(),
            policy: policy.subscribe(),
            config,
            environments: compared,
            metrics: metrics.clone(),
            acceptors: acceptors.clone(),
            runner: runner.clone(),
            journal,
            history: history.clone(),
            waiter,
            pauses,
            dispatcher: dispatcher_handle,
            guard: guard.clone(),
            live,
            started: SystemTime::now(),
            close: close.clone(),
        };
        let pages = orbital_admin::router(admin);
        let reloader = Reloader {
            path,
            settings,
            webhook_url: webhook_url.clone(),
            acceptors,
            runner,
            webhook: webhook.clone(),
            guard,
            masker,
            scheduler,
            policy,
            environments,
            history: history.clone(),
            metrics: metrics.clone(),
            status,
        };
        let others = vec![
            tokio::spawn(public.serve(webhook.app(), close.clone())),
            tokio::spawn(private.serve(App::new(pages, orbital_admin::is_vital), close.clone())),
            tokio::spawn(loader.run(no_more.clone())),
            tokio::spawn(reloader.run(seen, hangup, no_more.clone())),
            tokio::spawn(upkeep(metrics, close.clone())),
        ];
        let dispatcher = tokio::spawn(dispatcher.run(deployed, no_more.clone()));
        Ok(Self { webhook_url, admin_url, no_more, close, dispatcher, others, history })
    }

    /// Stops in order: new runs, then runs in flight within their grace time, then the listeners.
    pub async fn stop(self) {
        self.no_more.cancel();
        // The webhook continues to serve, because runs in flight may wait for a delivery.
        let drained = self.dispatcher.await;
        self.close.cancel();
        for part in self.others {
            if let Err(error) = part.await {
                tracing::error!(%error, "a part of the host broke");
            }
        }
        if let Err(error) = drained {
            tracing::error!(%error, "the dispatcher broke");
        }
        // No more runs end after this.
        self.history.end().await;
    }
}

async fn upkeep(metrics: Arc<MetricsSink>, close: CancellationToken) {
    while tokio::time::timeout(UPKEEP, close.cancelled()).await.is_err() {
        metrics.upkeep();
    }
}
