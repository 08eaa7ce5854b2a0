//! Contexts: handshake, lifetime, inquiry, transfer.

use crate::boundary::*;
use crate::memory::MallocBuf;
use gss_core::{Context, Flags, Lifetime, Major, Progress, Want};
use std::mem::ManuallyDrop;

/// What both sides' legs answer.
struct Answers {
    mechanism: OidOut,
    token: BufferOut,
    flags: Out<u32>,
    lifetime: Out<u32>,
}

impl Answers {
    /// Writes the outputs of a leg. A failed one may have a token for the peer.
    fn give(mut self, result: gss_core::Result<Progress>) -> Partial<Progress> {
        match result {
            Ok(progress) => {
                self.mechanism.put(&progress.mechanism);
                self.flags.set(progress.flags.0);
                self.lifetime.set(progress.lifetime.0);
                self.token.put(&progress.token)?;
                Ok(progress)
            }
            Err(error) => {
                if let Some(token) = error.peer_token() {
                    self.token.put(token)?;
                }
                Err(error.into())
            }
        }
    }
}

fn major_of(progress: &Progress) -> Major {
    if progress.complete { Major::COMPLETE } else { Major::CONTINUE_NEEDED }
}

/// The caller's half-built context, for a handshake to go on with; `None` before the first leg.
fn resumed(variable: &HandleVariable) -> Partial<Option<Context>> {
    if variable.value().is_null() { Ok(None) } else { variable.context().map(ManuallyDrop::into_inner).map(Some) }
}

/// Puts the context back into the caller's hands, whatever the leg achieved; but a first leg that failed, if only for
/// want of memory for its outputs, makes no context.
fn settle(variable: &mut HandleVariable, context: gss_core::Result<Context>, failed: bool) {
    let first = variable.value().is_null();
    let Ok(context) = context else { return };
    if first && failed {
        return;
    }
    if failed {
        // The mechanism may have gone on by a leg whose token is lost. Where it has failed itself, this changes nothing.
        context.abandon();
    }
    variable.put_context(context);
}

/// `gss_init_sec_context` (RFC 2744 section 5.19).
#[allow(clippy::too_many_arguments, reason = "the C signature")]
pub(crate) fn init(
    credential: CredentialIn,
    mut variable: HandleVariable,
    target: NameIn,
    mechanism: OidIn,
    flags: u32,
    lifetime: u32,
    bindings: BindingsIn<'_>,
    input: BytesIn<'_>,
    actual_mechanism: OidOut,
    output: BufferOut,
    ret_flags: Out<u32>,
    time_rec: Out<u32>,
) -> Outcome {
    variable.required(Major::CALL_INACCESSIBLE_WRITE.with(Major::NO_CONTEXT))?;
    output.required()?;
    let target = target.required()?;
    let credential = credential.optional()?;
    let mut initiator = switch().initiator(&target).flags(Flags(flags)).lifetime(Lifetime(lifetime));
    if let Some(oid) = mechanism.optional(Major::BAD_MECH)? {
        initiator = initiator.mechanism(oid);
    }
    if let Some(credential) = &credential {
        initiator = initiator.credential(credential);
    }
    if let Some(bindings) = bindings.get()? {
        initiator = initiator.bindings(bindings);
    }
    if let Some(context) = resumed(&variable)? {
        initiator = initiator.resume(context);
    }
    let result = initiator.step(input.or_empty()?);
    let answers = Answers { mechanism: actual_mechanism, token: output, flags: ret_flags, lifetime: time_rec };
    let given = answers.give(result);
    settle(&mut variable, initiator.suspend(), given.is_err());
    given.map(|progress| major_of(&progress))
}

/// `gss_accept_sec_context` (RFC 2744 section 5.1).
#[allow(clippy::too_many_arguments, reason = "the C signature")]
pub(crate) fn accept(
    mut variable: HandleVariable,
    credential: CredentialIn,
    input: BytesIn<'_>,
    bindings: BindingsIn<'_>,
    mut source: NameOut,
    mechanism: OidOut,
    output: BufferOut,
    ret_flags: Out<u32>,
    time_rec: Out<u32>,
    mut delegated: CredentialOut,
) -> Outcome {
    variable.required(Major::CALL_INACCESSIBLE_WRITE)?;
    output.required()?;
    let input = input.required(Major::COMPLETE)?;
    let credential = credential.optional()?;
    let mut acceptor = switch().acceptor();
    if let Some(credential) = &credential {
        acceptor = acceptor.credential(credential);
    }
    if let Some(bindings) = bindings.get()? {
        acceptor = acceptor.bindings(bindings);
    }
    if let Some(context) = resumed(&variable)? {
        acceptor = acceptor.resume(context);
    }
    let result = acceptor.step(input);
    let mut given = Answers { mechanism, token: output, flags: ret_flags, lifetime: time_rec }.give(result);
    if let Ok(progress) = &mut given
        && let Err(failure) = give_objects(progress, &mut source, &mut delegated)
    {
        given = Err(failure);
    }
    settle(&mut variable, acceptor.suspend(), given.is_err());
    given.map(|progress| major_of(&progress))
}

/// Gives out the objects that an acceptor's leg has found out, all or none.
fn give_objects(progress: &mut Progress, source: &mut NameOut, delegated: &mut CredentialOut) -> Partial<()> {
    if let Some(name) = progress.source.take() {
        source.put(name)?;
    }
    if let Some(credential) = progress.delegated.take()
        && let Err(failure) = delegated.put(credential)
    {
        source.take_back();
        return Err(failure);
    }
    Ok(())
}

/// `gss_delete_sec_context` (RFC 2744 section 5.9).
pub(crate) fn delete(mut variable: HandleVariable, mut output: BufferOut) -> Outcome {
    let missing = Major::CALL_INACCESSIBLE_WRITE.with(Major::NO_CONTEXT);
    variable.required(missing)?;
    if variable.value().is_null() {
        return Err(Failure::Call(missing));
    }
    let context = variable.context()?;
    let token = ManuallyDrop::into_inner(context).delete()?;
    variable.set(std::ptr::null_mut());
    output.put(&token)?;
    COMPLETE
}

/// `gss_context_time` (RFC 2744 section 5.7).
#[inline]
pub(crate) fn time(context: ContextIn, mut time_rec: Out<u32>) -> Outcome {
    time_rec.required()?;
    time_rec.set(context.get()?.time()?.0);
    COMPLETE
}

/// `gss_inquire_context` (RFC 2744 section 5.20).
#[allow(clippy::too_many_arguments, reason = "the C signature")]
pub(crate) fn inquire(
    context: ContextIn,
    mut source: NameOut,
    mut target: NameOut,
    mut lifetime: Out<u32>,
    mut mechanism: OidOut,
    mut flags: Out<u32>,
    mut locally_initiated: Out<i32>,
    mut open: Out<i32>,
) -> Outcome {
    let want = Want { source: source.is_wanted(), target: target.is_wanted(), lifetime: lifetime.is_wanted() };
    let inquiry = context.get()?.inquire(want)?;
    // A name that cannot be given takes the other one back with it: nothing is lost on the caller's side.
    if let Some(name) = inquiry.source {
        source.put(name)?;
    }
    if let Some(name) = inquiry.target
        && let Err(failure) = target.put(name)
    {
        source.take_back();
        return Err(failure);
    }
    lifetime.set(inquiry.lifetime.0);
    mechanism.put(&inquiry.mechanism);
    flags.set(inquiry.flags.0);
    locally_initiated.set(inquiry.initiator.into());
    open.set(inquiry.open.into());
    COMPLETE
}

/// `gss_process_context_token` (RFC 2744 section 5.25).
pub(crate) fn process_token(context: ContextIn, token: BytesIn<'_>) -> Outcome {
    let context = context.get()?;
    context.process_token(token.required(Major::DEFECTIVE_TOKEN)?)?;
    COMPLETE
}

/// `gss_export_sec_context` (RFC 2744 section 5.14).
pub(crate) fn export(mut variable: HandleVariable, mut token: BufferOut) -> Outcome {
    variable.required(Major::CALL_INACCESSIBLE_READ.with(Major::NO_CONTEXT))?;
    let context = variable.context()?;
    token.required()?;
    let mut bytes = MallocBuf::new();
    if let Err(error) = context.export_into(&mut bytes) {
        if error.has_ended_context() {
            // RFC 2744 section 5.14: a handle to nothing must not stay.
            drop(ManuallyDrop::into_inner(context));
            variable.set(std::ptr::null_mut());
        }
        return Err(error.into());
    }
    variable.set(std::ptr::null_mut());
    token.give(bytes);
    COMPLETE
}

/// `gss_import_sec_context` (RFC 2744 section 5.17).
pub(crate) fn import(token: BytesIn<'_>, mut context: ContextOut) -> Outcome {
    context.required()?;
    let token = token.not_empty(Major::DEFECTIVE_TOKEN)?;
    context.put(switch().prepare_import(token)?.commit()?);
    COMPLETE
}
