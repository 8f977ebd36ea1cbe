//! Rust bindings of the contract, generated from `wit/`.

#![allow(missing_docs, unreachable_pub)]

wasmtime::component::bindgen!({
    path: "../../wit",
    world: "orbital:test/test",
    imports: { default: async | trappable },
    exports: { default: async },
});
