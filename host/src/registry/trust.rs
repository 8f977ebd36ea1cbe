//! Who may deploy: which components load, by who signed them or by their digest. The section `[trust]`.
//!
//! Signatures are those of the WebAssembly tool conventions, as `wasmsign2` makes them: in the file, or beside it in
//! `NAME.wasm.sig`.

use std::collections::{BTreeMap, HashSet};
use std::fmt::Write as _;
use std::path::Path;

use globset::{Glob, GlobMatcher};
use wasmparser::{BinaryReader, Parser, Payload};
use wasmsign2::reexports::ct_codecs::{Base64, Decoder as _};
use wasmsign2::{PublicKey, PublicKeySet};

use crate::config::Section;

/// What a component is signed by if its digest is pinned.
const PINNED: &str = "(pinned)";

/// The name of the section that holds signatures, by the tool conventions.
const SECTION: &str = "signature";

/// Who may deploy what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustSettings {
    keys: Vec<TrustedKey>,
    /// SHA-256 of a component's file, in hexadecimal, by the component's name.
    pinned: BTreeMap<String, String>,
}

#[derive(Debug, Clone)]
struct TrustedKey {
    name: String,
    key: PublicKey,
    components: GlobMatcher,
}

impl PartialEq for TrustedKey {
    fn eq(&self, other: &Self) -> bool {
        (&self.name, &self.key, self.components.glob()) == (&other.name, &other.key, other.components.glob())
    }
}

impl Eq for TrustedKey {}

/// A component that nobody who may has vouched for.
#[derive(Debug, thiserror::Error)]
#[error(
    "{reason}, and `[trust]` lets it load only {conditions}; sign it with `wasmsign2 sign -k SECRET_KEY -i {name}.wasm -o \
     SIGNED.wasm` and copy the signed file here as `{name}.wasm`, or add `{name} = \"{digest}\"` to `[trust.pinned]`"
)]
pub struct TrustError {
    reason: String,
    conditions: String,
    name: String,
    digest: String,
}

impl TrustSettings {
    /// Reads the section. Relative paths are relative to `base`.
    pub fn read(section: &Section<'_>, base: &Path) -> Self {
        let keys = section.sections("keys", |name, section| {
            let key = section.parsed("key", |text| public_key(text, base));
            let components = section.parsed("components", |text| {
                Glob::new(text).map_err(|error| format!("`{text}` is not a pattern: {}", error.kind()))
            });
            if !section.has("key") {
                section
                    .mistake("has no `key`: a file, or the public key itself, such as `ssh-ed25519 AAAA…`");
            }
            if !section.has("components") {
                section
                    .mistake("has no `components`: the pattern of those that it may sign, such as `\"*\"`");
            }
            Some(TrustedKey { name: name.to_owned(), key: key?, components: components?.compile_matcher() })
        });
        let pinned = section.strings("pinned", |name, digest| {
            let digest = digest.to_ascii_lowercase();
            let is_digest = digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit());
            is_digest.then(|| (name.to_owned(), digest)).ok_or_else(|| {
                "must be the SHA-256 of the file, in 64 hexadecimal digits, such as `sha256sum` prints"
                    .to_owned()
            })
        });
        Self { keys: keys.into_iter().map(|(_, key)| key).collect(), pinned: pinned.into_iter().collect() }
    }

    /// Who vouches for a component: the names of all keys that signed it and may.
    ///
    /// # Errors
    /// Nobody does.
    pub(crate) fn check(
        &self,
        name: &str,
        bytes: &[u8],
        digest: &str,
        beside: Option<&[u8]>,
    ) -> Result<String, TrustError> {
        if self.pinned.get(name).is_some_and(|pinned| pinned == digest) {
            return Ok(PINNED.to_owned());
        }
        let embedded = embedded(bytes);
        let signers: Vec<&TrustedKey> = match (embedded, beside) {
            (None, None) => Vec::new(),
            _ => self.signers(bytes, embedded, beside),
        };
        let may: Vec<&str> = self.names(signers.iter().copied().filter(|key| key.components.is_match(name)));
        if !may.is_empty() {
            return Ok(may.join(", "));
        }
        let reason = if !signers.is_empty() {
            let signers = self.names(signers.into_iter()).join("`, `");
            format!("it is signed by `{signers}`, who may not sign `{name}`")
        } else if embedded.is_some() || beside.is_some() {
            "its signature is of no key that is listed, or of other content: it was changed since".to_owned()
        } else {
            "it is not signed".to_owned()
        };
        Err(TrustError {
            reason,
            conditions: self.conditions(name),
            name: name.to_owned(),
            digest: digest.to_owned(),
        })
    }

    fn signers(&self, bytes: &[u8], embedded: Option<&[u8]>, beside: Option<&[u8]>) -> Vec<&TrustedKey> {
        let set = PublicKeySet::new(self.keys.iter().map(|key| key.key.clone()).collect());
        let verify = |signature: Option<&[u8]>, detached: Option<&[u8]>| {
            let mut content = bytes;
            match signature.and_then(lengths_hold) {
                Some(()) => set.verify(&mut content, detached).unwrap_or_default(),
                None => HashSet::new(),
            }
        };
        let (within, beside) = (verify(embedded, None), verify(beside, beside));
        self.keys.iter().filter(|key| within.contains(&key.key) || beside.contains(&key.key)).collect()
    }

    fn names<'a>(&self, keys: impl Iterator<Item = &'a TrustedKey>) -> Vec<&'a str> {
        keys.map(|key| key.name.as_str()).collect()
    }

    /// What would let a component load.
    fn conditions(&self, name: &str) -> String {
        let keys = self.names(self.keys.iter().filter(|key| key.components.is_match(name)));
        let mut text = match keys.as_slice() {
            [] => "with its digest pinned, as no key may sign it".to_owned(),
            [key] => format!("signed by `{key}`"),
            keys => format!("signed by one of `{}`", keys.join("`, `")),
        };
        if let Some(digest) = self.pinned.get(name) {
            let _ = write!(text, ", or with the digest that is pinned, {digest}");
        }
        text
    }
}

/// A public key, from a file in any form that `wasmsign2` reads, or as text of OpenSSH or PEM.
fn public_key(text: &str, base: &Path) -> Result<PublicKey, String> {
    let inline = text.starts_with("ssh-") || text.starts_with("-----BEGIN");
    let bytes = if inline {
        text.as_bytes().to_vec()
    } else {
        let path = base.join(text);
        std::fs::read(&path).map_err(|error| format!("cannot read `{}`: {error}", path.display()))?
    };
    let key = openssh(&bytes).or_else(|| PublicKey::from_any(&bytes).ok());
    key.ok_or_else(|| "is no public key of Ed25519: a file of `wasmsign2 keygen`, OpenSSH or PEM".to_owned())
}

/// `ssh-ed25519 AAAA… comment`, as in RFC 4253 and RFC 8709.
fn openssh(text: &[u8]) -> Option<PublicKey> {
    let mut words = std::str::from_utf8(text).ok()?.split_ascii_whitespace();
    let encoded = (words.next()? == "ssh-ed25519").then(|| words.next())??;
    let decoded = Base64::decode_to_vec(encoded, None).ok()?;
    let key = decoded.strip_prefix(b"\0\0\0\x0bssh-ed25519\0\0\0\x20")?;
    // As `wasmsign2` has it: with a byte before it that tells the kind.
    PublicKey::from_bytes(&[&[1], key].concat()).ok()
}

/// The signatures in a file: its first section, if that is what it holds.
fn embedded(bytes: &[u8]) -> Option<&[u8]> {
    let first = Parser::new(0).parse_all(bytes).nth(1)?.ok()?;
    match first {
        Payload::CustomSection(section) if section.name() == SECTION => Some(section.data()),
        _ => None,
    }
}

/// Whether signatures are as long as they say: `wasmsign2` makes room for what a length says before it reads it.
fn lengths_hold(signatures: &[u8]) -> Option<()> {
    fn part<'a>(reader: &mut BinaryReader<'a>) -> Option<BinaryReader<'a>> {
        let length = reader.read_var_u32().ok()?;
        Some(BinaryReader::new(reader.read_bytes(length as usize).ok()?, 0))
    }
    let mut reader = BinaryReader::new(signatures, 0);
    // Version, kind of content, kind of hash.
    reader.read_bytes(3).ok()?;
    for _ in 0..reader.read_var_u32().ok()? {
        let mut set = part(&mut reader)?;
        for _ in 0..set.read_var_u32().ok()? {
            set.read_bytes(32).ok()?;
        }
        for _ in 0..set.read_var_u32().ok()? {
            let mut signature = part(&mut set)?;
            let _key_id = part(&mut signature)?;
            let _algorithm = signature.read_u8().ok()?;
            let _signature = part(&mut signature)?;
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
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
            components: Glob::new(components).unwrap().compile_matcher(),
        });
        TrustSettings { keys: keys.collect(), pinned: BTreeMap::new() }
    }

    #[test]
    fn no_byte_of_a_signed_component_can_be_changed() {
        let key = KeyPair::generate();
        let trust = trusting(&[("team", &key, "*")]);
        let bytes = signed(&key, COMPONENT);
        assert_eq!(trust.check("a", &bytes, "", None).unwrap(), "team");
        // But for its head, without which it is no component.
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

    #[test]
    fn lengths_that_lie_are_noticed_before_room_is_made_for_them() {
        let whole = signed(&KeyPair::generate(), COMPONENT);
        let signatures = embedded(&whole).unwrap();
        assert!(lengths_hold(signatures).is_some());
        // At its end is the signature itself, which may be anything.
        for index in 3..signatures.len() - 5 {
            let lying = [&signatures[..index], &[0xff, 0xff, 0xff, 0xff, 0x0f]].concat();
            assert!(lengths_hold(&lying).is_none(), "at {index}");
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
}
