//! Moving a context to another process: export and import as pairs of a prepare, which may fail and then has changed
//! nothing, and a commit.
//!
//! Between the two the caller gets whatever it needs for the result (a buffer, a handle); if that fails it drops the
//! pending object, and the context is as it was.

pub mod admin;
mod entry;
mod error;
mod host;
pub(crate) mod known;
mod minute;
mod place;
mod rules;
mod store;

pub use error::{Kind, TransferError};
pub(crate) use rules::Rules;

use crate::Gss;
use crate::config::TransferKind;
use crate::context::{Context, State};
use crate::error::{Error, NoContext, Result};
use crate::secret::SecretBuf;
use crate::slots::ExclusiveGuard;
use crate::token::{self, Claim};
use gss_plugin_abi::{ContextInfo, Lifetime, Major, Sink, Want};
use std::fmt;
use std::sync::Arc;
use store::{Found, Waiting};

/// Enough for the state of most contexts, so that its buffer need not move: in a portable token, and in an entry, whose
/// buffer is wiped in all its length.
const TYPICAL_STATE: usize = 4096;
const TYPICAL_ENTRY: usize = 1024;

/// An export that has been prepared: the token is there, and the context is still alive. No other call on the context
/// proceeds meanwhile. Dropped, it leaves the context as it was and the token void.
#[must_use = "without `commit` nothing is exported"]
pub struct PendingExport {
    prepared: Prepared,
    token: SecretBuf,
}

impl PendingExport {
    /// The interprocess token. Whoever imports it before the commit ends the context here as the commit would.
    pub fn token(&self) -> &[u8] {
        self.token.as_bytes()
    }

    /// Ends the context in this process and answers the token. Cannot fail.
    pub fn commit(self) -> SecretBuf {
        self.prepared.commit();
        self.token
    }
}

impl fmt::Debug for PendingExport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PendingExport(token of {} bytes)", self.token.len())
    }
}

/// The context, held alone, and what waits for its importer.
struct Prepared {
    context: Option<ExclusiveGuard<'static, State>>,
    waiting: Option<Waiting>,
}

impl Prepared {
    fn commit(mut self) {
        self.waiting = None;
        if let Some(context) = self.context.take() {
            drop(context.remove());
        }
    }
}

impl Drop for Prepared {
    fn drop(&mut self) {
        let Some(context) = self.context.take() else {
            return;
        };
        if self.waiting.as_ref().is_some_and(|waiting| !waiting.withdraw()) {
            // Somebody has the context already: a second one must not live on here.
            tracing::warn!(mechanism = %context.mechanism.name, "a context was imported before its export was complete");
            drop(context.remove());
        }
    }
}

impl Context {
    /// Prepares the export of the context. Waits for the calls on it that are under way.
    ///
    /// # Errors
    /// Whatever the error, the context is as it was. [`Error::NoContext`]; [`Error::Expired`]; [`Error::Transfer`];
    /// [`Error::OutOfMemory`]; `UNAVAILABLE` where the mechanism cannot export at this stage; what else it says.
    pub fn prepare_export(&self) -> Result<PendingExport> {
        let mut token = SecretBuf::default();
        let prepared = self.prepare(&mut token)?;
        Ok(PendingExport { prepared, token })
    }

    /// Exports the context (`gss_export_sec_context`, RFC 2744 section 5.14): the answer is a token with which another
    /// process imports it, and every later call on this object is [`Error::NoContext`].
    ///
    /// # Errors
    /// As [`Context::prepare_export`]; then the context is as it was.
    pub fn export(&self) -> Result<SecretBuf> {
        Ok(self.prepare_export()?.commit())
    }

    /// As [`Context::export`], with the token at the end of the caller's buffer, which gets its room before the
    /// mechanism is asked.
    ///
    /// # Errors
    /// As [`Context::prepare_export`]; then context and buffer are as they were.
    pub fn export_into<S: Sink>(&self, out: &mut S) -> Result<()> {
        let before = out.len();
        match self.prepare(out) {
            Ok(prepared) => {
                prepared.commit();
                Ok(())
            }
            Err(error) => {
                out.truncate(before);
                Err(error)
            }
        }
    }

    fn prepare<S: Sink>(&self, out: &mut S) -> Result<Prepared> {
        let context = self.exclusive()?;
        if context.failed {
            return Err(Error::NoContext(NoContext::HandshakeFailed));
        }
        let lifetime = remaining(&context)?;
        let mechanism = Arc::clone(&context.mechanism);
        let prefix = token::prefix(&mechanism.oid);
        let out_of_memory = || Error::OutOfMemory("the interprocess token");
        let waiting = match mechanism.transfer.kind {
            TransferKind::Portable => {
                let start = out.len();
                out.reserve(prefix.len() + TYPICAL_STATE).ok_or_else(out_of_memory)?;
                out.append(prefix.len()).ok_or_else(out_of_memory)?.copy_from_slice(&prefix);
                context.call(|plugin| plugin.serialize(out))?;
                let length = out.len().saturating_sub(start);
                if length > token::MAX_TOKEN {
                    return Err(Error::TooLarge(length));
                }
                None
            }
            TransferKind::Once => {
                // What follows the export of a mechanism that loses its context by it is to find its room.
                let one_phase = mechanism.kind == crate::loader::Kind::CMechanism;
                let reserved = store::reserve(&mechanism.transfer, lifetime, one_phase)?;
                let mut bytes = SecretBuf::with_capacity(TYPICAL_ENTRY).map_err(|_| out_of_memory())?;
                let header = entry::header(&mechanism.oid);
                bytes.append(header.len()).ok_or_else(out_of_memory)?.copy_from_slice(&header);
                let token = out.append(prefix.len() + Claim::LENGTH).ok_or_else(out_of_memory)?;
                let (start, body) = token.split_at_mut_checked(prefix.len()).ok_or_else(out_of_memory)?;
                start.copy_from_slice(&prefix);
                context.call(|plugin| plugin.serialize(&mut bytes))?;
                if bytes.len() > token::MAX_TOKEN {
                    return Err(Error::TooLarge(bytes.len()));
                }
                let waiting = reserved.publish(bytes, &mechanism.oid)?;
                waiting.claim.write(body);
                Some(waiting)
            }
        };
        Ok(Prepared { context: Some(context), waiting })
    }
}

/// The seconds that an established context has left, where the mechanism knows.
fn remaining(context: &State) -> Result<Option<u32>> {
    if !context.established {
        return Ok(None);
    }
    match context.plugin.context_time() {
        // Some mechanisms say 0 for contexts that live.
        Ok(Lifetime(0) | Lifetime::INDEFINITE) => Ok(None),
        Ok(Lifetime(seconds)) => Ok(Some(seconds)),
        // Only this answer counts. Any other failure, and every lifetime from elsewhere, says nothing certain.
        Err(error) if error.major.routine() == Major::CONTEXT_EXPIRED => {
            Err(Error::Expired { mechanism: Arc::clone(&context.mechanism.name) })
        }
        Err(_) => Ok(None),
    }
}

/// An import that has been prepared: the context is built, and not yet claimed. Dropped, it leaves the token as it was.
#[must_use = "without `commit` nothing is imported"]
#[derive(Debug)]
pub struct PendingImport {
    context: Context,
    found: Option<Found>,
}

impl PendingImport {
    /// Claims the context.
    ///
    /// # Errors
    /// [`TransferError::NotWaiting`] if another process was first; [`TransferError::Refused`]. Never for a portable
    /// token.
    pub fn commit(self) -> Result<Context> {
        let Self { context, found } = self;
        if let Some(found) = found {
            found.claim()?;
        }
        Ok(context)
    }
}

impl Gss {
    /// Prepares the import of a context from its interprocess token.
    ///
    /// # Errors
    /// [`Error::Token`] for bytes that are no token; [`Error::NotConfigured`], [`Error::CannotLoad`];
    /// [`Error::Transfer`]; what the mechanism says: `DEFECTIVE_TOKEN`, `UNAVAILABLE`; [`Error::OutOfMemory`].
    pub fn prepare_import(&self, token: &[u8]) -> Result<PendingImport> {
        let parts = token::parse(token)?;
        let mechanism = self.registry().get(&parts.mechanism)?;
        let mechanism = mechanism.load()?;
        let build = |state: &[u8]| mechanism.plugin.import_context(state).map_err(|error| mechanism.error(error));
        let (plugin, found) = match (Claim::parse(parts.body), mechanism.transfer.kind) {
            (Ok(None), TransferKind::Portable) => (build(parts.body)?, None),
            (Ok(Some(claim)), TransferKind::Once) => {
                let found = store::find(&claim, &mechanism.transfer)?;
                let (bytes, state) = found.read(&claim, &parts.mechanism)?;
                (build(bytes.as_bytes().get(state).unwrap_or_default())?, Some(found))
            }
            (Ok(claim), configured) => {
                let found = if claim.is_some() { TransferKind::Once } else { TransferKind::Portable };
                return Err(TransferError::OtherKind { found: Kind(found), configured: Kind(configured) }.into());
            }
            (Err(error), _) => return Err(error.into()),
        };
        // What cannot be asked is taken as an established context of either side.
        let mut info = ContextInfo::default();
        let said = plugin.inquire(Want::NOTHING, &mut info).is_ok();
        let context = Context::new(State {
            mechanism: Arc::clone(mechanism),
            initiator: said.then_some(info.initiator),
            established: info.open || !said,
            plugin,
            failed: false,
        })?;
        Ok(PendingImport { context, found })
    }

    /// Imports a context (`gss_import_sec_context`, RFC 2744 section 5.17).
    ///
    /// # Errors
    /// As [`Gss::prepare_import`] and [`PendingImport::commit`].
    pub fn import_context(&self, token: &[u8]) -> Result<Context> {
        self.prepare_import(token)?.commit()
    }
}
