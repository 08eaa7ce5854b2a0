//! The protection of messages once a context has its key (RFC 4121 section 4.2): MIC and Wrap tokens, in one piece or
//! in several, and the pseudo-random function. Calls take `&self` and run on several threads at once.

mod error;
mod header;
mod iov;
mod keys;
mod layout;
#[cfg(test)]
mod testing;
mod token;

pub use error::{PermessageError, Result};

use crate::crypto::{CONFOUNDER, Key};
use crate::sequence::Window;
use gss_plugin::{Flags, Major, MessageInfo, Output, PrfKey};
use header::{ACCEPTOR_SUBKEY, HEADER, Header, SENT_BY_ACCEPTOR};
use keys::Keyring;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// Which side of a context this is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Role {
    /// The side that began.
    Initiator,
    /// The other one.
    Acceptor,
}

impl Role {
    /// The other side.
    pub const fn peer(self) -> Self {
        match self {
            Self::Initiator => Self::Acceptor,
            Self::Acceptor => Self::Initiator,
        }
    }
}

/// All that the protection of messages consists of: what the handshake found out, then what a serialized context holds.
#[derive(Clone)]
pub struct Parts {
    /// Which side this is.
    pub role: Role,
    /// The context's flags. `REPLAY`, `SEQUENCE` and `DCE_STYLE` make a difference here.
    pub flags: Flags,
    /// The initiator's subkey, or the ticket's session key where there is none.
    pub key: Key,
    /// The acceptor's subkey. Where there is one, this side protects its messages with it, and takes the peer's under
    /// either: an initiator may send before it has the acceptor's answer (RFC 4121 section 2).
    pub acceptor_subkey: Option<Key>,
    /// The number of the next message out; at first the one that this side announced in the handshake.
    pub next_number: u64,
    /// Which of the peer's messages have arrived; at first [`Window::expecting`] the number that the peer announced.
    pub window: Window,
}

/// Shows no keys.
impl fmt::Debug for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parts")
            .field("role", &self.role)
            .field("flags", &self.flags)
            .field("acceptor_subkey", &self.acceptor_subkey.is_some())
            .field("next_number", &self.next_number)
            .field("window", &self.window)
            .finish_non_exhaustive()
    }
}

/// What protects the messages of one context, either way. Keys are derived when they are first needed, and kept.
pub struct Protection {
    role: Role,
    flags: Flags,
    initial: Keyring,
    acceptor_subkey: Option<Keyring>,
    /// The number of the next message out.
    next: AtomicU64,
    window: Mutex<Window>,
}

impl Protection {
    /// From what the handshake found out, or from [`Protection::parts`].
    pub fn new(parts: Parts) -> Self {
        let Parts { role, flags, key, acceptor_subkey, next_number, window } = parts;
        Self {
            role,
            flags,
            initial: Keyring::new(key),
            acceptor_subkey: acceptor_subkey.map(Keyring::new),
            next: AtomicU64::new(next_number),
            window: Mutex::new(window),
        }
    }

    /// What [`Protection::new`] makes the same again from. Meant for a time when no other thread uses the context, as
    /// in export: otherwise the numbers are those of some moment.
    pub fn parts(&self) -> Parts {
        Parts {
            role: self.role,
            flags: self.flags,
            key: self.initial.key().clone(),
            acceptor_subkey: self.acceptor_subkey.as_ref().map(|ring| ring.key().clone()),
            next_number: self.next.load(Ordering::Relaxed),
            window: *self.window.lock().unwrap_or_else(PoisonError::into_inner),
        }
    }

    /// The key that this side protects messages with: the acceptor's subkey, the initiator's, or the session key.
    pub fn key(&self) -> &Key {
        self.sending().key()
    }

    /// The longest message whose Wrap token has at most `output` bytes (RFC 2743 section 2.2.7); 0 if not even the
    /// token of an empty message fits.
    ///
    /// # Errors
    ///
    /// [`PermessageError::Qop`].
    pub fn wrap_size_limit(&self, confidential: bool, qop: u32, output: u32) -> Result<u32> {
        check_qop(qop)?;
        let mac = self.key().enctype().mac_len();
        let overhead = if confidential { HEADER + CONFOUNDER + HEADER + mac } else { HEADER + mac };
        Ok(output.saturating_sub(u32::try_from(overhead).unwrap_or(u32::MAX)))
    }

    /// Appends `length` bytes of the context's pseudo-random function (RFC 4401, RFC 4402, RFC 7802): with
    /// [`PrfKey::Full`] under the acceptor's subkey if there is one, with [`PrfKey::Partial`] under the key that the
    /// initiator had before it got the acceptor's answer.
    ///
    /// # Errors
    ///
    /// [`PermessageError::PrfLength`], [`PermessageError::Memory`].
    pub fn pseudo_random(&self, key: PrfKey, seed: &[u8], length: usize, out: &mut Output<'_>) -> Result<()> {
        let ring = match key {
            PrfKey::Full => self.sending(),
            PrfKey::Partial => &self.initial,
        };
        let before = out.len();
        let room = append(out, length)?;
        if let Err(error) = ring.key().prf_plus(seed, room) {
            out.truncate(before);
            return Err(error.into());
        }
        Ok(())
    }

    /// The keys for messages out.
    fn sending(&self) -> &Keyring {
        self.acceptor_subkey.as_ref().unwrap_or(&self.initial)
    }

    /// The keys for a message in. A flag for a subkey that is not there is ignored, as unknown flags are: the checksum
    /// covers it.
    fn receiving(&self, header: Header) -> &Keyring {
        let subkey = self.acceptor_subkey.as_ref().filter(|_| header.flags & ACCEPTOR_SUBKEY != 0);
        subkey.unwrap_or(&self.initial)
    }

    /// The flags of a message out.
    fn token_flags(&self) -> u8 {
        let side = if self.role == Role::Acceptor { SENT_BY_ACCEPTOR } else { 0 };
        let subkey = if self.acceptor_subkey.is_some() { ACCEPTOR_SUBKEY } else { 0 };
        side | subkey
    }

    /// Takes a number for a message out, which from then on is certain to be made.
    fn take_number(&self) -> u64 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    /// Takes note of a message in, which is certain to be handed out.
    fn arrived(&self, header: Header) -> MessageInfo {
        let detects = (self.flags & (Flags::REPLAY | Flags::SEQUENCE)) != Flags::NONE;
        let supplementary = if detects {
            self.window.lock().unwrap_or_else(PoisonError::into_inner).arrived(header.number, self.flags)
        } else {
            Major::COMPLETE
        };
        MessageInfo { confidential: header.kind == header::Kind::Wrap && header.sealed(), qop: 0, supplementary }
    }

    fn dce_style(&self) -> bool {
        self.flags.contains(Flags::DCE_STYLE)
    }
}

/// Shows no keys.
impl fmt::Debug for Protection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Protection")
            .field("role", &self.role)
            .field("flags", &self.flags)
            .field("acceptor_subkey", &self.acceptor_subkey.is_some())
            .finish_non_exhaustive()
    }
}

fn check_qop(qop: u32) -> Result<()> {
    if qop == 0 { Ok(()) } else { Err(PermessageError::Qop) }
}

fn append<'o>(out: &'o mut Output<'_>, count: usize) -> Result<&'o mut [u8]> {
    out.append(count).map_err(|_| PermessageError::Memory)
}
