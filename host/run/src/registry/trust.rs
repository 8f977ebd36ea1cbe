//! Who may deploy: a component is loaded depending on who signed it, or on its digest. The section `[trust]`.
//!
//! Signatures follow the WebAssembly tool conventions, as created by `wasmsign2`: in the file, or next to it in
//! `NAME.wasm.sig`.

use std::collections::{BTreeMap, HashSet};
use std::fmt::Write as _;
use std::path::Path;

use orbital_config::Section;
use orbital_files::file;
use orbital_model::Pattern;
use orbital_model::text::shown;
use semver::Version;
use wasmparser::{BinaryReader, ComponentName, KnownCustom, Parser, Payload};
use wasmsign2::reexports::ct_codecs::{Base64, Decoder as _};
use wasmsign2::{PublicKey, PublicKeySet};

/// The name of the signer of a component whose digest is pinned.
const PINNED: &str = "(pinned)";

/// The name of the section that holds signatures, according to the tool conventions.
const SECTION: &str = "signature";

/// Who may deploy what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustSettings {
    keys: Vec<TrustedKey>,
    /// The SHA-256 digest of a component's file, in hexadecimal, by the component's name.
    pinned: BTreeMap<String, String>,
    /// The minimum version of signed components, by name: older versions were signed, too.
    minimum_versions: BTreeMap<String, Version>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct TrustedKey {
    name: String,
    key: PublicKey,
    components: Pattern,
}

/// The reason why `[trust]` does not let a component load.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// The component is not signed by a key that may sign it, and its digest is not pinned.
    #[error(transparent)]
    Unvouched(#[from] Unvouched),
    /// The component was signed under another name.
    #[error(
        "it is signed as `{found}`, and this file would have it run as `{name}`, with the grants of that; rename it to \
         `{found}.wasm`, or build and sign it as `{name}`"
    )]
    OtherName {
        /// The name that the signature covers.
        found: String,
        /// The name of the file.
        name: String,
    },
    /// The signature does not cover a name, because the component does not contain one.
    #[error(
        "it does not say its own name, so its signature, by a key for several components, would hold under the name of \
         each; build it with `orbital build`, or write the name into it before it is signed, with `wasm-tools metadata add \
         --name {0}`"
    )]
    NoName(String),
    /// The version is too old, or missing.
    #[error(
        "{found}, and `[trust.minimum_versions]` lets `{name}` load from version {least} on; deploy a newer one, or lower \
         that"
    )]
    Old {
        /// The version of the component, or that it has none, as a part of a sentence.
        found: String,
        /// The name of the component.
        name: String,
        /// The minimum version.
        least: Version,
    },
}

/// A component that no permitted key has signed, and whose digest is not pinned.
#[derive(Debug, thiserror::Error)]
#[error(
    "{reason}, and `[trust]` lets it load only {conditions}; sign it with `wasmsign2 sign -k SECRET_KEY -i {name}.wasm -o \
     SIGNED.wasm` and copy the signed file here as `{name}.wasm`, or add `{name} = \"{digest}\"` to `[trust.pinned]`"
)]
pub struct Unvouched {
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
            let components = section.parsed("components", Pattern::parse);
            if !section.has("key") {
                section
                    .mistake("has no `key`: a file, or the public key itself, such as `ssh-ed25519 AAAA…`");
            }
            if !section.has("components") {
                section
                    .mistake("has no `components`: the pattern of those that it may sign, such as `\"*\"`");
            }
            Some(TrustedKey { name: name.to_owned(), key: key?, components: components? })
        });
        for (index, (_, key)) in keys.iter().enumerate() {
            if let Some((_, first)) = keys[..index].iter().find(|(_, first)| first.key == key.key) {
                let (name, first) = (&key.name, &first.name);
                section.mistake_at(
                    "keys",
                    &format!("`{name}` is the key of `{first}` too; list all its components in one entry, as `{{a,b}}`"),
                );
            }
        }
        let pinned = section.strings("pinned", |name, digest| {
            let digest = digest.to_ascii_lowercase();
            let is_digest = digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit());
            is_digest.then(|| (name.to_owned(), digest)).ok_or_else(|| {
                "must be the SHA-256 of the file, in 64 hexadecimal digits, such as `sha256sum` prints"
                    .to_owned()
            })
        });
        let minimum_versions = section.strings("minimum_versions", |name, version| {
            let version = Version::parse(version)
                .map_err(|error| format!("`{version}` is not a version such as `1.4.0`: {error}"))?;
            Ok((name.to_owned(), version))
        });
        let minimum_versions = minimum_versions.into_iter().collect();
        Self {
            minimum_versions,
            keys: keys.into_iter().map(|(_, key)| key).collect(),
            pinned: pinned.into_iter().collect(),
        }
    }

    /// Checks a component and returns the names of all keys that signed it and may sign it, or that its digest is
    /// pinned.
    ///
    /// # Errors
    /// The component is not signed by a permitted key, or its name or version is rejected.
    pub fn check(
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
        let may: Vec<&str> = self.names(signers.iter().copied().filter(|key| key.components.matches(name)));
        if !may.is_empty() {
            let own = Claims::of(bytes);
            let is_for_this_one = |key: &&TrustedKey| key.components.text() == name;
            let mut vouching = signers.iter().filter(|key| key.components.matches(name));
            if !vouching.any(is_for_this_one) {
                own.check_name(name)?;
            }
            self.check_version(name, &own)?;
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
        let (conditions, name, digest) = (self.conditions(name), name.to_owned(), digest.to_owned());
        Err(Unvouched { reason, conditions, name, digest }.into())
    }

    fn check_version(&self, name: &str, own: &Claims) -> Result<(), TrustError> {
        let Some(least) = self.minimum_versions.get(name) else { return Ok(()) };
        let found = match own.version.as_deref().map(|text| (text, Version::parse(text))) {
            Some((_, Ok(version))) if version >= *least => return Ok(()),
            Some((text, _)) => format!("its version is `{}`", shown(text)),
            None => "it does not say its version".to_owned(),
        };
        Err(TrustError::Old { found, name: name.to_owned(), least: least.clone() })
    }

    fn signers(&self, bytes: &[u8], embedded: Option<&[u8]>, beside: Option<&[u8]>) -> Vec<&TrustedKey> {
        let set = PublicKeySet::new(self.keys.iter().map(|key| key.key.clone()).collect());
        let verify = |signature: Option<&[u8]>, detached: Option<&[u8]>| {
            let mut content = bytes;
            match signature.and_then(are_sound) {
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

    /// Describes what would let a component load.
    fn conditions(&self, name: &str) -> String {
        let keys = self.names(self.keys.iter().filter(|key| key.components.matches(name)));
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

/// Parses a public key: from a file in any form that `wasmsign2` reads, or from OpenSSH or PEM text.
fn public_key(text: &str, base: &Path) -> Result<PublicKey, String> {
    let inline = text.starts_with("ssh-") || text.starts_with("-----BEGIN");
    let bytes = if inline {
        text.as_bytes().to_vec()
    } else {
        let path = base.join(text);
        file::read(&path, file::MAX_SMALL)
            .map_err(|error| format!("cannot read `{}`: {error}", path.display()))?
    };
    let key = openssh(&bytes).or_else(|| PublicKey::from_any(&bytes).ok());
    key.ok_or_else(|| "is no public key of Ed25519: a file of `wasmsign2 keygen`, OpenSSH or PEM".to_owned())
}

/// Parses `ssh-ed25519 AAAA… comment`, as in RFC 4253 and RFC 8709.
fn openssh(text: &[u8]) -> Option<PublicKey> {
    let mut words = std::str::from_utf8(text).ok()?.split_ascii_whitespace();
    let encoded = (words.next()? == "ssh-ed25519").then(|| words.next())??;
    let decoded = Base64::decode_to_vec(encoded, None).ok()?;
    let key = decoded.strip_prefix(b"\0\0\0\x0bssh-ed25519\0\0\0\x20")?;
    // `wasmsign2` expects a byte for the kind of key before the key.
    PublicKey::from_bytes(&[&[1], key].concat()).ok()
}

/// The name and version that a component states: part of the signed content.
#[derive(Default)]
struct Claims {
    name: Option<String>,
    version: Option<String>,
}

impl Claims {
    /// Reads the claims of the component itself, not of components in it. A file that cannot be read to its end is
    /// rejected later.
    fn of(bytes: &[u8]) -> Self {
        let (mut claims, mut depth) = (Self::default(), 0_u32);
        for payload in Parser::new(0).parse_all(bytes).map_while(Result::ok) {
            match payload {
                Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
                Payload::End(_) => depth = depth.saturating_sub(1),
                Payload::CustomSection(section) if depth == 0 => match section.as_known() {
                    KnownCustom::ComponentName(names) => {
                        for part in names.into_iter().map_while(Result::ok) {
                            if let ComponentName::Component { name, .. } = part {
                                claims.name.get_or_insert_with(|| name.to_owned());
                            }
                        }
                    }
                    _ if section.name() == "version" => {
                        // The last of several versions counts, as everywhere: the first ones are those of tools.
                        claims.version = Some(String::from_utf8_lossy(section.data()).into_owned());
                    }
                    _ => {}
                },
                _ => {}
            }
        }
        claims
    }

    fn check_name(&self, name: &str) -> Result<(), TrustError> {
        match &self.name {
            Some(own) if own == name => Ok(()),
            Some(own) => Err(TrustError::OtherName { found: shown(own).to_string(), name: name.to_owned() }),
            None => Err(TrustError::NoName(name.to_owned())),
        }
    }
}

/// Returns the signatures in a file: its first section, if that holds signatures.
fn embedded(bytes: &[u8]) -> Option<&[u8]> {
    let first = Parser::new(0).parse_all(bytes).nth(1)?.ok()?;
    match first {
        Payload::CustomSection(section) if section.name() == SECTION => Some(section.data()),
        _ => None,
    }
}

/// The most sets of signatures of a file, and the most signatures in one set. Each costs a check with every trusted key.
const MOST_SIGNATURES: u32 = 8;

/// Checks that signatures are of the whole file, few, and as long as they say. `wasmsign2` allocates memory for a length
/// before it reads the data, and accepts the beginning of a file that was signed in several parts.
fn are_sound(signatures: &[u8]) -> Option<()> {
    fn part<'a>(reader: &mut BinaryReader<'a>) -> Option<BinaryReader<'a>> {
        let length = reader.read_var_u32().ok()?;
        Some(BinaryReader::new(reader.read_bytes(length as usize).ok()?, 0))
    }
    fn count(reader: &mut BinaryReader<'_>, most: u32) -> Option<u32> {
        reader.read_var_u32().ok().filter(|count| *count <= most)
    }
    let mut reader = BinaryReader::new(signatures, 0);
    // The version, the kind of content and the kind of hash.
    reader.read_bytes(3).ok()?;
    for _ in 0..count(&mut reader, MOST_SIGNATURES)? {
        let mut set = part(&mut reader)?;
        // The digest of each part: here, the whole file.
        for _ in 0..count(&mut set, 1)? {
            set.read_bytes(32).ok()?;
        }
        for _ in 0..count(&mut set, MOST_SIGNATURES)? {
            let mut signature = part(&mut set)?;
            let _key_id = part(&mut signature)?;
            let _algorithm = signature.read_u8().ok()?;
            let _signature = part(&mut signature)?;
        }
    }
    Some(())
}

#[cfg(test)]
mod tests;
