//! `gssctl`, run over a site.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot be set up has failed")]

use crate::{Site, product};
use serde_json::Value;
use std::io::Write as _;
use std::process::{Command, Output, Stdio};

/// The built program on a site.
pub fn gssctl(site: &Site) -> Command {
    let mut command = Command::new(product("gssctl", "gssctl"));
    command.arg("--conf").arg(site.path("plugins.conf")).arg("--plugin-dir").arg(site.plugins());
    command.env_remove("GSS_LOG").stdin(Stdio::null());
    command
}

/// What it said.
pub struct Answer {
    /// Its exit code, unless a signal ended it.
    pub code: Option<i32>,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

/// The answer in the output of a run.
pub fn answer(output: Output) -> Answer {
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Answer { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

/// Runs it to its end, without input.
pub fn run(site: &Site, arguments: &[&str]) -> Answer {
    answer(gssctl(site).args(arguments).output().expect("gssctl was built"))
}

/// Runs it to its end.
pub fn run_with_input(site: &Site, arguments: &[&str], input: &[u8]) -> Answer {
    let mut command = gssctl(site);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("gssctl was built");
    // It may have seen enough before the end.
    let _ = child.stdin.take().unwrap().write_all(input);
    answer(child.wait_with_output().unwrap())
}

/// The JSON in an answer.
pub fn json(answer: &Answer) -> Value {
    serde_json::from_str(&answer.out).unwrap_or_else(|error| panic!("{error}: {}{}", answer.out, answer.err))
}
