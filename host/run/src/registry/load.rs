//! Loads a component from a file.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use orbital_files::{FileError, file};
use orbital_guest::{
    Code, CompileError, CompileMode, Compiled, Compiler, ComponentQuota, ComponentQuotas, GuestError,
    GuestState, Meter, Placement, Recorder, Recording, RunClock, SeriesBook, Source, Suite, check_magic,
    declared,
};
use orbital_model::Budget;
use orbital_model::name::check_name;
use orbital_model::text::beginning;
use orbital_policy::grants::Shortage;
use orbital_policy::limits::Limits;
use parking_lot::RwLock;
use sha2::{Digest as _, Sha256};
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use crate::component::Component;
use crate::registry::{Policy, TrustError, TrustSettings, case};
use crate::terms::KnownTerms;

/// The maximum CPU time that a component may use to list its cases, whatever `limits.cpu` allows.
const CASES_CPU: Duration = Duration::from_secs(5);

/// The maximum time that a component may take to list its cases, whatever `limits.wall_time` allows. Even a busy
/// machine provides all of [`CASES_CPU`] in much less time.
const CASES_TIMEOUT: Duration = Duration::from_secs(60);

/// The maximum size of a signature file, in bytes; a signature has about a hundred.
const MAX_SIGNATURE: usize = 64 << 10;

/// Everything that is needed to load components.
#[derive(Clone)]
pub struct ComponentLoader {
    /// The compiler of components.
    pub compiler: Compiler,
    /// The runtime of the guests.
    pub guests: Handle,
    /// The shares of resources that all runs of a component have together.
    pub quotas: Arc<ComponentQuotas>,
    /// The current settings for components.
    pub policy: watch::Receiver<Arc<Policy>>,
    /// The timeout of cases that declare none.
    pub default_timeout: Duration,
    /// The maximum size of a file, in bytes.
    pub max_size: usize,
    /// The directory that files must be in; `None` if they may be anywhere.
    pub inside: Option<PathBuf>,
    /// The maximum number of due times per second of all cases of a component, where no rule sets another one.
    pub max_rate: usize,
    /// Who may deploy; anybody may if this is `None`.
    pub trust: Option<Arc<TrustSettings>>,
}

/// The reason why a file cannot be loaded as a component.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The name of the file is not a valid component name.
    #[error("the file's name, without `.wasm`, {0}; rename the file")]
    Name(String),
    /// The file cannot be read.
    #[error("cannot read `{path}`: {source}")]
    Read {
        /// The path of the file.
        path: PathBuf,
        /// The underlying error.
        source: FileError,
    },
    /// The file is a link to a file outside the directory of components.
    #[error(
        "`{0}` is a link to a file outside the directory of components; copy that file here, or allow such links with \
         `components.external_links = true`"
    )]
    Outside(PathBuf),
    /// The file is too large.
    #[error("it has {size} bytes, and `components.max_size` allows {limit}")]
    TooLarge {
        /// The length of the file in bytes.
        size: u64,
        /// The allowed length in bytes.
        limit: usize,
    },
    /// The file is not signed by a key that may sign it, or `[trust]` rejects its name or version.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// The file is not a component that this host can compile and link.
    #[error(transparent)]
    Compile(#[from] CompileError),
    /// The host itself failed.
    #[error("the host broke while it loaded this: {0}; please report it")]
    Host(String),
    /// The component failed while it listed its cases.
    #[error("`cases` did not return: {0}")]
    Cases(String),
    /// The declared cases are invalid.
    #[error("what it declares is wrong:{}", bullets(.0))]
    Declared(Vec<String>),
    /// The component requests more than it is granted.
    #[error("{0}")]
    Ungranted(Box<Shortage>),
}

impl LoadError {
    fn of_component(path: &Path, error: FileError) -> Self {
        match error {
            FileError::TooLarge { size, limit } => Self::TooLarge { size, limit },
            error => Self::of_file(path, error),
        }
    }

    fn of_file(path: &Path, error: FileError) -> Self {
        match error {
            FileError::Outside(_) => Self::Outside(path.to_owned()),
            source => Self::Read { path: path.to_owned(), source },
        }
    }

    /// Returns whether the same file may load with another configuration.
    pub(super) fn depends_on_policy(&self) -> bool {
        matches!(self, Self::Ungranted(_) | Self::Cases(_))
    }
}

/// The maximum number of mistakes in a message, and of characters of each: a guest may produce any number of any
/// length.
const MOST_MISTAKES: (usize, usize) = (50, 500);

/// The maximum number of reasons in a message that a guest gave before it failed.
const MOST_REASONS: usize = 5;

fn bullets(mistakes: &[String]) -> String {
    let (most, length) = MOST_MISTAKES;
    let cut = |mistake: &String| mistake.chars().take(length).collect::<String>();
    let told = mistakes.iter().take(most).map(|mistake| format!("\n  - {}", beginning(&cut(mistake))));
    let more = (mistakes.len() > most).then(|| format!("\n  and {} more", mistakes.len() - most));
    told.chain(more).collect()
}

/// Returns the component's name: the stem of its file.
///
/// # Errors
/// The stem is not a valid name.
pub fn component_name(path: &Path) -> Result<String, LoadError> {
    let stem = path.file_stem().unwrap_or_default();
    let Some(name) = stem.to_str() else {
        return Err(LoadError::Name("is not text".to_owned()));
    };
    check_name(name).map_err(LoadError::Name)?;
    Ok(name.to_owned())
}

/// Returns the path of the signature file for a component's file.
pub(super) fn signature_of(path: &Path) -> PathBuf {
    let mut path = path.as_os_str().to_owned();
    path.push(".sig");
    path.into()
}

impl ComponentLoader {
    /// Loads a file that requests nothing that it is not granted.
    ///
    /// # Errors
    /// Any error of [`ComponentLoader::open`], or a list of everything that is not granted.
    pub async fn load(
        &self,
        path: &Path,
        mode: CompileMode,
    ) -> Result<(Component, Option<Source>), LoadError> {
        let (component, source) = self.open(path, mode).await?;
        match self.policy().shortage(&component) {
            Some(shortage) => Err(LoadError::Ungranted(Box::new(shortage))),
            None => Ok((component, source)),
        }
    }

    /// Loads a file, regardless of its grants: reads, checks, compiles and links it, and asks it for its cases. If the
    /// code was compiled quickly, the source to optimise is returned as well.
    ///
    /// # Errors
    /// The error of the first step that fails; for the cases, all mistakes.
    pub async fn open(
        &self,
        path: &Path,
        mode: CompileMode,
    ) -> Result<(Component, Option<Source>), LoadError> {
        let name = component_name(path)?;
        let (source, signed_by) = self.read(name.clone(), path.to_owned()).await?;
        let Compiled { suite, metadata, code } = self.compiler.compile(&source, mode).await?;
        let (quota, policy) = (self.quotas.of(&name), self.policy());
        let limits = policy.runner.limits_of(&name);
        let (suite, declared) = self.ask_for_cases(suite, limits, &quota).await?;
        let max_rate = policy.runner.live.rules.max_rate(&name).unwrap_or(self.max_rate);
        let cases =
            case::check(&name, declared, self.default_timeout, max_rate).map_err(LoadError::Declared)?;
        let component = Component {
            quota,
            series: Arc::new(SeriesBook::new(limits.of(Budget::MetricSeries) as usize)),
            name,
            digest: source.digest.clone(),
            signed_by,
            size: source.bytes.len(),
            loaded_at: SystemTime::now(),
            is_new: true,
            metadata,
            code,
            suite: RwLock::new(suite),
            cases: cases.into_iter().map(Arc::new).collect(),
            terms: KnownTerms::default(),
            retired: CancellationToken::new(),
        };
        let is_quick = code.code() == Code::Quick;
        Ok((component, is_quick.then_some(source)))
    }

    /// Returns the current settings for components.
    pub fn policy(&self) -> Arc<Policy> {
        self.policy.borrow().clone()
    }

    /// Reads a file once, and returns it with the names of those who vouch for the bytes that were read.
    async fn read(&self, name: String, path: PathBuf) -> Result<(Source, String), LoadError> {
        let (limit, trust, inside) = (self.max_size, self.trust.clone(), self.inside.clone());
        let work = move || {
            let read = |path: &Path, limit| match &inside {
                Some(directory) => file::read_inside(directory, path, limit),
                None => file::read(path, limit),
            };
            let component = read(&path, limit);
            let bytes = component.map_err(|error| LoadError::of_component(&path, error))?;
            // This is checked before any message describes the content: the path may be a link to a file that others
            // may not read.
            check_magic(&bytes).map_err(CompileError::from)?;
            let digest = hexadecimal(&Sha256::digest(&bytes));
            let mut signed_by = String::new();
            if let Some(trust) = trust {
                let beside = signature_of(&path);
                let beside = match read(&beside, MAX_SIGNATURE) {
                    Ok(signature) => Some(signature),
                    Err(error) if error.is_missing() => None,
                    Err(error) => return Err(LoadError::of_file(&beside, error)),
                };
                signed_by = trust.check(&name, &bytes, &digest, beside.as_deref())?;
            }
            Ok((Source { bytes: bytes.into(), digest }, signed_by))
        };
        match tokio::task::spawn_blocking(work).await {
            Ok(result) => result,
            Err(error) => Err(LoadError::Host(error.to_string())),
        }
    }

    async fn ask_for_cases(
        &self,
        suite: Suite,
        limits: Limits,
        quota: &Arc<ComponentQuota>,
    ) -> Result<(Suite, Vec<declared::TestCase>), LoadError> {
        let allowed = limits.at_most(Budget::Cpu, CASES_CPU).at_most(Budget::WallTime, CASES_TIMEOUT);
        let recorder =
            Recorder::new(RunClock::start(), Meter::new(allowed, quota.clone(), Placement::apart()));
        let session = GuestState::for_cases(recorder.clone());
        let began = Instant::now();
        let asking = async move {
            let declared = async { suite.prepare(session).enter(suite.place().await).await?.cases().await };
            let declared = tokio::time::timeout(allowed.time(Budget::WallTime), declared).await;
            (suite, declared)
        };
        let asked = AbortOnDropHandle::new(self.guests.spawn(asking)).await;
        let (suite, declared) = asked.map_err(|error| LoadError::Host(error.to_string()))?;
        let recording = recorder.finish();
        match declared {
            Ok(Ok(declared)) => Ok((suite, declared)),
            Ok(Err(guest_error)) => {
                let is_own = guest_error.breach.is_some_and(|breach| breach.limit < limits.of(breach.budget));
                Err(LoadError::Cases(match is_own {
                    true => too_long("computed for longer", CASES_CPU),
                    false => with_failures(&guest_error, &recording),
                }))
            }
            Err(_) => Err(LoadError::Cases(match limits.time(Budget::WallTime) {
                limit if limit < CASES_TIMEOUT => recorder.out_of_wall_time(began.elapsed()).to_string(),
                _ => too_long("took longer", CASES_TIMEOUT),
            })),
        }
    }
}

fn too_long(what: &str, limit: Duration) -> String {
    format!("it {what} than {}; it may only list the cases", humantime::format_duration(limit))
}

fn with_failures(guest_error: &GuestError, recording: &Recording) -> String {
    let said = recording.failures.iter().take(MOST_REASONS);
    let said: String = said.map(|failure| format!("\n    it said: {}", beginning(failure))).collect();
    format!("{guest_error}{said}")
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
