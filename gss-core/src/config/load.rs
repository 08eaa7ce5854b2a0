//! From the sources to a [`Config`]: opens files, follows includes in order, keeps the first of duplicates, and
//! remembers what each file and directory looked like.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use gss_plugin_abi::Oid;

use super::diagnostic::{Defect, Diagnostic, Position};
use super::fingerprint::Fingerprint;
use super::parse::{self, Include, Item, Mechanism, Target};
use super::pattern;
use super::settings::{Setting, Settings};
use super::sources::{PATTERN, Root, Sources};
use super::{Config, MAX_DEPTH, MAX_DIAGNOSTICS, MAX_FILE, MAX_FILES, MAX_MECHANISMS, Place};
use crate::trust::{self, Finding, Policy};

pub(super) fn load(sources: &Sources) -> Config {
    let mut loader = Loader {
        plugin_dir: &sources.plugin_dir,
        policy: sources.policy,
        config: Config::default(),
        settings: Settings::default(),
        set: HashMap::new(),
        names: HashMap::new(),
        oids: HashMap::new(),
        files: HashMap::new(),
        open: Vec::new(),
        doubted: HashSet::new(),
    };
    match &sources.root {
        Root::System { file, directory } => loader.system(file, directory),
        Root::File(path) => {
            loader.file(path, &Origin::Root { required: true });
        }
        Root::Text { name, text } => loader.lines(text, &Arc::from(name.as_path()), 0),
    }
    loader.finish()
}

/// Who asked for a file.
enum Origin {
    /// The sources.
    Root { required: bool },
    /// An `include` line.
    Include { file: Arc<Path>, position: Position, depth: usize },
}

impl Origin {
    fn depth(&self) -> usize {
        match self {
            Self::Root { .. } => 0,
            Self::Include { depth, .. } => *depth,
        }
    }
}

/// Device and inode.
type Identity = (u64, u64);

struct Loader<'a> {
    plugin_dir: &'a Path,
    policy: Policy,
    config: Config,
    settings: Settings,
    /// Which line each setting stands on.
    set: HashMap<&'static str, Place>,
    names: HashMap<String, Place>,
    oids: HashMap<Oid, Place>,
    /// Every file that was read, under the name it was read by.
    files: HashMap<Identity, Arc<Path>>,
    /// The files whose lines are being read: one that includes another, and so on.
    open: Vec<Identity>,
    /// What has been the subject of a finding: one directory concerns many files, and is reported once.
    doubted: HashSet<PathBuf>,
}

impl Loader<'_> {
    /// The settings hold for every line, whichever stands first.
    fn finish(self) -> Config {
        let mut config = self.config;
        config.settings = Arc::new(self.settings);
        for line in &mut config.mechanisms {
            line.settings = Arc::clone(&config.settings);
        }
        config
    }

    fn system(&mut self, file: &Path, directory: &Path) {
        let origin = Origin::Root { required: false };
        let mut found = self.file(file, &origin);
        for path in self.matching(directory, PATTERN.as_ref(), &origin) {
            found = true;
            self.file(&path, &Origin::Root { required: true });
        }
        if !found {
            let defect = Defect::NoConfiguration { file: file.to_owned(), pattern: directory.join(PATTERN) };
            self.report(file.into(), None, defect);
        }
    }

    /// Reads one file; whether there is such a file.
    fn file(&mut self, path: &Path, origin: &Origin) -> bool {
        if origin.depth() > MAX_DEPTH {
            self.report_file(path, origin, Defect::IncludeDepth { path: path.to_owned() });
            return true;
        }
        // Before it is opened: a file that appears between the two looks is to count as a change.
        let before = fs::metadata(path).ok();
        let opened = match trust::open(path, self.policy) {
            Ok(opened) => opened,
            Err(error) => {
                self.config.sources.push(Fingerprint::content(path, before.as_ref()));
                self.watch(error.findings());
                if error.is_missing() && matches!(origin, Origin::Root { required: false }) {
                    return false;
                }
                self.report_file(path, origin, error.into());
                return true;
            }
        };
        let identity = (opened.metadata().dev(), opened.metadata().ino());
        self.config.sources.push(Fingerprint::content(path, Some(opened.metadata())));
        if self.open.contains(&identity) {
            self.report_file(path, origin, Defect::IncludeCycle { path: path.to_owned() });
            return true;
        }
        if let Some(first) = self.files.get(&identity) {
            let defect = Defect::AlreadyRead { path: path.to_owned(), first: Arc::clone(first) };
            self.report_file(path, origin, defect);
            return true;
        }
        if self.files.len() >= MAX_FILES {
            self.report_file(path, origin, Defect::TooManyFiles { path: path.to_owned() });
            return true;
        }
        let name: Arc<Path> = path.into();
        self.files.insert(identity, Arc::clone(&name));
        self.watch(opened.findings());
        for finding in opened.findings() {
            if self.doubted.insert(finding.path().to_owned()) {
                self.report_file(path, origin, Defect::Untrusted(finding.clone()));
            }
        }
        match contents(opened.file()) {
            Ok(Some(text)) => {
                self.open.push(identity);
                self.lines(&text, &name, origin.depth());
                self.open.pop();
            }
            Ok(None) => {
                self.report_file(path, origin, Defect::FileTooLarge { path: path.to_owned() });
            }
            Err(source) => {
                self.report_file(path, origin, Defect::Read { path: path.to_owned(), source });
            }
        }
        true
    }

    fn lines(&mut self, text: &[u8], file: &Arc<Path>, depth: usize) {
        for (line, item) in parse::items(text, file, self.plugin_dir) {
            match item {
                Ok(Item::Mechanism(mechanism)) => self.mechanism(*mechanism),
                Ok(Item::Settings(settings)) => {
                    for (setting, column) in settings {
                        self.setting(setting, Place { file: Arc::clone(file), line }, column);
                    }
                }
                Ok(Item::Include(include)) => self.include(&include, file, line, depth),
                Err(parse::Located { column, defect }) => {
                    let position = Position { line, column };
                    self.report(Arc::clone(file), Some(position), defect);
                }
            }
        }
    }

    fn include(&mut self, include: &Include, file: &Arc<Path>, line: usize, depth: usize) {
        let position = Position { line, column: include.column };
        let origin = Origin::Include { file: Arc::clone(file), position, depth: depth + 1 };
        match &include.target {
            Target::File(path) => {
                self.file(path, &origin);
            }
            Target::Pattern { directory, pattern } => {
                for path in self.matching(directory, pattern.as_bytes(), &origin) {
                    self.file(&path, &origin);
                }
            }
        }
    }

    /// The first line that sets something counts, as with names and OIDs.
    fn setting(&mut self, setting: Setting, place: Place, column: usize) {
        let key = setting.key();
        if let Some(first) = self.set.get(key) {
            let defect = Defect::RepeatedSetting { key, first: first.clone() };
            self.report(place.file, Some(Position { line: place.line, column }), defect);
            return;
        }
        setting.apply(&mut self.settings);
        self.set.insert(key, place);
    }

    fn mechanism(&mut self, mechanism: Mechanism) {
        let Mechanism { line, name_column, oid_column, alias_columns } = mechanism;
        let refusal = if self.config.mechanisms.len() >= MAX_MECHANISMS {
            Some((1, Defect::TooManyMechanisms))
        } else if let Some(first) = self.names.get(&line.name) {
            Some((name_column, Defect::DuplicateName { name: line.name.clone(), first: first.clone() }))
        } else {
            self.duplicate_oid(&line.oid, oid_column, line.aliases.iter().zip(alias_columns), &line.place)
        };
        if let Some((column, defect)) = refusal {
            let position = Position { line: line.place.line, column };
            self.report(line.place.file, Some(position), defect);
            return;
        }
        self.names.insert(line.name.clone(), line.place.clone());
        for oid in std::iter::once(&line.oid).chain(&line.aliases) {
            self.oids.insert(oid.clone(), line.place.clone());
        }
        self.config.mechanisms.push(line);
    }

    /// An OID that an earlier line has, or that this one names twice.
    fn duplicate_oid<'o>(
        &self,
        own: &'o Oid,
        own_column: usize,
        aliases: impl Iterator<Item = (&'o Oid, usize)>,
        place: &Place,
    ) -> Option<(usize, Defect)> {
        let mut of_this_line = HashSet::new();
        std::iter::once((own, own_column)).chain(aliases).find_map(|(oid, column)| {
            let twice = !of_this_line.insert(oid);
            let first = self.oids.get(oid).or(twice.then_some(place))?.clone();
            Some((column, Defect::DuplicateOid { oid: oid.clone(), first }))
        })
    }

    /// The files of `directory` whose names match, sorted bytewise. That there is no such directory is no defect.
    fn matching(&mut self, directory: &Path, pattern: &[u8], origin: &Origin) -> Vec<PathBuf> {
        let before = fs::metadata(directory).ok();
        self.config.sources.push(Fingerprint::content(directory, before.as_ref()));
        match pattern::names(directory, pattern) {
            Ok(names) => names.iter().map(|name| directory.join(name)).collect(),
            Err(source) if source.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(source) => {
                let defect = Defect::Directory { path: directory.to_owned(), source };
                self.report_file(directory, origin, defect);
                Vec::new()
            }
        }
    }

    /// A finding ends when owner or mode is put right, which changes nothing about the file itself.
    fn watch(&mut self, findings: &[Finding]) {
        self.config.sources.extend(findings.iter().map(|finding| Fingerprint::access(finding.path())));
    }

    /// Reports something about a file: at the line that includes it, if there is one.
    fn report_file(&mut self, path: &Path, origin: &Origin, defect: Defect) {
        match origin {
            Origin::Root { .. } => self.report(path.into(), None, defect),
            Origin::Include { file, position, .. } => {
                self.report(Arc::clone(file), Some(*position), defect);
            }
        }
    }

    fn report(&mut self, file: Arc<Path>, position: Option<Position>, defect: Defect) {
        let diagnostics = &mut self.config.diagnostics;
        match diagnostics.len() {
            0..MAX_DIAGNOSTICS => diagnostics.push(Diagnostic { file, position, defect }),
            MAX_DIAGNOSTICS => {
                diagnostics.push(Diagnostic { file, position, defect: Defect::TooManyDefects });
            }
            _ => {}
        }
    }
}

/// The whole file, or `None` if it is too large.
fn contents(file: &fs::File) -> io::Result<Option<Vec<u8>>> {
    let mut text = Vec::new();
    file.take(MAX_FILE + 1).read_to_end(&mut text)?;
    Ok(if text.len() as u64 > MAX_FILE { None } else { Some(text) })
}
