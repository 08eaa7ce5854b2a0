//! `GSS_TRACE=FILE`: what the switch and the mechanisms log goes to the end of that file. A C program has no subscriber of
//! its own, so without the variable nothing is logged. No secret is ever among it.

use std::env;
use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt as _;
use std::sync::Mutex;
use tracing_subscriber::EnvFilter;

/// What is logged unless `GSS_TRACE_LEVEL` says otherwise.
const LEVEL: &str = "debug";

/// Begins to log if the environment asks for it. Under AT_SECURE the environment is not to be trusted with a file name.
pub(crate) fn start() {
    let Some(path) = env::var_os("GSS_TRACE").filter(|path| !path.is_empty()) else { return };
    if gss_core::trust::at_secure() {
        return;
    }
    // Readable by its owner alone: it names peers.
    let Ok(file) = OpenOptions::new().create(true).append(true).mode(0o600).open(path) else { return };
    let level = env::var("GSS_TRACE_LEVEL").unwrap_or_else(|_| LEVEL.to_owned());
    let filter = EnvFilter::try_new(level).unwrap_or_else(|_| EnvFilter::new(LEVEL));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).with_writer(Mutex::new(file));
    // Fails if there is a subscriber already: then that one has its way.
    let _ = log.try_init();
}
