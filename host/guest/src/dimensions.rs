//! Limits of the size and the complexity of components, so that nobody can make the compiler work on
//! input that no toolchain produces.
//!
//! They are checked before compiling, in time that grows only with the number of bytes. A component that is within
//! them, and is still too much for the compiler, exceeds the limits of the process that compiles.

use wasmparser::{BinaryReaderError, FunctionBody, Operator, Payload};

/// The most linear memories of one component, counted over all components that it is composed of. The host reserves
/// address space for this number of memories for every run that may be in flight.
pub(super) const MEMORIES: u32 = 5;

/// The most tables of one component.
pub(super) const TABLES: u32 = 40;

/// A property of a component that is counted and limited. The largest components that real toolchains produce, those
/// in Python and TypeScript, have a fraction of each limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(usize)]
enum Dimension {
    Depth,
    Components,
    Modules,
    Instances,
    Types,
    Imports,
    Exports,
    Aliases,
    Functions,
    Memories,
    Tables,
    Globals,
    Segments,
    CustomSections,
    FunctionBytes,
    Locals,
    Blocks,
    Branches,
}

const COUNT: usize = Dimension::Branches as usize + 1;

impl Dimension {
    /// Returns the description and the limit.
    const fn most(self) -> (&'static str, u64) {
        match self {
            Self::Depth => ("levels of nested components and modules", 8),
            Self::Components => ("components in it", 100),
            Self::Modules => ("core modules", 100),
            Self::Instances => ("instances", 1_000),
            Self::Types => ("types", 20_000),
            Self::Imports => ("imports", 20_000),
            Self::Exports => ("exports", 50_000),
            Self::Aliases => ("aliases", 50_000),
            Self::Functions => ("functions", 150_000),
            Self::Memories => ("memories", MEMORIES as u64),
            Self::Tables => ("tables", TABLES as u64),
            Self::Globals => ("globals", 20_000),
            Self::Segments => ("segments of data and elements", 200_000),
            Self::CustomSections => ("custom sections", 1_000),
            Self::FunctionBytes => ("bytes in one function", 2 << 20),
            Self::Locals => ("local variables in one function", 5_000),
            Self::Blocks => ("nested blocks in one function", 4_000),
            Self::Branches => ("ways out of the branches of one function", 100_000),
        }
    }
}

/// An error: a component has more of something than this host compiles.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "too large to be compiled: it has at least {found} {what}, and this host compiles up to {limit}; make it smaller, \
     such as by dividing it into several components"
)]
pub struct TooLarge {
    /// The description of what was counted.
    pub what: &'static str,
    /// The number of these, as far as they were counted.
    pub found: u64,
    /// The limit.
    pub limit: u64,
}

/// Why counting stopped.
#[derive(Debug)]
pub(super) enum Stopped {
    /// A limit is exceeded.
    TooLarge(TooLarge),
    /// The component cannot be parsed.
    Broken(BinaryReaderError),
}

impl From<TooLarge> for Stopped {
    fn from(error: TooLarge) -> Self {
        Self::TooLarge(error)
    }
}

impl From<BinaryReaderError> for Stopped {
    fn from(error: BinaryReaderError) -> Self {
        Self::Broken(error)
    }
}

/// The counts of a component so far.
#[derive(Debug, Default)]
pub(super) struct Dimensions {
    counts: [u64; COUNT],
    depth: u64,
}

impl Dimensions {
    /// Counts the next part of the component.
    pub(super) fn count(&mut self, payload: &Payload<'_>) -> Result<(), Stopped> {
        use Dimension as D;
        let counted = match payload {
            Payload::ModuleSection { .. } => {
                self.enter()?;
                self.add(D::Modules, 1)
            }
            Payload::ComponentSection { .. } => {
                self.enter()?;
                self.add(D::Components, 1)
            }
            Payload::End(_) => {
                self.depth = self.depth.saturating_sub(1);
                Ok(())
            }
            Payload::TypeSection(section) => self.add(D::Types, section.count()),
            Payload::CoreTypeSection(section) => self.add(D::Types, section.count()),
            Payload::ComponentTypeSection(section) => self.add(D::Types, section.count()),
            Payload::ImportSection(section) => self.add(D::Imports, section.count()),
            Payload::ComponentImportSection(section) => self.add(D::Imports, section.count()),
            Payload::ExportSection(section) => self.add(D::Exports, section.count()),
            Payload::ComponentExportSection(section) => self.add(D::Exports, section.count()),
            Payload::InstanceSection(section) => self.add(D::Instances, section.count()),
            Payload::ComponentInstanceSection(section) => self.add(D::Instances, section.count()),
            Payload::ComponentAliasSection(section) => self.add(D::Aliases, section.count()),
            // Each lifted or lowered function costs as much as a function that the component defines.
            Payload::ComponentCanonicalSection(section) => self.add(D::Functions, section.count()),
            Payload::FunctionSection(section) => self.add(D::Functions, section.count()),
            Payload::MemorySection(section) => self.add(D::Memories, section.count()),
            Payload::TableSection(section) => self.add(D::Tables, section.count()),
            Payload::GlobalSection(section) => self.add(D::Globals, section.count()),
            Payload::ElementSection(section) => self.add(D::Segments, section.count()),
            Payload::DataSection(section) => self.add(D::Segments, section.count()),
            Payload::CustomSection(_) => self.add(D::CustomSections, 1),
            Payload::CodeSectionEntry(body) => return self.function(body),
            _ => Ok(()),
        };
        Ok(counted?)
    }

    fn enter(&mut self) -> Result<(), TooLarge> {
        self.depth += 1;
        self.largest(Dimension::Depth, self.depth)
    }

    fn function(&mut self, body: &FunctionBody<'_>) -> Result<(), Stopped> {
        self.largest(Dimension::FunctionBytes, body.range().end.saturating_sub(body.range().start) as u64)?;
        let mut locals = 0;
        for group in body.get_locals_reader()? {
            locals += u64::from(group?.0);
            self.largest(Dimension::Locals, locals)?;
        }
        let (mut depth, mut deepest, mut branches) = (0_u64, 0, 0);
        let mut operators = body.get_operators_reader()?;
        while !operators.eof() {
            match operators.read()? {
                Operator::Block { .. }
                | Operator::Loop { .. }
                | Operator::If { .. }
                | Operator::TryTable { .. } => {
                    depth += 1;
                    deepest = deepest.max(depth);
                }
                Operator::End => depth = depth.saturating_sub(1),
                Operator::Br { .. } | Operator::BrIf { .. } => branches += 1,
                Operator::BrTable { targets } => branches += u64::from(targets.len()) + 1,
                _ => {}
            }
        }
        self.largest(Dimension::Blocks, deepest)?;
        Ok(self.largest(Dimension::Branches, branches)?)
    }

    fn add(&mut self, dimension: Dimension, more: u32) -> Result<(), TooLarge> {
        let count = self.counts[dimension as usize] + u64::from(more);
        self.largest(dimension, count)
    }

    fn largest(&mut self, dimension: Dimension, found: u64) -> Result<(), TooLarge> {
        let largest = &mut self.counts[dimension as usize];
        *largest = found.max(*largest);
        let (what, limit) = dimension.most();
        if found <= limit { Ok(()) } else { Err(TooLarge { what, found, limit }) }
    }
}
