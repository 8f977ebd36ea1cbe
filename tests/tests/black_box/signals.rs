//! Signals that do not ask the host to stop.

use orbital_tests::Host;
use rustix::process::{Pid, Signal, kill_process};

#[tokio::test]
async fn signals_that_the_host_has_no_use_for_do_not_end_it() {
    let host = Host::builder().with("passes").start().await;
    host.lines.wait(0, &["--- PASS: passes/passes"]).await;
    let process = Pid::from_raw(host.id()).unwrap();
    for signal in [Signal::USR1, Signal::USR2, Signal::ALARM, Signal::IO, Signal::PIPE, Signal::HUP] {
        kill_process(process, signal).unwrap();
    }
    // The last of them, and the only one with a meaning.
    host.lines.wait(0, &["the configuration was read again"]).await;
    host.assert_passes_is_undisturbed().await;
    kill_process(process, Signal::TERM).unwrap();
    let (status, said) = host.ended().await;
    assert_eq!(status.code(), Some(0), "{said}");
}
