//! What a file must be before anything of it is compiled: a component, for this version of the contract.

use wasmparser::{BinaryReaderError, Encoding, KnownCustom, Parser, Payload};

use super::dimensions::{Dimensions, Stopped, TooLarge};

/// The contract's version. The only one yet.
pub const VERSION: &str = "0.1.0";

const PACKAGE: &str = "orbital:test/";

/// Why a file is not a test that this host can run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ContractError {
    /// It has no bytes.
    #[error("the file is empty; copy the `.wasm` file that the build made")]
    Empty,
    /// It is something else.
    #[error("not WebAssembly (it starts with `{0}`); copy the `.wasm` file that the build made")]
    NotWasm(String),
    /// It is a core module.
    #[error(
        "a core WebAssembly module, not a component; build it for a target that makes components, such as \
         `wasm32-wasip2`, or wrap it with `wasm-tools component new`"
    )]
    CoreModule,
    /// It is not whole, or damaged.
    #[error("broken at byte {offset} of {size} ({reason}); it may not have been copied whole: copy it again")]
    Broken {
        /// Where.
        offset: u64,
        /// Its length.
        size: usize,
        /// What the parser said.
        reason: String,
    },
    /// It is more than is compiled.
    #[error(transparent)]
    TooLarge(#[from] TooLarge),
    /// It was built for another version.
    #[error(
        "built for orbital:test@{found}, and this host runs orbital:test@{VERSION}; build it with an SDK for \
         {VERSION}, or run a host for {found}"
    )]
    Version {
        /// Its version.
        found: String,
    },
    /// It is a component for something else.
    #[error(
        "a component, but not a test: it does not export `orbital:test/suite@{VERSION}` (it exports {}); built with an SDK \
         it does", list(.exports)
    )]
    NotATest {
        /// What it exports.
        exports: Vec<String>,
    },
}

fn list(names: &[String]) -> String {
    match names {
        [] => "nothing".to_owned(),
        names => format!("`{}`", names.join("`, `")),
    }
}

/// What a component says of itself, in its standard custom sections.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Metadata {
    /// The component's version; empty if it does not say.
    pub version: String,
    /// The languages it was written in; empty if it does not say.
    pub language: String,
    /// The SDK it was written with, as its version; empty if it does not say.
    pub sdk: String,
    /// The names of its imports, in order.
    pub imports: Vec<String>,
}

/// Reads a file's outline. Nothing is compiled.
pub(crate) fn inspect(bytes: &[u8]) -> Result<Metadata, ContractError> {
    if bytes.is_empty() {
        return Err(ContractError::Empty);
    }
    let magic = &bytes[..bytes.len().min(4)];
    if magic != b"\0asm" {
        return Err(ContractError::NotWasm(magic.escape_ascii().to_string()));
    }
    let outline = Outline::read(bytes)?;
    let version =
        |name: &String| name.strip_prefix(PACKAGE)?.split_once('@').map(|(_, version)| version.to_owned());
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
    Ok(outline.metadata)
}

/// Counts what is in a file, each function included, which takes longer than its outline: for what is to be compiled.
pub(crate) fn check_dimensions(bytes: &[u8]) -> Result<(), ContractError> {
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
struct Outline {
    exports: Vec<String>,
    metadata: Metadata,
}

impl Outline {
    fn read(bytes: &[u8]) -> Result<Self, ContractError> {
        let broken = |error| broken(bytes, &error);
        let mut outline = Self::default();
        // What the component says of itself, and what the modules in it say: an engine or an adapter is in another
        // language than the test.
        let (mut own, mut nested) = (Vec::new(), Vec::new());
        // Modules and components nest; imports and exports count at the top only.
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
                    // Descriptive only: a section that cannot be read is as good as none.
                    KnownCustom::Producers(fields) => {
                        let languages = if depth == 0 { &mut own } else { &mut nested };
                        for field in fields.into_iter().flatten() {
                            for value in field.values.into_iter().flatten() {
                                match field.name {
                                    "language" => languages.push(value.name.to_owned()),
                                    "sdk" if value.name == "orbital-sdk" => {
                                        value.version.clone_into(&mut outline.metadata.sdk);
                                    }
                                    _ => {}
                                }
                            }
                        }
                    }
                    _ if section.name() == "version" && depth == 0 => {
                        outline.metadata.version = String::from_utf8_lossy(section.data()).into_owned();
                    }
                    _ => {}
                },
                _ => {}
            }
        }
        let mut languages = if own.is_empty() { nested } else { own };
        languages.sort();
        languages.dedup();
        // The C library that other languages' toolchains link in names its own.
        if languages.iter().any(|language| !is_c(language)) {
            languages.retain(|language| !is_c(language));
        }
        // What TypeScript is compiled to is named by the tool that embeds it.
        if languages.iter().any(|language| language == "TypeScript") {
            languages.retain(|language| language != "JavaScript");
        }
        outline.metadata.language = languages.join(", ");
        Ok(outline)
    }
}

/// Whether a producer's language is a version of C, such as `C11`.
fn is_c(language: &str) -> bool {
    language
        .strip_prefix('C')
        .is_some_and(|version| !version.is_empty() && version.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_a_component_is_told_apart() {
        assert_eq!(inspect(b""), Err(ContractError::Empty));
        assert_eq!(inspect(b"#!/bin/sh"), Err(ContractError::NotWasm("#!/b".to_owned())));
        assert_eq!(inspect(b"\0asm\x01\0\0\0"), Err(ContractError::CoreModule));
        assert!(matches!(inspect(b"\0asm\x0d\0\x01"), Err(ContractError::Broken { .. })));
        assert_eq!(inspect(b"\0asm\x0d\0\x01\0"), Err(ContractError::NotATest { exports: Vec::new() }));
    }
}
