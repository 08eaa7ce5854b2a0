//! A key of the context and what is derived from it for messages (RFC 4121 section 2), each at its first use: most
//! contexts need few of them, and a context that is only passed on needs none.

use super::{Result, Role};
use crate::crypto::{self, ChecksumKey, Key, UsageKeys};
use once_cell::race::OnceBox;

/// The usage numbers of one sender (RFC 4121 section 2).
struct Usages {
    /// `KG-USAGE-…-SEAL`: Wrap tokens, with and without confidentiality.
    seal: u32,
    /// `KG-USAGE-…-SIGN`: MIC tokens.
    sign: u32,
}

const INITIATOR: Usages = Usages { seal: 24, sign: 25 };
const ACCEPTOR: Usages = Usages { seal: 22, sign: 23 };

/// A protocol key with the keys for messages either way.
///
/// The cells do not wait: of two threads that derive the same key at once, one drops its own. So a process that forks
/// in between leaves none locked in the child.
pub(super) struct Keyring {
    key: Key,
    initiator: Derived,
    acceptor: Derived,
}

/// The keys for the messages of one sender.
#[derive(Default)]
struct Derived {
    encryption: OnceBox<UsageKeys>,
    wrap: OnceBox<ChecksumKey>,
    mic: OnceBox<ChecksumKey>,
}

impl Keyring {
    pub(super) fn new(key: Key) -> Self {
        Self { key, initiator: Derived::default(), acceptor: Derived::default() }
    }

    pub(super) fn key(&self) -> &Key {
        &self.key
    }

    /// Encrypts Wrap tokens.
    #[inline]
    pub(super) fn encryption(&self, sender: Role) -> Result<&UsageKeys> {
        let (derived, usages) = self.of(sender);
        kept(&derived.encryption, || self.key.usage_keys(usages.seal))
    }

    /// Signs Wrap tokens without confidentiality.
    #[inline]
    pub(super) fn wrap(&self, sender: Role) -> Result<&ChecksumKey> {
        let (derived, usages) = self.of(sender);
        kept(&derived.wrap, || self.key.checksum_key(usages.seal))
    }

    /// Signs MIC tokens.
    #[inline]
    pub(super) fn mic(&self, sender: Role) -> Result<&ChecksumKey> {
        let (derived, usages) = self.of(sender);
        kept(&derived.mic, || self.key.checksum_key(usages.sign))
    }

    fn of(&self, sender: Role) -> (&Derived, &'static Usages) {
        match sender {
            Role::Initiator => (&self.initiator, &INITIATOR),
            Role::Acceptor => (&self.acceptor, &ACCEPTOR),
        }
    }
}

#[inline]
fn kept<T>(cell: &OnceBox<T>, derive: impl FnOnce() -> crypto::Result<T>) -> Result<&T> {
    match cell.get() {
        Some(kept) => Ok(kept),
        None => Ok(cell.get_or_try_init(|| derive().map(Box::new))?),
    }
}
