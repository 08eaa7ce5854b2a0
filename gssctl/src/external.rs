//! `gssctl NAME …` for a NAME that is none of ours: the program `gssctl-NAME` beside this one, or in the `PATH`. So a
//! mechanism can bring commands of its own, and `gssctl` need not know it.

use anyhow::{Context as _, Result, bail};
use std::env;
use std::ffi::{OsStr, OsString};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Becomes that program; comes back only with an error.
pub(crate) fn run(words: &[OsString]) -> Result<std::convert::Infallible> {
    let Some((name, arguments)) = words.split_first() else { bail!("no command") };
    let Some(program) = find(name) else {
        bail!("there is no command {0}, and no program gssctl-{0}; see gssctl --help", name.display());
    };
    let error = Command::new(&program).args(arguments).exec();
    Err(error).with_context(|| format!("cannot run {}", program.display()))
}

fn find(name: &OsStr) -> Option<PathBuf> {
    // A name, not a way into another directory.
    if Path::new(name).components().count() != 1 {
        return None;
    }
    let mut file = OsString::from("gssctl-");
    file.push(name);
    let beside = env::current_exe().ok().and_then(|own| own.parent().map(Path::to_owned));
    let path = env::var_os("PATH").unwrap_or_default();
    let directories = beside.into_iter().chain(env::split_paths(&path).filter(|directory| directory.is_absolute()));
    directories.map(|directory| directory.join(&file)).find(|program| program.is_file())
}
