//! Finds the line of the author's files that an instruction was compiled from.
//!
//! Of the debug information, only the line tables are read, and only after a crash or a timeout. Reading them takes
//! time that grows only with their size, whoever produced them, and their size is limited.

use std::path::Path;

use gimli::{
    AttributeValue, DebugLine, DebugLineOffset, EndianSlice, LineProgramHeader, LineRow, LittleEndian,
};
use wasmparser::{KnownCustom, Name, Parser, Payload};
use wasmtime::FrameInfo;

/// The largest tables that are read, in bytes. A suite in Go with an HTTP client, which is large, has a quarter of
/// this. Reading tables of this size takes some hundredths of a second.
const MOST_BYTES: usize = 2 << 20;

/// The largest header of a unit that is read, in bytes: each byte of it may be a file, and a file takes a hundred
/// bytes of memory while the header is read. A large suite has a tenth of this.
const MOST_HEADER_BYTES: usize = 512 << 10;

/// The size of the length of a unit in the 32-bit format, in bytes. The length does not include these bytes. A unit
/// in the 64-bit format has `OF_64_BITS` in this place.
const LENGTH_BYTES: usize = 4;
const OF_64_BITS: usize = 0xffff_ffff;

/// The size of an address in WebAssembly, in bytes.
const ADDRESS_BYTES: u8 = 4;

type Slice<'a> = EndianSlice<'a, LittleEndian>;

/// The line tables of the core module of a component that has some.
#[derive(Debug, Clone, Default)]
pub(super) struct Lines {
    /// The module's name, if it has one. Other modules of the component have other names.
    module: Option<String>,
    /// The position of the module's code in the component, to which addresses are relative.
    code: usize,
    table: Vec<u8>,
    /// The texts that the table refers to.
    texts: Vec<u8>,
}

impl Lines {
    /// Finds the tables of a component. They are not read yet.
    pub(super) fn find(component: &[u8]) -> Self {
        let mut found = Self::default();
        let mut module = Self::default();
        // Copies the tables, so that the rest of the component need not be kept.
        let copy = |data: &[u8]| if data.len() > MOST_BYTES { Vec::new() } else { data.to_vec() };
        for payload in Parser::new(0).parse_all(component) {
            match payload {
                Ok(Payload::ModuleSection { .. }) => module = Self::default(),
                Ok(Payload::CodeSectionStart { range, .. }) => module.code = range.start,
                Ok(Payload::CustomSection(section)) => {
                    match section.name() {
                        ".debug_line" => module.table = copy(section.data()),
                        ".debug_line_str" => module.texts = copy(section.data()),
                        _ => {}
                    }
                    if let KnownCustom::Name(names) = section.as_known() {
                        let name = names.into_iter().find_map(|name| match name {
                            Ok(Name::Module { name, .. }) => Some(name.to_owned()),
                            _ => None,
                        });
                        module.module = name.or(module.module);
                    }
                }
                // The last module that has tables counts. There is only one.
                Ok(Payload::End(_)) if !module.table.is_empty() => found = std::mem::take(&mut module),
                Ok(_) => {}
                // The compiler reports what is wrong.
                Err(_) => break,
            }
        }
        found
    }

    /// Returns the places of these frames, `FILE:LINE`, as far as they are known.
    pub(super) fn places(&self, frames: &[&FrameInfo]) -> Vec<Option<String>> {
        let own = |frame: &&FrameInfo| frame.module().name() == self.module.as_deref();
        let address = |frame: &&FrameInfo| Some(frame.module_offset()?.checked_sub(self.code)? as u64);
        let wanted = frames.iter().map(|frame| Some(frame).filter(|frame| own(frame)).and_then(address));
        self.find_all(&wanted.collect::<Vec<_>>())
    }

    fn find_all(&self, wanted: &[Option<u64>]) -> Vec<Option<String>> {
        let mut places = vec![None; wanted.len()];
        let mut start = 0;
        // A broken unit ends the search, because the following ones cannot be found without it.
        while let Some(end) = self.unit(start, wanted, &mut places) {
            start = end;
        }
        places
    }

    /// Searches the unit that begins at `start`, and returns where it ends.
    fn unit(&self, start: usize, wanted: &[Option<u64>], places: &mut [Option<String>]) -> Option<usize> {
        if self.header_bytes(start)? > MOST_HEADER_BYTES {
            return None;
        }
        let lines = DebugLine::new(&self.table, LittleEndian);
        let program = lines.program(DebugLineOffset(start), ADDRESS_BYTES, None, None).ok()?;
        let end = start.checked_add(LENGTH_BYTES)?.checked_add(program.header().unit_length())?;
        let mut rows = program.rows();
        let mut before: Option<LineRow> = None;
        while let Ok(Some((header, row))) = rows.next_row() {
            if let Some(before) = before.take() {
                let covered = before.address()..row.address();
                // A linker leaves the functions that it removed at address 0, where there never is a function.
                for (wanted, place) in wanted.iter().zip(&mut *places).filter(|_| covered.start > 0) {
                    if wanted.is_some_and(|wanted| covered.contains(&wanted)) {
                        *place = self.place(header, &before).or(place.take());
                    }
                }
            }
            before = Some(*row).filter(|row| !row.end_sequence());
        }
        Some(end)
    }

    /// Returns the size that the header of a unit declares for itself, if the unit is in the 32-bit format.
    fn header_bytes(&self, start: usize) -> Option<usize> {
        let number = |at: usize, bytes: usize| {
            let bytes = self.table.get(start.checked_add(at)?..)?.get(..bytes)?;
            Some(bytes.iter().rev().fold(0, |number, byte| number << 8 | usize::from(*byte)))
        };
        if number(0, LENGTH_BYTES)? == OF_64_BITS {
            return None;
        }
        // Since version 5, there are two sizes between the version and this number.
        let after = LENGTH_BYTES + 2;
        number(if number(LENGTH_BYTES, 2)? >= 5 { after + 2 } else { after }, 4)
    }

    fn place(&self, header: &LineProgramHeader<Slice<'_>>, row: &LineRow) -> Option<String> {
        let file = row.file(header)?;
        let name = self.text(file.path_name())?;
        let line = row.line()?;
        let folder = |folder: Option<AttributeValue<Slice<'_>>>| self.text(folder?);
        let path = match folder(file.directory(header)).filter(|_| !name.starts_with('/')) {
            Some(folder) => Path::new(&folder).join(name),
            None => name.into(),
        };
        // The first folder is the one in which the file was compiled. Paths within it are shown relative to it.
        let compiled_in = folder(header.directory(0)).unwrap_or_default();
        let path = path.strip_prefix(compiled_in).unwrap_or(&path);
        Some(format!("{}:{line}", path.strip_prefix(".").unwrap_or(path).display()))
    }

    fn text(&self, value: AttributeValue<Slice<'_>>) -> Option<String> {
        match value {
            AttributeValue::String(text) => Some(text.to_string_lossy().into_owned()),
            AttributeValue::DebugLineStrRef(offset) => {
                let text = self.texts.get(offset.0..)?.split(|byte| *byte == 0).next()?;
                Some(String::from_utf8_lossy(text).into_owned())
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lines(table: Vec<u8>) -> Lines {
        Lines { table, ..Lines::default() }
    }

    /// Returns a unit of version 4 with two rows of `src/a.c` and their end: 0x10 belongs to line 3, 0x14 to line 5.
    fn unit() -> Vec<u8> {
        let header = [
            &[1, 1, 1, 0xfb, 14, 13][..],
            // The number of arguments of each standard opcode.
            &[0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1],
            b"src\0\0",
            b"a.c\0\x01\0\0\0",
        ];
        let header = header.concat();
        let program = [
            // Goes to address 0x10 and line 3, and appends a row.
            &[0, 5, 2, 0x10, 0, 0, 0, 3, 2, 1][..],
            &[2, 4, 3, 2, 1],
            &[2, 4, 0, 1, 1],
        ];
        let rest = [&[4, 0][..], &(header.len() as u32).to_le_bytes(), &header, &program.concat()].concat();
        [&(rest.len() as u32).to_le_bytes()[..], &rest].concat()
    }

    #[test]
    fn an_address_has_the_line_of_the_row_before_it() {
        let wanted = [0x0f, 0x10, 0x13, 0x14, 0x17, 0x18].map(Some);
        let found = lines(unit()).find_all(&wanted);
        let found: Vec<_> = found.iter().map(|place| place.as_deref().unwrap_or("")).collect();
        assert_eq!(found, ["", "src/a.c:3", "src/a.c:3", "src/a.c:5", "src/a.c:5", ""]);
    }

    #[test]
    fn all_units_are_looked_at_and_what_follows_a_broken_one_is_not() {
        let found = lines([unit(), unit()].concat()).find_all(&[Some(0x10)]);
        assert_eq!(found, [Some("src/a.c:3".to_owned())]);
        let found = lines([&b"\xff\xff\xff\0"[..], &unit()].concat()).find_all(&[Some(0x10)]);
        assert_eq!(found, [None]);
    }

    #[test]
    fn a_header_that_would_take_too_much_memory_is_not_read() {
        let unit = |folder: &[u8]| {
            let mut unit = unit();
            let at = unit.windows(4).position(|part| part == b"src\0").unwrap();
            unit.splice(at..at, folder.iter().copied());
            for (length, added) in [(0..4, folder.len()), (6..10, folder.len())] {
                let known = u32::from_le_bytes(unit[length.clone()].try_into().unwrap());
                unit.splice(length, (known + added as u32).to_le_bytes());
            }
            unit
        };
        assert!(lines(unit(&[b'a'; 1000])).find_all(&[Some(0x10)])[0].is_some());
        assert_eq!(lines(unit(&[b'a'; MOST_HEADER_BYTES])).find_all(&[Some(0x10)]), [None]);
        let of_64_bits = [&[0xff; 4][..], &unit(b"")].concat();
        assert_eq!(lines(of_64_bits).find_all(&[Some(0x10)]), [None]);
    }

    proptest! {
        #[test]
        fn whatever_the_table_is_reading_it_ends(at in any::<prop::sample::Index>(), byte: u8, cut: usize) {
            let mut table = [unit(), unit()].concat();
            let at = at.index(table.len());
            table[at] = byte;
            table.truncate(cut % 200);
            lines(table).find_all(&[Some(0x10), None]);
        }
    }
}
