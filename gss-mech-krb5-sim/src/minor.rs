//! Why a call fails: one variant for each cause, and the one place that makes a major and a minor status of it.
//!
//! Where Kerberos has a code for the cause, the minor status is that code as MIT and Heimdal number it, so that programs
//! recognize it. The others have numbers of their own below 200; those from 200 on are `permessage/error.rs`'s.

mod codes;

pub use codes::{KRB5_BASE, kerberos};

use crate::crypto;
use crate::keytab::KeytabError;
use crate::messages::{MessageError, error_code};
use crate::permessage::PermessageError;
use crate::principal::{Principal, PrincipalError};
use crate::token::{ChecksumError, TokenError, TokenId};
use codes::{
    CLIENT_UNKNOWN, CODES, KT_IOERR, KT_NOTFOUND, NO_TGT, PARSE_MALFORMED, POLICY, PREAUTH_FAILED, RC_IO,
    SERVICE_UNKNOWN, code_text,
};
use gss_plugin::{Major, MechError};
use std::io;
use std::path::PathBuf;

/// Why a call fails.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A name that is no principal.
    #[error("the name is no principal: {0}")]
    Name(#[from] PrincipalError),
    /// A host-based service without a service or with an empty host.
    #[error("a host-based service is written service@host, or service alone")]
    ServiceName,
    /// A name type that the mechanism does not read.
    #[error("the mechanism has user names, host-based services, principals, user ids and exported names")]
    NameType,
    /// A user id that is none, or that no local user has.
    #[error("user id {0} is that of no user in /etc/passwd")]
    UserId(String),
    /// The realm is nowhere to be found.
    #[error("the realm of {0} is not known: set realm= on the mechanism's line, or give the name with its realm")]
    NoRealm(String),
    /// No keytab was configured or given.
    #[error("no keytab: set keytab= on the mechanism's line, or give one in the credential store")]
    NoKeytab,
    /// A path that depends on the working directory.
    #[error("keytab {0} is not an absolute path")]
    RelativeKeytab(PathBuf),
    /// The keytab cannot be read.
    #[error(transparent)]
    Keytab(#[from] KeytabError),
    /// The keytab has no usable key of this principal.
    #[error("keytab {keytab} has no key of {principal} with a permitted encryption type")]
    NoKey {
        /// The keytab.
        keytab: PathBuf,
        /// Whose key is missing.
        principal: String,
    },
    /// An acceptor's keytab has no usable key at all.
    #[error("keytab {0} has no key with a permitted encryption type")]
    EmptyKeytab(PathBuf),
    /// The default client is the user who runs the process, and has no name.
    #[error("user id {0} has no name in /etc/passwd to make a principal of: set principal= on the mechanism's line")]
    NoLoginName(u32),
    /// The password is not that of the client.
    #[error("the password is not that of {0}")]
    Password(Principal),
    /// A password for a client whose key is not in the keytab.
    #[error("keytab {keytab} has no key of {client}, against which a password could be checked")]
    ClientUnknown {
        /// The keytab.
        keytab: PathBuf,
        /// Whose key is missing.
        client: Principal,
    },
    /// A password without a name.
    #[error("a password needs a name that it belongs to")]
    PasswordWithoutName,
    /// Credentials that act for another.
    #[error("the mechanism has no impersonation: whoever reads the keytab can name any client")]
    NoImpersonation,
    /// The credential lacks the half that is needed.
    #[error("the credential was not acquired for this usage")]
    MissingHalf,
    /// The credential's time is over.
    #[error("the credential has expired")]
    CredentialExpired,
    /// The keytab shared with the acceptor does not know the service.
    #[error("keytab {keytab} has no key of {service}, so that no ticket for it can be issued")]
    ServiceUnknown {
        /// The keytab.
        keytab: PathBuf,
        /// The service.
        service: String,
    },
    /// A token in the first leg of an initiator.
    #[error("a token was given where the handshake has none")]
    Leftover,
    /// Bytes that are no context token.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// A token for another mechanism.
    #[error("the token is for another mechanism")]
    OtherMechanism,
    /// A token of the wrong leg.
    #[error("the token holds an {0}, which is not what this leg expects")]
    UnexpectedToken(TokenId),
    /// A message that cannot be read, or written.
    #[error(transparent)]
    Message(#[from] MessageError),
    /// The acceptor's answer is not under the ticket's session key.
    #[error("the AP-REP is not under the session key: it was altered, or the acceptor could not read the ticket")]
    ReplyIntegrity,
    /// The acceptor's answer is one to something else.
    #[error("mutual authentication failed: the AP-REP answers another AP-REQ")]
    MutualFailed,
    /// The initiator's third token of a DCE-style handshake answers something else.
    #[error("the third token of the handshake answers another AP-REP")]
    ThirdLeg,
    /// The peer has sent a KRB-ERROR. Nothing authenticates it.
    #[error("the peer refused: {}{}", code_text(*code), with_text(text))]
    Refused {
        /// Its error code.
        code: i32,
        /// Its text, which a stranger has written.
        text: Option<String>,
    },
    /// The ticket is for the acceptor's own ticket's session key.
    #[error("the ticket is under a session key (user to user), which the mechanism does not support")]
    UserToUser,
    /// An encryption type that is not permitted.
    #[error("encryption type {0} is not among the permitted ones")]
    EncryptionType(i32),
    /// No key that the ticket could be under.
    #[error("the keytab has no key for a ticket of {service} with version {} and encryption type {etype}", version(*kvno))]
    NoTicketKey {
        /// Whom the ticket says that it is for.
        service: Principal,
        /// The key version that it says it has.
        kvno: Option<u32>,
        /// Its encryption type.
        etype: i32,
    },
    /// The ticket's key belongs to another principal than the credential's.
    #[error("the ticket is for {0}, which is not the credential's name")]
    NotUs(Principal),
    /// No key decrypts the ticket.
    #[error("no key decrypts the ticket for {0}: it was altered, or initiator and acceptor have different keys")]
    TicketIntegrity(Principal),
    /// The authenticator is not under the session key.
    #[error("the authenticator is not under the ticket's session key: it was altered")]
    AuthenticatorIntegrity,
    /// Ticket and authenticator name different clients.
    #[error("ticket and authenticator name different clients")]
    BadMatch,
    /// The authenticator's time is not ours.
    #[error("the initiator's clock is {seconds} s {}: at most {allowed} s are allowed", if *ahead { "ahead" } else { "behind, or the token is old" })]
    Skew {
        /// By how much.
        seconds: u64,
        /// In which direction.
        ahead: bool,
        /// What is allowed.
        allowed: u64,
    },
    /// The ticket's time has not come.
    #[error("the ticket is not yet valid")]
    TicketNotYetValid,
    /// The ticket's time is over.
    #[error("the ticket has expired")]
    TicketExpired,
    /// Realms in between that no KDC has checked.
    #[error("the ticket passed through realms that no KDC has checked")]
    Transited,
    /// Authorization data of a type that must be understood.
    #[error("authorization data of type {0} is not known, and may not be ignored")]
    AuthorizationData(i32),
    /// The authenticator's checksum cannot be read.
    #[error(transparent)]
    Checksum(#[from] ChecksumError),
    /// The authenticator's checksum is of a type that does not fit, or is wrong.
    #[error("the authenticator's checksum is not that of an empty message: {0}")]
    PlainChecksum(crypto::Error),
    /// Channel bindings differ.
    #[error("initiator and acceptor have different channel bindings")]
    Bindings,
    /// The initiator knows of channel bindings and sent none.
    #[error("the initiator supports channel bindings, and sent none")]
    MissingBindings,
    /// The token was seen before.
    #[error("the token was accepted before: a replay")]
    Replay,
    /// The replay cache cannot be used.
    #[error("replay cache {path}: {source}; replay-cache= on the mechanism's line chooses its folder")]
    ReplayCache {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The replay cache is a file that was not made by this mechanism for this user.
    #[error("replay cache {path}: {problem}; remove it")]
    ReplayCacheFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// More handshakes within the clock skew than the cache holds.
    #[error("replay cache {0} is full")]
    ReplayCacheFull(PathBuf),
    /// An initiator's context used by an acceptor, or the other way round.
    #[error("an initiator's context was used as an acceptor, or the other way round")]
    Role,
    /// A leg too many.
    #[error("the context is established: there are no further legs")]
    Established,
    /// A message before the end of the handshake.
    #[error("the context is not established")]
    NotEstablished,
    /// The context's time is over.
    #[error("the context has expired")]
    ContextExpired,
    /// Bytes that are no serialized context.
    #[error("the bytes are no context that this mechanism serialized")]
    State,
    /// Bytes that are no exported credential.
    #[error("the bytes are no credential that this mechanism exported")]
    CredentialState,
    /// An object or option that the mechanism does not know.
    #[error("the mechanism has no such inquiry")]
    NoSuchInquiry,
    /// Cryptography failed for another reason than what was given to it.
    #[error(transparent)]
    Crypto(#[from] crypto::Error),
}

fn version(kvno: Option<u32>) -> String {
    kvno.map_or_else(|| "unknown".to_owned(), |kvno| kvno.to_string())
}

fn with_text(text: &Option<String>) -> String {
    text.as_ref().map_or_else(String::new, |text| format!(" ({text})"))
}

/// The statuses of a cause.
enum Code {
    /// A Kerberos code.
    Kerberos(i32),
    /// A number of our own, below 200.
    Own(u32),
}

/// The peer's view of a replay is a duplicate, and a fatal one (RFC 2744 section 5.1).
const DUPLICATE: Major = Major::FAILURE.with(Major::DUPLICATE_TOKEN);
const OLD: Major = Major::FAILURE.with(Major::OLD_TOKEN);

impl Error {
    fn statuses(&self) -> (Major, Code) {
        use Code::{Kerberos, Own};
        match self {
            Self::Name(_) => (Major::BAD_NAME, Kerberos(PARSE_MALFORMED)),
            Self::ServiceName => (Major::BAD_NAME, Own(101)),
            Self::NameType => (Major::BAD_NAMETYPE, Own(102)),
            Self::UserId(_) => (Major::BAD_NAME, Own(103)),
            Self::NoRealm(_) => (Major::BAD_NAME, Own(104)),
            Self::NoKeytab => (Major::NO_CRED, Own(105)),
            Self::RelativeKeytab(_) => (Major::NO_CRED, Own(106)),
            Self::Keytab(_) => (Major::NO_CRED, Kerberos(KT_IOERR)),
            Self::NoKey { .. } | Self::EmptyKeytab(_) => (Major::NO_CRED, Kerberos(KT_NOTFOUND)),
            Self::NoLoginName(_) => (Major::NO_CRED, Own(107)),
            Self::Password(_) => (Major::NO_CRED, Kerberos(PREAUTH_FAILED)),
            Self::ClientUnknown { .. } => (Major::NO_CRED, Kerberos(CLIENT_UNKNOWN)),
            Self::PasswordWithoutName => (Major::NO_CRED, Own(108)),
            Self::NoImpersonation => (Major::UNAVAILABLE, Own(109)),
            Self::MissingHalf => (Major::NO_CRED, Own(110)),
            Self::CredentialExpired => (Major::CREDENTIALS_EXPIRED, Own(111)),
            Self::ServiceUnknown { .. } => (Major::FAILURE, Kerberos(SERVICE_UNKNOWN)),
            Self::Leftover => (Major::DEFECTIVE_TOKEN, Own(112)),
            Self::Token(_) => (Major::DEFECTIVE_TOKEN, Own(113)),
            Self::OtherMechanism => (Major::DEFECTIVE_TOKEN, Own(114)),
            Self::UnexpectedToken(_) => (Major::DEFECTIVE_TOKEN, Kerberos(error_code::MSG_TYPE)),
            Self::Message(_) => (Major::DEFECTIVE_TOKEN, Own(115)),
            Self::ReplyIntegrity => (Major::BAD_MIC, Kerberos(error_code::BAD_INTEGRITY)),
            Self::MutualFailed | Self::ThirdLeg => (Major::FAILURE, Kerberos(error_code::MUT_FAIL)),
            // A stranger's number: one that is no protocol code could pass for something else.
            Self::Refused { code: code @ 1..128, .. } => (Major::FAILURE, Kerberos(*code)),
            Self::Refused { .. } => (Major::FAILURE, Kerberos(error_code::GENERIC)),
            Self::UserToUser => (Major::FAILURE, Kerberos(NO_TGT)),
            Self::EncryptionType(_) => (Major::FAILURE, Kerberos(error_code::ETYPE_NOSUPP)),
            Self::NoTicketKey { .. } => (Major::NO_CRED, Kerberos(error_code::NOKEY)),
            Self::NotUs(_) => (Major::NO_CRED, Kerberos(error_code::NOT_US)),
            Self::TicketIntegrity(_) => (Major::BAD_MIC, Kerberos(error_code::BAD_INTEGRITY)),
            Self::AuthenticatorIntegrity => (Major::BAD_MIC, Kerberos(error_code::BAD_INTEGRITY)),
            Self::BadMatch => (Major::DEFECTIVE_TOKEN, Kerberos(error_code::BADMATCH)),
            Self::Skew { ahead, .. } => (if *ahead { Major::FAILURE } else { OLD }, Kerberos(error_code::SKEW)),
            Self::TicketNotYetValid => (Major::FAILURE, Kerberos(error_code::TKT_NYV)),
            Self::TicketExpired => (Major::CREDENTIALS_EXPIRED, Kerberos(error_code::TKT_EXPIRED)),
            Self::Transited => (Major::UNAUTHORIZED, Kerberos(error_code::PATH_NOT_ACCEPTED)),
            Self::AuthorizationData(_) => (Major::UNAUTHORIZED, Kerberos(POLICY)),
            Self::Checksum(_) => (Major::DEFECTIVE_TOKEN, Kerberos(error_code::INAPP_CKSUM)),
            Self::PlainChecksum(crypto::Error::ChecksumType { .. }) => {
                (Major::DEFECTIVE_TOKEN, Kerberos(error_code::INAPP_CKSUM))
            }
            Self::PlainChecksum(_) => (Major::BAD_MIC, Kerberos(error_code::MODIFIED)),
            Self::Bindings => (Major::BAD_BINDINGS, Own(116)),
            Self::MissingBindings => (Major::BAD_BINDINGS, Own(117)),
            Self::Replay => (DUPLICATE, Kerberos(error_code::REPEAT)),
            Self::ReplayCache { .. } | Self::ReplayCacheFile { .. } | Self::ReplayCacheFull(_) => {
                (Major::FAILURE, Kerberos(RC_IO))
            }
            Self::Role => (Major::FAILURE, Own(118)),
            Self::Established => (Major::FAILURE, Own(119)),
            Self::NotEstablished => (Major::NO_CONTEXT, Own(120)),
            Self::ContextExpired => (Major::CONTEXT_EXPIRED, Own(121)),
            Self::State => (Major::DEFECTIVE_TOKEN, Own(122)),
            Self::NoSuchInquiry => (Major::UNAVAILABLE, Own(123)),
            Self::Crypto(_) => (Major::FAILURE, Own(124)),
            Self::CredentialState => (Major::DEFECTIVE_TOKEN, Own(125)),
        }
    }

    /// The major status (RFC 2743 section 2.2, RFC 2744 section 5.1).
    pub fn major(&self) -> Major {
        self.statuses().0
    }

    /// The minor status.
    pub fn minor(&self) -> u32 {
        match self.statuses().1 {
            Code::Kerberos(code) => kerberos(code),
            Code::Own(number) => number,
        }
    }

    /// The code that a KRB-ERROR tells the peer (RFC 4120 section 7.5.9).
    pub fn protocol_code(&self) -> i32 {
        match self.statuses().1 {
            Code::Kerberos(code @ 1..128) => code,
            _ => error_code::GENERIC,
        }
    }
}

impl From<Error> for MechError {
    #[cold]
    fn from(error: Error) -> Self {
        Self::new(error.major(), error.to_string()).minor(error.minor())
    }
}

/// The text of a minor status: what there is to say without knowing the case.
pub(crate) fn text(minor: u32) -> Option<String> {
    if let Some(cause) = PermessageError::ALL.iter().find(|cause| cause.code() == minor) {
        return Some(cause.to_string());
    }
    let code = i32::try_from(minor.wrapping_sub(KRB5_BASE)).ok()?;
    CODES.iter().find(|(known, _)| *known == code).map(|(_, text)| (*text).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kerberos_codes_have_the_numbers_of_mit() {
        assert_eq!(kerberos(error_code::SKEW).cast_signed(), -1_765_328_347);
        assert_eq!(kerberos(error_code::BAD_INTEGRITY).cast_signed(), -1_765_328_353);
        assert_eq!(kerberos(KT_NOTFOUND).cast_signed(), -1_765_328_203);
        assert_eq!(kerberos(PARSE_MALFORMED).cast_signed(), -1_765_328_250);
    }

    #[test]
    fn every_error_is_one() {
        for error in [Error::Replay, Error::Bindings, Error::NotEstablished, Error::TicketExpired] {
            let text = error.to_string();
            let told = MechError::from(error);
            assert!(told.major.is_error() && told.minor != 0);
            assert_eq!(told.text, text);
        }
        assert!(Error::Replay.major().contains(Major::DUPLICATE_TOKEN));
    }

    #[test]
    fn a_code_has_a_text() {
        assert_eq!(text(kerberos(error_code::SKEW)).unwrap(), "the clocks differ too much");
        assert_eq!(text(201).unwrap(), PermessageError::Truncated.to_string());
        assert_eq!(text(0), None);
        assert_eq!(text(kerberos(1)), None);
        let refused = Error::Refused { code: 37, text: Some("go away".to_owned()) };
        assert_eq!(refused.to_string(), "the peer refused: the clocks differ too much (go away)");
    }
}
