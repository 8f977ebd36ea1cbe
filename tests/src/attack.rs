//! Components that no toolchain would make.

use std::path::PathBuf;

use wasm_encoder::{
    Alias, Component, ComponentAliasSection, ComponentExportKind, ComponentExportSection,
    ComponentImportSection, ComponentInstanceSection, ComponentSectionId, ComponentTypeRef,
    ComponentTypeSection, InstanceSection, InstanceType, RawSection,
};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::{Resolve, WorldId};

use crate::binary::root;

/// The interface that a component must export.
pub(crate) const SUITE: &str = "orbital:test/suite@0.1.0";

/// The part of WASI that an attack may import.
const RANDOM: &str = "
    package wasi:random@0.2.0;
    interface random { get-random-u64: func() -> u64; }
";

/// The imports and exports of an attack. Only the imports that it uses are part of the component.
const WORLD: &str = "
    package orbital:attack;
    world attack { include orbital:test/test@0.1.0; import wasi:random/random@0.2.0; }
";

/// Parts of a module: text that shows that an attack has its own part, and the part that is added otherwise.
const HONEST: [(&str, &str); 4] = [
    ("(export \"memory\")", include_str!("../hostile/honest/memory.wat")),
    ("(export \"cabi_realloc\")", include_str!("../hostile/honest/realloc.wat")),
    ("(export \"orbital:test/suite@0.1.0#cases\")", include_str!("../hostile/honest/cases.wat")),
    ("(export \"orbital:test/suite@0.1.0#run\")", include_str!("../hostile/honest/run.wat")),
];

/// The component of an attack in text, `tests/hostile/NAME.wat`. It has the fields of a core module that are hostile; the
/// others are added.
pub fn attack(name: &str) -> Vec<u8> {
    let file = hostile().join(format!("{name}.wat"));
    let fields = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("`{name}`: {error}"));
    component_of(name, &fields)
}

/// A component with these fields of a core module, in text; the others are added.
pub fn crafted(fields: &str) -> Vec<u8> {
    component_of(fields, fields)
}

/// A component with these fields, and with this many instances of a core module beside it, which is here in text.
pub fn crowded(fields: &str, module: &str, instances: usize) -> Vec<u8> {
    let mut component = Component::new();
    let module = text(module, module);
    component.section(&RawSection { id: ComponentSectionId::CoreModule.into(), data: &module });
    let mut section = InstanceSection::new();
    for _ in 0..instances {
        section.instantiate(0, std::iter::empty::<(&str, wasm_encoder::ModuleArg)>());
    }
    component.section(&section);
    around(component, &crafted(fields), 0)
}

/// A component that passes, and imports an interface of this name, with a function.
pub fn importing(interface: &str) -> Vec<u8> {
    let mut component = Component::new();
    let mut instance = InstanceType::new();
    instance.ty().function().params::<_, wasm_encoder::ComponentValType>([]).result(None);
    instance.export("start", ComponentTypeRef::Func(0));
    let mut types = ComponentTypeSection::new();
    types.instance(&instance);
    let mut imports = ComponentImportSection::new();
    imports.import(interface, ComponentTypeRef::Instance(0));
    component.section(&types).section(&imports);
    around(component, &crafted(""), 1)
}

/// Puts another component into this one, and exports its suite. So many instances are there already.
fn around(mut component: Component, inner: &[u8], instances: u32) -> Vec<u8> {
    component.section(&RawSection { id: ComponentSectionId::Component.into(), data: inner });
    let mut section = ComponentInstanceSection::new();
    section.instantiate(0, std::iter::empty::<(&str, ComponentExportKind, u32)>());
    let mut aliases = ComponentAliasSection::new();
    let kind = ComponentExportKind::Instance;
    aliases.alias(Alias::InstanceExport { instance: instances, kind, name: SUITE });
    let mut exports = ComponentExportSection::new();
    exports.export(SUITE, kind, instances + 1, None);
    component.section(&section).section(&aliases).section(&exports);
    component.finish()
}

fn component_of(name: &str, fields: &str) -> Vec<u8> {
    let mut resolve = Resolve::default();
    resolve.push_dir(root().join("wit")).unwrap();
    resolve.push_str("random.wit", RANDOM).unwrap();
    let package = resolve.push_str("attack.wit", WORLD).unwrap();
    let world = resolve.select_world(&[package], Some("attack")).unwrap();
    component_in(&resolve, world, name, fields)
}

/// A component of this world, with these fields of a core module; those that a test must have are added.
pub(crate) fn component_in(resolve: &Resolve, world: WorldId, name: &str, fields: &str) -> Vec<u8> {
    let missing = HONEST.iter().filter(|(mark, _)| !fields.contains(mark)).map(|(_, part)| *part);
    let mut module = text(name, &format!("(module\n{fields}\n{})", missing.collect::<String>()));
    embed_component_metadata(&mut module, resolve, world, StringEncoding::UTF8).unwrap();
    let encoder = ComponentEncoder::default().module(&module);
    let component = encoder.and_then(|mut encoder| encoder.encode());
    component.unwrap_or_else(|error| panic!("`{name}`: {error:#}"))
}

fn text(name: &str, text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap_or_else(|error| panic!("`{name}`: {error}"))
}

/// Where the attacks are.
pub(crate) fn hostile() -> PathBuf {
    root().join("tests/hostile")
}
