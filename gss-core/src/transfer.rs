//! Moving a context to another process: export and import as pairs of a prepare, which may fail and then has changed
//! nothing, and a commit.
//!
//! Between the two the caller gets whatever it needs for the result (a buffer, a handle); if that fails it drops the
//! pending object, and the context is as it was.

use crate::Gss;
use crate::config::TransferKind;
use crate::context::{Context, State};
use crate::error::{Error, NoContext, Result};
use crate::loader::Loaded;
use crate::secret::SecretBuf;
use crate::slots::ExclusiveGuard;
use crate::token;
use gss_plugin_abi::{ContextInfo, Major, Sink, Want};
use std::fmt;
use std::sync::Arc;

/// Enough for the state of most contexts, so that its buffer need not move.
const TYPICAL_STATE: usize = 4096;

/// An export that has been prepared: the token is there, and the context is still alive. No other call on the context
/// proceeds meanwhile.
#[must_use = "without `commit` nothing is exported"]
pub struct PendingExport {
    context: ExclusiveGuard<'static, State>,
    token: SecretBuf,
}

impl PendingExport {
    /// The interprocess token.
    pub fn token(&self) -> &[u8] {
        self.token.as_bytes()
    }

    /// Ends the context in this process and answers the token. Cannot fail.
    pub fn commit(self) -> SecretBuf {
        drop(self.context.remove());
        self.token
    }
}

impl fmt::Debug for PendingExport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PendingExport(token of {} bytes)", self.token.len())
    }
}

impl Context {
    /// Prepares the export of the context. Waits for the calls on it that are under way.
    ///
    /// # Errors
    /// Whatever the error, the context is as it was. [`Error::NoContext`]; [`Error::Expired`];
    /// [`Error::OutOfMemory`]; `UNAVAILABLE` where the mechanism cannot export at this stage; what else it says.
    pub fn prepare_export(&self) -> Result<PendingExport> {
        let context = self.exclusive()?;
        if context.failed {
            return Err(Error::NoContext(NoContext::HandshakeFailed));
        }
        context.mechanism.check_transfer()?;
        // Only this answer counts. Any other failure, and every lifetime from elsewhere, says nothing certain.
        if context.established
            && let Err(error) = context.plugin.context_time()
            && error.major.routine() == Major::CONTEXT_EXPIRED
        {
            return Err(Error::Expired { mechanism: Arc::clone(&context.mechanism.name) });
        }
        let prefix = token::prefix(&context.mechanism.oid);
        let out_of_memory = Error::OutOfMemory("the interprocess token");
        let mut bytes = SecretBuf::with_capacity(TYPICAL_STATE).map_err(|_| out_of_memory.clone())?;
        bytes.append(prefix.len()).ok_or(out_of_memory)?.copy_from_slice(&prefix);
        context.call(|plugin| plugin.serialize(&mut bytes))?;
        if bytes.len() > token::MAX_TOKEN {
            return Err(Error::TooLarge(bytes.len()));
        }
        Ok(PendingExport { context, token: bytes })
    }

    /// Exports the context (`gss_export_sec_context`, RFC 2744 section 5.14): the answer is a token with which another
    /// process imports it, and every later call on this object is [`Error::NoContext`].
    ///
    /// # Errors
    /// As [`Context::prepare_export`]; then the context is as it was.
    pub fn export(&self) -> Result<SecretBuf> {
        Ok(self.prepare_export()?.commit())
    }
}

/// An import that has been prepared: the context is built, and not yet claimed.
#[must_use = "without `commit` nothing is imported"]
#[derive(Debug)]
pub struct PendingImport {
    context: Context,
}

impl PendingImport {
    /// Claims the context.
    ///
    /// # Errors
    /// None for a portable token.
    pub fn commit(self) -> Result<Context> {
        Ok(self.context)
    }
}

impl Loaded {
    fn check_transfer(&self) -> Result<()> {
        match self.transfer {
            None | Some(TransferKind::Portable) => Ok(()),
            Some(TransferKind::Once) => Err(Error::TransferKind { mechanism: Arc::clone(&self.name) }),
        }
    }
}

impl Gss {
    /// Prepares the import of a context from its interprocess token.
    ///
    /// # Errors
    /// [`Error::Token`] for bytes that are no token; [`Error::NotConfigured`], [`Error::CannotLoad`]; what the
    /// mechanism says: `DEFECTIVE_TOKEN`, `UNAVAILABLE`; [`Error::OutOfMemory`].
    pub fn prepare_import(&self, token: &[u8]) -> Result<PendingImport> {
        let parts = token::parse(token)?;
        let mechanism = self.registry().get(&parts.mechanism)?;
        let mechanism = mechanism.load()?;
        mechanism.check_transfer()?;
        let plugin = mechanism.plugin.import_context(parts.body).map_err(|error| mechanism.error(error))?;
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
        Ok(PendingImport { context })
    }

    /// Imports a context (`gss_import_sec_context`, RFC 2744 section 5.17).
    ///
    /// # Errors
    /// As [`Gss::prepare_import`].
    pub fn import_context(&self, token: &[u8]) -> Result<Context> {
        self.prepare_import(token)?.commit()
    }
}
