use wasm_metadata::{AddMetadata, AddMetadataField};
use wasmsign2::{KeyPair, Module, reexports::ct_codecs::Encoder as _};

use super::*;

const COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0\0\x05\x04name";

fn signed(key: &KeyPair, content: &[u8]) -> Vec<u8> {
    let module = Module::deserialize(&mut &*content).unwrap();
    let mut bytes = Vec::new();
    key.sk.sign(module, None).unwrap().serialize(&mut bytes).unwrap();
    bytes
}

fn trusting(keys: &[(&str, &KeyPair, &str)]) -> TrustSettings {
    let keys = keys.iter().map(|(name, key, components)| TrustedKey {
        name: (*name).to_owned(),
        key: key.pk.clone(),
        components: Pattern::parse(components).unwrap(),
    });
    let (pinned, minimum_versions) = (BTreeMap::new(), BTreeMap::new());
    TrustSettings { keys: keys.collect(), pinned, minimum_versions }
}

#[test]
fn no_byte_of_a_signed_component_can_be_changed() {
    let key = KeyPair::generate();
    let trust = trusting(&[("team", &key, "a")]);
    let bytes = signed(&key, COMPONENT);
    assert_eq!(trust.check("a", &bytes, "", None).unwrap(), "team");
    // All bytes except the header, without which the file is not a component.
    for index in 8..bytes.len() {
        let mut changed = bytes.clone();
        changed[index] ^= 1;
        assert!(trust.check("a", &changed, "", None).is_err(), "byte {index}");
    }
    for length in 0..bytes.len() {
        assert!(trust.check("a", &bytes[..length], "", None).is_err(), "{length} bytes");
    }
    assert!(trust.check("a", &[&bytes, &b"\0\x05\x04more"[..]].concat(), "", None).is_err());
}

fn named(name: &str, version: &str) -> Vec<u8> {
    let mut metadata = AddMetadata::default();
    metadata.name = AddMetadataField::Set(name.to_owned());
    metadata.version = AddMetadataField::Set(wasm_metadata::Version::new(version.to_owned()));
    metadata.to_wasm(b"\0asm\x0d\0\x01\0").unwrap()
}

#[test]
fn a_signature_holds_for_the_name_that_it_covers_only() {
    let (all, one) = (KeyPair::generate(), KeyPair::generate());
    let trust = trusting(&[("all", &all, "*"), ("one", &one, "shop")]);
    let check = |key: &KeyPair, content: &[u8], name: &str| {
        trust.check(name, &signed(key, content), "", None).map_err(|error| error.to_string())
    };
    assert_eq!(check(&all, &named("shop", "1.0.0"), "shop").unwrap(), "all");
    let error = check(&all, &named("shop", "1.0.0"), "bank").unwrap_err();
    assert!(error.contains("signed as `shop`") && error.contains("as `bank`"), "{error}");
    let error = check(&all, COMPONENT, "shop").unwrap_err();
    assert!(error.contains("metadata add --name shop"), "{error}");
    // A key for one component states which one.
    assert_eq!(check(&one, COMPONENT, "shop").unwrap(), "one");
    assert!(check(&one, COMPONENT, "bank").unwrap_err().contains("who may not sign `bank`"));
    // The names and versions of components within a component say nothing about it.
    let nested =
        [b"\0asm\x0d\0\x01\0\x04", &[named("shop", "1").len() as u8][..], &named("shop", "1")].concat();
    assert!(check(&all, &nested, "shop").unwrap_err().contains("does not say its own name"));
}

#[test]
fn an_older_version_that_was_signed_does_not_load_below_the_minimum() {
    let key = KeyPair::generate();
    let mut trust = trusting(&[("team", &key, "*")]);
    trust.minimum_versions.insert("shop".to_owned(), Version::new(1, 10, 0));
    for (version, loads) in
        [("1.9.9", false), ("1.10.0-rc.1", false), ("new", false), ("1.10.0", true), ("2.0.0", true)]
    {
        let result = trust.check("shop", &signed(&key, &named("shop", version)), "", None);
        assert_eq!(result.is_ok(), loads, "{version}: {result:?}");
    }
    assert!(trust.check("bank", &signed(&key, &named("bank", "0.1.0")), "", None).is_ok());
    let again = [&named("shop", "2.0.0")[..], b"\0\x0d\x07version1.0.0"].concat();
    assert!(trust.check("shop", &signed(&key, &again), "", None).is_err());
}

#[test]
fn lengths_that_lie_are_noticed_before_room_is_made_for_them() {
    let whole = signed(&KeyPair::generate(), COMPONENT);
    let signatures = embedded(&whole).unwrap();
    assert!(are_sound(signatures).is_some());
    // The end holds the signature itself, which may be anything.
    for index in 3..signatures.len() - 5 {
        let lying = [&signatures[..index], &[0xff, 0xff, 0xff, 0xff, 0x0f]].concat();
        assert!(are_sound(&lying).is_none(), "at {index}");
    }
}

#[test]
fn keys_are_read_in_all_their_forms() {
    let key = KeyPair::generate();
    let blob = [b"\0\0\0\x0bssh-ed25519\0\0\0\x20", key.pk.pk.as_slice()].concat();
    let line = format!("ssh-ed25519 {} me@example.com\n", Base64::encode_to_string(blob).unwrap());
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in [
        ("own", key.pk.to_bytes()),
        ("pem", key.pk.to_pem().into_bytes()),
        ("der", key.pk.to_der()),
        ("openssh", line.clone().into_bytes()),
    ] {
        std::fs::write(folder.path().join(name), content).unwrap();
        assert_eq!(public_key(name, folder.path()).unwrap(), key.pk, "{name}");
    }
    for text in [line, key.pk.to_pem()] {
        assert_eq!(public_key(&text, folder.path()).unwrap(), key.pk, "{text}");
    }
    std::fs::write(folder.path().join("none"), "hello").unwrap();
    assert!(public_key("none", folder.path()).unwrap_err().contains("is no public key"));
    assert!(public_key("missing", folder.path()).unwrap_err().contains("cannot read"));
    assert!(public_key("ssh-rsa AAAA", folder.path()).is_err());
}

#[test]
fn signatures_of_parts_of_a_file_and_many_signatures_do_not_hold() {
    let whole = signed(&KeyPair::generate(), COMPONENT);
    let signatures = embedded(&whole).unwrap();
    // The version, the kinds, and one set, which begins with its length and the number of digests.
    let (head, set) = (&signatures[..3], &signatures[5..]);
    assert_eq!((signatures[3], usize::from(signatures[4]), set[0]), (1, set.len(), 1));
    let sets = |count: u8, set: &[u8]| {
        let length = [set.len() as u8 & 0x7f | 0x80, (set.len() >> 7) as u8];
        [head, &[count], &[&length[..], set].concat().repeat(count.into())].concat()
    };
    assert!(are_sound(&sets(1, set)).is_some());
    assert!(are_sound(&sets(8, set)).is_some());
    assert!(are_sound(&sets(9, set)).is_none());
    let of_two_parts = [&[2], &set[1..33], &set[1..]].concat();
    assert!(are_sound(&sets(1, &of_two_parts)).is_none());
}

#[test]
fn a_key_is_listed_once() {
    let key = Base64::encode_to_string(
        [b"\0\0\0\x0bssh-ed25519\0\0\0\x20", KeyPair::generate().pk.pk.as_slice()].concat(),
    );
    let entry = |name: &str| {
        format!(
            "[trust.keys.{name}]\nkey = \"ssh-ed25519 {}\"\ncomponents = \"{name}\"\n",
            key.as_ref().unwrap()
        )
    };
    let read = |text: &str| {
        let read = |root: &Section<'_>| {
            root.section("trust", |section| TrustSettings::read(section, Path::new(".")))
        };
        orbital_config::parse(text, read).map(|(settings, _)| settings.keys.len())
    };
    assert_eq!(read(&entry("a")).unwrap(), 1);
    let mistakes = read(&(entry("a") + &entry("b"))).unwrap_err();
    assert!(format!("{mistakes:?}").contains("`b` is the key of `a` too"), "{mistakes:?}");
}
