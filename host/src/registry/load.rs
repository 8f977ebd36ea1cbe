//! From a file to a component.

use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock};
use std::time::{Duration, SystemTime};

use sha2::{Digest as _, Sha256};
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use super::{Component, case};
use crate::foreign::beginning;
use crate::guest::{
    Breakdown, Budget, Catalogue, Code, CodeOrigin, CompileError, Compiled, Compiler, Limits, Meter,
    Recorder, Recording, RunClock, Session, Share, Shares, Source, Suite, declared,
};
use crate::rules::ComponentRules;

/// How long a component may take to say which cases it has.
const CASES_TIMEOUT: Duration = Duration::from_secs(5);

/// What is needed to load components.
#[derive(Clone)]
pub struct Workshop {
    /// Compiles.
    pub compiler: Compiler,
    /// Where guests run.
    pub guests: Handle,
    /// What the runs of each component have together.
    pub shares: Arc<Shares>,
    /// Names of metrics that tests made.
    pub catalogue: Arc<Catalogue>,
    /// What a guest may use while it is asked for its cases, where nothing else is set for it.
    pub limits: Limits,
    /// What is set for components by name.
    pub rules: Arc<ComponentRules>,
    /// The timeout of cases that declare none.
    pub default_timeout: Duration,
    /// The largest file, in bytes.
    pub max_size: usize,
    /// How many times a second the cases of one component may be due, where nothing else is set for it.
    pub max_rate: usize,
}

/// Why a file is not a component that runs.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// Its name cannot be a component's.
    #[error("the file's name, without `.wasm`, {0}; rename the file")]
    Name(String),
    /// It cannot be read.
    #[error("cannot read `{path}`: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// It is too large.
    #[error("it has {size} bytes, and `components.max_size` allows {limit}")]
    TooLarge {
        /// Its length.
        size: u64,
        /// What is allowed.
        limit: usize,
    },
    /// It is not for this host.
    #[error(transparent)]
    Compile(#[from] CompileError),
    /// The host itself broke.
    #[error("the host broke while it loaded this: {0}; please report it")]
    Host(String),
    /// It broke while it was asked for its cases.
    #[error("`cases` did not return: {0}")]
    Cases(String),
    /// What it declares is wrong.
    #[error("what it declares is wrong:{}", bullets(.0))]
    Declared(Vec<String>),
}

/// How many mistakes are told, and how many characters of each: a guest may make any number of any length.
const MOST_MISTAKES: (usize, usize) = (50, 500);

/// How many of the reasons are told that a guest gave before it broke.
const MOST_REASONS: usize = 5;

fn bullets(mistakes: &[String]) -> String {
    let (most, length) = MOST_MISTAKES;
    let cut = |mistake: &String| mistake.chars().take(length).collect::<String>();
    let told = mistakes.iter().take(most).map(|mistake| format!("\n  - {}", beginning(&cut(mistake))));
    let more = (mistakes.len() > most).then(|| format!("\n  and {} more", mistakes.len() - most));
    told.chain(more).collect()
}

/// The component's name: its file's stem.
///
/// # Errors
/// It cannot be a name.
pub fn component_name(path: &Path) -> Result<String, LoadError> {
    let stem = path.file_stem().unwrap_or_default();
    let Some(name) = stem.to_str() else {
        return Err(LoadError::Name("is not text".to_owned()));
    };
    case::check_name(name).map_err(LoadError::Name)?;
    Ok(name.to_owned())
}

impl Workshop {
    /// Loads a file: reads, checks, compiles and links it, and asks it for its cases. In a hurry, a large one gets code
    /// that was made quickly; then there is a source to optimise.
    ///
    /// # Errors
    /// The first step that fails; of the cases, all mistakes.
    pub async fn load(
        &self,
        path: &Path,
        in_a_hurry: bool,
    ) -> Result<(Component, Option<Source>), LoadError> {
        let name = component_name(path)?;
        let source = self.read(path.to_owned()).await?;
        let Compiled { suite, metadata, code } = self.compiler.compile(&source, in_a_hurry).await?;
        let share = self.shares.of(&name);
        let limits = self.rules.limits(&name, self.limits);
        let (suite, declared) = self.ask_for_cases(suite, limits, &share).await?;
        let max_rate = self.rules.max_rate(&name).unwrap_or(self.max_rate);
        let cases =
            case::check(&name, declared, self.default_timeout, max_rate).map_err(LoadError::Declared)?;
        let component = Component {
            share,
            series: Arc::new(self.catalogue.open(&name, limits.of(Budget::MetricSeries) as usize)),
            name,
            digest: source.digest.clone(),
            size: source.bytes.len(),
            loaded_at: SystemTime::now(),
            is_new: true,
            metadata,
            code,
            suite: RwLock::new(Arc::new(suite)),
            cases: cases.into_iter().map(Arc::new).collect(),
            retired: CancellationToken::new(),
        };
        let is_quick = code == CodeOrigin::Compiled(Code::Quick);
        Ok((component, is_quick.then_some(source)))
    }

    async fn read(&self, path: PathBuf) -> Result<Source, LoadError> {
        let limit = self.max_size;
        let work = move || {
            let bytes = read(&path, limit)?;
            let digest = hexadecimal(&Sha256::digest(&bytes));
            Ok(Source { bytes: bytes.into(), digest })
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
        share: &Arc<Share>,
    ) -> Result<(Suite, Vec<declared::TestCase>), LoadError> {
        let recorder = Recorder::new(RunClock::start(), Meter::new(limits, share.clone()));
        let session = Session::for_cases(recorder.clone());
        let asking = async move {
            let declared = async { suite.enter(session).await?.cases().await };
            let declared = tokio::time::timeout(CASES_TIMEOUT, declared).await;
            (suite, declared)
        };
        let asked = AbortOnDropHandle::new(self.guests.spawn(asking)).await;
        let (suite, declared) = asked.map_err(|error| LoadError::Host(error.to_string()))?;
        let recording = recorder.finish();
        match declared {
            Ok(Ok(declared)) => Ok((suite, declared)),
            Ok(Err(breakdown)) => Err(LoadError::Cases(with_failures(&breakdown, &recording))),
            Err(_) => {
                let limit = humantime::format_duration(CASES_TIMEOUT);
                Err(LoadError::Cases(format!("it took longer than {limit}; it may only list the cases")))
            }
        }
    }
}

fn with_failures(breakdown: &Breakdown, recording: &Recording) -> String {
    let said = recording.failures.iter().take(MOST_REASONS);
    let said: String = said.map(|failure| format!("\n    it said: {}", beginning(failure))).collect();
    format!("{breakdown}{said}")
}

fn read(path: &Path, limit: usize) -> Result<Vec<u8>, LoadError> {
    let failed = |source| LoadError::Read { path: path.to_owned(), source };
    let size = std::fs::metadata(path).map_err(failed)?.len();
    if size > limit as u64 {
        return Err(LoadError::TooLarge { size, limit });
    }
    std::fs::read(path).map_err(failed)
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
