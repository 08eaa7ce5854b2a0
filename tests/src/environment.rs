//! Tests whose C libraries read environment variables. A process must not change its own once it has threads, so that such
//! a test runs a second time, in a process with the variables set.

use std::ffi::OsString;
use std::process::Command;

const INSIDE: &str = "GSS_TEST_INSIDE";

/// Answers `true` in a process that has the variables that `variables` makes. In any other, makes them, runs the test
/// of this name again in such a process, and answers `false` when it has passed.
///
/// # Panics
/// If the test fails there, or no test has this name.
pub fn inside(test: &str, variables: impl FnOnce() -> Vec<(&'static str, OsString)>) -> bool {
    if std::env::var_os(INSIDE).is_some_and(|inside| inside == test) {
        return true;
    }
    let output = Command::new(std::env::current_exe().expect("the path of the running test"))
        .args([test, "--exact", "--nocapture", "--test-threads=1"])
        .env(INSIDE, test)
        .envs(variables())
        .output()
        .expect("the running test starts again");
    let (out, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && out.contains("1 passed"), "{test}: {}\n{out}\n{errors}", output.status);
    false
}
