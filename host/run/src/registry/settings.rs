//! The section `[components]`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use orbital_config::Section;
use orbital_guest::CompileLimits;

/// Where components come from, and how they are treated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistrySettings {
    /// The directory that is watched.
    pub directory: PathBuf,
    /// Where compiled code is kept between starts. By default in the user's cache directory, if it can be
    /// used.
    pub cache: Cache,
    /// The key that compiled code is sealed with; if this is none, it is beside the host's state.
    pub cache_key: Option<PathBuf>,
    /// How many bytes of compiled code are kept.
    pub cache_size: usize,
    /// How often the directory is looked at without an event of the file system.
    pub poll: Duration,
    /// How long runs of a version that was replaced or removed may go on.
    pub grace: Duration,
    /// The timeout of cases that declare none.
    pub default_timeout: Duration,
    /// Whether links in the directory may lead out of it.
    pub external_links: bool,
    /// The largest file that is loaded, in bytes.
    pub max_size: usize,
    /// How many times a second the cases of one component may be due.
    pub max_rate: usize,
    /// What compiling one may use.
    pub compiling: CompileLimits,
}

/// A directory for compiled code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cache {
    /// Set by the operator: it must be usable.
    Set(PathBuf),
    /// A default: without it, every start compiles anew.
    Default(Option<PathBuf>),
}

impl RegistrySettings {
    /// Keeps compiled code where the user does by default, or nowhere. For a file whose author may not say where this
    /// host writes and deletes.
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

/// Bytes of compiled code that are kept by default.
const CACHE_SIZE: u64 = 4 << 30;

/// `$XDG_CACHE_HOME/orbital`, or `~/.cache/orbital`.
fn default_cache() -> Option<PathBuf> {
    Some(user_directory("XDG_CACHE_HOME", ".cache")?.join("orbital"))
}

/// `$XDG_STATE_HOME/orbital/code-cache.key`, or the same in `~/.local/state`.
fn default_cache_key() -> Option<PathBuf> {
    Some(user_directory("XDG_STATE_HOME", ".local/state")?.join("orbital/code-cache.key"))
}

/// What a variable names, or this directory in the user's home.
fn user_directory(variable: &str, in_home: &str) -> Option<PathBuf> {
    let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    absolute(variable).or_else(|| Some(absolute("HOME")?.join(in_home)))
}
