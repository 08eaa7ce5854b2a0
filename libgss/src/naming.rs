//! Naming attributes (RFC 6680), and which local user a name stands for. Text has no attributes: what asks for them
//! needs a mechanism name.

use crate::boundary::*;
use crate::memory::MallocBuf;
use gss_core::{Error, Major, Name, Oid, name_type};
use std::ffi::c_void;
use std::ops::ControlFlow;

/// The attribute that names the local user, where the mechanism has no call for it.
const LOCAL_LOGIN_USER: &[u8] = b"local-login-user";
/// No attribute is read further than this many values: a mechanism may never come to an end.
const MOST_VALUES: usize = 10_000;

/// What text cannot do is not available, as MIT has it: the status for names that are none of a mechanism came later
/// than RFC 6680's functions took theirs.
fn of_mechanism<R>(result: gss_core::Result<R>) -> Partial<R> {
    result.map_err(|error| match error {
        Error::NameNotMn => Failure::Call(Major::UNAVAILABLE),
        other => other.into(),
    })
}

/// Fails for text, before anything else is looked at.
fn mechanism_name(name: &Name) -> Partial<()> {
    name.mechanism().map(|_| ()).ok_or(Failure::Call(Major::UNAVAILABLE))
}

/// `gss_display_name_ext` (RFC 6680 section 7.3).
pub(crate) fn display_as(name: NameIn, kind: OidIn, mut output: BufferOut) -> Outcome {
    output.required()?;
    let name = name.required()?;
    let kind = kind.required(Major::BAD_NAMETYPE)?;
    output.put(&of_mechanism(name.display_as(kind))?)?;
    COMPLETE
}

/// `gss_inquire_name` (RFC 6680 section 7.4).
pub(crate) fn inquire(
    name: NameIn,
    mut is_mechanism_name: Out<i32>,
    mut mechanism: OidOut,
    mut attributes: BufferSetOut,
) -> Outcome {
    let name = name.required()?;
    if let Some(oid) = name.mechanism() {
        if attributes.is_wanted() {
            attributes.put(&name.inquire()?.attributes)?;
        }
        is_mechanism_name.set(1);
        mechanism.put(oid);
    }
    COMPLETE
}

/// `gss_get_name_attribute` (RFC 6680 section 7.5).
#[allow(clippy::too_many_arguments, reason = "the C signature")]
pub(crate) fn get_attribute(
    name: NameIn,
    attribute: BytesIn<'_>,
    mut authenticated: Out<i32>,
    mut complete: Out<i32>,
    mut value: BufferOut,
    mut display_value: BufferOut,
    mut more: InOut<i32>,
) -> Outcome {
    let name = name.required()?;
    let attribute = attribute.required(Major::COMPLETE)?;
    let position = more.required()?;
    let found = of_mechanism(name.attribute(attribute, position))?;
    // All that can fail comes before the first is given.
    let copy = |bytes: &[u8]| MallocBuf::copy_of(bytes).ok_or_else(|| out_of_memory("an attribute's value"));
    let (bytes, text) = (copy(&found.value)?, copy(&found.display_value)?);
    value.give(bytes);
    display_value.give(text);
    authenticated.set(found.authenticated.into());
    complete.set(found.complete.into());
    more.set(found.more);
    COMPLETE
}

/// `gss_set_name_attribute` (RFC 6680 section 7.6).
pub(crate) fn set_attribute(name: NameIn, complete: i32, attribute: BytesIn<'_>, value: BytesIn<'_>) -> Outcome {
    let mut name = name.exclusive()?;
    mechanism_name(&name)?;
    let attribute = attribute.required(Major::COMPLETE)?;
    of_mechanism(name.set_attribute(complete != 0, attribute, value.required(Major::COMPLETE)?))?;
    COMPLETE
}

/// `gss_delete_name_attribute` (RFC 6680 section 7.7).
pub(crate) fn delete_attribute(name: NameIn, attribute: BytesIn<'_>) -> Outcome {
    let mut name = name.exclusive()?;
    mechanism_name(&name)?;
    of_mechanism(name.delete_attribute(attribute.required(Major::COMPLETE)?))?;
    COMPLETE
}

/// `gss_export_name_composite` (RFC 6680 section 7.8).
pub(crate) fn export_composite(name: NameIn, mut output: BufferOut) -> Outcome {
    output.required()?;
    let name = name.required()?;
    output.put(&of_mechanism(name.export_composite())?)?;
    COMPLETE
}

/// `gss_map_name_to_any` (of the drafts before RFC 6680).
pub(crate) fn map_to_any(name: NameIn, authenticated: i32, kind: BytesIn<'_>, mut output: Out<*mut c_void>) -> Outcome {
    let name = name.required()?;
    let kind = kind.required(Major::COMPLETE)?;
    output.required()?;
    // The object is the mechanism's and the caller's; here it is a number.
    let object = of_mechanism(name.map_to_any(authenticated != 0, kind))?;
    output.set(std::ptr::with_exposed_provenance_mut(object));
    COMPLETE
}

/// `gss_release_any_name_mapping` (as [`map_to_any`]).
pub(crate) fn release_any(name: NameIn, kind: BytesIn<'_>, mut variable: HandleVariable) -> Outcome {
    let name = name.required()?;
    let kind = kind.required(Major::COMPLETE)?;
    variable.required(Major::CALL_INACCESSIBLE_READ)?;
    of_mechanism(name.release_any(kind, variable.value().expose_provenance()))?;
    variable.set(std::ptr::null_mut());
    COMPLETE
}

/// The name as a mechanism's: itself if it is that already. Text becomes one only if the caller says whose.
fn as_mechanism_name(name: &Name, mechanism: Option<&Oid>) -> Partial<Name> {
    let Some(mechanism) = mechanism else { return Ok(name.clone()) };
    // An alias names the same mechanism.
    let configured = switch().mechanism(mechanism)?;
    if name.mechanism() == Some(&configured.line().oid) {
        Ok(name.clone())
    } else {
        Ok(switch().canonicalize(name, mechanism)?)
    }
}

/// Goes through the values of the attribute that names the local user, those that somebody vouches for.
fn local_login_users<B>(name: &Name, mut visit: impl FnMut(Vec<u8>) -> ControlFlow<B>) -> gss_core::Result<Option<B>> {
    let mut more = -1;
    for _ in 0..MOST_VALUES {
        let found = name.attribute(LOCAL_LOGIN_USER, more)?;
        if found.authenticated
            && let ControlFlow::Break(answer) = visit(found.value)
        {
            return Ok(Some(answer));
        }
        more = found.more;
        if more == 0 {
            break;
        }
    }
    Ok(None)
}

/// The local user that a mechanism name stands for.
fn local_name(name: &Name) -> Partial<Vec<u8>> {
    let unavailable = match name.local_name() {
        Err(error) if error.major() == Major::UNAVAILABLE => error,
        other => return Ok(other?),
    };
    match local_login_users(name, ControlFlow::Break) {
        Ok(Some(user)) => Ok(user),
        // Both say so: then the mechanism's own words are the better ones.
        _ => Err(unavailable.into()),
    }
}

/// `gss_localname`.
pub(crate) fn localname(name: NameIn, mechanism: OidIn, mut output: BufferOut) -> Outcome {
    let name = name.optional()?.ok_or(UNREADABLE)?;
    output.required()?;
    let name = as_mechanism_name(&name, mechanism.optional(Major::BAD_MECH)?)?;
    output.put(&local_name(&name)?)?;
    COMPLETE
}

/// `gss_pname_to_uid`.
pub(crate) fn to_uid(name: NameIn, mechanism: OidIn, mut uid: UidOut) -> Outcome {
    let name = name.optional()?.ok_or(UNREADABLE)?;
    uid.required()?;
    let name = as_mechanism_name(&name, mechanism.optional(Major::BAD_MECH)?)?;
    uid.set(uid_of(&local_name(&name)?)?);
    COMPLETE
}

/// Whether the name may act as a local user: as the mechanism says; if it does not, as the attribute says; if there is
/// none, when both are the same name.
fn authorize(name: &Name, user: &Name) -> Outcome {
    let (text, kind) = user.display()?;
    let kind = kind.unwrap_or(name_type::USER_NAME);
    let refused = || Failure::Call(Major::UNAUTHORIZED);
    // Whoever wrote a text has proved nothing.
    let undecided = |error: &Error| matches!(error, Error::NameNotMn) || error.major() == Major::UNAVAILABLE;
    match name.authorize_local_name(&text, &kind) {
        Err(error) if undecided(&error) => {}
        other => return Ok(other.map(|()| Major::COMPLETE)?),
    }
    if kind != name_type::USER_NAME {
        return Err(Failure::Call(Major::BAD_NAMETYPE));
    }
    mechanism_name(name)?;
    let same = |value: Vec<u8>| if value == *text { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
    match local_login_users(name, same) {
        Ok(Some(())) => COMPLETE,
        // It is there, and names others.
        Ok(None) => Err(refused()),
        Err(error) if error.major() == Major::UNAVAILABLE => {
            let user = switch().name(&text, Some(&kind));
            if name.compare(&user)? { COMPLETE } else { Err(refused()) }
        }
        Err(error) => Err(error.into()),
    }
}

/// `gss_authorize_localname`.
pub(crate) fn authorize_localname(name: NameIn, user: NameIn) -> Outcome {
    let name = name.optional()?.ok_or(UNREADABLE)?;
    let user = user.optional()?.ok_or(UNREADABLE)?;
    authorize(&name, &user)
}

/// `gss_userok`: 1 if the name may act as the local user, 0 if not or if that cannot be told.
pub(crate) fn user_ok(name: NameIn, user: TextIn<'_>) -> i32 {
    let authorized = || {
        let name = name.required()?;
        let user = user.optional().filter(|user| !user.is_empty()).ok_or(UNREADABLE)?;
        authorize(&name, &switch().name(user, Some(&name_type::USER_NAME)))
    };
    authorized().is_ok().into()
}
