//! `gssctl config`: what is wrong with the config, and what all of its files say together.

use crate::Verdict;
use crate::arguments::{CheckArguments, Options};
use crate::{output, switch};
use anyhow::Result;
use gss_core::config::{
    Config, Defect, Diagnostic, MechanismKind, MechanismLine, Position, Settings, Severity, Sources, TransferKind,
};
use gss_core::trust::Policy;
use serde::Serialize;
use std::io::Write;
use std::path::{Path, PathBuf};

#[derive(Serialize)]
struct Report {
    files: Vec<File>,
    mechanisms: usize,
    errors: usize,
    warnings: usize,
    diagnostics: Vec<Remark>,
}

/// A file that was looked at.
#[derive(Serialize)]
struct File {
    file: PathBuf,
    mechanisms: usize,
    errors: usize,
    warnings: usize,
}

/// A diagnostic, with what it means to this process.
#[derive(Serialize)]
struct Remark {
    file: PathBuf,
    line: Option<usize>,
    column: Option<usize>,
    severity: &'static str,
    message: String,
}

const ERROR: &str = "error";
const WARNING: &str = "warning";

pub(crate) fn check(options: &Options, arguments: &CheckArguments, out: &mut impl Write) -> Result<Verdict> {
    let sources = match &arguments.file {
        Some(file) => Options { conf: Some(file.clone()), ..options.clone() }.sources(),
        None => options.sources(),
    };
    // What must not be trusted is read all the same, to show its other mistakes in one go. Nothing is opened by it.
    let config = Config::load(&sources.policy(Policy::Warn));
    if config.mechanisms.is_empty() {
        switch::refuse_unreadable(&config.diagnostics)?;
    }
    let report = report(&config, Policy::of_process());
    if arguments.json {
        output::json(out, &report)?;
    } else {
        for remark in &report.diagnostics {
            output::note(&remark.to_string());
        }
        summary(out, &report)?;
    }
    let bad = report.errors > 0 || (arguments.strict && report.warnings > 0);
    Ok(if bad { Verdict::Bad } else { Verdict::Good })
}

fn report(config: &Config, policy: Policy) -> Report {
    let diagnostics: Vec<_> = config.diagnostics.iter().map(|diagnostic| Remark::new(diagnostic, policy)).collect();
    let count = |severity, file: Option<&Path>| {
        let of_file = |remark: &&Remark| file.is_none_or(|file| same(&remark.file, file));
        diagnostics.iter().filter(of_file).filter(|remark| remark.severity == severity).count()
    };
    let mut files: Vec<File> = Vec::new();
    for source in config.sources.iter().filter(|source| source.is_present() && source.path().is_file()) {
        let path = source.path();
        if files.iter().any(|file| same(&file.file, path)) {
            continue;
        }
        // As the config, or whoever asked for the check, calls it.
        let names = config.mechanisms.iter().map(|line| &*line.place.file);
        let name = names.chain(config.diagnostics.iter().map(|diagnostic| &*diagnostic.file));
        let name = name.into_iter().find(|name| same(name, path)).unwrap_or(path);
        files.push(File {
            file: name.to_owned(),
            mechanisms: config.mechanisms.iter().filter(|line| same(&line.place.file, path)).count(),
            errors: count(ERROR, Some(path)),
            warnings: count(WARNING, Some(path)),
        });
    }
    let (errors, warnings) = (count(ERROR, None), count(WARNING, None));
    Report { files, mechanisms: config.mechanisms.len(), errors, warnings, diagnostics }
}

/// Whether two paths are spelt alike, once they are absolute.
fn same(one: &Path, other: &Path) -> bool {
    let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    one == other || absolute(one) == absolute(other)
}

impl Remark {
    fn new(diagnostic: &Diagnostic, policy: Policy) -> Self {
        // A warning to others is an error where it keeps the file from being used: in a process such as this one.
        let refused = matches!(diagnostic.defect, Defect::Untrusted(_)) && policy == Policy::Refuse;
        let Position { line, column } = diagnostic.position.unwrap_or(Position { line: 0, column: 0 });
        Self {
            file: diagnostic.file.to_path_buf(),
            line: diagnostic.position.map(|_| line),
            column: diagnostic.position.map(|_| column),
            severity: if refused || diagnostic.severity() == Severity::Error { ERROR } else { WARNING },
            message: match &diagnostic.defect {
                Defect::Untrusted(finding) if refused => format!("not used by programs of root: {finding}"),
                defect => defect.to_string(),
            },
        }
    }
}

impl std::fmt::Display for Remark {
    /// As compilers write it, so that editors find the place.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:", self.file.display())?;
        if let (Some(line), Some(column)) = (self.line, self.column) {
            write!(f, "{line}:{column}:")?;
        }
        write!(f, " {}: {}", self.severity, self.message)
    }
}

fn summary(out: &mut impl Write, report: &Report) -> Result<()> {
    let counts = |mechanisms, errors, warnings| {
        let (errors, warnings) = (output::count(errors, "error"), output::count(warnings, "warning"));
        format!("{}, {errors}, {warnings}", output::count(mechanisms, "mechanism"))
    };
    for file in &report.files {
        writeln!(out, "{}: {}", file.file.display(), counts(file.mechanisms, file.errors, file.warnings))?;
    }
    if report.files.len() != 1 {
        let files = output::count(report.files.len(), "file");
        writeln!(out, "{files}: {}", counts(report.mechanisms, report.errors, report.warnings))?;
    }
    Ok(())
}

/// Writes the lines that count in the form of a config file, each after its place.
pub(crate) fn show(options: &Options, out: &mut impl Write) -> Result<Verdict> {
    let config = switch::config(options)?;
    let sources: Sources = options.sources();
    writeln!(out, "# plugin directory: {}", sources.plugin_directory().display())?;
    for setting in settings(&config.settings) {
        writeln!(out, "{setting}")?;
    }
    for line in &config.mechanisms {
        writeln!(out, "\n# {}\n{}", line.place, one_line(line))?;
    }
    if config.mechanisms.is_empty() {
        writeln!(out, "# no mechanism")?;
    }
    let errors = config.diagnostics.iter().filter(|diagnostic| diagnostic.severity() == Severity::Error).count();
    if errors > 0 {
        let errors = output::count(errors, "error");
        output::complain(&format!("{errors} left out; `gssctl config check` shows them"));
        return Ok(Verdict::Bad);
    }
    Ok(Verdict::Good)
}

/// The settings in the form of a config file, those included that nobody has set.
fn settings(settings: &Settings) -> Vec<String> {
    let mut lines = vec![kind(settings.transfer.unwrap_or(TransferKind::Once))];
    lines.extend(settings.transfer_directory.iter().map(|path| format!("gss.transfer-directory={}", path.display())));
    lines.push(format!("gss.transfer-wait={}", settings.transfer_wait.as_secs()));
    lines.push(format!("gss.transfer-limit={}", settings.transfer_limit));
    lines
}

fn kind(kind: TransferKind) -> String {
    let kind = if kind == TransferKind::Portable { "portable" } else { "once" };
    format!("gss.transfer={kind}")
}

fn one_line(line: &MechanismLine) -> String {
    let mut options: Vec<String> = line.aliases.iter().map(|oid| format!("gss.alias={oid}")).collect();
    options.extend(line.transfer.map(kind));
    options.extend(line.default.map(|yes| format!("gss.default={}", if yes { "yes" } else { "no" })));
    options.extend(line.import_group.iter().map(|group| format!("gss.import-group={group}")));
    options.extend(line.import_from.iter().map(|user| format!("gss.import-from={user}")));
    options.extend(Some(line.options.to_string()).filter(|text| !text.is_empty()));
    let mut text = format!("{}  {}  {}", line.name, line.oid, line.library.display());
    if let Some(module) = &line.kernel_module {
        text += &format!("  {module}");
    }
    if !options.is_empty() {
        text += &format!("  [{}]", options.join(","));
    }
    if line.kind == MechanismKind::Interposer {
        text += "  <interposer>";
    }
    text
}
