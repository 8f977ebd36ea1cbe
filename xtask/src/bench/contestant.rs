//! The testers that are compared.

/// A tester that is measured.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Contestant {
    Orbital { history: bool },
    Go,
    Rust,
}

pub(crate) const ORBITAL: &str = "orbital";
pub(crate) const WITHOUT_HISTORY: &str = "orbital, no history";
pub(crate) const GO: &str = "Go";
pub(crate) const RUST: &str = "Rust, no guests";

impl Contestant {
    pub(crate) const ALL: [Self; 4] =
        [Self::Orbital { history: true }, Self::Orbital { history: false }, Self::Go, Self::Rust];

    /// Those that differ in more than a setting.
    pub(crate) const DISTINCT: [Self; 3] = [Self::Orbital { history: true }, Self::Go, Self::Rust];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Orbital { history: true } => ORBITAL,
            Self::Orbital { history: false } => WITHOUT_HISTORY,
            Self::Go => GO,
            Self::Rust => RUST,
        }
    }
}
