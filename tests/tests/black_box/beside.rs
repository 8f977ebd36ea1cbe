//! Two hosts on one directory of components.

use orbital_tests::{Host, rebuilt};
use rustix::process::{Pid, Signal, kill_process};

/// Waits until a line with these texts has come from each.
async fn on_both(hosts: [&Host; 2], marks: [usize; 2], texts: &[&str]) {
    for (host, mark) in hosts.into_iter().zip(marks) {
        host.lines.wait(mark, texts).await;
    }
}

#[tokio::test]
async fn two_hosts_on_one_directory_both_see_what_is_deployed_and_stopping_one_leaves_the_other_alone() {
    let first = Host::builder().components("cache = \"cache\"").with("passes").start().await;
    let second = Host::builder().components("cache = \"cache\"").beside(&first).start().await;
    assert_ne!(first.webhook, second.webhook);
    let both = [&first, &second];
    let marks = || both.map(|host| host.lines.mark());
    on_both(both, [0, 0], &["--- PASS: passes/passes"]).await;

    let before = marks();
    first.deploy_as("passes", "shop");
    on_both(both, before, &["--- PASS: shop/passes"]).await;
    let before = marks();
    first.write("shop", &rebuilt("passes"));
    on_both(both, before, &["loaded", "component=shop ", "replaced="]).await;
    let before = marks();
    first.write("shop", b"nonsense");
    on_both(both, before, &["did not load", "component=shop ", "keeps running"]).await;
    let before = marks();
    std::fs::remove_file(first.file("shop")).unwrap();
    on_both(both, before, &["removed", "component=shop"]).await;

    kill_process(Pid::from_raw(second.id()).unwrap(), Signal::TERM).unwrap();
    let (status, said) = second.ended().await;
    assert_eq!(status.code(), Some(0), "{said}");
    first.assert_passes_is_undisturbed().await;
    let mark = first.deploy_as("passes", "late");
    first.lines.wait(mark, &["--- PASS: late/passes"]).await;
    assert!(first.lines.find(0, &["removed", "component=passes"]).is_empty(), "{}", first.lines.text());
    first.assert_passes_is_undisturbed().await;
}
