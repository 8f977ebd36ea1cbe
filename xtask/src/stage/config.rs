//! How the host and the pipeline are told about each other.

use std::{net::SocketAddr, path::Path};

use super::addresses::Addresses;

/// Which events the pipeline delivers where.
const ROUTES: [(&str, &str); 6] = [
    ("signup", "crm"),
    ("order", "billing"),
    ("order", "shipping"),
    ("order", "analytics"),
    ("invoice", "ledger"),
    ("track", "warehouse"),
];

/// The host's configuration.
pub(crate) fn render(components: &Path, Addresses { pipeline, webhook, admin, sink }: &Addresses) -> String {
    let components = quoted(components);
    format!(
        r#"[components]
directory = {components}

[webhook]
listen = "{webhook}"
keys = [{{ json = "/id" }}, {{ json = "/messageId" }}]

[admin]
listen = "{admin}"

[targets.api]
url = "http://{pipeline}/events"

[targets.segment]
url = "http://{pipeline}"

[targets.pipeline]
url = "http://{pipeline}"

[targets.sink]
url = "http://{sink}/events"
# Whatever is copied into the directory may reach the pipeline.
[components."*"]
targets = ["*"]
metrics = true
"#
    )
}

/// The pipeline's routes, as its command line takes them.
pub(crate) fn routes(webhook: SocketAddr) -> impl Iterator<Item = String> {
    ROUTES.iter().map(move |(kind, hook)| format!("{kind}=http://{webhook}/hooks/{hook}"))
}

/// A path as a TOML string.
pub(crate) fn quoted(path: &Path) -> String {
    format!("\"{}\"", path.display().to_string().replace('\\', r"\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(port: u16) -> SocketAddr {
        ([127, 0, 0, 1], port).into()
    }

    #[test]
    fn the_configuration_names_every_address_and_the_directory() {
        let addresses =
            Addresses { pipeline: address(1), webhook: address(2), admin: address(3), sink: address(4) };
        assert_eq!(
            render(Path::new(r#"/odd "path\"#), &addresses),
            r#"[components]
directory = "/odd \"path\\"

[webhook]
listen = "127.0.0.1:2"
keys = [{ json = "/id" }, { json = "/messageId" }]

[admin]
listen = "127.0.0.1:3"

[targets.api]
url = "http://127.0.0.1:1/events"

[targets.segment]
url = "http://127.0.0.1:1"

[targets.pipeline]
url = "http://127.0.0.1:1"

[targets.sink]
url = "http://127.0.0.1:4/events"
# Whatever is copied into the directory may reach the pipeline.
[components."*"]
targets = ["*"]
metrics = true
"#
        );
    }

    #[test]
    fn an_order_fans_out() {
        let orders = routes(address(2)).filter(|route| route.starts_with("order=")).collect::<Vec<_>>();
        assert_eq!(orders.len(), 3);
        assert_eq!(orders[0], "order=http://127.0.0.1:2/hooks/billing");
    }
}
