//! Components that are composed of others, and modules with several memories: one limit holds for all of them.

use orbital_tests::{Host, composition, config, crafted, crowded, orbital};
use reqwest::Method;
use serde_json::json;

/// Runs the only case of a component.
async fn outcome(host: &Host, name: &str) -> serde_json::Value {
    let (status, report) =
        host.ask(Method::POST, &format!("/cases/{name}/attack/runs?wait=true"), None).await;
    assert_eq!(status, 200, "{report}");
    report["outcome"].clone()
}

#[tokio::test]
async fn a_composition_of_three_components_runs() {
    let host = Host::builder().start().await;
    let mark = host.write("composed", &composition());
    host.lines.wait(mark, &[" loaded ", "component=composed"]).await;
    assert_eq!(outcome(&host, "composed").await, json!("pass"));
}

#[tokio::test]
async fn a_large_composition_runs_with_quick_code_and_with_optimised_code() {
    let host = Host::builder().components("cache = \"cache\"").start().await;
    // A custom section of 2 MiB, whose name has 3 bytes.
    let large = [composition().as_slice(), b"\0\x84\x80\x80\x01\x03big", &vec![0; 1 << 21]].concat();
    let mark = host.write("composed", &large);
    host.lines.wait(mark, &[" loaded ", "component=composed"]).await;
    assert_eq!(outcome(&host, "composed").await, json!("pass"));
    host.lines.wait(mark, &["optimised", "component=composed"]).await;
    assert_eq!(outcome(&host, "composed").await, json!("pass"));
}

#[tokio::test]
async fn a_module_has_as_many_memories_as_a_component_may_have() {
    let host = Host::builder().start().await;
    let memories = |more: usize, pages: usize| {
        let more = format!("(memory {pages})\n").repeat(more);
        crafted(&format!("(memory (export \"memory\") 4)\n{more}"))
    };
    let mark = host.write("most", &memories(4, 1));
    host.lines.wait(mark, &[" loaded ", "component=most"]).await;
    assert_eq!(outcome(&host, "most").await, json!("pass"));
    // All of them count: four have 100 MiB, and the run may have 256 MiB.
    let mark = host.write("greedy", &memories(4, 1600));
    host.lines.wait(mark, &["component=greedy", "`limits.memory`"]).await;

    let mark = host.write("more", &memories(5, 1));
    let refusal = host.lines.wait(mark, &["component=more", "too large to be compiled"]).await;
    assert!(refusal.contains("6 memories, and this host compiles up to 5"), "{refusal}");
}

#[tokio::test]
async fn instances_count_as_what_they_are_instances_of() {
    let folder = tempfile::tempdir().unwrap();
    let check = async |name: &str, component: Vec<u8>| {
        let path = folder.path().join(name);
        std::fs::write(&path, component).unwrap();
        let file = config("");
        orbital(["check".as_ref(), path.as_os_str(), "--config".as_ref(), file.path().as_os_str()]).await
    };
    let few = check("few.wasm", crowded("", "(module (memory 1))", 4)).await;
    assert_eq!(few.code, 0, "{few:?}");
    let many = check("many.wasm", crowded("", "(module (memory 1))", 5)).await;
    let text = format!("{}{}", many.stdout, many.stderr);
    assert_eq!(many.code, 1, "{text}");
    assert!(text.contains("too large to be run") && text.contains("memories"), "{text}");
    assert!(!text.contains("pooling"), "{text}");
}
