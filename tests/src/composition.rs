//! A component that is composed of three, as `wac plug` composes them: each has a memory of its own.

use wasm_encoder::{
    Alias, Component, ComponentAliasSection, ComponentExportKind, ComponentExportSection,
    ComponentInstanceSection, ComponentSectionId, RawSection,
};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

use crate::attack::{SUITE, component_in};
use crate::binary::root;

const INTERFACES: &str = "
    package demo:numbers;
    interface triple { triple: func(number: u32) -> u32; }
    interface double { double: func(number: u32) -> u32; }
    world triples { export triple; }
    world doubles { import triple; export double; }
    world suite { include orbital:test/test@0.1.0; import double; }
";

/// Passes if the other two components answer what they should: twice three times 7.
const RUN: &str = "
    (import \"demo:numbers/double\" \"double\" (func $double (param i32) (result i32)))
    (func (export \"orbital:test/suite@0.1.0#run\") (param i32 i32) (result i32)
        (if (i32.ne (call $double (i32.const 7)) (i32.const 42)) (then (unreachable)))
        (i32.const 112))";

const DOUBLE: &str = "(module
    (import \"demo:numbers/triple\" \"triple\" (func $triple (param i32) (result i32)))
    (memory (export \"memory\") 1)
    (func (export \"demo:numbers/double#double\") (param i32) (result i32)
        (i32.mul (call $triple (local.get 0)) (i32.const 2))))";

const TRIPLE: &str = "(module
    (memory (export \"memory\") 1)
    (func (export \"demo:numbers/triple#triple\") (param i32) (result i32)
        (i32.mul (local.get 0) (i32.const 3))))";

/// A suite with the case `attack`, which calls a second component, which calls a third one.
pub fn composition() -> Vec<u8> {
    let mut resolve = Resolve::default();
    resolve.push_dir(root().join("wit")).unwrap();
    let package = resolve.push_str("numbers.wit", INTERFACES).unwrap();
    let world = |name: &str| resolve.select_world(&[package], Some(name)).unwrap();
    let encode = |text: &str, name: &str| {
        let mut module = wat::parse_str(text).unwrap();
        embed_component_metadata(&mut module, &resolve, world(name), StringEncoding::UTF8).unwrap();
        ComponentEncoder::default().module(&module).unwrap().encode().unwrap()
    };
    let parts = [
        encode(TRIPLE, "triples"),
        encode(DOUBLE, "doubles"),
        component_in(&resolve, world("suite"), "composition", RUN),
    ];

    let mut component = Component::new();
    for part in &parts {
        component.section(&RawSection { id: ComponentSectionId::Component.into(), data: part });
    }
    // Each part's instance, and then the interface of it that the next part imports.
    let kind = ComponentExportKind::Instance;
    let interfaces = ["demo:numbers/triple", "demo:numbers/double", SUITE];
    for (index, interface) in (0_u32..).zip(interfaces) {
        let mut instances = ComponentInstanceSection::new();
        let before = index.checked_sub(1).map(|before| (interfaces[before as usize], kind, 2 * index - 1));
        instances.instantiate(index, before);
        let mut aliases = ComponentAliasSection::new();
        aliases.alias(Alias::InstanceExport { instance: 2 * index, kind, name: interface });
        component.section(&instances).section(&aliases);
    }
    let mut exports = ComponentExportSection::new();
    exports.export(SUITE, kind, 5, None);
    component.section(&exports);
    component.finish()
}
