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

/// A component that says its name, which its signature covers then.
fn named(name: &str, component: &[u8]) -> Vec<u8> {
    let length = |text: &str| u8::try_from(text.len()).unwrap();
    let name = [&[0, length(name) + 1, length(name)], name.as_bytes()].concat();
    let section = "component-name";
    let size = length(section) + 1 + u8::try_from(name.len()).unwrap();
    [component, &[0, size, length(section)], section.as_bytes(), &name].concat()
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
    let refused: [(&str, Vec<u8>, &[&str]); 6] = [
        (
            "unsigned",
            passes.clone(),
            &["it is not signed", "signed by `team-a`", "-i unsigned.wasm", "unsigned = \""],
        ),
        ("strange", signed(&nobodys, &passes), &["is of no key that is listed"]),
        ("tampered", tampered, &["it was changed since"]),
        ("checkout", signed(&theirs, &passes), &["it is signed by `team-b`, who may not sign `checkout`"]),
        ("nameless", signed(&ours, &passes), &["does not say its own name", "metadata add --name nameless"]),
        (
            "taken",
            signed(&ours, &named("other", &passes)),
            &["it is signed as `other`, and this file would have it run as `taken`"],
        ),
    ];
    for (name, bytes, parts) in refused {
        let mark = host.write(name, &bytes);
        let line = host.lines.wait(mark, &["did not load", &format!("component={name} ")]).await;
        for part in parts {
            assert!(line.contains(part), "no `{part}` in {line}");
        }
    }
    for (name, key, signer) in [("checkout", &ours, "team-a"), ("billing", &theirs, "team-b")] {
        let mark = host.write(name, &signed(key, &named(name, &passes)));
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
    host.lines.wait(mark, &["did not load", "component=checkout", "it is not signed", "keeps running"]).await;
    host.lines.wait_n(mark, 2, &["--- PASS: checkout/passes"]).await;
    assert!(host.lines.find(mark, &["--- FAIL: checkout"]).is_empty());
}

#[tokio::test]
async fn a_signature_beside_the_file_counts_in_whichever_order_they_come() {
    let key = KeyPair::generate();
    let host = Host::builder().sections(&trust("team", &key, "*")).start().await;
    let content = |name: &str| named(name, &content("passes"));
    let beside = |name: &str| host.components.join(format!("{name}.wasm.sig"));

    std::fs::write(beside("first"), signature(&key, &content("first"))).unwrap();
    let mark = host.write("first", &content("first"));
    host.lines.wait(mark, &["--- PASS: first/passes"]).await;
    assert!(host.lines.find(0, &["did not load"]).is_empty(), "{}", host.lines.text());

    let mark = host.write("last", &content("last"));
    host.lines.wait(mark, &["did not load", "component=last", "it is not signed"]).await;
    std::fs::write(beside("last"), signature(&key, &content("last"))).unwrap();
    host.lines.wait(mark, &["--- PASS: last/passes"]).await;
    assert_eq!(host.api("/components/last").await["running"]["signed_by"], "team");

    // Of the version before.
    let rebuilt = named("last", &rebuilt("passes"));
    let mark = host.write("last", &rebuilt);
    host.lines.wait(mark, &["did not load", "component=last", "it was changed since", "keeps running"]).await;
    std::fs::write(beside("last"), signature(&key, &rebuilt)).unwrap();
    host.lines.wait(mark, &["component=last", " loaded", "signed_by=\"team\""]).await;
}

#[tokio::test]
async fn an_older_version_does_not_load_where_a_minimum_is_set() {
    let key = KeyPair::generate();
    let minimum = "[trust.minimum_versions]\nshop = \"1.2.0\"\n";
    let host = Host::builder().sections(&[&trust("team", &key, "*"), minimum].concat()).start().await;
    let version = |version: &str| {
        let size = u8::try_from(version.len()).unwrap() + 8;
        let shop = named("shop", &content("passes"));
        signed(&key, &[&shop[..], &[0, size, 7], b"version", version.as_bytes()].concat())
    };
    let mark = host.write("shop", &version("1.2.0"));
    host.lines.wait(mark, &["--- PASS: shop/passes"]).await;
    let mark = host.write("shop", &version("1.1.9"));
    let line = host.lines.wait(mark, &["did not load", "component=shop "]).await;
    for part in ["its version is `1.1.9`", "`shop` load from version 1.2.0 on", "keeps running"] {
        assert!(line.contains(part), "no `{part}` in {line}");
    }
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
        "[trust.keys.a]\nkey = \"missing.pub\"\n[trust.keys.b]\nkey = \"ssh-rsa AAAA\"\ncomponents = \"[\"\n[trust.pinned]\nx = \"12\"\n[trust.minimum_versions]\ny = \"new\"\n",
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
        "`trust.minimum_versions.y`: `new` is not a version such as `1.4.0`",
    ] {
        assert!(checked.stderr.contains(part), "no `{part}` in {checked:?}");
    }
}
