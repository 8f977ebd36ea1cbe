//! Who may deploy: signatures, pinned digests, and what is said to those who may not.

use orbital_tests::{Host, config, guest, orbital, rebuilt};
use wasmsign2::{KeyPair, Module};

fn content(fixture: &str) -> Vec<u8> {
    std::fs::read(guest(fixture)).unwrap()
}

/// A component with a signature in it.
fn signed(key: &KeyPair, component: &[u8]) -> Vec<u8> {
    let module = Module::deserialize(&mut &*component).unwrap();
    let mut bytes = Vec::new();
    key.sk.sign(module, None).unwrap().serialize(&mut bytes).unwrap();
    bytes
}

/// The signature alone.
fn signature(key: &KeyPair, component: &[u8]) -> Vec<u8> {
    let module = Module::deserialize(&mut &*component).unwrap();
    key.sk.sign_multi(module, None, true, false).unwrap().1
}

/// A section that trusts this key.
fn trust(name: &str, key: &KeyPair, components: &str) -> String {
    let pem = key.pk.to_pem();
    format!("[trust.keys.{name}]\nkey = \"\"\"{pem}\"\"\"\ncomponents = {components:?}\n")
}

#[tokio::test]
async fn only_what_a_listed_key_signed_loads_and_who_signed_is_shown() {
    let (ours, theirs, nobodys) = (KeyPair::generate(), KeyPair::generate(), KeyPair::generate());
    let policy = [trust("team-a", &ours, "*"), trust("team-b", &theirs, "billing*")].concat();
    let host = Host::builder().sections(&policy).start().await;

    let passes = content("passes");
    let mut tampered = signed(&ours, &passes);
    *tampered.last_mut().unwrap() ^= 1;
    let refused: [(&str, Vec<u8>, &[&str]); 4] = [
        (
            "unsigned",
            passes.clone(),
            &["it is not signed", "signed by `team-a`", "-i unsigned.wasm", "unsigned = \""],
        ),
        ("strange", signed(&nobodys, &passes), &["is of no key that is listed"]),
        ("tampered", tampered, &["it was changed since"]),
        ("checkout", signed(&theirs, &passes), &["it is signed by `team-b`, who may not sign `checkout`"]),
    ];
    for (name, bytes, parts) in refused {
        let mark = host.write(name, &bytes);
        let line = host.lines.wait(mark, &["did not load", &format!("component={name} ")]).await;
        for part in parts {
            assert!(line.contains(part), "no `{part}` in {line}");
        }
    }
    for (name, key, signer) in [("checkout", &ours, "team-a"), ("billing", &theirs, "team-b")] {
        let mark = host.write(name, &signed(key, &passes));
        host.lines.wait(mark, &[&format!("--- PASS: {name}/passes")]).await;
        let component = host.api(&format!("/components/{name}")).await;
        assert_eq!(component["running"]["signed_by"], signer);
        let metrics = host.metrics().await;
        let line = metrics.text().lines().find(|line| {
            line.starts_with("orbital_component_info{") && line.contains(&format!("component=\"{name}\""))
        });
        assert!(line.unwrap().contains(&format!("signed_by=\"{signer}\"")), "{line:?}");
    }

    // Whoever can copy files and has no key takes nothing down.
    let mark = host.write("checkout", &rebuilt("fails"));
    host.lines
        .wait(mark, &["did not load", "component=checkout", "it is not signed", "goes on running"])
        .await;
    host.lines.wait_n(mark, 2, &["--- PASS: checkout/passes"]).await;
    assert!(host.lines.find(mark, &["--- FAIL: checkout"]).is_empty());
}

#[tokio::test]
async fn a_signature_beside_the_file_counts_in_whichever_order_they_come() {
    let key = KeyPair::generate();
    let host = Host::builder().sections(&trust("team", &key, "*")).start().await;
    let passes = content("passes");
    let beside = |name: &str| host.components.join(format!("{name}.wasm.sig"));

    std::fs::write(beside("first"), signature(&key, &passes)).unwrap();
    let mark = host.write("first", &passes);
    host.lines.wait(mark, &["--- PASS: first/passes"]).await;
    assert!(host.lines.find(0, &["did not load"]).is_empty(), "{}", host.lines.text());

    let mark = host.write("last", &passes);
    host.lines.wait(mark, &["did not load", "component=last", "it is not signed"]).await;
    std::fs::write(beside("last"), signature(&key, &passes)).unwrap();
    host.lines.wait(mark, &["--- PASS: last/passes"]).await;
    assert_eq!(host.api("/components/last").await["running"]["signed_by"], "team");

    // Of the version before.
    let mark = host.write("last", &rebuilt("passes"));
    host.lines
        .wait(mark, &["did not load", "component=last", "it was changed since", "goes on running"])
        .await;
    std::fs::write(beside("last"), signature(&key, &rebuilt("passes"))).unwrap();
    host.lines.wait(mark, &["component=last", " loaded", "signed_by=\"team\""]).await;
}

#[tokio::test]
async fn a_pinned_digest_loads_unsigned_and_check_says_who_vouches() {
    let component = guest("passes");
    let about = orbital(["check".as_ref(), component.as_os_str()]).await.stdout;
    let digest = about.lines().find_map(|line| line.strip_prefix("  sha256 ")).unwrap();
    assert!(!about.contains("signed by"), "{about}");

    let pinned = config(&format!("[trust.pinned]\npasses = \"{digest}\"\nfails = \"{digest}\"\n"));
    let check = |fixture: &str| {
        let component = guest(fixture);
        let config = pinned.path().to_owned();
        async move {
            orbital(["check".as_ref(), component.as_os_str(), "--config".as_ref(), config.as_os_str()]).await
        }
    };
    let loaded = check("passes").await;
    assert_eq!(loaded.code, 0, "{loaded:?}");
    assert!(loaded.stdout.contains("  signed by (pinned)\n"), "{loaded:?}");
    let refused = check("fails").await;
    assert_eq!(refused.code, 1, "{refused:?}");
    assert!(refused.stdout.contains(&format!("the digest that is pinned, {digest}")), "{refused:?}");
}

#[tokio::test]
async fn mistakes_of_the_policy_are_told_all_at_once() {
    let file = config(
        "[trust.keys.a]\nkey = \"missing.pub\"\n[trust.keys.b]\nkey = \"ssh-rsa AAAA\"\ncomponents = \"[\"\n[trust.pinned]\nx = \"12\"\n",
    );
    let checked =
        orbital(["config".as_ref(), "check".as_ref(), "--config".as_ref(), file.path().as_os_str()]).await;
    assert_eq!(checked.code, 2, "{checked:?}");
    for part in [
        "`trust.keys.a.key`: cannot read `",
        "`trust.keys.a`: has no `components`",
        "`trust.keys.b.key`: is no public key",
        "`trust.keys.b.components`: `[` is not a pattern",
        "`trust.pinned.x`: must be the SHA-256",
    ] {
        assert!(checked.stderr.contains(part), "no `{part}` in {checked:?}");
    }
}
