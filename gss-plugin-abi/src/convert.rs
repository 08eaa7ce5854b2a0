//! Plain values to crossing ones and back. Nothing here trusts what comes from the other side.

use crate::abi::{AbiBindings, AbiError, AbiIov, AbiMessageInfo, AbiResult};
use crate::abi::{IOV_ALLOCATED, IOV_IN_PLACE, IOV_IN_STREAM, IOV_LENGTH};
use crate::status::{IMPOSSIBLE_ANSWER, Major, MechError, Result};
use crate::types::{ChannelBindings, Iov, IovKind, IovResult, MessageInfo};
use crate::{Oid, OidError};
use abi_stable::std_types::{RResult, RSlice, RSliceMut, RStr, RVec, Tuple2};

impl From<MechError> for AbiError {
    fn from(error: MechError) -> Self {
        let MechError { major, minor, text, token } = error;
        Self { major: major.0, minor, text: text.into(), token: token.into() }
    }
}

impl From<AbiError> for MechError {
    fn from(error: AbiError) -> Self {
        let AbiError { major, minor, text, token } = error;
        let mut error = MechError { major: Major(major), minor, text: text.into(), token: token.into() };
        if !error.major.is_error() {
            // A failure must be one: whoever tests the major for errors would take it for success.
            error.text = format!("the mechanism failed with the major status {}: {}", error.major, error.text);
            error.major = Major::FAILURE;
        }
        error
    }
}

pub(crate) fn plain<T>(result: AbiResult<T>) -> Result<T> {
    match result {
        RResult::ROk(value) => Ok(value),
        RResult::RErr(error) => Err(error.into()),
    }
}

pub(crate) fn lie(what: impl std::fmt::Display) -> MechError {
    MechError::failure(format!("the mechanism answered {what}")).minor(IMPOSSIBLE_ANSWER)
}

/// An OID from the other side.
pub(crate) fn oid(content: &[u8]) -> Result<Oid> {
    Oid::from_content(content).map_err(|error| lie(format_args!("an OID that is none: {error}")))
}

/// An OID from the other side, where no octets stand for none.
pub(crate) fn optional_oid(content: &[u8]) -> Result<Option<Oid>> {
    match Oid::from_content(content) {
        Ok(oid) => Ok(Some(oid)),
        Err(OidError::Empty) => Ok(None),
        Err(error) => Err(lie(format_args!("an OID that is none: {error}"))),
    }
}

pub(crate) fn octets_of(oid: Option<&Oid>) -> RSlice<'_, u8> {
    RSlice::from_slice(oid.map_or(&[], Oid::as_bytes))
}

pub(crate) fn oids(contents: &[RVec<u8>]) -> Result<Vec<Oid>> {
    contents.iter().map(|content| oid(content)).collect()
}

pub(crate) fn oids_in(contents: &[RSlice<'_, u8>]) -> Result<Vec<Oid>> {
    contents.iter().map(|content| oid(content)).collect()
}

pub(crate) fn octets_of_all(oids: &[Oid]) -> Vec<RSlice<'_, u8>> {
    oids.iter().map(|oid| octets_of(Some(oid))).collect()
}

pub(crate) fn oids_out(oids: &[Oid]) -> RVec<RVec<u8>> {
    oids.iter().map(|oid| RVec::from(oid.as_bytes().to_vec())).collect()
}

pub(crate) fn byte_strings(values: RVec<RVec<u8>>) -> Vec<Vec<u8>> {
    values.into_iter().map(RVec::into_vec).collect()
}

pub(crate) fn byte_strings_out(values: Vec<Vec<u8>>) -> RVec<RVec<u8>> {
    values.into_iter().map(RVec::from).collect()
}

pub(crate) fn pairs_out<'a>(pairs: &'a [(&'a str, &'a str)]) -> Vec<Tuple2<RStr<'a>, RStr<'a>>> {
    pairs.iter().map(|(key, value)| Tuple2(RStr::from_str(key), RStr::from_str(value))).collect()
}

impl<'a> From<ChannelBindings<'a>> for AbiBindings<'a> {
    fn from(bindings: ChannelBindings<'a>) -> Self {
        Self {
            initiator_address_type: bindings.initiator_address_type,
            acceptor_address_type: bindings.acceptor_address_type,
            initiator_address: bindings.initiator_address.into(),
            acceptor_address: bindings.acceptor_address.into(),
            application_data: bindings.application_data.into(),
        }
    }
}

impl<'a> From<AbiBindings<'a>> for ChannelBindings<'a> {
    fn from(bindings: AbiBindings<'a>) -> Self {
        Self {
            initiator_address_type: bindings.initiator_address_type,
            acceptor_address_type: bindings.acceptor_address_type,
            initiator_address: bindings.initiator_address.as_slice(),
            acceptor_address: bindings.acceptor_address.as_slice(),
            application_data: bindings.application_data.as_slice(),
        }
    }
}

/// What can be said of a message; `CONTINUE_NEEDED`, for one, cannot.
const MESSAGE_BITS: Major =
    Major::DUPLICATE_TOKEN.with(Major::OLD_TOKEN).with(Major::UNSEQ_TOKEN).with(Major::GAP_TOKEN);

impl From<MessageInfo> for AbiMessageInfo {
    fn from(info: MessageInfo) -> Self {
        Self { confidential: info.confidential, qop: info.qop, supplementary: info.supplementary.0 }
    }
}

/// What was found out about a message. An error among the supplementary bits is none to be masked: whoever put it
/// there means that the message is not to be believed.
pub(crate) fn message_info(info: AbiMessageInfo) -> Result<MessageInfo> {
    let AbiMessageInfo { confidential, qop, supplementary } = info;
    let supplementary = Major(supplementary);
    if supplementary.0 & !MESSAGE_BITS.0 != 0 {
        return Err(lie(format_args!("the status {supplementary} as supplementary information")));
    }
    Ok(MessageInfo { confidential, qop, supplementary })
}

/// Host to plugin: the elements as they cross, over the same buffers.
pub(crate) fn iov_out<'i>(iov: &'i mut [Iov<'_>]) -> Vec<AbiIov<'i>> {
    let cross = |element: &'i mut Iov<'_>| AbiIov {
        kind: element.kind as u32,
        allocate: element.allocate,
        result: IOV_IN_PLACE,
        buffer: RSliceMut::from_mut_slice(element.buffer),
        start: 0,
        length: 0,
        allocated: RVec::new(),
    };
    iov.iter_mut().map(cross).collect()
}

/// What came back for one element.
pub(crate) struct IovAnswer {
    result: u32,
    start: usize,
    length: usize,
    allocated: Vec<u8>,
}

/// Takes the answers off, so that the buffers are the caller's again.
pub(crate) fn iov_answers(crossed: Vec<AbiIov<'_>>) -> Vec<IovAnswer> {
    let answer = |element: AbiIov<'_>| IovAnswer {
        result: element.result,
        start: element.start,
        length: element.length,
        allocated: element.allocated.into_vec(),
    };
    crossed.into_iter().map(answer).collect()
}

/// Checks the answers and writes them into the caller's elements, all or none. `lengths` says that the call was a length
/// call, whose lengths are no parts of a buffer.
pub(crate) fn iov_back(iov: &mut [Iov<'_>], answers: Vec<IovAnswer>, lengths: bool) -> Result<()> {
    let stream = iov.iter().find(|element| element.kind == IovKind::Stream).map_or(0, |element| element.buffer.len());
    let results = iov.iter().zip(answers).map(|(element, answer)| iov_result(element, answer, stream, lengths));
    let results = results.collect::<Result<Vec<_>>>()?;
    for (element, result) in iov.iter_mut().zip(results) {
        element.result = result;
    }
    Ok(())
}

fn iov_result(element: &Iov<'_>, answer: IovAnswer, stream: usize, lengths: bool) -> Result<IovResult> {
    let room = element.buffer.len();
    match answer.result {
        IOV_IN_PLACE => Ok(IovResult::InPlace),
        IOV_LENGTH if lengths || answer.length <= room => Ok(IovResult::Length(answer.length)),
        IOV_LENGTH => Err(lie(format_args!("{} bytes in a buffer of {room}", answer.length))),
        IOV_ALLOCATED if element.allocate => Ok(IovResult::Allocated(answer.allocated)),
        IOV_ALLOCATED => Err(lie("with a buffer of its own where none was asked for")),
        IOV_IN_STREAM => {
            let end = answer.start.checked_add(answer.length).filter(|end| *end <= stream);
            let end = end.ok_or_else(|| lie("a range outside the stream"))?;
            Ok(IovResult::InStream(answer.start..end))
        }
        other => Err(lie(format_args!("an IOV result of unknown kind {other}"))),
    }
}

/// In the plugin: the elements as plain Rust.
pub(crate) fn iov_in<'i>(crossed: &'i mut [AbiIov<'_>]) -> Result<Vec<Iov<'i>>> {
    let element = |crossed: &'i mut AbiIov<'_>| {
        let kind = IovKind::from_code(crossed.kind);
        let kind = kind.ok_or_else(|| MechError::failure(format!("IOV element of unknown kind {}", crossed.kind)))?;
        let buffer = crossed.buffer.as_mut_slice();
        Ok(Iov { kind, allocate: crossed.allocate, buffer, result: IovResult::InPlace })
    };
    crossed.iter_mut().map(element).collect()
}

/// In the plugin: writes the results into the elements that cross back.
pub(crate) fn iov_results(results: Vec<IovResult>, crossed: &mut [AbiIov<'_>]) {
    for (result, element) in results.into_iter().zip(crossed) {
        match result {
            IovResult::InPlace => element.result = IOV_IN_PLACE,
            IovResult::Length(length) => {
                element.result = IOV_LENGTH;
                element.length = length;
            }
            IovResult::Allocated(bytes) => {
                element.result = IOV_ALLOCATED;
                element.allocated = bytes.into();
            }
            IovResult::InStream(range) => {
                element.result = IOV_IN_STREAM;
                element.start = range.start;
                element.length = range.end.saturating_sub(range.start);
            }
        }
    }
}
