//! Builds several suites at the same time. Most toolchains use one processor for most of their time.

use std::{collections::VecDeque, path::PathBuf, sync::Mutex, thread};

use crate::lock::lock;

use super::{
    suite::{Language, Suite},
    tool::Missing,
};

/// The number of suites that are built at the same time.
const WORKERS: usize = 2;

/// A suite, with its component or the tool that is missing.
type Built = (Suite, Result<PathBuf, Missing>);

/// Builds suites, and returns them in the same order.
///
/// # Errors
/// A suite cannot be built. The others are built nevertheless.
pub(super) fn build(suites: Vec<Suite>) -> anyhow::Result<Vec<Built>> {
    let mut groups: Vec<Vec<(usize, Suite)>> = Vec::new();
    for (index, suite) in suites.into_iter().enumerate() {
        let toolchain = toolchain(suite.language);
        match groups.iter_mut().find(|group| self::toolchain(group[0].1.language) == toolchain) {
            Some(group) => group.push((index, suite)),
            None => groups.push(vec![(index, suite)]),
        }
    }
    // The longest ones first, so that the workers end at about the same time.
    groups.sort_by_key(|group| toolchain(group[0].1.language));
    let (waiting, built) = (Mutex::new(VecDeque::from(groups)), Mutex::new(Vec::new()));
    let work = || {
        loop {
            let next = lock(&waiting).pop_front();
            let Some(group) = next else { return anyhow::Ok(()) };
            for (index, suite) in group {
                let component = suite.build()?;
                lock(&built).push((index, (suite, component)));
            }
        }
    };
    thread::scope(|scope| {
        let workers = [(); WORKERS].map(|()| scope.spawn(work));
        workers
            .map(|worker| worker.join().expect("a worker does not panic"))
            .into_iter()
            .collect::<Result<(), _>>()
    })?;
    let mut built = built.into_inner().expect("no worker has panicked");
    built.sort_by_key(|(index, _)| *index);
    Ok(built.into_iter().map(|(_, built)| built).collect())
}

/// The toolchains, the slowest first. Suites with the same toolchain are built one after the other, because the first one
/// installs it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Toolchain {
    Zig,
    JavaScript,
    Python,
    Go,
    Rust,
}

fn toolchain(language: Language) -> Toolchain {
    match language {
        Language::Rust => Toolchain::Rust,
        Language::C | Language::Zig => Toolchain::Zig,
        Language::Go => Toolchain::Go,
        Language::Python => Toolchain::Python,
        Language::TypeScript | Language::QuickJs => Toolchain::JavaScript,
    }
}
