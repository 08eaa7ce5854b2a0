//! What can go wrong between an export and its import, apart from what the mechanism says.

use crate::config::{Account, TransferKind};
use crate::token::Audience;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Why a context could not be handed over. Whatever it is, an exporter's context is as it was, and a token that could be
/// claimed before still can, unless the text says that it is gone.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum TransferError {
    /// No directory of the transfer store can be used.
    #[error("no directory to let the context wait in: {reasons}")]
    NoPlace {
        /// Each directory with what is wrong with it.
        reasons: Arc<str>,
    },
    /// With this context more bytes would wait than may.
    #[error(
        "no room for another context in {}: those that wait count as {waiting} bytes, and {limit} are allowed \
         (gss.transfer-limit)", folder.display()
    )]
    Full {
        /// The folder.
        folder: Arc<Path>,
        /// The bytes there, each context counted as the largest of its size class.
        waiting: u64,
        /// The bytes allowed.
        limit: u64,
    },
    /// The system refused.
    #[error("cannot {action} {}: {source}", path.display())]
    System {
        /// What was to be done.
        action: &'static str,
        /// To what.
        path: Arc<Path>,
        /// The system's reason.
        #[source]
        source: Arc<io::Error>,
    },
    /// An account of the config is not known on this host.
    #[error("{option}={account} is no {kind} of this host")]
    NoAccount {
        /// `gss.import-group` or `gss.import-from`.
        option: &'static str,
        /// What the config says.
        account: Account,
        /// `user` or `group`.
        kind: &'static str,
    },
    /// The mechanism is configured for the other kind of token.
    #[error("the token is of the kind {found}, and the mechanism's line admits only {configured} (gss.transfer)")]
    OtherKind {
        /// The token's.
        found: Kind,
        /// The config's.
        configured: Kind,
    },
    /// The token is for another user, or for a group that this process is not in.
    #[error("only {} may import the context", Importers(*.0))]
    NotInAudience(Audience),
    /// The entry, or its folder, is not one that may be used here.
    #[error("{} is not to be used: {reason}", path.display())]
    Refused {
        /// The entry or folder.
        path: Arc<Path>,
        /// Why.
        reason: Arc<str>,
    },
    /// The token or the entry is not what was written.
    #[error("the token and the waiting context in {} do not belong together, or one of them was altered", path.display())]
    Altered {
        /// The entry.
        path: Arc<Path>,
    },
    /// The token waited too long.
    #[error("the token could be imported until {} s ago, and is void now", .0)]
    Expired(u64),
    /// The token was made before this host was started, or on another host.
    #[error("the token was made on another host, or before this host was started")]
    OtherBoot,
    /// There is no such entry.
    #[error("no context waits under the token: it was imported or revoked, or never here (looked in {looked})")]
    NotWaiting {
        /// The directories.
        looked: Arc<str>,
    },
}

/// A transfer kind, as the config writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind(pub TransferKind);

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self.0 {
            TransferKind::Once => "once",
            TransferKind::Portable => "portable",
        })
    }
}

struct Importers(Audience);

impl std::fmt::Display for Importers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            Audience::User(uid) => write!(f, "processes of uid {uid}"),
            Audience::Group(gid) => write!(f, "processes in the group with gid {gid}"),
        }
    }
}

impl TransferError {
    pub(super) fn system(action: &'static str, path: impl Into<PathBuf>, source: impl Into<io::Error>) -> Self {
        Self::System { action, path: path.into().into(), source: Arc::new(source.into()) }
    }

    pub(super) fn refused(path: impl Into<PathBuf>, reason: impl Into<String>) -> Self {
        Self::Refused { path: path.into().into(), reason: reason.into().into() }
    }
}
