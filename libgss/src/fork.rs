//! A process that forks: the child finds no lock of ours held, contexts that other threads were using are gone there
//! (`GSS_S_NO_CONTEXT`), and the rest works.

use crate::boundary::{CREDENTIALS, NAMES, started_switch};
use crate::status::{self, MinorsGuard};
use gss_core::slots::{ForkGuard, Readers};
use gss_core::{Credential, Name};
use std::cell::RefCell;

/// All that stands still while a fork is under way.
struct Held {
    names: ForkGuard<'static, Name>,
    credentials: ForkGuard<'static, Credential>,
    minors: MinorsGuard,
    core: gss_core::fork::ForkGuard,
}

thread_local! {
    /// From the prepare handler to the one after it, which run on the thread that forks.
    static HELD: RefCell<Option<Held>> = const { RefCell::new(None) };
}

extern "C" fn prepare() {
    let held = Held {
        names: NAMES.before_fork(),
        credentials: CREDENTIALS.before_fork(),
        minors: status::lock(),
        core: gss_core::fork::before_fork(started_switch()),
    };
    // While a thread ends it has no thread-locals; then the locks are let go again, and the fork takes its chance.
    let _ = HELD.try_with(|place| place.replace(Some(held)));
}

fn take() -> Option<Held> {
    HELD.try_with(RefCell::take).ok().flatten()
}

extern "C" fn in_parent() {
    if let Some(Held { names, credentials, minors, core }) = take() {
        core.after_fork_in_parent();
        drop(minors);
        credentials.after_fork_in_parent();
        names.after_fork_in_parent();
    }
}

extern "C" fn in_child() {
    if let Some(Held { names, credentials, minors, core }) = take() {
        core.after_fork_in_child();
        drop(minors);
        credentials.after_fork_in_child(Readers::Keep);
        names.after_fork_in_child(Readers::Keep);
    }
}

/// Run by the dynamic linker when the library is loaded. It stays loaded, so the handlers do, too.
extern "C" fn register() {
    // SAFETY: the handlers are functions of this library, which is linked `-z nodelete`. A failure (no memory) leaves
    // things as they were without them.
    unsafe { libc::pthread_atfork(Some(prepare), Some(in_parent), Some(in_child)) };
}

// SAFETY: `.init_array` holds addresses of functions that are called without arguments that `register` would read.
#[used]
#[unsafe(link_section = ".init_array")]
static REGISTER: extern "C" fn() = register;
