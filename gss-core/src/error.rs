//! Everything that can go wrong, and the status codes that say so.

use crate::framing::FramingError;
use crate::loader::LoadError;
use crate::slots::LookupError;
use crate::token::TokenError;
use crate::transfer::TransferError;
use gss_plugin_abi::{Major, MechError, Oid};
use std::sync::Arc;

/// The result of a call.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a call failed. [`Error::status`] gives the codes of RFC 2744, `Display` the text for people.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No line of the config has this OID.
    #[error("no mechanism with OID {0} is configured")]
    NotConfigured(Oid),
    /// No line of the config may serve as the default mechanism.
    #[error("no configured mechanism may serve as the default one; name a mechanism")]
    NoDefaultMechanism,
    /// The mechanism is configured, and does not load.
    #[error("mechanism {mechanism} ({place}) cannot be used: {reason}")]
    CannotLoad {
        /// The name in the config.
        mechanism: Arc<str>,
        /// `file:line`.
        place: Arc<str>,
        /// Why.
        #[source]
        reason: Arc<LoadError>,
    },
    /// The mechanism answered with an error.
    #[error("mechanism {mechanism}: {error}")]
    Mechanism {
        /// The name in the config.
        mechanism: Arc<str>,
        /// Its OID, to which the minor status belongs.
        oid: Oid,
        /// What it answered.
        #[source]
        error: MechError,
    },
    /// There is no such context any more.
    #[error("{0}")]
    NoContext(NoContext),
    /// The call was made from inside an exclusive call on the same context.
    #[error("the context is in use by the call that this call was made from")]
    Reentrant,
    /// More calls at once on one context than can be counted.
    #[error("too many calls at once on one context")]
    TooManyCalls,
    /// A leg was asked of a context that has had its last one.
    #[error("the context is established already")]
    AlreadyEstablished,
    /// An acceptor's leg was asked of an initiator, or the other way round.
    #[error("the context is the {0}'s")]
    WrongRole(&'static str),
    /// The context has expired, and is not exported any more.
    #[error("mechanism {mechanism}: the context has expired and cannot be exported")]
    Expired {
        /// The name in the config.
        mechanism: Arc<str>,
    },
    /// The context could not be handed over.
    #[error(transparent)]
    Transfer(#[from] TransferError),
    /// The interprocess token is none.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The initial context token is framed wrongly.
    #[error(transparent)]
    InitialToken(FramingError),
    /// The exported name is framed wrongly.
    #[error("the exported name is defective: {0}")]
    ExportedName(#[source] FramingError),
    /// The credential holds nothing for the mechanism.
    #[error("the credential has no element for mechanism {0}")]
    NoElement(Arc<str>),
    /// No mechanism that counts for default credentials gave one.
    #[error("no mechanism could acquire a credential")]
    NoCredential,
    /// The credential has an element for this mechanism already.
    #[error("the credential has an element for mechanism {0} already")]
    DuplicateElement(Arc<str>),
    /// A token of a mechanism that is not used unless it is named, and no credential names it.
    #[error("mechanism {0} accepts only with a credential of its own, since it may not serve by default")]
    NotByDefault(Arc<str>),
    /// The name is not a mechanism name.
    #[error("the name is not a mechanism name; canonicalize it first")]
    NameNotMn,
    /// The name is another mechanism's.
    #[error("a name of mechanism {theirs} is of no use to mechanism {ours}")]
    ForeignName {
        /// Whose name it is.
        theirs: Arc<str>,
        /// Who was to use it.
        ours: Arc<str>,
    },
    /// An argument has a value that the API does not know.
    #[error("{0}")]
    Argument(&'static str),
    /// The mechanism's state of the context is longer than any importer would take.
    #[error("an interprocess token of {0} bytes would be longer than the {max} that importers take", max = crate::token::MAX_TOKEN)]
    TooLarge(usize),
    /// Memory, or the table of contexts, is exhausted.
    #[error("out of memory for {0}")]
    OutOfMemory(&'static str),
}

/// Why there is no context.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoContext {
    /// Exported, deleted, or never there.
    #[error("there is no such context: it was exported or deleted, or never existed")]
    Gone,
    /// A leg of its handshake failed.
    #[error("the context's handshake has failed; it can only be deleted")]
    HandshakeFailed,
    /// Its first leg has not succeeded yet.
    #[error("the handshake has not begun")]
    NotBegun,
    /// Its handshake is not done.
    #[error("the handshake is not complete")]
    NotEstablished,
}

/// A pair of status codes (RFC 2744 section 3.9).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Status {
    /// Calling error, routine error, supplementary bits.
    pub major: Major,
    /// The mechanism's code, or the core's: see [`Error::mechanism`].
    pub minor: u32,
}

/// The core's own minor codes begin here ("GSS" in ASCII, then a number).
const CORE_MINORS: u32 = 0x4753_5300;
/// Minor status where a C mechanism has ended the context, or lost it.
pub(crate) const CONTEXT_ENDED: u32 = CORE_MINORS + 0x81;

impl Error {
    /// The status codes.
    pub fn status(&self) -> Status {
        let defective = Major::CALL_BAD_STRUCTURE.with(Major::DEFECTIVE_TOKEN);
        let (major, number) = match self {
            Self::Mechanism { error, .. } => {
                return Status { major: error.major, minor: error.minor };
            }
            Self::NotConfigured(_) => (Major::BAD_MECH, 1),
            Self::NoDefaultMechanism => (Major::BAD_MECH, 2),
            Self::CannotLoad { .. } => (Major::BAD_MECH, 3),
            Self::NoContext(NoContext::Gone) => (Major::NO_CONTEXT, 4),
            Self::NoContext(NoContext::HandshakeFailed) => (Major::NO_CONTEXT, 5),
            Self::NoContext(NoContext::NotBegun) => (Major::NO_CONTEXT, 6),
            Self::NoContext(NoContext::NotEstablished) => (Major::NO_CONTEXT, 7),
            Self::Reentrant => (Major::FAILURE, 8),
            Self::TooManyCalls => (Major::FAILURE, 9),
            Self::AlreadyEstablished => (Major::FAILURE, 10),
            Self::WrongRole(_) => (Major::FAILURE, 11),
            Self::Expired { .. } => (Major::CONTEXT_EXPIRED, 12),
            Self::Token(TokenError::Empty) => (Major::CALL_INACCESSIBLE_READ.with(Major::DEFECTIVE_TOKEN), 13),
            Self::Token(_) => (defective, 14),
            Self::InitialToken(_) => (Major::DEFECTIVE_TOKEN, 15),
            Self::ExportedName(_) => (Major::BAD_NAME, 16),
            Self::NoElement(_) => (Major::NO_CRED, 17),
            Self::NoCredential => (Major::NO_CRED, 18),
            Self::DuplicateElement(_) => (Major::DUPLICATE_ELEMENT, 19),
            Self::NotByDefault(_) => (Major::NO_CRED, 20),
            Self::NameNotMn => (Major::NAME_NOT_MN, 21),
            Self::ForeignName { .. } => (Major::BAD_NAME, 22),
            Self::OutOfMemory(_) => (Major::FAILURE, 23),
            Self::TooLarge(_) => (Major::FAILURE, 26),
            Self::Transfer(error) => match error {
                TransferError::NoPlace { .. } => (Major::FAILURE, 24),
                TransferError::Full { .. } => (Major::FAILURE, 27),
                TransferError::System { .. } => (Major::FAILURE, 28),
                TransferError::NoAccount { .. } => (Major::FAILURE, 29),
                TransferError::OtherKind { .. } => (Major::UNAUTHORIZED, 30),
                TransferError::NotInAudience(_) => (Major::UNAUTHORIZED, 31),
                TransferError::Refused { .. } => (Major::UNAUTHORIZED, 32),
                TransferError::Altered { .. } => (Major::DEFECTIVE_TOKEN, 33),
                TransferError::Expired(_) => (Major::NO_CONTEXT, 34),
                TransferError::OtherBoot => (Major::NO_CONTEXT, 35),
                TransferError::NotWaiting { .. } => (Major::NO_CONTEXT, 36),
            },
            Self::Argument(_) => (Major::FAILURE, 25),
        };
        Status { major, minor: CORE_MINORS + number }
    }

    /// The major status alone.
    pub fn major(&self) -> Major {
        self.status().major
    }

    /// The mechanism whose minor status it is; `None` where it is the core's.
    pub fn mechanism(&self) -> Option<&Oid> {
        match self {
            Self::Mechanism { oid, .. } => Some(oid),
            _ => None,
        }
    }

    /// Whether the mechanism has ended the context in a call that failed, or lost it: nothing is left but its handle.
    pub fn has_ended_context(&self) -> bool {
        matches!(self, Self::Mechanism { error, .. } if error.minor == CONTEXT_ENDED)
    }

    /// A token that tells the peer, where the mechanism gave one with its error.
    pub fn peer_token(&self) -> Option<&[u8]> {
        match self {
            Self::Mechanism { error, .. } if !error.token.is_empty() => Some(&error.token),
            _ => None,
        }
    }
}

impl From<LookupError> for Error {
    fn from(error: LookupError) -> Self {
        match error {
            LookupError::Gone => Self::NoContext(NoContext::Gone),
            LookupError::Reentrant => Self::Reentrant,
            // The second cannot be where `access` is asked.
            LookupError::TooManyReaders | LookupError::NotShared => Self::TooManyCalls,
        }
    }
}
