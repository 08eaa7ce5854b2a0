//! The ticket that a credential keeps, so that the next context with the same service begins with it, as with a
//! credential cache of other Kerberos libraries.

use crate::issue::Issued;
use crate::keytab::Keytab;
use crate::name::Krb5Name;
use std::sync::{Arc, Mutex, TryLockError};

/// The last ticket. A call without a credential keeps none.
#[derive(Debug, Default)]
pub(super) struct Tickets(Mutex<Option<(Wanted, Arc<Issued>)>>);

/// What a ticket was made for, and from which state of the keytab: after a change it is made anew.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Wanted {
    pub(super) client: Krb5Name,
    pub(super) service: Krb5Name,
    /// In seconds, as it was asked for.
    pub(super) lifetime: u32,
    pub(super) keytab: Arc<Keytab>,
}

impl Tickets {
    /// The ticket, if it was made for this and less than half of its life is over at `now`.
    pub(super) fn kept(&self, wanted: &Wanted, now: u64) -> Option<Arc<Issued>> {
        self.with(|kept| {
            let (made_for, issued) = kept.as_ref()?;
            let half = issued.authtime.saturating_add(issued.endtime.saturating_sub(issued.authtime) / 2);
            (made_for == wanted && (issued.authtime..half).contains(&now)).then(|| issued.clone())
        })
        .flatten()
    }

    pub(super) fn keep(&self, wanted: Wanted, issued: Arc<Issued>) {
        self.with(|kept| *kept = Some((wanted, issued)));
    }

    /// Never waits: a process that forks while another thread is here leaves the lock taken in the child.
    fn with<T>(&self, run: impl FnOnce(&mut Option<(Wanted, Arc<Issued>)>) -> T) -> Option<T> {
        match self.0.try_lock() {
            Ok(mut kept) => Some(run(&mut kept)),
            Err(TryLockError::Poisoned(poisoned)) => Some(run(&mut poisoned.into_inner())),
            Err(TryLockError::WouldBlock) => None,
        }
    }
}
