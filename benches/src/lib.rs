//! What the two programs of `make bench` share: how things are timed and printed, the plugins that are measured, and the
//! C program that measures a library.
#![allow(clippy::print_stdout, reason = "a benchmark's output is what it prints")]
#![allow(clippy::expect_used, reason = "a benchmark that cannot be set up ends")]

pub mod harness;
pub mod library;

use std::path::{Path, PathBuf};

/// Where the plugins and libraries that were built lie: beside this program.
pub fn built(name: &str) -> PathBuf {
    let program = std::env::current_exe().expect("the path of this program");
    program.parent().map(|built| built.join(name)).expect("a folder")
}

/// Copies a plugin that was built.
pub fn install(plugin: &str, folder: &Path) {
    std::fs::copy(built(plugin), folder.join(plugin)).expect("make bench builds the plugins first");
}
