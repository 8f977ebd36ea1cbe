//! What a component asks for.

/// Puts `orbital-manifest.toml`, which stands beside `Cargo.toml`, into the component: `manifest!();`, once per crate, at
/// its root. Another file is named from there: `manifest!("tests/orbital-manifest.toml");`. `orbital build` does the same
/// by itself.
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
