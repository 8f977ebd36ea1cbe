//! Line tables for Go. For WebAssembly, Go writes no line tables that other tools read. The table for the traces of its
//! own panics is in the module's data: `pclntab`, described in Go's `runtime/symtab.go` and `debug/gosym`. This module
//! converts it to a DWARF line table.
//!
//! A function of Go consists of parts, between the points at which it can be resumed: mostly after calls. For each
//! part, this module knows one line: that of its end. So a function that called another one has the line of the call.

use std::collections::HashMap;
use std::ops::Range;

use gimli::write::{
    Address, DebugLine, EndianVec, FileId, LineProgram, LineString, LineStringTable, StringTable,
};
use gimli::{Encoding, Format, LineEncoding, LittleEndian};
use wasmparser::{
    BinaryReaderError, ConstExpr, DataKind, FunctionBody, KnownCustom, Name, Operator, Parser, Payload,
    TypeRef,
};

/// The beginning of the table since Go 1.20: its magic number, padding, instructions of one byte, pointers of eight.
const BEGINNING: [u8; 8] = [0xf1, 0xff, 0xff, 0xff, 0, 0, 1, 8];

/// The fields of the table's header are pointers, relative to its beginning.
const FUNCTIONS: usize = 1;
const NAMES: usize = 4;
const UNITS: usize = 5;
const FILES: usize = 6;
const VALUES: usize = 7;
const TABLE: usize = 8;

/// The maximum size of the memory that is searched.
const MOST_MEMORY: usize = 64 << 20;

/// The number of bytes of an address in WebAssembly.
const ADDRESS_BYTES: u8 = 4;

/// Returns the module with its line table, in which files of this package are named without its path. The module is
/// returned unchanged if there is no known table, for example from a Go version with another format.
pub(super) fn describe(mut module: Vec<u8>, package: &str) -> Vec<u8> {
    if let Ok(Some(table)) = Code::read(&module).map(|code| code.lines(package)) {
        let section = wasm_encoder::CustomSection { name: ".debug_line".into(), data: table.into() };
        wasm_encoder::Section::append_to(&section, &mut module);
    }
    module
}

/// The relevant contents of a module.
#[derive(Default)]
struct Code {
    memory: Vec<u8>,
    /// The names of functions by number, including imports.
    names: HashMap<u32, String>,
    imported: u32,
    /// The parts of each function.
    functions: Vec<Vec<Part>>,
}

/// A part of a function.
struct Part {
    /// The addresses as line tables count them: from the beginning of the code.
    addresses: Range<u64>,
    /// The place as Go counts it: the last place in the part; missing for the last part.
    place: Option<u64>,
}

impl Code {
    fn read(module: &[u8]) -> Result<Self, BinaryReaderError> {
        let mut code = Self::default();
        let mut begin = 0;
        for payload in Parser::new(0).parse_all(module) {
            match payload? {
                Payload::ImportSection(imports) => {
                    for import in imports.into_imports() {
                        code.imported += u32::from(matches!(import?.ty, TypeRef::Func(_)));
                    }
                }
                Payload::CodeSectionStart { range, .. } => begin = range.start,
                Payload::CodeSectionEntry(body) => code.functions.push(parts(&body, begin)?),
                Payload::DataSection(segments) => {
                    for segment in segments {
                        let segment = segment?;
                        if let DataKind::Active { offset_expr, .. } = segment.kind {
                            code.put(constant(&offset_expr)?, segment.data);
                        }
                    }
                }
                Payload::CustomSection(section) => {
                    if let KnownCustom::Name(names) = section.as_known() {
                        code.name(names)?;
                    }
                }
                _ => {}
            }
        }
        Ok(code)
    }

    fn put(&mut self, at: Option<usize>, data: &[u8]) {
        let Some(end) = at.and_then(|at| at.checked_add(data.len())).filter(|end| *end <= MOST_MEMORY) else {
            return;
        };
        if self.memory.len() < end {
            self.memory.resize(end, 0);
        }
        self.memory[end - data.len()..end].copy_from_slice(data);
    }

    fn name(&mut self, names: wasmparser::NameSectionReader<'_>) -> Result<(), BinaryReaderError> {
        for name in names {
            if let Name::Function(functions) = name? {
                for function in functions {
                    let function = function?;
                    self.names.insert(function.index, function.name.to_owned());
                }
            }
        }
        Ok(())
    }

    /// Returns the table in DWARF format.
    fn lines(&self, package: &str) -> Option<Vec<u8>> {
        let table = Table::find(&self.memory)?;
        let encoding = Encoding { format: Format::Dwarf32, version: 4, address_size: ADDRESS_BYTES };
        let text = |text: &str| LineString::String(text.into());
        let mut program =
            LineProgram::new(encoding, LineEncoding::default(), text("."), None, text("go"), None);
        let folder = program.default_directory();
        let mut files: HashMap<String, FileId> = HashMap::new();
        for number in 0..table.functions()? {
            let Some(function) = table.function(number) else { continue };
            let Some(parts) = self.functions.get(function.number) else { continue };
            let index = self.imported + u32::try_from(function.number).ok()?;
            // Functions that Go numbers differently are left out.
            if self.names.get(&index).is_none_or(|name| *name != as_symbol(&function.name)) {
                continue;
            }
            let Some(first) = parts.first() else { continue };
            let (begin, end) = (first.addresses.start, parts.last()?.addresses.end);
            program.begin_sequence(Some(Address::Constant(begin)));
            for part in parts {
                let Some((file, line)) = table.line(&function, part.place) else { continue };
                let own = file.strip_prefix(package).and_then(|rest| rest.strip_prefix('/'));
                let file = own.filter(|own| !own.is_empty()).unwrap_or(&file).to_owned();
                let file =
                    *files.entry(file).or_insert_with_key(|file| program.add_file(text(file), folder, None));
                let row = program.row();
                row.address_offset = part.addresses.start - begin;
                row.file = file;
                row.line = line;
                program.generate_row();
            }
            program.end_sequence(end - begin);
        }
        let mut section = DebugLine(EndianVec::new(LittleEndian));
        let (mut lines, mut strings) = (LineStringTable::default(), StringTable::default());
        program.write(&mut section, encoding, &mut lines, &mut strings).ok()?;
        Some(section.0.into_vec())
    }
}

/// Returns the constant value of an expression, if it is constant.
fn constant(expression: &ConstExpr<'_>) -> Result<Option<usize>, BinaryReaderError> {
    Ok(match expression.get_operators_reader().read()? {
        Operator::I32Const { value } => Some(value as u32 as usize),
        _ => None,
    })
}

/// Returns the parts of a function. Go begins a function that can be resumed with a block for each point, and a table
/// that maps places to the ends of these blocks: the code after the end of a block is one part.
fn parts(body: &FunctionBody<'_>, begin: usize) -> Result<Vec<Part>, BinaryReaderError> {
    let mut reader = body.get_operators_reader()?;
    let at = |position: usize| (position - begin) as u64;
    // The table and everything before it belong to the first part.
    let mut starts = vec![at(body.range().start)];
    let mut places: Vec<u64> = Vec::new();
    // The number of open blocks: those of points, and others.
    let (mut points, mut others, mut is_beginning) = (0_usize, 0_usize, true);
    while !reader.eof() {
        match reader.read()? {
            Operator::Loop { .. } if is_beginning => {}
            Operator::Block { .. } if is_beginning => points += 1,
            Operator::Block { .. } | Operator::Loop { .. } | Operator::If { .. } => others += 1,
            Operator::End if others > 0 => others -= 1,
            Operator::End if points > 0 => {
                // The first block is that of the table.
                if points < places.len() {
                    starts.push(at(reader.original_position()));
                }
                points -= 1;
            }
            Operator::BrTable { targets } if is_beginning => {
                is_beginning = false;
                places.resize(points, 0);
                for (place, part) in (0..).zip(targets.targets()) {
                    if let Some(last) = places.get_mut(part? as usize) {
                        *last = place;
                    }
                }
            }
            // These instructions look up the place.
            Operator::GlobalGet { .. } | Operator::LocalGet { .. } => {}
            // The blocks are ordinary ones.
            _ if is_beginning && points > 0 => {
                (others, points, is_beginning) = (points, 0, false);
            }
            _ => {}
        }
    }
    // The last part extends to the end.
    places.truncate(starts.len() - 1);
    let ends = starts.iter().skip(1).copied().chain([at(body.range().end)]);
    let places = places.into_iter().map(Some).chain(std::iter::repeat(None));
    let part = |((start, end), place): ((&u64, u64), _)| Part { addresses: *start..end, place };
    Ok(starts.iter().zip(ends).zip(places).map(part).collect())
}

/// Returns a name as it is in the module: all characters except letters, digits and points are replaced by `_`.
fn as_symbol(name: &str) -> String {
    let plain = |byte: u8| if byte.is_ascii_alphanumeric() || byte == b'.' { char::from(byte) } else { '_' };
    name.bytes().map(plain).collect()
}

/// `pclntab`, with all memory after its beginning.
struct Table<'a>(&'a [u8]);

struct Function {
    /// The number among the module's own functions.
    number: usize,
    name: String,
    files: usize,
    lines: usize,
    unit: usize,
}

impl<'a> Table<'a> {
    fn find(memory: &'a [u8]) -> Option<Self> {
        let is_one = |at: &usize| memory[*at..].starts_with(&BEGINNING);
        let mut tables = (0..memory.len()).step_by(8).filter(is_one).map(|at| Self(&memory[at..]));
        // These bytes may occur elsewhere too: no function is then at the position in the header.
        tables.find(|table| table.functions().is_some_and(|count| table.function(count / 2).is_some()))
    }

    fn u32(&self, at: usize) -> Option<usize> {
        let bytes = self.0.get(at..at.checked_add(4)?)?;
        Some(u32::from_le_bytes(bytes.try_into().ok()?) as usize)
    }

    fn field(&self, field: usize) -> Option<usize> {
        let bytes = self.0.get(field * 8..)?.first_chunk()?;
        usize::try_from(u64::from_le_bytes(*bytes)).ok()
    }

    fn text(&self, at: usize) -> Option<String> {
        let text = self.0.get(at..)?.split(|byte| *byte == 0).next()?;
        Some(String::from_utf8_lossy(text).into_owned())
    }

    fn functions(&self) -> Option<usize> {
        self.field(FUNCTIONS)
    }

    fn function(&self, number: usize) -> Option<Function> {
        let table = self.field(TABLE)?;
        let entry = table.checked_add(number.checked_mul(8)?)?;
        let about = table.checked_add(self.u32(entry.checked_add(4)?)?)?;
        let field = |field: usize| self.u32(about.checked_add(field * 4)?);
        Some(Function {
            // The numbers have an offset.
            number: self.u32(entry)?.checked_sub(self.u32(table)?)?,
            name: self.text(self.field(NAMES)?.checked_add(field(1)?)?)?,
            files: field(5)?,
            lines: field(6)?,
            unit: field(8)?,
        })
    }

    /// Returns the file and line of a place, or of the last one.
    fn line(&self, function: &Function, place: Option<u64>) -> Option<(String, u64)> {
        let file = self.value(function.files, place)?;
        let line = u64::try_from(self.value(function.lines, place)?).ok()?;
        let unit = function.unit.checked_add(usize::try_from(file).ok()?)?;
        let file = self.u32(self.field(UNITS)?.checked_add(unit.checked_mul(4)?)?)?;
        let file = self.text(self.field(FILES)?.checked_add(file)?)?;
        (!file.is_empty()).then_some((file, line))
    }

    /// Returns the value at a place, from a table of differences: of the value, and of the places for which it is
    /// valid.
    fn value(&self, table: usize, place: Option<u64>) -> Option<i64> {
        let mut rest = self.0.get(self.field(VALUES)?.checked_add(table)?..)?;
        let (mut value, mut end) = (-1_i64, 0_u64);
        loop {
            let difference = number(&mut rest)?;
            if difference == 0 && end > 0 {
                return place.is_none().then_some(value);
            }
            // The lowest bit is the sign.
            value += (difference >> 1) as i64 ^ -((difference & 1) as i64);
            end += number(&mut rest)?;
            if place.is_some_and(|place| place < end) {
                return Some(value);
            }
        }
    }
}

/// Reads a number with seven bits in each byte.
fn number(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..35).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use gimli::{DebugLine, DebugLineOffset, EndianSlice};
    use proptest::prelude::*;
    use wasm_encoder as wasm;
    use wasm_encoder::BlockType::Empty;

    use super::*;

    /// Returns the table that Go writes for one function, `shop.run`, in `shop/a.go`: places 0 and 1 are in line 7,
    /// place 2 in line 9, and all later ones in line 8.
    fn table() -> Vec<u8> {
        let names = b"shop.run\0";
        let units = 0_u32.to_le_bytes();
        let files = b"shop/a.go\0";
        // No values at offset 0. Then differences, whose lowest bit is the sign, and the number of places for which
        // each is valid.
        let values = [&[0][..], &[2, 4, 0], &[16, 2, 4, 1, 1, 1, 0]].concat();
        // The number of the first function, and the position of its description.
        let entry = [0x1000_u32, 16].map(u32::to_le_bytes).concat();
        let function = [0x1000_u32, 0, 0, 0, 0, 1, 4, 0, 0, 7].map(u32::to_le_bytes).concat();
        let mut at = 72;
        let mut fields = vec![1, 1, 0];
        for part in [&names[..], &units, files, &values, &entry] {
            fields.push(at);
            at += part.len() as u64;
        }
        let fields: Vec<u8> = fields.into_iter().flat_map(u64::to_le_bytes).collect();
        [&BEGINNING[..], &fields, names, &units, files, &values, &entry, &[0; 8], &function].concat()
    }

    /// Returns a module with that function, and an imported one.
    fn module(table: &[u8], name: &str) -> Vec<u8> {
        let mut module = wasm::Module::new();
        let mut types = wasm::TypeSection::new();
        types.ty().function([], []);
        let mut imports = wasm::ImportSection::new();
        imports.import("go", "imported", wasm::EntityType::Function(0));
        let mut functions = wasm::FunctionSection::new();
        functions.function(0);
        let mut memories = wasm::MemorySection::new();
        let memory = wasm::MemoryType {
            minimum: 1,
            maximum: None,
            memory64: false,
            shared: false,
            page_size_log2: None,
        };
        memories.memory(memory);
        let mut body = wasm::Function::new([(1, wasm::ValType::I32)]);
        let mut code = body.instructions();
        code.loop_(Empty).block(Empty).block(Empty).block(Empty);
        code.local_get(0).br_table([0, 0, 1], 2).end();
        code.block(Empty).end().call(0).end();
        code.nop().call(0).end();
        code.nop().end().end();
        let mut codes = wasm::CodeSection::new();
        codes.function(&body);
        let mut data = wasm::DataSection::new();
        data.active(0, &wasm::ConstExpr::i32_const(64), table.iter().copied());
        let mut names = wasm::NameMap::new();
        names.append(1, name);
        let mut section = wasm::NameSection::new();
        section.functions(&names);
        module.section(&types).section(&imports).section(&functions).section(&memories);
        module.section(&codes).section(&data).section(&section);
        module.finish()
    }

    /// Returns the rows of the table: the file and line of the code that begins at an address.
    fn rows(module: &[u8]) -> Vec<(String, u64, u64)> {
        let section = |payload| match payload {
            Payload::CustomSection(section) if section.name() == ".debug_line" => Some(section.data()),
            _ => None,
        };
        let table = Parser::new(0).parse_all(module).find_map(|payload| section(payload.unwrap())).unwrap();
        let table = EndianSlice::new(table, LittleEndian);
        let program = DebugLine::from(table).program(DebugLineOffset(0), ADDRESS_BYTES, None, None);
        let mut rows = program.unwrap().rows();
        let mut found = Vec::new();
        while let Some((header, row)) = rows.next_row().unwrap() {
            if let (Some(line), Some(file)) = (row.line(), row.file(header)) {
                let gimli::AttributeValue::String(file) = file.path_name() else {
                    panic!("no name in the table")
                };
                if !row.end_sequence() {
                    found.push((file.to_string_lossy().into_owned(), line.get(), row.address()));
                }
            }
        }
        found
    }

    #[test]
    fn each_part_has_the_line_of_its_end() {
        let made = describe(module(&table(), "shop.run"), "shop");
        // The code of the function follows the number of functions and its size, with one byte each.
        let begin = 2;
        let expected = [(7, begin), (9, begin + 26), (8, begin + 30)];
        assert_eq!(rows(&made), expected.map(|(line, address)| ("a.go".to_owned(), line, address)));
    }

    #[test]
    fn what_is_not_known_has_no_lines() {
        let of_another_name = describe(module(&table(), "shop.walk"), "shop");
        assert_eq!(rows(&of_another_name), []);
        let of_another_go = module(&[0xf2; 200], "shop.run");
        assert_eq!(describe(of_another_go.clone(), "shop"), of_another_go);
        assert_eq!(describe(b"no module".to_vec(), "shop"), b"no module");
    }

    proptest! {
        #[test]
        fn whatever_the_table_is_reading_it_ends(at in any::<prop::sample::Index>(), byte: u8, cut: usize) {
            let mut table = table();
            let at = at.index(table.len());
            table[at] = byte;
            table.truncate(cut % 400);
            describe(module(&table, "shop.run"), "shop");
        }
    }
}
