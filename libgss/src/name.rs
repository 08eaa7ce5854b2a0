//! Names (RFC 2744 sections 5.5, 5.6, 5.10, 5.12, 5.13, 5.16, 5.23, 5.24, 5.28).

use crate::boundary::*;
use gss_core::{Description, Error, Major, Mechanism, Oid, State, attr, name_type};

/// `gss_import_name` (RFC 2744 section 5.16).
pub(crate) fn import(text: BytesIn<'_>, kind: OidIn, mut name: NameOut) -> Outcome {
    name.required()?;
    let kind = kind.optional(Major::BAD_NAMETYPE)?;
    let text = text.optional().unwrap_or_default();
    let exported = |kind: &Oid| [name_type::EXPORT_NAME, name_type::COMPOSITE_EXPORT].contains(kind);
    if kind.is_some_and(exported) {
        not_empty(text)?;
        name.put(switch().exported_name(text)?)?;
    } else {
        // Old clients count the text's NUL. One only, and not where it may be part of a number.
        let binary = kind == Some(&name_type::MACHINE_UID_NAME);
        let text = text.strip_suffix(b"\0").filter(|_| !binary).unwrap_or(text);
        // Nobody in particular needs no text.
        if kind != Some(&name_type::ANONYMOUS) {
            not_empty(text)?;
        }
        name.put(switch().name(text, kind))?;
    }
    COMPLETE
}

fn not_empty(text: &[u8]) -> Partial<()> {
    if text.is_empty() { Err(Failure::Call(Major::BAD_NAME)) } else { Ok(()) }
}

/// `gss_display_name` (RFC 2744 section 5.10).
pub(crate) fn display(name: NameIn, mut output: BufferOut, mut kind: OidOut) -> Outcome {
    output.required()?;
    let name = name.required()?;
    let (text, name_type) = name.display()?;
    output.put(&text)?;
    if let Some(name_type) = name_type {
        kind.put(&name_type);
    }
    COMPLETE
}

/// `gss_compare_name` (RFC 2744 section 5.6).
pub(crate) fn compare(first: NameIn, second: NameIn, mut equal: Out<i32>) -> Outcome {
    let first = first.required()?;
    let second = second.required()?;
    equal.required()?;
    let same = match first.compare(&second) {
        // Names of two mechanisms never are.
        Err(Error::ForeignName { .. }) => false,
        other => other?,
    };
    equal.set(same.into());
    COMPLETE
}

/// `gss_canonicalize_name` (RFC 2744 section 5.5).
pub(crate) fn canonicalize(name: NameIn, mechanism: OidIn, mut output: NameOut) -> Outcome {
    let name = name.optional()?.ok_or(UNREADABLE)?;
    let mechanism = mechanism.optional(Major::BAD_MECH)?.ok_or(UNREADABLE)?;
    switch().mechanism(mechanism)?;
    output.required()?;
    output.put(switch().canonicalize(&name, mechanism)?)?;
    COMPLETE
}

/// `gss_duplicate_name` (RFC 2744 section 5.12). Both share the mechanism's object until one of them is changed.
pub(crate) fn duplicate(name: NameIn, mut output: NameOut) -> Outcome {
    output.required()?;
    let copy = name.required()?.clone();
    output.put(copy)?;
    COMPLETE
}

/// `gss_export_name` (RFC 2744 section 5.13).
pub(crate) fn export(name: NameIn, mut output: BufferOut) -> Outcome {
    output.required()?;
    let octets = name.required()?.export()?;
    output.put(&octets)?;
    COMPLETE
}

/// `gss_release_name` (RFC 2744 section 5.28).
pub(crate) fn release(mut variable: HandleVariable) -> Outcome {
    variable.required(Major::CALL_INACCESSIBLE_READ.with(Major::BAD_NAME))?;
    // RFC 2744 has no status for a name that is not there; programs release what they never imported.
    if variable.value().is_null() {
        return COMPLETE;
    }
    // Dropped here, where no lock is held: it may run a mechanism's code.
    drop(variable.take_name()?);
    COMPLETE
}

/// `gss_inquire_names_for_mech` (RFC 2744 section 5.24). Without a mechanism: those of the default one.
pub(crate) fn names_for_mechanism(mechanism: OidIn, mut name_types: OidSetOut) -> Outcome {
    name_types.required()?;
    let mechanism = match mechanism.optional(Major::BAD_MECH)? {
        Some(oid) => oid.clone(),
        None => switch().default_mechanism()?,
    };
    name_types.put(&description(&*switch().mechanism(&mechanism)?)?.name_types)?;
    COMPLETE
}

/// What a mechanism says of itself; it is opened for that.
fn description(mechanism: &Mechanism) -> Result<Description, Error> {
    mechanism.open()?;
    match mechanism.state() {
        State::Loaded { description, .. } => Ok(description),
        // Not after `open`.
        _ => Err(Error::NotConfigured(mechanism.line().oid.clone())),
    }
}

/// `gss_inquire_mechs_for_name` (RFC 2744 section 5.23): for a mechanism name its own; else the mechanisms that list
/// its type. Those that list none, and all for a name without a type or of a type that nobody lists, are asked to
/// import it.
pub(crate) fn mechanisms_for_name(name: NameIn, mut mechanisms: OidSetOut) -> Outcome {
    let name = name.optional()?.ok_or(Failure::Call(Major::BAD_NAME))?;
    mechanisms.required()?;
    if let Some(own) = name.mechanism() {
        mechanisms.put(std::slice::from_ref(own))?;
        return COMPLETE;
    }
    let (_, kind) = name.display()?;
    let imports = |oid: &Oid| switch().canonicalize(&name, oid).is_ok();
    let mut fitting = Vec::new();
    let mut others = Vec::new();
    for mechanism in switch().mechanisms() {
        // One that does not load serves no name, and deprecated ones are not offered.
        let Ok(description) = description(&mechanism) else { continue };
        if description.attributes.contains(&attr::DEPRECATED) {
            continue;
        }
        let oid = mechanism.line().oid.clone();
        match &kind {
            Some(kind) if description.name_types.contains(kind) => fitting.push(oid),
            Some(_) if !description.name_types.is_empty() => others.push(oid),
            _ if imports(&oid) => fitting.push(oid),
            _ => {}
        }
    }
    if fitting.is_empty() {
        fitting = others.into_iter().filter(imports).collect();
    }
    mechanisms.put(&fitting)?;
    COMPLETE
}
