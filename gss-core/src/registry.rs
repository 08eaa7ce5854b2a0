//! Mechanisms by OID. Each is loaded on first use, once, and never unloaded while somebody holds it. No lock is held
//! while plugin code runs: several threads may load one mechanism at once, and the first to publish wins.

use crate::clock::monotonic_ms;
use crate::config::{Config, Diagnostic, MechanismKind, MechanismLine, Sources};
use crate::error::{Error, Result};
use crate::loader::{self, Kind, LoadError, Loaded};
use crate::trust::Policy;
use gss_plugin_abi::oid::attr;
use gss_plugin_abi::{Description, Oid};
use once_cell::race::OnceBox;
use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockWriteGuard};

/// For how long the config is taken as unchanged, and a failure to load as standing.
const STANDS_FOR_MS: u64 = 1000;

/// A configured mechanism: what the config says of it, and once it has been used, the mechanism itself.
pub struct Mechanism {
    line: MechanismLine,
    policy: Policy,
    loaded: OnceBox<Arc<Loaded>>,
}

/// The last failure of each mechanism, by its address, and when it was: a broken mechanism costs a `dlopen` a second at
/// most, and works as soon as it is mended.
pub(crate) type Failures = BTreeMap<usize, (u64, Arc<LoadError>)>;

/// One lock for all, so that a fork has but one to hold. No plugin code runs under it.
static FAILURES: Mutex<Failures> = Mutex::new(BTreeMap::new());

pub(crate) fn lock_failures() -> MutexGuard<'static, Failures> {
    FAILURES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How a mechanism stands.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum State {
    /// Not used yet, so not opened.
    NotLoaded,
    /// In use.
    Loaded {
        /// What it says of itself.
        description: Description,
        /// What kind of library it comes from.
        kind: Kind,
        /// The version of the SDK that the plugin was built with; empty for a C mechanism.
        sdk_version: String,
    },
    /// Cannot be used, and why.
    Failed(Arc<LoadError>),
}

thread_local! {
    /// The mechanisms that this thread is loading: a constructor may call back into us.
    static LOADING: RefCell<Vec<*const Mechanism>> = const { RefCell::new(Vec::new()) };
}

/// Marks a mechanism as being loaded by this thread.
struct Loading(*const Mechanism);

impl Loading {
    fn begin(mechanism: &Mechanism) -> Option<Self> {
        let address = std::ptr::from_ref(mechanism);
        LOADING.with_borrow_mut(|loading| {
            if loading.contains(&address) {
                return None;
            }
            loading.push(address);
            Some(Self(address))
        })
    }
}

impl Drop for Loading {
    fn drop(&mut self) {
        LOADING.with_borrow_mut(|loading| loading.retain(|address| *address != self.0));
    }
}

impl Mechanism {
    fn new(line: MechanismLine, policy: Policy) -> Self {
        Self { line, policy, loaded: OnceBox::new() }
    }

    fn address(&self) -> usize {
        std::ptr::from_ref(self).addr()
    }

    /// The line of the config.
    pub fn line(&self) -> &MechanismLine {
        &self.line
    }

    /// How it stands, without opening anything.
    pub fn state(&self) -> State {
        if let Some(loaded) = self.loaded.get() {
            let (description, sdk_version) = (loaded.description.clone(), loaded.sdk_version.clone());
            return State::Loaded { description, kind: loaded.kind, sdk_version };
        }
        if self.line.kind == MechanismKind::Interposer {
            return State::Failed(Arc::new(LoadError::Interposer));
        }
        match lock_failures().get(&self.address()) {
            Some((_, reason)) => State::Failed(Arc::clone(reason)),
            None => State::NotLoaded,
        }
    }

    /// Opens the mechanism, if it is not open already.
    ///
    /// # Errors
    /// [`Error::CannotLoad`] with the reason.
    pub fn open(&self) -> Result<()> {
        self.load().map(|_| ())
    }

    /// What the mechanism says of itself. It is opened for that, if it is not open already.
    ///
    /// # Errors
    /// [`Error::CannotLoad`] with the reason.
    pub fn description(&self) -> Result<&Description> {
        Ok(&self.load()?.description)
    }

    /// The mechanism itself, loaded if need be.
    pub(crate) fn load(&self) -> Result<&Arc<Loaded>> {
        match self.loaded.get() {
            Some(loaded) => Ok(loaded),
            None => self.load_now().map_err(|reason| Error::CannotLoad {
                mechanism: self.line.name.as_str().into(),
                place: self.line.place.to_string().into(),
                reason,
            }),
        }
    }

    #[cold]
    fn load_now(&self) -> std::result::Result<&Arc<Loaded>, Arc<LoadError>> {
        if let Some((when, reason)) = lock_failures().get(&self.address())
            && monotonic_ms().saturating_sub(*when) < STANDS_FOR_MS
        {
            return Err(Arc::clone(reason));
        }
        let Some(_loading) = Loading::begin(self) else {
            return Err(Arc::new(LoadError::Recursive));
        };
        let result = loader::load(&self.line, self.policy);
        match result {
            Ok(loaded) => {
                lock_failures().remove(&self.address());
                tracing::debug!(mechanism = self.line.name, library = %self.line.library.display(), "loaded");
                // Where another thread was first, ours is dropped.
                let _ = self.loaded.set(Box::new(Arc::new(loaded)));
                self.loaded.get().ok_or_else(|| Arc::new(LoadError::Recursive))
            }
            Err(reason) => {
                // Another thread may have had better luck meanwhile.
                if let Some(loaded) = self.loaded.get() {
                    return Ok(loaded);
                }
                let reason = Arc::new(reason);
                tracing::warn!(mechanism = self.line.name, place = %self.line.place, "cannot be used: {reason}");
                lock_failures().insert(self.address(), (monotonic_ms(), Arc::clone(&reason)));
                Err(reason)
            }
        }
    }

    /// Whether the mechanism may serve where none is named: as the default one, for default credentials, and for
    /// acceptors without a credential. The attributes decide, unless the line does.
    pub(crate) fn serves_by_default(&self) -> Result<bool> {
        if self.line.kind == MechanismKind::Interposer {
            return Ok(false);
        }
        match self.line.default {
            Some(admitted) => Ok(admitted),
            None => {
                let attributes = &self.load()?.description.attributes;
                Ok(!attributes.contains(&attr::NOT_DFLT_MECH) && !attributes.contains(&attr::DEPRECATED))
            }
        }
    }

    fn is_indicated(&self) -> bool {
        match self.loaded.get() {
            Some(loaded) => !loaded.description.attributes.contains(&attr::DEPRECATED),
            None => matches!(self.state(), State::NotLoaded),
        }
    }
}

impl Drop for Mechanism {
    fn drop(&mut self) {
        lock_failures().remove(&self.address());
    }
}

impl fmt::Debug for Mechanism {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mechanism").field("line", &self.line).field("state", &self.state()).finish()
    }
}

/// One reading of the config.
pub(crate) struct Table {
    /// Without its lines and diagnostics, which stand below.
    config: Config,
    diagnostics: Arc<[Diagnostic]>,
    mechanisms: Vec<Arc<Mechanism>>,
    by_oid: HashMap<Oid, usize>,
}

impl Table {
    /// Takes over from the table before what is loaded: a loaded mechanism is never replaced.
    fn new(mut config: Config, policy: Policy, before: Option<&Table>) -> Self {
        let mut mechanisms: Vec<Arc<Mechanism>> = Vec::new();
        let mut by_oid = HashMap::new();
        for line in std::mem::take(&mut config.mechanisms) {
            let kept = before
                .and_then(|table| table.get(&line.oid))
                .filter(|mechanism| mechanism.loaded.get().is_some() || mechanism.line == line);
            for oid in std::iter::once(&line.oid).chain(&line.aliases) {
                by_oid.entry(oid.clone()).or_insert(mechanisms.len());
            }
            mechanisms.push(kept.cloned().unwrap_or_else(|| Arc::new(Mechanism::new(line, policy))));
        }
        let diagnostics: Arc<[Diagnostic]> = std::mem::take(&mut config.diagnostics).into();
        for diagnostic in &*diagnostics {
            tracing::warn!("{diagnostic}");
        }
        Self { config, diagnostics, mechanisms, by_oid }
    }

    fn get(&self, oid: &Oid) -> Option<&Arc<Mechanism>> {
        self.by_oid.get(oid).and_then(|index| self.mechanisms.get(*index))
    }
}

/// The mechanisms of a config, kept up to date with its files.
pub(crate) struct Registry {
    sources: Sources,
    table: RwLock<Arc<Table>>,
    /// When the files were last looked at.
    looked: AtomicU64,
}

impl Registry {
    pub(crate) fn new(sources: Sources) -> Self {
        let policy = sources.policy;
        let table = Arc::new(Table::new(Config::load(&sources), policy, None));
        Self { sources, table: RwLock::new(table), looked: AtomicU64::new(monotonic_ms()) }
    }

    /// Holds the table as it is.
    pub(crate) fn lock_table(&self) -> RwLockWriteGuard<'_, Arc<Table>> {
        self.table.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn current(&self) -> Arc<Table> {
        Arc::clone(&self.table.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The table, after a look at the files if the last one is a second ago.
    fn recent(&self) -> Arc<Table> {
        if monotonic_ms().saturating_sub(self.looked.load(Ordering::Relaxed)) < STANDS_FOR_MS {
            return self.current();
        }
        self.look()
    }

    /// The table, after a look at the files.
    #[cold]
    fn look(&self) -> Arc<Table> {
        self.looked.store(monotonic_ms(), Ordering::Relaxed);
        let before = self.current();
        if !before.config.changed_since() {
            return before;
        }
        let after = Arc::new(Table::new(Config::load(&self.sources), self.sources.policy, Some(&before)));
        tracing::debug!(mechanisms = after.mechanisms.len(), "the config has changed");
        *self.lock_table() = Arc::clone(&after);
        after
    }

    /// The mechanism with this OID or alias. The files are looked at before the answer is no.
    pub(crate) fn get(&self, oid: &Oid) -> Result<Arc<Mechanism>> {
        if let Some(mechanism) = self.recent().get(oid) {
            return Ok(Arc::clone(mechanism));
        }
        self.look().get(oid).cloned().ok_or_else(|| Error::NotConfigured(oid.clone()))
    }

    /// All lines, in order of preference.
    pub(crate) fn all(&self) -> Vec<Arc<Mechanism>> {
        self.recent().mechanisms.clone()
    }

    /// The mechanism that serves where none is named. If it cannot load, that is the answer: the next one in its
    /// place would be a silent downgrade.
    pub(crate) fn default_mechanism(&self) -> Result<Arc<Mechanism>> {
        for mechanism in &self.recent().mechanisms {
            if mechanism.serves_by_default()? {
                return Ok(Arc::clone(mechanism));
            }
        }
        Err(Error::NoDefaultMechanism)
    }

    /// The OIDs of all mechanisms but those known not to load and those known as deprecated. Opens nothing.
    pub(crate) fn indicated(&self) -> Vec<Oid> {
        let table = self.recent();
        let indicated = table.mechanisms.iter().filter(|mechanism| mechanism.is_indicated());
        indicated.map(|mechanism| mechanism.line.oid.clone()).collect()
    }

    /// What is wrong with the config.
    pub(crate) fn diagnostics(&self) -> Arc<[Diagnostic]> {
        Arc::clone(&self.recent().diagnostics)
    }
}
