//! The section `[components]`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use orbital_config::Section;
use orbital_guest::CompileLimits;

/// The source of components, and how they are loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistrySettings {
    /// The directory that is watched.
    pub directory: PathBuf,
    /// The directory in which compiled code is kept between starts. The default is in the user's cache directory, if
    /// that can be used.
    pub cache: Cache,
    /// The path of the key that seals compiled code; if `None`, the key is stored with the host's state.
    pub cache_key: Option<PathBuf>,
    /// The maximum size of the stored compiled code, in bytes.
    pub cache_size: usize,
    /// The interval at which the directory is scanned without an event of the file system.
    pub poll: Duration,
    /// The time that runs of a version that was replaced or removed have to finish.
    pub grace: Duration,
    /// The timeout of cases that declare none.
    pub default_timeout: Duration,
    /// Whether links in the directory may lead out of it.
    pub external_links: bool,
    /// The maximum size of a component's file, in bytes.
    pub max_size: usize,
    /// The maximum number of due times per second of all cases of one component.
    pub max_rate: usize,
    /// The limits of compiling one component.
    pub compiling: CompileLimits,
}

/// A directory for compiled code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cache {
    /// A directory set by the operator, which must be usable.
    Set(PathBuf),
    /// A default directory, if there is one. Without it, every start compiles all components again.
    Default(Option<PathBuf>),
}

impl RegistrySettings {
    /// Keeps compiled code in the user's default directory, or nowhere. This is for a configuration file whose author
    /// must not decide where this host writes and deletes.
    pub fn use_default_cache(&mut self) {
        self.cache_key = default_cache_key();
        self.cache = Cache::Default(self.cache_key.as_ref().and_then(|_| default_cache()));
        self.cache_size = CACHE_SIZE as usize;
    }

    /// Reads the section. Relative paths are relative to `base`, the directory of the file.
    pub fn read(section: &Section<'_>, base: &Path) -> Self {
        let cache = section.string("cache").map(|path| base.join(path));
        let cache = cache.map_or_else(|| Cache::Default(default_cache()), Cache::Set);
        match &cache {
            Cache::Default(Some(path)) => section.default_is("cache", &format!("{path:?}")),
            Cache::Default(None) => section.default_is("cache", "none"),
            Cache::Set(_) => {}
        }
        let cache_key = section.string("cache_key").map(|path| base.join(path)).or_else(|| {
            let path = matches!(cache, Cache::Default(_)).then(default_cache_key).flatten();
            let shown = path.as_ref().map_or("in `state`".to_owned(), |path| format!("{path:?}"));
            section.default_is("cache_key", &shown);
            path
        });
        Self {
            directory: base.join(section.string_or("directory", "components")),
            external_links: section.optional_boolean("external_links").unwrap_or(false),
            cache,
            cache_key,
            cache_size: section.bytes("cache_size", 1 << 20..=1 << 40, CACHE_SIZE),
            poll: section.duration("poll", Duration::from_secs(1)),
            grace: section.duration("grace", Duration::from_secs(30)),
            default_timeout: section.duration("default_timeout", Duration::from_secs(10)),
            max_rate: section.integer("max_rate", 1..=1_000_000, 200),
            max_size: section.bytes("max_size", 1 << 10..=1 << 30, 128 << 20),
            compiling: CompileLimits {
                memory: section.bytes("compile_memory", 64 << 20..=1 << 40, 2 << 30) as u64,
                timeout: section.duration("compile_timeout", Duration::from_secs(300)),
                is_awaited: false,
            },
        }
    }
}

/// The default maximum size of compiled code, in bytes.
const CACHE_SIZE: u64 = 4 << 30;

/// Returns `$XDG_CACHE_HOME/orbital`, or `~/.cache/orbital`.
fn default_cache() -> Option<PathBuf> {
    Some(user_directory("XDG_CACHE_HOME", ".cache")?.join("orbital"))
}

/// Returns `$XDG_STATE_HOME/orbital/code-cache.key`, or `~/.local/state/orbital/code-cache.key`.
fn default_cache_key() -> Option<PathBuf> {
    Some(user_directory("XDG_STATE_HOME", ".local/state")?.join("orbital/code-cache.key"))
}

/// Returns the directory that a variable names, or else the directory `in_home` of the user's home.
fn user_directory(variable: &str, in_home: &str) -> Option<PathBuf> {
    let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    absolute(variable).or_else(|| Some(absolute("HOME")?.join(in_home)))
}
