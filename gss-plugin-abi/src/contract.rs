//! What a mechanism is, in plain safe Rust. Authors implement these four traits; the guard turns them
//! into the objects of the ABI. The core's adapter for C mechanisms implements them as well.
//!
//! Methods with a body are optional. They answer `UNAVAILABLE`, or do the call by another one where the text says so.

use crate::output::Output;
use crate::status::{MechError, Result};
use crate::types::{
    AcceptorLeg, AcquireRequest, ContextInfo, CredentialInfo, Description, InitiatorLeg, Iov, Lifetime, Line,
    MessageInfo, NameAttribute, NameInfo, PrfKey, Step, StoreRequest, Want,
};
use crate::{Oid, fallback};

/// A mechanism: one instance for each of its lines in the config.
///
/// All calls take `&self` and come from any number of threads at once. The switch holds no lock meanwhile.
pub trait Mechanism: Send + Sync + Sized + 'static {
    /// A mechanism name (MN).
    type Name: Name;
    /// A credential element.
    type Credential: Credential<Mechanism = Self>;
    /// A security context.
    type Context: SecurityContext<Mechanism = Self>;

    /// Makes the instance for a line of the config. May run twice for one line, when two threads are first to use it;
    /// then one of the instances is dropped.
    ///
    /// # Errors
    /// `FAILURE` with a text for the administrator: the mechanism stays listed with it and every use is `BAD_MECH`.
    fn open(line: &Line<'_>) -> Result<Self>;

    /// Attributes, name types and names.
    fn describe(&self) -> Description;

    /// Reads a name (`gss_import_name`). `None` is the mechanism's default type.
    ///
    /// # Errors
    /// `BAD_NAMETYPE`, `BAD_NAME`.
    fn import_name(&self, name: &[u8], name_type: Option<&Oid>) -> Result<Self::Name>;

    /// Reads what [`Name::export`] (or, with `composite`, [`Name::export_composite`]) gave, without the header of
    /// RFC 2743 section 3.2, which is the switch's. By default the switch imports it as a name of the default type.
    ///
    /// # Errors
    /// `BAD_NAME`.
    fn import_exported_name(&self, name: &[u8], composite: bool) -> Result<Self::Name> {
        let _ = (name, composite);
        Err(MechError::unavailable("import of exported names"))
    }

    /// Canonicalizes a mechanism name; by default it is canonical already.
    ///
    /// # Errors
    /// `BAD_NAME`.
    fn canonicalize_name(&self, name: &Self::Name) -> Result<Self::Name> {
        name.duplicate()
    }

    /// Finds a credential (`gss_acquire_cred` and its `_with_password`, `_from` and `_impersonate_name` forms).
    ///
    /// # Errors
    /// `NO_CRED`, `CREDENTIALS_EXPIRED`, `BAD_NAME`; `UNAVAILABLE` for a form that is not offered.
    fn acquire_credential(&self, request: &AcquireRequest<'_, Self>) -> Result<Self::Credential>;

    /// Reads what [`Credential::export`] gave.
    ///
    /// # Errors
    /// `DEFECTIVE_TOKEN`.
    fn import_credential(&self, token: &[u8]) -> Result<Self::Credential> {
        let _ = token;
        Err(MechError::unavailable("import of credentials"))
    }

    /// Makes a credential from an option (`gss_set_cred_option` on no credential).
    ///
    /// # Errors
    /// `UNAVAILABLE` for an unknown option.
    fn credential_from_option(&self, option: &Oid, value: &[u8]) -> Result<Self::Credential> {
        let _ = (option, value);
        Err(MechError::unavailable("this credential option"))
    }

    /// The initiator's first leg. A failure creates no context.
    ///
    /// # Errors
    /// Those of RFC 2744 section 5.19, with a token for the peer where the protocol has one.
    fn initiate(&self, leg: InitiatorLeg<'_, Self>) -> Result<(Self::Context, Step<Self>)>;

    /// The acceptor's first leg. A failure creates no context.
    ///
    /// # Errors
    /// Those of RFC 2744 section 5.1, with a token for the peer where the protocol has one.
    fn accept(&self, leg: AcceptorLeg<'_, Self>) -> Result<(Self::Context, Step<Self>)>;

    /// Builds a context, half-established ones included, from what [`SecurityContext::serialize`] gave. Has no effect
    /// outside the process until the context is used.
    ///
    /// # Errors
    /// `DEFECTIVE_TOKEN` for bytes that were not made by `serialize`.
    fn import_context(&self, state: &[u8]) -> Result<Self::Context> {
        let _ = state;
        Err(MechError::unavailable("import of contexts"))
    }

    /// The text of a minor status of this mechanism.
    fn display_status(&self, minor: u32) -> Option<String> {
        let _ = minor;
        None
    }

    /// Runs a mechanism-specific operation (`gssspi_mech_invoke`) and answers the value's new bytes.
    ///
    /// # Errors
    /// `UNAVAILABLE` for an unknown operation.
    fn invoke(&self, operation: &Oid, value: &[u8]) -> Result<Vec<u8>> {
        let _ = (operation, value);
        Err(MechError::unavailable("this operation"))
    }
}

/// A mechanism name.
pub trait Name: Send + Sync + Sized + 'static {
    /// The text for people and its name type (`gss_display_name`).
    ///
    /// # Errors
    /// `BAD_NAME`.
    fn display(&self) -> Result<(Vec<u8>, Oid)>;

    /// Whether both denote one entity. Anonymous names equal nothing, themselves included.
    ///
    /// # Errors
    /// `BAD_NAMETYPE` if the two cannot be compared.
    fn compare(&self, other: &Self) -> Result<bool>;

    /// A copy.
    ///
    /// # Errors
    /// `FAILURE` when resources run out.
    fn duplicate(&self) -> Result<Self>;

    /// The canonical bytes to be stored and compared (`gss_export_name`), without the header of RFC 2743 section 3.2.
    /// By default the switch takes the display text.
    ///
    /// # Errors
    /// `FAILURE`.
    fn export(&self) -> Result<Vec<u8>> {
        Err(MechError::unavailable("export of names"))
    }

    /// The text in another form (`gss_display_name_ext`). By default the only form is that of [`Name::display`].
    ///
    /// # Errors
    /// `UNAVAILABLE` for a form that the mechanism cannot give.
    fn display_as(&self, name_type: &Oid) -> Result<Vec<u8>> {
        fallback::display_as(self, name_type)
    }

    /// The attributes of the name (RFC 6680 section 7.4).
    ///
    /// # Errors
    /// `UNAVAILABLE`.
    fn inquire(&self) -> Result<NameInfo> {
        Err(MechError::unavailable("naming attributes"))
    }

    /// A value of an attribute. `more` is -1 for the first, then what the value before said (RFC 6680 section 7.5).
    ///
    /// # Errors
    /// `UNAVAILABLE` for an unknown attribute.
    fn attribute(&self, attribute: &[u8], more: i32) -> Result<NameAttribute> {
        let _ = (attribute, more);
        Err(MechError::unavailable("naming attributes"))
    }

    /// Sets an attribute (RFC 6680 section 7.6).
    ///
    /// # Errors
    /// `UNAVAILABLE`.
    fn set_attribute(&mut self, complete: bool, attribute: &[u8], value: &[u8]) -> Result<()> {
        let _ = (complete, attribute, value);
        Err(MechError::unavailable("naming attributes"))
    }

    /// Removes an attribute (RFC 6680 section 7.7).
    ///
    /// # Errors
    /// `UNAVAILABLE`.
    fn delete_attribute(&mut self, attribute: &[u8]) -> Result<()> {
        let _ = attribute;
        Err(MechError::unavailable("naming attributes"))
    }

    /// The name with its attributes (RFC 6680 section 7.8), without the header.
    ///
    /// # Errors
    /// `UNAVAILABLE`.
    fn export_composite(&self) -> Result<Vec<u8>> {
        Err(MechError::unavailable("composite export of names"))
    }

    /// The name as an object of another library (`gss_map_name_to_any`): its address.
    ///
    /// # Errors
    /// `UNAVAILABLE`.
    fn map_to_any(&self, authenticated: bool, type_id: &[u8]) -> Result<usize> {
        let _ = (authenticated, type_id);
        Err(MechError::unavailable("mapping of names"))
    }

    /// Releases what [`Name::map_to_any`] gave.
    ///
    /// # Errors
    /// `UNAVAILABLE`.
    fn release_any(&self, type_id: &[u8], object: usize) -> Result<()> {
        let _ = (type_id, object);
        Err(MechError::unavailable("mapping of names"))
    }

    /// The local user that the name stands for (`gss_localname`).
    ///
    /// # Errors
    /// `UNAVAILABLE` where the mechanism has no mapping.
    fn local_name(&self) -> Result<Vec<u8>> {
        Err(MechError::unavailable("local names"))
    }

    /// Whether the name may act as a local user (`gss_authorize_localname`).
    ///
    /// # Errors
    /// `UNAUTHORIZED` for no; `UNAVAILABLE` where the mechanism does not decide.
    fn authorize_local_name(&self, user: &[u8], name_type: &Oid) -> Result<()> {
        let _ = (user, name_type);
        Err(MechError::unavailable("authorization of local names"))
    }
}

/// A credential element.
pub trait Credential: Send + Sync + Sized + 'static {
    /// Whose.
    type Mechanism: Mechanism<Credential = Self>;

    /// Name, lifetimes and usage (`gss_inquire_cred_by_mech`).
    ///
    /// # Errors
    /// `DEFECTIVE_CREDENTIAL`.
    fn inquire(&self) -> Result<CredentialInfo<<Self::Mechanism as Mechanism>::Name>>;

    /// The credential as bytes for another process (`gss_export_cred`).
    ///
    /// # Errors
    /// `UNAVAILABLE`.
    fn export(&self, out: &mut Output<'_>) -> Result<()> {
        let _ = out;
        Err(MechError::unavailable("export of credentials"))
    }

    /// Stores the credential (RFC 5588).
    ///
    /// # Errors
    /// `DUPLICATE_ELEMENT`, `UNAVAILABLE`.
    fn store(&self, request: &StoreRequest<'_>) -> Result<()> {
        let _ = request;
        Err(MechError::unavailable("storing of credentials"))
    }

    /// `gss_inquire_cred_by_oid`.
    ///
    /// # Errors
    /// `UNAVAILABLE` for an unknown object.
    fn inquire_by_oid(&self, object: &Oid) -> Result<Vec<Vec<u8>>> {
        let _ = object;
        Err(MechError::unavailable("this credential inquiry"))
    }

    /// `gss_set_cred_option`.
    ///
    /// # Errors
    /// `UNAVAILABLE` for an unknown option.
    fn set_option(&mut self, option: &Oid, value: &[u8]) -> Result<()> {
        let _ = (option, value);
        Err(MechError::unavailable("this credential option"))
    }

    /// Limits what a negotiating mechanism offers (RFC 4178 appendix B.1).
    ///
    /// # Errors
    /// `UNAVAILABLE` for a mechanism that does not negotiate.
    fn set_negotiable_mechanisms(&mut self, mechanisms: &[Oid]) -> Result<()> {
        let _ = mechanisms;
        Err(MechError::unavailable("negotiation of mechanisms"))
    }
}

/// A security context. The legs and [`SecurityContext::delete`] are exclusive; all that takes `&self` may run on
/// several threads at once.
///
/// After a leg has failed, or a call has panicked, the switch lets only delete through. Four calls change nothing, and a
/// panic in them costs nothing but the call: [`SecurityContext::context_time`], [`SecurityContext::inquire`],
/// [`SecurityContext::serialize`] and [`SecurityContext::transferable`].
pub trait SecurityContext: Send + Sync + Sized + 'static {
    /// Whose.
    type Mechanism: Mechanism<Context = Self>;

    /// A further leg of the initiator.
    ///
    /// # Errors
    /// Those of RFC 2744 section 5.19, with a token for the peer where the protocol has one.
    fn initiate_leg(&mut self, leg: InitiatorLeg<'_, Self::Mechanism>) -> Result<Step<Self::Mechanism>>;

    /// A further leg of the acceptor.
    ///
    /// # Errors
    /// Those of RFC 2744 section 5.1, with a token for the peer where the protocol has one.
    fn accept_leg(&mut self, leg: AcceptorLeg<'_, Self::Mechanism>) -> Result<Step<Self::Mechanism>>;

    /// The remaining lifetime (`gss_context_time`).
    ///
    /// # Errors
    /// `CONTEXT_EXPIRED`; `NO_CONTEXT` while it is not established.
    fn context_time(&self) -> Result<Lifetime>;

    /// What the context says of itself, as far as it is wanted.
    ///
    /// # Errors
    /// `FAILURE`.
    fn inquire(&self, want: Want) -> Result<ContextInfo<<Self::Mechanism as Mechanism>::Name>>;

    /// Protects a message (`gss_wrap`) and answers whether it is encrypted. By default done by
    /// [`SecurityContext::wrap_iov`].
    ///
    /// # Errors
    /// `CONTEXT_EXPIRED`, `NO_CONTEXT`, `BAD_QOP`.
    fn wrap(&self, confidential: bool, qop: u32, message: &[u8], out: &mut Output<'_>) -> Result<bool> {
        fallback::wrap(self, confidential, qop, message, out)
    }

    /// Checks and unprotects a message (`gss_unwrap`). By default done by [`SecurityContext::unwrap_iov`].
    ///
    /// # Errors
    /// `DEFECTIVE_TOKEN`, `BAD_MIC`, `CONTEXT_EXPIRED`, `NO_CONTEXT`. Replays and the like are no errors but
    /// [`MessageInfo::supplementary`].
    fn unwrap(&self, token: &[u8], out: &mut Output<'_>) -> Result<MessageInfo> {
        fallback::unwrap(self, token, out)
    }

    /// Makes a MIC (`gss_get_mic`).
    ///
    /// # Errors
    /// `CONTEXT_EXPIRED`, `NO_CONTEXT`, `BAD_QOP`.
    fn get_mic(&self, qop: u32, message: &[u8], out: &mut Output<'_>) -> Result<()> {
        let _ = (qop, message, out);
        Err(MechError::unavailable("MICs"))
    }

    /// Checks a MIC (`gss_verify_mic`).
    ///
    /// # Errors
    /// `DEFECTIVE_TOKEN`, `BAD_MIC`, `CONTEXT_EXPIRED`, `NO_CONTEXT`.
    fn verify_mic(&self, message: &[u8], mic: &[u8]) -> Result<MessageInfo> {
        let _ = (message, mic);
        Err(MechError::unavailable("MICs"))
    }

    /// The context as bytes from which [`Mechanism::import_context`] makes it again, in another process. Has no side
    /// effects: the context may go on afterwards. The switch wipes the bytes.
    ///
    /// # Errors
    /// `UNAVAILABLE`, also where it is not possible at this stage.
    fn serialize(&self, out: &mut Output<'_>) -> Result<()> {
        let _ = out;
        Err(MechError::unavailable("export of contexts"))
    }

    /// Whether [`SecurityContext::serialize`] would work at this stage. The switch sets [`Flags::TRANS`] by it.
    ///
    /// [`Flags::TRANS`]: crate::Flags::TRANS
    fn transferable(&self) -> bool {
        false
    }

    /// Ends the context (`gss_delete_sec_context`); the answer is a token for the peer, empty since version 2 of
    /// the API. Afterwards the context is dropped, whatever the answer. Dropping alone must be enough to free it.
    ///
    /// # Errors
    /// Any: they are logged.
    fn delete(&mut self) -> Result<Vec<u8>> {
        Ok(Vec::new())
    }

    /// Takes a token of the peer that is no message (`gss_process_context_token`).
    ///
    /// # Errors
    /// `DEFECTIVE_TOKEN`, `UNAVAILABLE`.
    fn process_token(&mut self, token: &[u8]) -> Result<()> {
        let _ = token;
        Err(MechError::unavailable("processing of context tokens"))
    }

    /// The longest message, in bytes, whose token has at most `output` bytes (`gss_wrap_size_limit`). By default
    /// done by [`SecurityContext::wrap_iov_length`].
    ///
    /// # Errors
    /// `BAD_QOP`, `NO_CONTEXT`.
    fn wrap_size_limit(&self, confidential: bool, qop: u32, output: u32) -> Result<u32> {
        fallback::wrap_size_limit(self, confidential, qop, output)
    }

    /// Protects a message in pieces, in place (`gss_wrap_iov`), and answers whether it is encrypted.
    ///
    /// # Errors
    /// As [`SecurityContext::wrap`].
    fn wrap_iov(&self, confidential: bool, qop: u32, iov: &mut [Iov<'_>]) -> Result<bool> {
        let _ = (confidential, qop, iov);
        Err(MechError::unavailable("wrapping in pieces"))
    }

    /// Checks and unprotects a message in pieces, in place (`gss_unwrap_iov`).
    ///
    /// # Errors
    /// As [`SecurityContext::unwrap`].
    fn unwrap_iov(&self, iov: &mut [Iov<'_>]) -> Result<MessageInfo> {
        let _ = iov;
        Err(MechError::unavailable("unwrapping in pieces"))
    }

    /// Says by [`IovResult::Length`](crate::IovResult::Length) how long the header, trailer and padding will be
    /// (`gss_wrap_iov_length`).
    ///
    /// # Errors
    /// As [`SecurityContext::wrap`].
    fn wrap_iov_length(&self, confidential: bool, qop: u32, iov: &mut [Iov<'_>]) -> Result<bool> {
        let _ = (confidential, qop, iov);
        Err(MechError::unavailable("wrapping in pieces"))
    }

    /// Makes a MIC over pieces (`gss_get_mic_iov`). By default done by [`SecurityContext::get_mic`].
    ///
    /// # Errors
    /// As [`SecurityContext::get_mic`].
    fn get_mic_iov(&self, qop: u32, iov: &mut [Iov<'_>]) -> Result<()> {
        fallback::get_mic_iov(self, qop, iov)
    }

    /// Checks a MIC over pieces (`gss_verify_mic_iov`). By default done by [`SecurityContext::verify_mic`].
    ///
    /// # Errors
    /// As [`SecurityContext::verify_mic`].
    fn verify_mic_iov(&self, iov: &mut [Iov<'_>]) -> Result<MessageInfo> {
        fallback::verify_mic_iov(self, iov)
    }

    /// Says by [`IovResult::Length`](crate::IovResult::Length) how long the MIC will be (`gss_get_mic_iov_length`).
    ///
    /// # Errors
    /// As [`SecurityContext::get_mic`].
    fn get_mic_iov_length(&self, qop: u32, iov: &mut [Iov<'_>]) -> Result<()> {
        let _ = (qop, iov);
        Err(MechError::unavailable("MICs over pieces"))
    }

    /// Protects a message with associated data (`gss_wrap_aead`). By default done by [`SecurityContext::wrap_iov`].
    ///
    /// # Errors
    /// As [`SecurityContext::wrap`].
    fn wrap_aead(
        &self,
        confidential: bool,
        qop: u32,
        associated: &[u8],
        message: &[u8],
        out: &mut Output<'_>,
    ) -> Result<bool> {
        fallback::wrap_aead(self, confidential, qop, associated, message, out)
    }

    /// Checks and unprotects a message with associated data (`gss_unwrap_aead`). By default done by
    /// [`SecurityContext::unwrap_iov`].
    ///
    /// # Errors
    /// As [`SecurityContext::unwrap`].
    fn unwrap_aead(&self, token: &[u8], associated: &[u8], out: &mut Output<'_>) -> Result<MessageInfo> {
        fallback::unwrap_aead(self, token, associated, out)
    }

    /// `length` bytes from the context's pseudo-random function (RFC 4401).
    ///
    /// # Errors
    /// `UNAVAILABLE`.
    fn pseudo_random(&self, key: PrfKey, seed: &[u8], length: usize, out: &mut Output<'_>) -> Result<()> {
        let _ = (key, seed, length, out);
        Err(MechError::unavailable("a pseudo-random function"))
    }

    /// `gss_inquire_sec_context_by_oid`.
    ///
    /// # Errors
    /// `UNAVAILABLE` for an unknown object.
    fn inquire_by_oid(&self, object: &Oid) -> Result<Vec<Vec<u8>>> {
        let _ = object;
        Err(MechError::unavailable("this context inquiry"))
    }

    /// `gss_set_sec_context_option`.
    ///
    /// # Errors
    /// `UNAVAILABLE` for an unknown option.
    fn set_option(&mut self, option: &Oid, value: &[u8]) -> Result<()> {
        let _ = (option, value);
        Err(MechError::unavailable("this context option"))
    }

    /// Takes what a protocol without tokens of its own has left over (`gss_complete_auth_token`).
    ///
    /// # Errors
    /// `DEFECTIVE_TOKEN`.
    fn complete_auth_token(&self, input: &[u8]) -> Result<()> {
        let _ = input;
        Ok(())
    }
}
