use crate::guest::bindings::orbital::test::config::Host;
use crate::guest::recorder::Happening;
use crate::guest::session::Session;

impl Host for Session {
    async fn get(&mut self, name: String) -> wasmtime::Result<Option<String>> {
        let run = self.run("config.get")?;
        let value = run.config.get(&name).cloned();
        let shown = value.clone().unwrap_or_else(|| match run.access.asks_for_config(&name) {
            true => "(not set)".to_owned(),
            false => "(its manifest does not ask for it)".to_owned(),
        });
        self.recorder.note(Happening::Read { name: format!("config {name}"), value: shown });
        Ok(value)
    }

    async fn all(&mut self) -> wasmtime::Result<Vec<(String, String)>> {
        let config = self.run("config.all")?.config.clone();
        let names: Vec<&str> = config.keys().map(String::as_str).collect();
        self.recorder.note(Happening::Read { name: "config".to_owned(), value: names.join(", ") });
        Ok(config.iter().map(|(name, value)| (name.clone(), value.clone())).collect())
    }
}
