//! Connects a plugin to its host: each library has its own copy of tracing's and std's statics, so that events and
//! panics of a plugin would otherwise go nowhere, or to standard error.

use gss_plugin_abi::export::{HostServicesRef, log};
use std::fmt::{self, Write as _};
use std::panic::PanicHookInfo;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use tracing_core::field::{Field, Visit};
use tracing_core::span::{Attributes, Current, Id, Record};
use tracing_core::subscriber::Interest;
use tracing_core::{Dispatch, Event, Level, LevelFilter, Metadata, Subscriber};

static HOST: OnceLock<HostServicesRef> = OnceLock::new();

/// Sends this library's events and panics to the host, before any other thread goes on here. Later calls change nothing.
pub fn attach(host: HostServicesRef) {
    HOST.get_or_init(|| {
        // Fails if the author has set a subscriber already, which is then what the author wants.
        let _ = tracing_core::dispatcher::set_global_default(Dispatch::new(Bridge { next_span: AtomicU64::new(1) }));
        std::panic::set_hook(Box::new(report_panic));
        host
    });
}

/// The host that this library was loaded by, if a host has loaded it.
pub(crate) fn host() -> Option<HostServicesRef> {
    HOST.get().copied()
}

/// The panic itself becomes a status; here its place is logged, and nothing is printed.
fn report_panic(panic: &PanicHookInfo<'_>) {
    let Some(host) = HOST.get() else { return };
    let message = match (panic.payload().downcast_ref::<&str>(), panic.payload().downcast_ref::<String>()) {
        (Some(text), _) => text,
        (_, Some(text)) => text.as_str(),
        _ => "a panic without a text",
    };
    let (file, line) = panic.location().map_or(("", 0), |location| (location.file(), location.line()));
    log(*host, 1, line, "gss_plugin::panic", message, &[("file", file)]);
}

/// Hands each event to the host as a flat record. Spans have ids, as tracing demands, and no content.
struct Bridge {
    next_span: AtomicU64,
}

fn number(level: &Level) -> u8 {
    match *level {
        Level::ERROR => 1,
        Level::WARN => 2,
        Level::INFO => 3,
        Level::DEBUG => 4,
        Level::TRACE => 5,
    }
}

impl Subscriber for Bridge {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        HOST.get().is_some_and(|host| number(metadata.level()) <= host.max_level()())
    }

    fn register_callsite(&self, _: &'static Metadata<'static>) -> Interest {
        // The host may change its mind at any time.
        Interest::sometimes()
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::TRACE)
    }

    fn event(&self, event: &Event<'_>) {
        let Some(host) = HOST.get() else { return };
        let mut flat = Flat::default();
        event.record(&mut flat);
        let fields: Vec<_> = flat.fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let metadata = event.metadata();
        let line = metadata.line().unwrap_or(0);
        log(*host, number(metadata.level()), line, metadata.target(), &flat.message, &fields);
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(self.next_span.fetch_add(1, Ordering::Relaxed).max(1))
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}

    fn current_span(&self) -> Current {
        Current::none()
    }
}

#[derive(Default)]
struct Flat {
    message: String,
    fields: Vec<(&'static str, String)>,
}

impl Visit for Flat {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            // Writing to a string cannot fail.
            let _ = write!(self.message, "{value:?}");
        } else {
            self.fields.push((field.name(), format!("{value:?}")));
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            self.message.push_str(value);
        } else {
            self.fields.push((field.name(), value.to_owned()));
        }
    }
}
