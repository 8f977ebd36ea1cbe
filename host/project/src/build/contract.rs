//! The contract, for toolchains that produce core modules: the encoder that wraps them must know their imports and
//! exports.

use wasi_preview1_component_adapter_provider::{
    WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME, WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER,
};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

use crate::build::BuildError;

/// All files of the package; the first one names it.
const CONTRACT: [&str; 10] = [
    include_str!("../../../../wit/test.wit"),
    include_str!("../../../../wit/clock.wit"),
    include_str!("../../../../wit/config.wit"),
    include_str!("../../../../wit/context.wit"),
    include_str!("../../../../wit/deliveries.wit"),
    include_str!("../../../../wit/events.wit"),
    include_str!("../../../../wit/log.wit"),
    include_str!("../../../../wit/metrics.wit"),
    include_str!("../../../../wit/suite.wit"),
    include_str!("../../../../wit/verdict.wit"),
];

/// Makes a component from a core module for WASI 0.1.
pub(super) fn wrap(mut module: Vec<u8>) -> Result<Vec<u8>, BuildError> {
    let mut wrap = || -> Result<Vec<u8>, String> {
        let said = |error: &dyn std::fmt::Display| format!("{error:#}");
        let mut resolve = Resolve::default();
        let package = resolve.push_source("test.wit", &CONTRACT.concat()).map_err(|error| said(&error))?;
        let world = resolve.select_world(&[package], Some("test")).map_err(|error| said(&error))?;
        embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8)
            .map_err(|error| said(&error))?;
        let encoder =
            ComponentEncoder::default().validate(true).module(&module).map_err(|error| said(&error))?;
        let mut encoder = encoder
            .adapter(WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME, WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER)
            .map_err(|error| said(&error))?;
        encoder.encode().map_err(|error| said(&error))
    };
    wrap().map_err(|reason| {
        if reason.contains("failed to find export of interface `orbital:test/suite") {
            let remedy = "use the SDK, and register a case with it";
            return BuildError::Output(format!("the program is no test: {remedy}"));
        }
        BuildError::Output(format!("cannot make a component of what the compiler made: {reason}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_contract_is_whole() {
        let mut resolve = Resolve::default();
        let package = resolve.push_source("test.wit", &CONTRACT.concat()).unwrap();
        let world = resolve.select_world(&[package], Some("test")).unwrap();
        let files = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../../wit")).unwrap().count();
        assert_eq!(files, CONTRACT.len());
        // All interfaces except `suite` are imports.
        assert!(resolve.worlds[world].imports.len() >= files - 2);
    }

    #[test]
    fn what_is_no_test_is_told() {
        let empty = b"\0asm\x01\0\0\0".to_vec();
        let error = wrap(empty).unwrap_err().to_string();
        assert!(error.contains("is no test"), "{error}");
    }
}
