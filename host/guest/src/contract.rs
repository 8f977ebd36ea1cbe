//! Checks that a file is a component for this version of the contract, before anything of it is compiled.

use std::sync::Arc;

use orbital_config::Mistake;
use orbital_model::text::shown;
use orbital_policy::grants::Manifest;
use wasmparser::{BinaryReaderError, Encoding, KnownCustom, Parser, Payload};

use crate::dimensions::{Dimensions, Stopped, TooLarge};

/// The version of the contract. There is only one so far.
pub const VERSION: &str = "0.1.0";

const PACKAGE: &str = "orbital:test/";

/// Why a file is not a test that this host can run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ContractError {
    /// The file is empty.
    #[error("the file is empty; copy the `.wasm` file that the build made")]
    Empty,
    /// The file is not WebAssembly.
    #[error(
        "not WebAssembly: it does not start with the bytes `\\0asm`; copy the `.wasm` file that the build made"
    )]
    NotWasm,
    /// The file is a core module.
    #[error(
        "a core WebAssembly module, not a component; build it for a target that makes components, such as \
         `wasm32-wasip2`, or wrap it with `wasm-tools component new`"
    )]
    CoreModule,
    /// The file is incomplete or damaged.
    #[error("broken at byte {offset} of {size} ({reason}); it may not have been copied whole: copy it again")]
    Broken {
        /// The position of the error, in bytes.
        offset: u64,
        /// The size of the file, in bytes.
        size: usize,
        /// The parser's message.
        reason: String,
    },
    /// The component is larger than what this host compiles.
    #[error(transparent)]
    TooLarge(#[from] TooLarge),
    /// The component was built for another version of the contract.
    #[error(
        "built for orbital:test@{found}, and this host runs orbital:test@{VERSION}; build it with an SDK for \
         {VERSION}, or run a host for {found}"
    )]
    Version {
        /// The version that the component was built for.
        found: String,
    },
    /// The component is not a test.
    #[error(
        "a component, but not a test: it does not export `orbital:test/suite@{VERSION}` (it exports {}); built with an SDK \
         it does", list(.exports)
    )]
    NotATest {
        /// The names of the component's exports.
        exports: Vec<String>,
    },
    /// The component's manifest cannot be read.
    #[error("its manifest, the custom section `{}`, is wrong:{}", Manifest::SECTION, lines(.0))]
    Manifest(Vec<Mistake>),
    /// The component has several manifests that differ.
    #[error(
        "it has several manifests, custom sections `{}`, that differ; build it with one",
        Manifest::SECTION
    )]
    ManyManifests,
}

fn lines(mistakes: &[Mistake]) -> String {
    mistakes.iter().map(|mistake| format!("\n  {mistake}")).collect()
}

fn list(names: &[String]) -> String {
    const MOST: usize = 20;
    if names.is_empty() {
        return "nothing".to_owned();
    }
    let told: Vec<String> = names.iter().take(MOST).map(|name| format!("`{}`", shown(name))).collect();
    let more = if names.len() > MOST { format!(" and {} more", names.len() - MOST) } else { String::new() };
    told.join(", ") + &more
}

/// A component's description of itself: its standard custom sections, its imports and its manifest.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Metadata {
    /// The component's version; empty if the component does not declare it.
    pub version: String,
    /// The languages that the component was written in; empty if it does not declare them.
    pub language: String,
    /// The version of the SDK that the component was written with; empty if it does not declare one.
    pub sdk: String,
    /// The names of the component's imports, in order.
    pub imports: Vec<String>,
    /// The component's manifest, which lists what it asks for; `None` if it has none.
    pub manifest: Option<Arc<Manifest>>,
}

/// Checks that a file is WebAssembly at all. The error quotes nothing of it.
pub fn check_magic(bytes: &[u8]) -> Result<(), ContractError> {
    match bytes {
        [] => Err(ContractError::Empty),
        bytes if bytes.starts_with(b"\0asm") => Ok(()),
        _ => Err(ContractError::NotWasm),
    }
}

/// Reads a file's outline, without compiling anything.
pub fn inspect(bytes: &[u8]) -> Result<Metadata, ContractError> {
    check_magic(bytes)?;
    let outline = Outline::read(bytes)?;
    let version = |name: &String| {
        name.strip_prefix(PACKAGE)?.split_once('@').map(|(_, version)| shown(version).to_string())
    };
    if let Some(found) = outline
        .exports
        .iter()
        .chain(&outline.metadata.imports)
        .filter_map(version)
        .find(|found| found != VERSION)
    {
        return Err(ContractError::Version { found });
    }
    if !outline.exports.iter().any(|name| *name == format!("{PACKAGE}suite@{VERSION}")) {
        return Err(ContractError::NotATest { exports: outline.exports });
    }
    let Outline { mut metadata, manifest, .. } = outline;
    metadata.manifest =
        manifest.map(Manifest::parse).transpose().map_err(ContractError::Manifest)?.map(Arc::new);
    Ok(metadata)
}

/// Counts the contents of a file, including those of each function, and checks them against the limits of components
/// that are compiled. This takes longer than reading the outline, so it is only for files that are to be compiled.
pub fn check_dimensions(bytes: &[u8]) -> Result<(), ContractError> {
    let mut dimensions = Dimensions::default();
    for payload in Parser::new(0).parse_all(bytes) {
        let payload = payload.map_err(|error| broken(bytes, &error))?;
        dimensions.count(&payload).map_err(|stopped| match stopped {
            Stopped::TooLarge(error) => ContractError::TooLarge(error),
            Stopped::Broken(error) => broken(bytes, &error),
        })?;
    }
    Ok(())
}

fn broken(bytes: &[u8], error: &BinaryReaderError) -> ContractError {
    ContractError::Broken {
        offset: error.offset() as u64,
        size: bytes.len(),
        reason: error.message().to_owned(),
    }
}

#[derive(Default)]
struct Outline<'a> {
    exports: Vec<String>,
    metadata: Metadata,
    manifest: Option<&'a [u8]>,
}

impl<'a> Outline<'a> {
    fn read(bytes: &'a [u8]) -> Result<Self, ContractError> {
        let broken = |error| broken(bytes, &error);
        let mut outline = Self::default();
        // The languages that the component itself declares, and those that its modules declare: an engine or an
        // adapter is written in another language than the test.
        let (mut own, mut nested) = (Vec::new(), Vec::new());
        // A compiler can put a manifest only into a module. A manifest of the component itself takes precedence.
        let (mut own_manifests, mut nested_manifests) = (Vec::new(), Vec::new());
        // Modules and components can be nested. Only the imports and exports of the top level count.
        let mut depth = 0_u32;
        for payload in Parser::new(0).parse_all(bytes) {
            match payload.map_err(broken)? {
                Payload::Version { encoding: Encoding::Module, .. } if depth == 0 => {
                    return Err(ContractError::CoreModule);
                }
                Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
                Payload::End(_) => depth = depth.saturating_sub(1),
                Payload::ComponentImportSection(section) if depth == 0 => {
                    for import in section {
                        outline.metadata.imports.push(import.map_err(broken)?.name.name.to_owned());
                    }
                }
                Payload::ComponentExportSection(section) if depth == 0 => {
                    for export in section {
                        outline.exports.push(export.map_err(broken)?.name.name.to_owned());
                    }
                }
                Payload::CustomSection(section) => match section.as_known() {
                    // These sections are only descriptive, so one that cannot be read is ignored.
                    KnownCustom::Producers(fields) => {
                        let languages = if depth == 0 { &mut own } else { &mut nested };
                        for field in fields.into_iter().flatten() {
                            for value in field.values.into_iter().flatten() {
                                match field.name {
                                    "language" => languages.push(shown(value.name).to_string()),
                                    "sdk" if value.name == "orbital-sdk" => {
                                        outline.metadata.sdk = shown(value.version).to_string();
                                    }
                                    _ => {}
                                }
                            }
                        }
                    }
                    _ if section.name() == Manifest::SECTION => {
                        let manifests = if depth == 0 { &mut own_manifests } else { &mut nested_manifests };
                        manifests.push(section.data());
                    }
                    _ if section.name() == "version" && depth == 0 => {
                        outline.metadata.version =
                            shown(&String::from_utf8_lossy(section.data())).to_string();
                    }
                    _ => {}
                },
                _ => {}
            }
        }
        let mut languages = if own.is_empty() { nested } else { own };
        languages.sort();
        languages.dedup();
        // The toolchains of other languages link a C library, which declares its own language.
        if languages.iter().any(|language| !is_c(language)) {
            languages.retain(|language| !is_c(language));
        }
        // The tool that embeds compiled TypeScript declares JavaScript.
        if languages.iter().any(|language| language == "TypeScript") {
            languages.retain(|language| language != "JavaScript");
        }
        outline.metadata.language = languages.join(", ");
        let mut manifests = if own_manifests.is_empty() { nested_manifests } else { own_manifests };
        manifests.dedup();
        outline.manifest = match manifests[..] {
            [] => None,
            [manifest] => Some(manifest),
            _ => return Err(ContractError::ManyManifests),
        };
        Ok(outline)
    }
}

/// Returns whether a producer's language is a version of C, such as `C11`.
fn is_c(language: &str) -> bool {
    language
        .strip_prefix('C')
        .is_some_and(|version| !version.is_empty() && version.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use wasm_encoder::{Component, CustomSection, Module, ModuleSection};

    use super::*;

    fn manifest(text: &str) -> CustomSection<'_> {
        CustomSection { name: Manifest::SECTION.into(), data: text.as_bytes().into() }
    }

    /// Returns a component with modules that have the manifests `nested`, and with the manifests `own`.
    fn component(nested: &[&str], own: &[&str]) -> Vec<u8> {
        let mut component = Component::new();
        for text in nested {
            let mut module = Module::new();
            module.section(&manifest(text));
            component.section(&ModuleSection(&module));
        }
        for text in own {
            component.section(&manifest(text));
        }
        component.finish()
    }

    #[test]
    fn a_manifest_of_the_component_itself_comes_first() {
        let read = |nested: &[&str], own: &[&str]| {
            let bytes = component(nested, own);
            Outline::read(&bytes).map(|outline| outline.manifest.map(|text| text.escape_ascii().to_string()))
        };
        assert_eq!(read(&[], &[]), Ok(None));
        assert_eq!(read(&["a"], &[]), Ok(Some("a".to_owned())));
        assert_eq!(read(&["a"], &["b"]), Ok(Some("b".to_owned())));
        assert_eq!(read(&["a", "a"], &[]), Ok(Some("a".to_owned())));
        assert_eq!(read(&["a", "b"], &[]), Err(ContractError::ManyManifests));
        assert_eq!(read(&[], &["a", "b"]), Err(ContractError::ManyManifests));
    }

    #[test]
    fn what_is_not_a_component_is_told_apart() {
        assert_eq!(inspect(b""), Err(ContractError::Empty));
        assert_eq!(inspect(b"#!/bin/sh"), Err(ContractError::NotWasm));
        assert_eq!(inspect(b"\0asm\x01\0\0\0"), Err(ContractError::CoreModule));
        assert!(matches!(inspect(b"\0asm\x0d\0\x01"), Err(ContractError::Broken { .. })));
        assert_eq!(inspect(b"\0asm\x0d\0\x01\0"), Err(ContractError::NotATest { exports: Vec::new() }));
    }
}
