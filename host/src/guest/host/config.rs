use crate::guest::bindings::orbital::test::config::Host;
use crate::guest::recorder::Happening;
use crate::guest::session::Session;

impl Host for Session {
    async fn get(&mut self, name: String) -> wasmtime::Result<Option<String>> {
        let value = self.run("config.get")?.config.get(&name).cloned();
        let shown = value.clone().unwrap_or_else(|| "(not set)".to_owned());
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
