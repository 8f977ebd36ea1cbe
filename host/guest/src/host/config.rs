use orbital_model::text::shown;
use orbital_model::{Cause, StepKind};

use crate::bindings::orbital::test::config::Host;
use crate::guest_state::GuestState;

impl Host for GuestState {
    async fn get(&mut self, name: String) -> wasmtime::Result<Option<String>> {
        let run = self.run("config.get")?;
        let value = run.config.get(&name).cloned();
        if value.is_none() {
            let component = run.context.case.component();
            let cause = Cause::operator(format!(
                "the configuration has no value `{}`; add it to the section `[config.{component:?}]`",
                shown(&name)
            ));
            match run.access.requires_config(&name) {
                Some(true) => self.recorder.blame(cause),
                // Without a manifest it is unknown whether the test needs the value. A test that fails before it
                // contacts the system under test does not fail because of that system.
                None if !self.recorder.has_contacted() => self.recorder.blame_until_contact(cause),
                Some(false) | None => {}
            }
        }
        let shown = value.clone().unwrap_or_else(|| match run.access.asks_for_config(&name) {
            true => "(not set)".to_owned(),
            false => "(its manifest does not ask for it)".to_owned(),
        });
        self.recorder.note(StepKind::Read { name: format!("config {name}"), value: shown });
        Ok(value)
    }

    async fn all(&mut self) -> wasmtime::Result<Vec<(String, String)>> {
        let config = self.run("config.all")?.config.clone();
        let names: Vec<&str> = config.keys().map(String::as_str).collect();
        self.recorder.note(StepKind::Read { name: "config".to_owned(), value: names.join(", ") });
        Ok(config.iter().map(|(name, value)| (name.clone(), value.clone())).collect())
    }
}
