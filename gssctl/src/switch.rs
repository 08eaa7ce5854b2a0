//! From the options to the switch, and to the mechanisms that are asked about.

use crate::arguments::Options;
use crate::output;
use anyhow::{Result, bail};
use gss_core::config::{Config, Defect, Diagnostic, Severity};
use gss_core::{Gss, Mechanism, Oid};
use std::sync::Arc;

/// The switch, if its config can be read at all. Tells of a config with errors, whose good lines count all the same.
pub(crate) fn open(options: &Options) -> Result<Gss> {
    let gss = Gss::with(options.sources());
    let diagnostics = gss.diagnostics();
    if gss.mechanisms().is_empty() {
        refuse_unreadable(&diagnostics)?;
    }
    let errors = diagnostics.iter().filter(|diagnostic| diagnostic.severity() == Severity::Error).count();
    if errors > 0 {
        let errors = output::count(errors, "error");
        output::complain(&format!("the config has {errors}; `gssctl config check` shows them"));
    }
    Ok(gss)
}

/// Fails if a file that reading was to begin with could not be read.
///
/// # Errors
/// The defect of the file.
pub(crate) fn refuse_unreadable(diagnostics: &[Diagnostic]) -> Result<()> {
    let is_unreadable = |diagnostic: &&Diagnostic| {
        let of_a_file = matches!(
            diagnostic.defect,
            Defect::File(_) | Defect::Read { .. } | Defect::FileTooLarge { .. } | Defect::NoConfiguration { .. }
        );
        of_a_file && diagnostic.position.is_none()
    };
    match diagnostics.iter().find(is_unreadable) {
        Some(unreadable) => bail!("{}", unreadable.defect),
        None => Ok(()),
    }
}

/// The config alone, if it can be read at all.
///
/// # Errors
/// As [`refuse_unreadable`].
pub(crate) fn config(options: &Options) -> Result<Config> {
    let config = Config::load(&options.sources());
    if config.mechanisms.is_empty() {
        refuse_unreadable(&config.diagnostics)?;
    }
    Ok(config)
}

/// The configured mechanisms that these names, OIDs or aliases stand for, in the order of the config; all of them, if
/// nothing is named.
///
/// # Errors
/// If one of the names stands for none.
pub(crate) fn chosen(gss: &Gss, wanted: &[String]) -> Result<Vec<Arc<Mechanism>>> {
    let mechanisms = gss.mechanisms();
    if wanted.is_empty() {
        return Ok(mechanisms);
    }
    let is_called = |mechanism: &Mechanism, name: &String| {
        let line = mechanism.line();
        line.name == *name || name.parse::<Oid>().is_ok_and(|oid| line.oid == oid || line.aliases.contains(&oid))
    };
    for name in wanted {
        if !mechanisms.iter().any(|mechanism| is_called(mechanism, name)) {
            bail!("no mechanism {name:?} is configured; `gssctl config show` lists those that are");
        }
    }
    let is_wanted = |mechanism: &Arc<Mechanism>| wanted.iter().any(|name| is_called(mechanism, name));
    Ok(mechanisms.into_iter().filter(is_wanted).collect())
}
