//! What a fork must find at rest. A library that C programs use registers this with `pthread_atfork`: the child then finds
//! no lock of the core held, and what other threads had exclusively is gone there.

use crate::Gss;
use crate::context::{self, State};
use crate::credential;
use crate::registry::{self, Failures, Table};
use crate::slots::{self, Readers};
use crate::transfer::known::{self, Known};
use gss_plugin_abi::host::PluginCredential;
use std::fmt;
use std::sync::{Arc, MutexGuard, RwLockWriteGuard};

/// The core while a fork is under way: nobody makes or ends an object until one of its methods, or its drop, ends it.
#[must_use = "the core stands still while it lives"]
pub struct ForkGuard {
    contexts: slots::ForkGuard<'static, State>,
    elements: slots::ForkGuard<'static, PluginCredential>,
    table: Option<RwLockWriteGuard<'static, Arc<Table>>>,
    failures: MutexGuard<'static, Failures>,
    folders: MutexGuard<'static, Vec<Known>>,
}

/// For the `prepare` handler of `pthread_atfork`.
pub fn before_fork(gss: Option<&'static Gss>) -> ForkGuard {
    ForkGuard {
        table: gss.map(|gss| gss.registry().lock_table()),
        failures: registry::lock_failures(),
        folders: known::lock(),
        elements: credential::before_fork(),
        contexts: context::before_fork(),
    }
}

impl ForkGuard {
    /// For the `parent` handler: everything goes on.
    pub fn after_fork_in_parent(self) {
        let Self { contexts, elements, table, failures, folders } = self;
        contexts.after_fork_in_parent();
        elements.after_fork_in_parent();
        drop((folders, failures, table));
    }

    /// For the `child` handler, before the child starts any thread: contexts that other threads were using are gone, since
    /// their mechanism may have been half through a message, and credentials that they were changing; the rest works.
    pub fn after_fork_in_child(self) {
        let Self { contexts, elements, table, failures, folders } = self;
        contexts.after_fork_in_child(Readers::GiveUp);
        elements.after_fork_in_child(Readers::Keep);
        drop((folders, failures, table));
    }
}

impl fmt::Debug for ForkGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ForkGuard")
    }
}
