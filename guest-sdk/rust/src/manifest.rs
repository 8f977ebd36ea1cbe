//! The manifest: the grants that a component needs.

/// Adds the file `orbital-manifest.toml` next to `Cargo.toml` to the component: `manifest!();`. Call it once, at the
/// root of the crate. For another file, pass its path: `manifest!("tests/orbital-manifest.toml");`. Not needed with
/// `orbital build`, which adds the manifest itself.
#[macro_export]
macro_rules! manifest {
    () => {
        $crate::manifest!("orbital-manifest.toml");
    };
    ($file:literal) => {
        // Elsewhere there is no component to put it into.
        #[cfg(target_family = "wasm")]
        const _: () = {
            const TEXT: &[u8] =
                ::core::include_bytes!(::core::concat!(::core::env!("CARGO_MANIFEST_DIR"), "/", $file));

            #[used]
            #[unsafe(link_section = "orbital:manifest")]
            static MANIFEST: [u8; TEXT.len()] = {
                let mut bytes = [0; TEXT.len()];
                bytes.copy_from_slice(TEXT);
                bytes
            };
        };
    };
}
