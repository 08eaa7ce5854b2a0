//! What crosses the boundary: the traits of the ABI and the few plain structs they carry.
//!
//! Rules of growth. Methods are added at the end of a trait, with a default body, and never move; `last_prefix_field`
//! stays where it is. The structs are frozen: what a later version adds to a request travels in `extra`.

use abi_stable::StableAbi;
use abi_stable::sabi_trait;
use abi_stable::sabi_types::RMut;
use abi_stable::std_types::{RBox, ROption, RResult, RSlice, RSliceMut, RStr, RString, RVec, Tuple2};

pub type NameObject = RawName_TO<'static, RBox<()>>;
pub type CredentialObject = RawCredential_TO<'static, RBox<()>>;
pub type ContextObject = RawContext_TO<'static, RBox<()>>;
pub type MechanismObject = RawMechanism_TO<'static, RBox<()>>;

pub type OutputObject<'a> = RawOutput_TO<'a, RMut<'a, ()>>;

pub type AbiResult<T> = RResult<T, AbiError>;

/// [`MechError`](crate::MechError) as it crosses.
#[repr(C)]
#[derive(StableAbi)]
pub struct AbiError {
    pub major: u32,
    pub minor: u32,
    pub text: RString,
    pub token: RVec<u8>,
}

/// A further part of a request, by name: how frozen structs grow.
#[repr(C)]
#[derive(StableAbi, Clone, Copy)]
pub struct AbiExtra<'a> {
    pub key: RStr<'a>,
    pub value: RSlice<'a, u8>,
}

#[repr(C)]
#[derive(StableAbi, Clone, Copy)]
pub struct AbiBindings<'a> {
    pub initiator_address_type: u32,
    pub acceptor_address_type: u32,
    pub initiator_address: RSlice<'a, u8>,
    pub acceptor_address: RSlice<'a, u8>,
    pub application_data: RSlice<'a, u8>,
}

#[repr(C)]
#[derive(StableAbi)]
pub struct AbiInitiatorLeg<'a> {
    pub credential: ROption<&'a CredentialObject>,
    pub target: &'a NameObject,
    pub mechanism: RSlice<'a, u8>,
    pub flags: u32,
    pub lifetime: u32,
    pub bindings: ROption<AbiBindings<'a>>,
    pub input: RSlice<'a, u8>,
    pub extra: RSlice<'a, AbiExtra<'a>>,
}

#[repr(C)]
#[derive(StableAbi)]
pub struct AbiAcceptorLeg<'a> {
    pub credential: ROption<&'a CredentialObject>,
    pub bindings: ROption<AbiBindings<'a>>,
    pub input: RSlice<'a, u8>,
    pub extra: RSlice<'a, AbiExtra<'a>>,
}

#[repr(C)]
#[derive(StableAbi)]
pub struct AbiStep {
    pub complete: bool,
    pub flags: u32,
    pub lifetime: u32,
    pub token: RVec<u8>,
    pub mechanism: RVec<u8>,
    pub source: ROption<NameObject>,
    pub delegated: ROption<CredentialObject>,
}

#[repr(C)]
#[derive(StableAbi)]
pub struct AbiFirstStep {
    pub context: ContextObject,
    pub step: AbiStep,
}

#[repr(C)]
#[derive(StableAbi)]
pub struct AbiAcquire<'a> {
    pub name: ROption<&'a NameObject>,
    pub lifetime: u32,
    pub usage: u32,
    pub password: ROption<RSlice<'a, u8>>,
    pub store: RSlice<'a, Tuple2<RStr<'a>, RStr<'a>>>,
    pub impersonator: ROption<&'a CredentialObject>,
    pub extra: RSlice<'a, AbiExtra<'a>>,
}

#[repr(C)]
#[derive(StableAbi)]
pub struct AbiStore<'a> {
    pub usage: u32,
    pub overwrite: bool,
    pub make_default: bool,
    pub store: RSlice<'a, Tuple2<RStr<'a>, RStr<'a>>>,
}

#[repr(C)]
#[derive(StableAbi)]
pub struct AbiCredentialInfo {
    pub name: ROption<NameObject>,
    pub initiator_lifetime: u32,
    pub acceptor_lifetime: u32,
    pub usage: u32,
}

/// Bits of the argument of [`RawContext::inquire`].
pub const WANT_SOURCE: u32 = 1;
pub const WANT_TARGET: u32 = 2;
pub const WANT_LIFETIME: u32 = 4;

/// Filled in place: moving it from layer to layer cost more than all else that an inquiry does. What has one size does not
/// stand side by side, for the same reason: a copy of two neighbours at once waits until both have been written.
#[repr(C)]
#[derive(StableAbi, Default)]
pub struct AbiContextInfo {
    pub source: ROption<NameObject>,
    pub target: ROption<NameObject>,
    pub mechanism: ROption<RVec<u8>>,
    pub lifetime: u32,
    pub initiator: bool,
    /// `TRANS` says what [`RawContext::transferable`] would.
    pub flags: u32,
    pub open: bool,
}

#[repr(C)]
#[derive(StableAbi, Clone, Copy)]
pub struct AbiMessageInfo {
    pub confidential: bool,
    pub qop: u32,
    pub supplementary: u32,
}

/// Values of [`AbiIov::result`].
pub const IOV_IN_PLACE: u32 = 0;
pub const IOV_LENGTH: u32 = 1;
pub const IOV_ALLOCATED: u32 = 2;
pub const IOV_IN_STREAM: u32 = 3;

#[repr(C)]
#[derive(StableAbi)]
pub struct AbiIov<'a> {
    pub kind: u32,
    pub allocate: bool,
    pub result: u32,
    pub buffer: RSliceMut<'a, u8>,
    pub start: usize,
    pub length: usize,
    pub allocated: RVec<u8>,
}

#[repr(C)]
#[derive(StableAbi)]
pub struct AbiNameAttribute {
    pub authenticated: bool,
    pub complete: bool,
    pub more: i32,
    pub value: RVec<u8>,
    pub display_value: RVec<u8>,
}

#[repr(C)]
#[derive(StableAbi)]
pub struct AbiDescription {
    pub attributes: RVec<RVec<u8>>,
    pub known_attributes: RVec<RVec<u8>>,
    pub name_types: RVec<RVec<u8>>,
    pub sasl_name: RString,
    pub display_name: RString,
    pub summary: RString,
    pub extra: RVec<Tuple2<RString, RVec<u8>>>,
}

#[repr(C)]
#[derive(StableAbi)]
pub struct AbiText {
    pub text: RVec<u8>,
    pub name_type: RVec<u8>,
}

#[repr(C)]
#[derive(StableAbi, Clone, Copy)]
pub struct AbiLine<'a> {
    pub name: RStr<'a>,
    pub oid: RSlice<'a, u8>,
    pub aliases: RSlice<'a, RSlice<'a, u8>>,
    pub options: RStr<'a>,
    pub place: RStr<'a>,
    pub extra: RSlice<'a, AbiExtra<'a>>,
}

/// What a method of a later version answers on an object of an earlier one.
fn not_there<T>(call: &str) -> AbiResult<T> {
    RResult::RErr(crate::MechError::unavailable(call).into())
}

/// [`Sink`](crate::Sink) as it crosses the boundary.
#[sabi_trait]
// Implemented for every `Sink`, in `output`.
#[sabi(no_trait_impl)]
pub trait RawOutput {
    fn raw_append(&mut self, count: usize) -> ROption<RSliceMut<'_, u8>>;
    fn raw_len(&self) -> usize;
    #[sabi(last_prefix_field)]
    fn raw_truncate(&mut self, length: usize);
}

#[sabi_trait]
pub trait RawMechanism: Send + Sync {
    fn describe(&self) -> AbiResult<AbiDescription>;
    fn import_name(&self, name: RSlice<'_, u8>, name_type: RSlice<'_, u8>) -> AbiResult<NameObject>;
    fn acquire_credential(&self, request: &AbiAcquire<'_>) -> AbiResult<CredentialObject>;
    fn initiate(&self, leg: &AbiInitiatorLeg<'_>) -> AbiResult<AbiFirstStep>;
    fn accept(&self, leg: &AbiAcceptorLeg<'_>) -> AbiResult<AbiFirstStep>;
    #[sabi(last_prefix_field)]
    fn import_context(&self, state: RSlice<'_, u8>) -> AbiResult<ContextObject>;
    fn import_exported_name(&self, _name: RSlice<'_, u8>, _composite: bool) -> AbiResult<NameObject> {
        not_there("import of exported names")
    }
    fn canonicalize_name(&self, name: &NameObject) -> AbiResult<NameObject> {
        name.duplicate()
    }
    fn import_credential(&self, _token: RSlice<'_, u8>) -> AbiResult<CredentialObject> {
        not_there("import of credentials")
    }
    fn credential_from_option(&self, _option: RSlice<'_, u8>, _value: RSlice<'_, u8>) -> AbiResult<CredentialObject> {
        not_there("this credential option")
    }
    fn display_status(&self, _minor: u32) -> ROption<RString> {
        ROption::RNone
    }
    fn invoke(&self, _operation: RSlice<'_, u8>, _value: RSlice<'_, u8>) -> AbiResult<RVec<u8>> {
        not_there("this operation")
    }
}

#[sabi_trait]
pub trait RawName: Send + Sync {
    fn display(&self) -> AbiResult<AbiText>;
    fn compare(&self, other: &NameObject) -> AbiResult<bool>;
    #[sabi(last_prefix_field)]
    fn duplicate(&self) -> AbiResult<NameObject>;
    fn export(&self) -> AbiResult<RVec<u8>> {
        not_there("export of names")
    }
    fn display_as(&self, _name_type: RSlice<'_, u8>) -> AbiResult<RVec<u8>> {
        not_there("this form of the name")
    }
    fn inquire(&self) -> AbiResult<RVec<RVec<u8>>> {
        not_there("naming attributes")
    }
    fn attribute(&self, _attribute: RSlice<'_, u8>, _more: i32) -> AbiResult<AbiNameAttribute> {
        not_there("naming attributes")
    }
    fn set_attribute(&mut self, _complete: bool, _attribute: RSlice<'_, u8>, _value: RSlice<'_, u8>) -> AbiResult<()> {
        not_there("naming attributes")
    }
    fn delete_attribute(&mut self, _attribute: RSlice<'_, u8>) -> AbiResult<()> {
        not_there("naming attributes")
    }
    fn export_composite(&self) -> AbiResult<RVec<u8>> {
        not_there("composite export of names")
    }
    fn map_to_any(&self, _authenticated: bool, _type_id: RSlice<'_, u8>) -> AbiResult<usize> {
        not_there("mapping of names")
    }
    fn release_any(&self, _type_id: RSlice<'_, u8>, _object: usize) -> AbiResult<()> {
        not_there("mapping of names")
    }
    fn local_name(&self) -> AbiResult<RVec<u8>> {
        not_there("local names")
    }
    fn authorize_local_name(&self, _user: RSlice<'_, u8>, _name_type: RSlice<'_, u8>) -> AbiResult<()> {
        not_there("authorization of local names")
    }
}

#[sabi_trait]
pub trait RawCredential: Send + Sync {
    #[sabi(last_prefix_field)]
    fn inquire(&self) -> AbiResult<AbiCredentialInfo>;
    fn export(&self, _out: OutputObject<'_>) -> AbiResult<()> {
        not_there("export of credentials")
    }
    fn store(&self, _request: &AbiStore<'_>) -> AbiResult<()> {
        not_there("storing of credentials")
    }
    fn inquire_by_oid(&self, _object: RSlice<'_, u8>) -> AbiResult<RVec<RVec<u8>>> {
        not_there("this credential inquiry")
    }
    fn set_option(&mut self, _option: RSlice<'_, u8>, _value: RSlice<'_, u8>) -> AbiResult<()> {
        not_there("this credential option")
    }
    fn set_negotiable_mechanisms(&mut self, _mechanisms: RSlice<'_, RSlice<'_, u8>>) -> AbiResult<()> {
        not_there("negotiation of mechanisms")
    }
}

#[sabi_trait]
pub trait RawContext: Send + Sync {
    fn context_time(&self) -> AbiResult<u32>;
    fn wrap(&self, confidential: bool, qop: u32, message: RSlice<'_, u8>, out: OutputObject<'_>) -> AbiResult<bool>;
    fn unwrap(&self, token: RSlice<'_, u8>, out: OutputObject<'_>) -> AbiResult<AbiMessageInfo>;
    fn get_mic(&self, qop: u32, message: RSlice<'_, u8>, out: OutputObject<'_>) -> AbiResult<()>;
    fn verify_mic(&self, message: RSlice<'_, u8>, mic: RSlice<'_, u8>) -> AbiResult<AbiMessageInfo>;
    fn inquire(&self, want: u32, info: &mut AbiContextInfo) -> AbiResult<()>;
    fn initiate_leg(&mut self, leg: &AbiInitiatorLeg<'_>) -> AbiResult<AbiStep>;
    fn accept_leg(&mut self, leg: &AbiAcceptorLeg<'_>) -> AbiResult<AbiStep>;
    fn serialize(&self, out: OutputObject<'_>) -> AbiResult<()>;
    #[sabi(last_prefix_field)]
    fn transferable(&self) -> bool;
    fn delete(&mut self) -> AbiResult<RVec<u8>> {
        RResult::ROk(RVec::new())
    }
    fn process_token(&mut self, _token: RSlice<'_, u8>) -> AbiResult<()> {
        not_there("processing of context tokens")
    }
    fn wrap_size_limit(&self, _confidential: bool, _qop: u32, _output: u32) -> AbiResult<u32> {
        not_there("the wrap size limit")
    }
    fn wrap_iov(&self, _confidential: bool, _qop: u32, _iov: RSliceMut<'_, AbiIov<'_>>) -> AbiResult<bool> {
        not_there("wrapping in pieces")
    }
    fn unwrap_iov(&self, _iov: RSliceMut<'_, AbiIov<'_>>) -> AbiResult<AbiMessageInfo> {
        not_there("unwrapping in pieces")
    }
    fn wrap_iov_length(&self, _confidential: bool, _qop: u32, _iov: RSliceMut<'_, AbiIov<'_>>) -> AbiResult<bool> {
        not_there("wrapping in pieces")
    }
    fn get_mic_iov(&self, _qop: u32, _iov: RSliceMut<'_, AbiIov<'_>>) -> AbiResult<()> {
        not_there("MICs over pieces")
    }
    fn verify_mic_iov(&self, _iov: RSliceMut<'_, AbiIov<'_>>) -> AbiResult<AbiMessageInfo> {
        not_there("MICs over pieces")
    }
    fn get_mic_iov_length(&self, _qop: u32, _iov: RSliceMut<'_, AbiIov<'_>>) -> AbiResult<()> {
        not_there("MICs over pieces")
    }
    fn wrap_aead(
        &self,
        _confidential: bool,
        _qop: u32,
        _associated: RSlice<'_, u8>,
        _message: RSlice<'_, u8>,
        _out: OutputObject<'_>,
    ) -> AbiResult<bool> {
        not_there("associated data")
    }
    fn unwrap_aead(
        &self,
        _token: RSlice<'_, u8>,
        _associated: RSlice<'_, u8>,
        _out: OutputObject<'_>,
    ) -> AbiResult<AbiMessageInfo> {
        not_there("associated data")
    }
    fn pseudo_random(&self, _key: u32, _seed: RSlice<'_, u8>, _length: usize, _out: OutputObject<'_>) -> AbiResult<()> {
        not_there("a pseudo-random function")
    }
    fn inquire_by_oid(&self, _object: RSlice<'_, u8>) -> AbiResult<RVec<RVec<u8>>> {
        not_there("this context inquiry")
    }
    fn set_option(&mut self, _option: RSlice<'_, u8>, _value: RSlice<'_, u8>) -> AbiResult<()> {
        not_there("this context option")
    }
    fn complete_auth_token(&self, _input: RSlice<'_, u8>) -> AbiResult<()> {
        RResult::ROk(())
    }
}
