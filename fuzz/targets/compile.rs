//! Valid components, such as no toolchain would make: they are outlined, counted, compiled by both compilers, and linked.
#![no_main]

use std::sync::LazyLock;

use arbitrary::{Arbitrary, Unstructured};
use libfuzzer_sys::fuzz_target;
use orbital_guest::{Code, ContractError, GuestEngine, compile};
use orbital_host::fuzzing::{check_dimensions, inspect, link};
use wasm_smith::{Component, Config, Module};

static ENGINE: LazyLock<GuestEngine> = LazyLock::new(|| GuestEngine::new(1).expect("the engine starts"));

fuzz_target!(|data: &[u8]| {
    let Ok(component) = component(&mut Unstructured::new(data)) else { return };
    match inspect(&component) {
        Ok(_) | Err(ContractError::NotATest { .. } | ContractError::Version { .. }) => {}
        Err(error) => panic!("a valid component is refused: {error}"),
    }
    match check_dimensions(&component) {
        Ok(()) => {}
        Err(ContractError::TooLarge(_)) => return,
        Err(error) => panic!("a valid component cannot be counted: {error}"),
    }
    for code in [Code::Optimised, Code::Quick] {
        if let Ok(machine_code) = compile(&component, code) {
            let refused = link(&ENGINE, &machine_code, code).expect_err("it is no test");
            // The pool has room for what toolchains make, and no more.
            let is_known = refused.contains("cannot be linked") || refused.contains("too large to be run");
            assert!(is_known, "{refused}");
        }
    }
});

/// A component, or a module as the only thing in one.
fn component(data: &mut Unstructured<'_>) -> arbitrary::Result<Vec<u8>> {
    let config = Config { max_instructions: 100, max_memories: 2, ..Config::arbitrary(data)? };
    if data.ratio(1, 3)? {
        return Ok(Component::new(config, data)?.to_bytes());
    }
    let module = Module::new(config, data)?.to_bytes();
    let mut component = b"\0asm\x0d\0\x01\0\x01".to_vec();
    let mut length = module.len();
    while length > 0x7f {
        component.push((length & 0x7f) as u8 | 0x80);
        length >>= 7;
    }
    component.push(length as u8);
    component.extend(module);
    Ok(component)
}
