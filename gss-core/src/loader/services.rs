//! What the host lends its plugins: a place for their log records, and random bytes.

use abi_stable::std_types::RSliceMut;
use gss_plugin_abi::export::{HostServices, HostServicesRef, Record};
use std::fmt::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use tracing::level_filters::LevelFilter;

static SERVICES: &abi_stable::prefix_type::WithMetadata<HostServices> =
    &abi_stable::prefix_type::WithMetadata::new(HostServices { max_level, log, random });

/// The services of this process.
pub(super) const fn services() -> HostServicesRef {
    HostServicesRef::new(SERVICES)
}

extern "C" fn max_level() -> u8 {
    match LevelFilter::current() {
        LevelFilter::OFF => 0,
        LevelFilter::ERROR => 1,
        LevelFilter::WARN => 2,
        LevelFilter::INFO => 3,
        LevelFilter::DEBUG => 4,
        _ => 5,
    }
}

extern "C" fn log(record: &Record<'_>) {
    // The application's subscriber may panic, and must not unwind through the plugin.
    let _ = catch_unwind(AssertUnwindSafe(|| emit(record)));
}

fn emit(record: &Record<'_>) {
    let mut text = record.message.as_str().to_owned();
    for field in record.fields {
        // Writing to a string cannot fail.
        let _ = write!(text, " {}={}", field.0, field.1);
    }
    let (module, line) = (record.target.as_str(), record.line);
    match record.level {
        1 => tracing::error!(target: "gss::plugin", module, line, "{text}"),
        2 => tracing::warn!(target: "gss::plugin", module, line, "{text}"),
        3 => tracing::info!(target: "gss::plugin", module, line, "{text}"),
        4 => tracing::debug!(target: "gss::plugin", module, line, "{text}"),
        _ => tracing::trace!(target: "gss::plugin", module, line, "{text}"),
    }
}

extern "C" fn random(bytes: RSliceMut<'_, u8>) -> i32 {
    crate::random::fill(bytes.into_mut_slice()).map_or_else(rustix::io::Errno::raw_os_error, |()| 0)
}
