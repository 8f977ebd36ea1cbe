//! The example system under test, running in this process.

use std::error::Error;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use orbital_config::ConfigError;
use pipeline::{Attempts, Pipeline, Route, Routes, server};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use toml::{Table, toml};

use crate::settings::Settings;

/// The kinds of events, each with the webhook to which the pipeline delivers them.
const ROUTES: [(&str, &str); 6] = [
    ("signup", "crm"),
    ("order", "billing"),
    ("order", "shipping"),
    ("order", "analytics"),
    ("invoice", "ledger"),
    ("track", "warehouse"),
];

/// The number of delivery attempts and their timeout, as in the program.
const ATTEMPTS: Attempts = Attempts { number: 5, timeout: Duration::from_secs(1) };

/// The pipeline, bound but not serving yet: it needs the address of the webhook, and the targets need its address.
pub(super) struct Example {
    listener: TcpListener,
    address: SocketAddr,
}

impl Example {
    /// Binds any free port.
    pub(super) async fn bind() -> std::io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        Ok(Self { address: listener.local_addr()?, listener })
    }

    /// Returns the URL that takes events and faults.
    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns the settings of a file, if there is one, with this pipeline as the system under test: its targets have
    /// URLs of this pipeline, and it can deliver to the webhook. Without a file, everything is granted.
    pub(super) fn settings(&self, file: Option<&Path>, base: &Path) -> Result<Settings, ConfigError> {
        Settings::load_changed(file, base, |table| {
            let url = self.url();
            let targets = table.entry("targets").or_insert_with(|| Table::new().into());
            if let Some(targets) = targets.as_table_mut() {
                for (name, path) in [("api", "/events"), ("pipeline", ""), ("segment", "")] {
                    let url = format!("{url}{path}");
                    let target = Table::from_iter([("url".to_owned(), url.into())]);
                    targets.insert(name.to_owned(), target.into());
                }
            }
            let webhook = toml! {
                listen = "127.0.0.1:0"
                keys = [{ header = "orbital-key" }, { json = "/id" }, { json = "/messageId" }]
            };
            table.insert("webhook".to_owned(), webhook.into());
            if file.is_none() {
                let all = toml! {
                    "*" = { targets = ["*"], metrics = true }
                };
                table.insert("components".to_owned(), all.into());
            }
        })
    }

    /// Serves until `stop` is cancelled, and delivers to this webhook.
    pub(super) async fn serve(
        self,
        webhook: &str,
        stop: CancellationToken,
    ) -> Result<(), Box<dyn Error + Send + Sync>> {
        let routes = ROUTES.iter().map(|(kind, hook)| format!("{kind}={webhook}/hooks/{hook}").parse());
        let routes = Routes::new(routes.collect::<Result<Vec<Route>, _>>()?)?;
        let pipeline: Arc<Pipeline> = Pipeline::new(routes, ATTEMPTS)?;
        Ok(server::serve(self.listener, pipeline, stop.cancelled_owned()).await?)
    }
}
