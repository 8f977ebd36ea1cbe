//! Debug information of compilers: a component keeps only the line tables, which the host reads after a crash
//! (`host/guest/src/lines.rs`). The rest would be most of the bytes of many components.

use std::path::Path;

use wasm_encoder::{Component, ComponentSectionId, Encode as _, RawSection, Section as _};
use wasmparser::{BinaryReaderError, Parser, Payload};

/// The prefix of sections with debug information.
const DEBUG: &str = ".debug_";

/// The sections with lines: the tables, and the texts that they refer to.
const LINES: [&str; 2] = [".debug_line", ".debug_line_str"];

/// Returns the component or module without debug information other than lines. In the lines, the project's files are
/// named without the project's folder, which differs on each machine.
///
/// # Errors
/// If the bytes are not a component or module.
pub(super) fn keep(directory: &Path, bytes: &[u8]) -> Result<Vec<u8>, BinaryReaderError> {
    let mut written = Vec::new();
    let mut around = Vec::new();
    for payload in Parser::new(0).parse_all(bytes) {
        let payload = payload?;
        match &payload {
            Payload::Version { range, .. } => written.extend_from_slice(&bytes[range.clone()]),
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => {
                around.push(std::mem::take(&mut written));
            }
            Payload::End(_) => {
                let Some(outer) = around.pop() else { break };
                let inner = std::mem::replace(&mut written, outer);
                let is_component = inner.starts_with(&Component::HEADER);
                let id =
                    if is_component { ComponentSectionId::Component } else { ComponentSectionId::CoreModule };
                written.push(id as u8);
                inner.encode(&mut written);
            }
            Payload::CustomSection(section) if section.name().starts_with(DEBUG) => {
                if LINES.contains(&section.name()) {
                    let mut data = bytes[section.range()].to_vec();
                    forget(directory, &mut data);
                    RawSection { id: 0, data: &data }.append_to(&mut written);
                }
            }
            other => {
                if let Some((id, range)) = other.as_section() {
                    RawSection { id, data: &bytes[range] }.append_to(&mut written);
                }
            }
        }
    }
    Ok(written)
}

/// Removes the folder from a table whose texts must keep their positions: `/a/b/src` becomes `.////src`, which means
/// `src`.
fn forget(directory: &Path, table: &mut [u8]) {
    let folder = directory.as_os_str().as_encoded_bytes();
    for start in 0..table.len() {
        let found = &mut table[start..];
        if found.starts_with(folder) && matches!(found.get(folder.len()), Some(0 | b'/')) {
            found[..folder.len()].fill(b'/');
            found[0] = b'.';
        }
    }
}

#[cfg(test)]
mod tests {
    use wasm_encoder::{ComponentSection as _, CustomSection, Module, ModuleSection};

    use super::*;

    /// Returns a component with a module that has this section between two others.
    fn component(name: &str, data: &[u8]) -> Vec<u8> {
        let mut module = Module::new();
        for (name, data) in [("one", &b"/a/b"[..]), (name, data), ("two", b"2")] {
            module.section(&CustomSection { name: name.into(), data: data.into() });
        }
        let mut component = Component::new();
        component.section(&ModuleSection(&module));
        let mut component = component.finish();
        CustomSection { name: "three".into(), data: b"3"[..].into() }.append_to_component(&mut component);
        component
    }

    fn names(bytes: &[u8]) -> Vec<String> {
        let payloads = Parser::new(0).parse_all(bytes).map(Result::unwrap);
        let name = |payload| match payload {
            Payload::CustomSection(section) => Some(section.name().to_owned()),
            _ => None,
        };
        payloads.filter_map(name).collect()
    }

    #[test]
    fn what_is_not_for_debuggers_stays_as_it_is() {
        let whole = component("name", b"/a/b");
        assert_eq!(keep(Path::new("/a/b"), &whole).unwrap(), whole);
        let kept = keep(Path::new("/a/b"), &component(".debug_info", b"/a/b")).unwrap();
        assert_eq!(names(&kept), ["one", "two", "three"]);
    }

    #[test]
    fn lines_are_kept_without_the_folder_of_the_project() {
        let kept = keep(Path::new("/a/b"), &component(".debug_line", b"/a/b\0/a/b/src\0/a/bc\0")).unwrap();
        assert_eq!(kept, component(".debug_line", b".///\0.////src\0/a/bc\0"));
    }

    #[test]
    fn what_is_no_component_is_refused() {
        assert!(keep(Path::new("/a/b"), b"\0asm").is_err());
    }
}
