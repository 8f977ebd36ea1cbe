//! Problems of this machine's own network: the system under test is not blamed for them.

use std::process::Stdio;

use orbital_tests::{config, guest, last_attempt, missing, orbital_through};
use serde_json::Value;
use tokio::process::Command;

const FAILURE: &str = "a failure of the host, not of the system under test: ";

/// An address that no machine of the internet has.
const ADDRESS: &str = "192.0.2.1";

/// A port that a target refuses connections at.
const REFUSING: &str = "127.0.0.1:9";

/// Runs the cases of `relies` that send something to the target, in a network that has only the loopback interface and is
/// then prepared by a shell command. Returns their reports, or none if this machine cannot have such a network.
async fn reports(prepare: &str, url: &str) -> Option<Vec<Value>> {
    let prepare = format!("ip link set lo up && {prepare} && exec \"$0\" \"$@\"");
    let wrapper = ["unshare", "--user", "--map-root-user", "--net", "--mount", "sh", "-c", &prepare];
    let mut tried = Command::new(wrapper[0]);
    tried.args(&wrapper[1..]).arg("true").stderr(Stdio::null());
    if !tried.status().await.is_ok_and(|status| status.success()) {
        return missing(
            "a network of one's own cannot be made here (`unshare --user --map-root-user --net`, `ip`)",
        );
    }
    let config = config(&format!(
        "[webhook]\nlisten = \"127.0.0.1:40000\"\n[targets.api]\nurl = {url:?}\n[components.relies]\ntargets = [\"*\"]"
    ));
    let component = guest("relies");
    let arguments = ["run", "--json", "--case", "{target,library}", "--config"].map(AsRef::as_ref);
    let arguments = arguments.into_iter().chain([config.path().as_os_str(), component.as_os_str()]);
    let finished = orbital_through(&wrapper, arguments).await;
    let reports: Vec<Value> =
        finished.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(reports.len(), 2, "{finished:?}");
    Some(reports)
}

/// Asserts that each run is an error of the host, for this reason.
fn assert_host_is_blamed(reports: Option<Vec<Value>>, reason: &str) {
    for report in reports.into_iter().flatten() {
        assert_eq!(report["outcome"], "error", "{report}");
        let message = last_attempt(&report)["messages"][0].as_str().unwrap();
        assert!(message.starts_with(FAILURE) && message.contains(reason), "`{reason}` is not in `{message}`");
    }
}

#[tokio::test]
async fn no_route_to_an_address_is_a_failure_of_the_host() {
    let url = format!("http://{ADDRESS}");
    assert_host_is_blamed(reports("true", &url).await, &format!("no usable route to {ADDRESS}"));
    let unreachable = format!("ip route add unreachable {ADDRESS}");
    assert_host_is_blamed(reports(&unreachable, &url).await, &format!("no usable route to {ADDRESS}"));
}

#[tokio::test]
async fn no_route_to_a_name_or_to_the_servers_of_names_is_a_failure_of_the_host() {
    let url = "http://api.example";
    let bound = |text: &str, file: &str| {
        format!("mount -t tmpfs tmpfs /mnt && echo '{text}' > /mnt/file && mount --bind /mnt/file {file}")
    };
    let known = bound(&format!("{ADDRESS} api.example"), "/etc/hosts");
    assert_host_is_blamed(reports(&known, url).await, &format!("no usable route to {ADDRESS}"));
    let servers = bound(&format!("nameserver {ADDRESS}"), "/etc/resolv.conf");
    assert_host_is_blamed(reports(&servers, url).await, &format!("no usable route to {ADDRESS}"));
}

#[tokio::test]
async fn a_connection_that_this_machine_forbids_is_a_failure_of_the_host() {
    let prohibit = format!("ip route add prohibit {ADDRESS}");
    assert_host_is_blamed(reports(&prohibit, &format!("http://{ADDRESS}")).await, "this machine forbids it");
}

#[tokio::test]
async fn a_lack_of_local_ports_is_a_failure_of_the_host() {
    // The only port is that of the webhook.
    let one_port = "echo 40000 40000 > /proc/sys/net/ipv4/ip_local_port_range";
    assert_host_is_blamed(reports(one_port, &format!("http://{REFUSING}")).await, "no local port");
}

#[tokio::test]
async fn a_system_that_refuses_connections_is_blamed_although_one_of_its_addresses_has_no_route() {
    // With a second family of addresses, to which this machine has no route: the last one that is tried.
    let hosts = "printf '127.0.0.1 api.example\\n2001:db8::1 api.example\\n' > /mnt/file";
    let prepare = format!("mount -t tmpfs tmpfs /mnt && {hosts} && mount --bind /mnt/file /etc/hosts");
    for report in reports(&prepare, "http://api.example:9").await.into_iter().flatten() {
        assert_eq!(report["outcome"], "fail", "{report}");
        assert!(last_attempt(&report)["messages"].to_string().contains("onnection refused"), "{report}");
    }
}
