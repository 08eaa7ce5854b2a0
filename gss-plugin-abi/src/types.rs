//! The values that calls take and answer, as plain Rust: what an author sees and what the core works with.

use crate::status::{Major, MechError, Result};
use crate::{Mechanism, Oid};
use std::fmt;
use std::ops::{BitAnd, BitOr, BitOrAssign, Not, Range};

/// Context flags (RFC 2744 section 4: `GSS_C_…_FLAG`), requested and granted.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Flags(pub u32);

macro_rules! flags {
    ($($name:ident = $value:literal, $text:literal;)*) => {
        impl Flags {
            $(
                #[doc = concat!("`GSS_C_", stringify!($name), "_FLAG`: ", $text, ".")]
                pub const $name: Flags = Flags($value);
            )*
            /// Every flag with its name.
            pub const ALL: &[(Flags, &str)] = &[$((Flags::$name, stringify!($name))),*];
        }
    };
}

flags! {
    DELEG = 0x1, "delegate the initiator's credential";
    MUTUAL = 0x2, "authenticate the acceptor too";
    REPLAY = 0x4, "detect replayed messages";
    SEQUENCE = 0x8, "detect messages out of sequence";
    CONF = 0x10, "confidentiality is available";
    INTEG = 0x20, "integrity is available";
    ANON = 0x40, "do not reveal the initiator's name";
    PROT_READY = 0x80, "messages can be protected already";
    TRANS = 0x100, "the context can be exported (set by the core)";
    CHANNEL_BOUND = 0x800, "the channel bindings were verified";
    DCE_STYLE = 0x1000, "DCE's three-leg handshake";
    IDENTIFY = 0x2000, "identify only, no impersonation";
    EXTENDED_ERROR = 0x4000, "report errors in DCE's way";
    DELEG_POLICY = 0x8000, "delegate where the realm's policy agrees";
}

impl Flags {
    /// No flag.
    pub const NONE: Flags = Flags(0);

    /// Whether all of `other` are set.
    pub const fn contains(self, other: Flags) -> bool {
        self.0 & other.0 == other.0
    }

    /// With [`Flags::TRANS`] as said, whatever it was.
    pub const fn with_trans(self, transferable: bool) -> Flags {
        if transferable { Flags(self.0 | Self::TRANS.0) } else { Flags(self.0 & !Self::TRANS.0) }
    }
}

impl BitOr for Flags {
    type Output = Flags;
    fn bitor(self, other: Flags) -> Flags {
        Flags(self.0 | other.0)
    }
}

impl BitOrAssign for Flags {
    fn bitor_assign(&mut self, other: Flags) {
        self.0 |= other.0;
    }
}

impl BitAnd for Flags {
    type Output = Flags;
    fn bitand(self, other: Flags) -> Flags {
        Flags(self.0 & other.0)
    }
}

impl Not for Flags {
    type Output = Flags;
    fn not(self) -> Flags {
        Flags(!self.0)
    }
}

impl fmt::Debug for Flags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = Self::ALL.iter().filter(|(flag, _)| self.contains(*flag)).map(|(_, name)| *name).collect();
        write!(f, "Flags({})", names.join("|"))
    }
}

/// A lifetime in seconds, as RFC 2744 has it: [`Lifetime::INDEFINITE`] for no end.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Lifetime(pub u32);

impl Lifetime {
    /// `GSS_C_INDEFINITE`: no end.
    pub const INDEFINITE: Lifetime = Lifetime(u32::MAX);
    /// As a request: the mechanism's default.
    pub const DEFAULT: Lifetime = Lifetime(0);
}

/// What a credential may be used for (`gss_cred_usage_t`, same numbers).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum CredentialUsage {
    /// `GSS_C_BOTH`.
    #[default]
    Both = 0,
    /// `GSS_C_INITIATE`.
    Initiate = 1,
    /// `GSS_C_ACCEPT`.
    Accept = 2,
}

impl CredentialUsage {
    /// From `gss_cred_usage_t`; `None` for any other number.
    pub const fn from_code(code: u32) -> Option<Self> {
        match code {
            0 => Some(Self::Both),
            1 => Some(Self::Initiate),
            2 => Some(Self::Accept),
            _ => None,
        }
    }

    /// Whether a credential of this usage can start contexts.
    pub const fn initiates(self) -> bool {
        matches!(self, Self::Both | Self::Initiate)
    }

    /// Whether a credential of this usage can accept contexts.
    pub const fn accepts(self) -> bool {
        matches!(self, Self::Both | Self::Accept)
    }
}

/// Channel bindings (RFC 2744 section 3.11). An address type of 0 (`GSS_C_AF_UNSPEC`) with an empty address says
/// nothing of the address.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ChannelBindings<'a> {
    /// Address family of the initiator (`GSS_C_AF_…`).
    pub initiator_address_type: u32,
    /// The initiator's address.
    pub initiator_address: &'a [u8],
    /// Address family of the acceptor (`GSS_C_AF_…`).
    pub acceptor_address_type: u32,
    /// The acceptor's address.
    pub acceptor_address: &'a [u8],
    /// The application's own data, such as `tls-unique:…`.
    pub application_data: &'a [u8],
}

/// A mechanism's line in the config, as far as it is the mechanism's business.
#[derive(Clone, Copy, Debug)]
pub struct Line<'a> {
    /// The name in the first column.
    pub name: &'a str,
    /// The configured OID.
    pub oid: &'a Oid,
    /// Further OIDs that lead to the mechanism: an initial token may name one of these instead.
    pub aliases: &'a [Oid],
    /// The options as text, without those that begin with `gss.`.
    pub options: &'a str,
    /// `file:line`, for messages.
    pub place: &'a str,
}

impl<'a> Line<'a> {
    /// The options one by one, in the order of the line: `key=value`, or `key` alone.
    pub fn pairs(&self) -> impl Iterator<Item = (&'a str, Option<&'a str>)> + use<'a> {
        self.options.split([',', ' ', '\t']).filter(|part| !part.is_empty()).map(|part| match part.split_once('=') {
            Some((key, value)) => (key, Some(value)),
            None => (part, None),
        })
    }

    /// The value of the last `key=value`; `Some("")` for a bare `key`.
    pub fn option(&self, key: &str) -> Option<&'a str> {
        self.pairs().filter(|(name, _)| *name == key).last().map(|(_, value)| value.unwrap_or(""))
    }

    /// The value of an option, parsed.
    ///
    /// # Errors
    /// `FAILURE` with a text that names line, option and value.
    pub fn parse<T: std::str::FromStr>(&self, key: &str) -> Result<Option<T>>
    where
        T::Err: fmt::Display,
    {
        let Some(text) = self.option(key) else { return Ok(None) };
        text.parse().map(Some).map_err(|error| {
            MechError::failure(format!("{}: option {key}={text} of mechanism {}: {error}", self.place, self.name))
        })
    }
}

/// What a mechanism says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Description {
    /// The attributes that hold (RFC 5587), from [`attr`](crate::oid::attr).
    pub attributes: Vec<Oid>,
    /// The attributes that the mechanism knows of; empty stands for all of RFC 5587.
    pub known_attributes: Vec<Oid>,
    /// The name types that can be imported.
    pub name_types: Vec<Oid>,
    /// The SASL name (RFC 5801), or empty for the algorithmic one.
    pub sasl_name: String,
    /// A short name for people.
    pub display_name: String,
    /// One sentence for people; a mechanism that protects less than one expects says so here.
    pub summary: String,
}

/// What an initiator's leg gets. The caller's arguments come again with each leg, as in C: an imported half-built
/// context has no others (RFC 2744 section 5.19).
pub struct InitiatorLeg<'a, M: Mechanism> {
    /// The credential, or `None` for the default one.
    pub credential: Option<&'a M::Credential>,
    /// The acceptor's name.
    pub target: &'a M::Name,
    /// The OID that the caller asked for: the mechanism's own or an alias.
    pub mechanism: &'a Oid,
    /// Wanted flags.
    pub flags: Flags,
    /// Wanted lifetime.
    pub lifetime: Lifetime,
    /// Channel bindings, where the caller has some.
    pub bindings: Option<ChannelBindings<'a>>,
    /// The peer's token; empty on the first leg.
    pub input: &'a [u8],
}

/// What an acceptor's leg gets (RFC 2744 section 5.1).
pub struct AcceptorLeg<'a, M: Mechanism> {
    /// The credential, or `None` for the default one.
    pub credential: Option<&'a M::Credential>,
    /// Channel bindings, where the caller has some.
    pub bindings: Option<ChannelBindings<'a>>,
    /// The peer's token.
    pub input: &'a [u8],
}

/// What a leg of the handshake achieved.
pub struct Step<M: Mechanism> {
    /// Whether the context is established; otherwise a token from the peer is needed.
    pub complete: bool,
    /// A token for the peer, or empty.
    pub token: Vec<u8>,
    /// The flags granted so far. The core sets [`Flags::TRANS`] itself.
    pub flags: Flags,
    /// How long the context will live, where known; else [`Lifetime::INDEFINITE`].
    pub lifetime: Lifetime,
    /// The mechanism in use where it is another than the configured one (a negotiating mechanism).
    pub mechanism: Option<Oid>,
    /// Acceptor: the initiator's name, once known.
    pub source: Option<M::Name>,
    /// Acceptor: the credential that the initiator delegated.
    pub delegated: Option<M::Credential>,
}

impl<M: Mechanism> Step<M> {
    /// A step after which the peer's next token is needed.
    pub fn more(token: Vec<u8>) -> Self {
        Self {
            complete: false,
            token,
            flags: Flags::NONE,
            lifetime: Lifetime::INDEFINITE,
            mechanism: None,
            source: None,
            delegated: None,
        }
    }

    /// The last step; `token` may be empty.
    pub fn complete(token: Vec<u8>) -> Self {
        Self { complete: true, ..Self::more(token) }
    }

    /// Sets the flags granted so far.
    #[must_use]
    pub fn flags(mut self, flags: Flags) -> Self {
        self.flags = flags;
        self
    }

    /// Sets the context's lifetime.
    #[must_use]
    pub fn lifetime(mut self, lifetime: Lifetime) -> Self {
        self.lifetime = lifetime;
        self
    }

    /// Sets the initiator's name.
    #[must_use]
    pub fn source(mut self, source: M::Name) -> Self {
        self.source = Some(source);
        self
    }
}

/// Shows what arguments there are, and no token.
impl<M: Mechanism> fmt::Debug for InitiatorLeg<'_, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InitiatorLeg")
            .field("credential", &self.credential.is_some())
            .field("mechanism", self.mechanism)
            .field("flags", &self.flags)
            .field("lifetime", &self.lifetime)
            .field("bindings", &self.bindings.is_some())
            .field("input", &self.input.len())
            .finish_non_exhaustive()
    }
}

/// Shows what arguments there are, and no token.
impl<M: Mechanism> fmt::Debug for AcceptorLeg<'_, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AcceptorLeg")
            .field("credential", &self.credential.is_some())
            .field("bindings", &self.bindings.is_some())
            .field("input", &self.input.len())
            .finish_non_exhaustive()
    }
}

/// Shows how the leg ended, and no token.
impl<M: Mechanism> fmt::Debug for Step<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Step")
            .field("complete", &self.complete)
            .field("token", &self.token.len())
            .field("flags", &self.flags)
            .field("lifetime", &self.lifetime)
            .field("mechanism", &self.mechanism)
            .field("source", &self.source.is_some())
            .field("delegated", &self.delegated.is_some())
            .finish()
    }
}

/// Shows what is asked for, and no password.
impl<M: Mechanism> fmt::Debug for AcquireRequest<'_, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AcquireRequest")
            .field("name", &self.name.is_some())
            .field("lifetime", &self.lifetime)
            .field("usage", &self.usage)
            .field("password", &self.password.is_some())
            .field("store", &self.store.iter().map(|(key, _)| key).collect::<Vec<_>>())
            .field("impersonator", &self.impersonator.is_some())
            .finish()
    }
}

/// What is asked of [`Mechanism::acquire_credential`].
pub struct AcquireRequest<'a, M: Mechanism> {
    /// Whose credential; `None` for the default identity.
    pub name: Option<&'a M::Name>,
    /// Wanted lifetime.
    pub lifetime: Lifetime,
    /// What for.
    pub usage: CredentialUsage,
    /// `gss_acquire_cred_with_password`.
    pub password: Option<&'a [u8]>,
    /// `gss_acquire_cred_from`: keys and values of the credential store.
    pub store: &'a [(&'a str, &'a str)],
    /// `gss_acquire_cred_impersonate_name`: whose credential acts for `name`.
    pub impersonator: Option<&'a M::Credential>,
}

/// What is asked of [`Credential::store`](crate::Credential::store) (RFC 5588).
#[derive(Clone, Copy, Debug)]
pub struct StoreRequest<'a> {
    /// Which half to store.
    pub usage: CredentialUsage,
    /// Replace what is there.
    pub overwrite: bool,
    /// Make it the default.
    pub make_default: bool,
    /// `gss_store_cred_into`: keys and values of the credential store.
    pub store: &'a [(&'a str, &'a str)],
}

/// What a credential says of itself (`gss_inquire_cred_by_mech`).
#[derive(Clone, Debug)]
pub struct CredentialInfo<N> {
    /// Whose, where known.
    pub name: Option<N>,
    /// How long it can initiate.
    pub initiator_lifetime: Lifetime,
    /// How long it can accept.
    pub acceptor_lifetime: Lifetime,
    /// What for.
    pub usage: CredentialUsage,
}

/// Which answers of [`SecurityContext::inquire`](crate::SecurityContext::inquire) the caller wants.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Want {
    /// The initiator's name.
    pub source: bool,
    /// The acceptor's name.
    pub target: bool,
    /// The remaining lifetime.
    pub lifetime: bool,
}

impl Want {
    /// All of it.
    pub const ALL: Want = Want { source: true, target: true, lifetime: true };
    /// Neither names nor lifetime.
    pub const NOTHING: Want = Want { source: false, target: false, lifetime: false };
}

/// What a context says of itself (RFC 2744 section 5.20).
#[derive(Clone, Debug)]
pub struct ContextInfo<N> {
    /// The initiator's name, if wanted and known.
    pub source: Option<N>,
    /// The acceptor's name, if wanted and known.
    pub target: Option<N>,
    /// The remaining lifetime, if wanted; 0 for an expired context.
    pub lifetime: Lifetime,
    /// The flags in force.
    pub flags: Flags,
    /// Whether this side is the initiator.
    pub initiator: bool,
    /// Whether the context is established.
    pub open: bool,
    /// The mechanism in use where it is another than the configured one.
    pub mechanism: Option<Oid>,
}

impl<N> Default for ContextInfo<N> {
    fn default() -> Self {
        let (lifetime, flags) = (Lifetime(0), Flags::NONE);
        Self { source: None, target: None, lifetime, flags, initiator: false, open: false, mechanism: None }
    }
}

/// What was found out about a message while unprotecting it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct MessageInfo {
    /// Whether it was encrypted.
    pub confidential: bool,
    /// Quality of protection; 0 is the default one.
    pub qop: u32,
    /// Supplementary bits: [`Major::DUPLICATE_TOKEN`], [`Major::GAP_TOKEN`] and so on, or none.
    pub supplementary: Major,
}

/// What an IOV element is (`GSS_IOV_BUFFER_TYPE_…`, same numbers).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(u32)]
pub enum IovKind {
    /// Ignored.
    Empty = 0,
    /// Message data: encrypted where wanted, and integrity protected.
    Data = 1,
    /// The token header.
    Header = 2,
    /// Mechanism parameters.
    MechParams = 3,
    /// The token trailer.
    Trailer = 7,
    /// Padding.
    Padding = 9,
    /// A whole token in one piece (unwrap only).
    Stream = 10,
    /// Data that is integrity protected and not part of the token.
    SignOnly = 11,
    /// The MIC token.
    MicToken = 12,
}

impl IovKind {
    /// From the low half of `gss_iov_buffer_desc.type`.
    pub const fn from_code(code: u32) -> Option<Self> {
        Some(match code {
            0 => Self::Empty,
            1 => Self::Data,
            2 => Self::Header,
            3 => Self::MechParams,
            7 => Self::Trailer,
            9 => Self::Padding,
            10 => Self::Stream,
            11 => Self::SignOnly,
            12 => Self::MicToken,
            _ => return None,
        })
    }
}

/// What the mechanism did with an IOV element.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum IovResult {
    /// Worked in place, over the whole buffer.
    #[default]
    InPlace,
    /// Uses the first so many bytes of the buffer; from a length call: needs so many.
    Length(usize),
    /// Has no room in the caller's buffer, and was allowed to allocate.
    Allocated(Vec<u8>),
    /// Lies there in the buffer of the element of kind [`IovKind::Stream`].
    InStream(Range<usize>),
}

/// One element of a message in pieces (`gss_iov_buffer_desc`).
#[derive(Debug)]
pub struct Iov<'a> {
    /// What it is.
    pub kind: IovKind,
    /// Whether the mechanism may answer with a buffer of its own (`GSS_IOV_BUFFER_FLAG_ALLOCATE`).
    pub allocate: bool,
    /// The caller's buffer.
    pub buffer: &'a mut [u8],
    /// What the mechanism did with it.
    pub result: IovResult,
}

impl<'a> Iov<'a> {
    /// An element over the caller's buffer.
    pub fn new(kind: IovKind, buffer: &'a mut [u8]) -> Self {
        Self { kind, allocate: false, buffer, result: IovResult::InPlace }
    }

    /// An element whose buffer the mechanism is to make.
    pub fn allocated(kind: IovKind) -> Self {
        Self { kind, allocate: true, buffer: &mut [], result: IovResult::InPlace }
    }
}

/// Which key a pseudo-random function uses (RFC 4401).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(u32)]
pub enum PrfKey {
    /// `GSS_C_PRF_KEY_FULL`.
    Full = 0,
    /// `GSS_C_PRF_KEY_PARTIAL`.
    Partial = 1,
}

/// What a mechanism name says of itself (RFC 6680 section 7.4).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct NameInfo {
    /// The attributes it has.
    pub attributes: Vec<Vec<u8>>,
}

/// One value of a name's attribute (RFC 6680 section 7.5).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct NameAttribute {
    /// Whether a trusted party vouches for it.
    pub authenticated: bool,
    /// Whether all its values are there.
    pub complete: bool,
    /// The value.
    pub value: Vec<u8>,
    /// The value for people, or empty.
    pub display_value: Vec<u8>,
    /// What to pass as `more` to get the next value; 0 after the last one.
    pub more: i32,
}
