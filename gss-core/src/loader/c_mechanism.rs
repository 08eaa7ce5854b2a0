//! C mechanisms: libraries that were made for MIT's switch and export plain `gss_…` and `gssspi_…` functions. The adapter
//! makes of one what a Rust plugin is, an implementation of the contract behind the same guard, so that nothing else in
//! the switch knows the difference. docs/c-mechanisms.md says which ones were tried.
//!
//! It asks a mechanism only for what the caller wants, believes no answer before it was checked, and frees what C
//! allocated by C's rules. It can do nothing about a mechanism that writes where it should not, or aborts.

mod contexts;
mod credentials;
mod ffi;
mod held;
mod iov;
mod legs;
mod memory;
mod messages;
mod mit;
mod names;
mod quirks;
mod slots;
mod status;

use super::library::Library;
use super::{Kind, LoadError, Loaded};
use crate::config::MechanismLine;
use crate::transfer::Rules;
use contexts::Context;
use credentials::Credential;
use ffi::{OidDesc, oid_desc, scratch};
use gss_plugin_abi::host::PluginMechanism;
use gss_plugin_abi::{
    AcceptorLeg, AcquireRequest, Description, InitiatorLeg, Line, Major, MechError, Mechanism, Oid, Result, Step,
};
use memory::{Buffer, OidSet, lie};
use mit::Mit;
use names::Name;
use quirks::Quirks;
use slots::Slots;
use status::call;
use std::ptr;

/// What a line of the config comes to: its library's functions, and its OID as the mechanism gets it. It stays for the
/// life of the process, as the library does, because mechanisms keep pointers to OIDs.
struct Binding {
    slots: Slots,
    oid: Oid,
    desc: OidDesc,
    /// What MIT's own library needs done differently.
    mit: Option<Mit>,
    quirks: Quirks,
}

// SAFETY: the pointer in `desc` is to octets that stay for ever and are only read.
unsafe impl Send for Binding {}
// SAFETY: as above.
unsafe impl Sync for Binding {}

impl Binding {
    /// The line's OID as an argument.
    fn oid(&self) -> *mut OidDesc {
        ptr::from_ref(&self.desc).cast_mut()
    }
}

/// Makes the mechanism of a line from its opened library.
///
/// # Errors
/// [`LoadError::NotAPlugin`], [`LoadError::Unsupported`], [`LoadError::Refused`].
pub(super) fn load(line: &MechanismLine, library: &Library) -> std::result::Result<Loaded, LoadError> {
    let path = line.library.as_path();
    let unsupported = |reason| LoadError::Unsupported { path: path.to_owned(), reason };
    let mit = mit::recognise(library);
    if mit.is_none() && library.own(c"gss_add_oid_set_member").is_some() {
        return Err(unsupported("a mechanism switch itself, and of these only MIT's can serve as a mechanism"));
    }
    if !slots::any(library) {
        return Err(if library.own(c"gss_mech_initialize").is_some() {
            unsupported(
                "a mechanism that offers only a table of functions (gss_mech_initialize), which has neither size nor \
                 version and cannot be read safely",
            )
        } else if library.own(c"gss_mech_interposer").is_some() || library.own(c"gssi_init_sec_context").is_some() {
            unsupported("an interposer, and these are not supported")
        } else {
            LoadError::NotAPlugin { path: path.to_owned(), symbol: super::rust_plugin::root_symbol() }
        });
    }
    let oid = Oid::from_static(line.oid.as_bytes().to_vec().leak());
    let mut slots = Slots::bind(library);
    if mit.is_some() {
        mit::adapt(&mut slots, library);
    }
    let quirks = Quirks::of(&oid, mit.is_some());
    let binding = Binding { slots, desc: oid_desc(&oid), oid: oid.clone(), mit, quirks };
    let refused = |error| LoadError::Refused { path: path.to_owned(), error };
    let description = describe(&binding).map_err(refused)?;
    let mechanism = CMechanism { binding: Box::leak(Box::new(binding)), description: description.clone() };
    Ok(Loaded {
        name: line.name.as_str().into(),
        oid,
        plugin: PluginMechanism::new(mechanism),
        description,
        kind: Kind::CMechanism,
        sdk_version: String::new(),
        transfer: Rules::of(line),
    })
}

/// What the mechanism says of itself. What it does not say is not held against it, but for one thing.
fn describe(binding: &Binding) -> Result<Description> {
    let (mut attributes, mut known) = (OidSet::new(), OidSet::new());
    let answer =
        call!(binding, inquire_attrs_for_mech, "attributes", binding.oid(), attributes.output(), known.output(),);
    match answer {
        Err(error) if error.major.routine() == Major::BAD_MECH => {
            let text = format!("the library has no mechanism with OID {}", binding.oid);
            return Err(MechError::new(Major::BAD_MECH, text));
        }
        _ => {}
    }
    let mut name_types = OidSet::new();
    // The set stays empty if it does not work.
    let _ = call!(binding, inquire_names_for_mech, "name types", binding.oid(), name_types.output());
    let (mut sasl, mut display, mut summary) = (Buffer::new(), Buffer::new(), Buffer::new());
    let _ = call!(
        binding,
        inquire_saslname_for_mech,
        "a SASL name",
        binding.oid(),
        sasl.output(),
        display.output(),
        summary.output(),
    );
    let text = |buffer: &Buffer| {
        let bytes = buffer.bytes().unwrap_or_default();
        String::from_utf8_lossy(bytes).trim_end_matches('\0').chars().filter(|c| !c.is_control()).take(200).collect()
    };
    Ok(Description {
        attributes: attributes.oids()?,
        known_attributes: known.oids()?,
        name_types: name_types.oids()?,
        sasl_name: text(&sasl),
        display_name: text(&display),
        summary: text(&summary),
    })
}

/// A C mechanism, as one line of the config has it.
struct CMechanism {
    binding: &'static Binding,
    description: Description,
}

impl Mechanism for CMechanism {
    type Name = Name;
    type Credential = Credential;
    type Context = Context;

    /// Never called: only the loader has the library that belongs to a line.
    fn open(line: &Line<'_>) -> Result<Self> {
        Err(MechError::failure(format!("{}: C mechanisms are made by the loader", line.place)))
    }

    fn describe(&self) -> Description {
        self.description.clone()
    }

    fn import_name(&self, name: &[u8], name_type: Option<&Oid>) -> Result<Name> {
        Name::import(self.binding, name, name_type)
    }

    fn import_exported_name(&self, name: &[u8], composite: bool) -> Result<Name> {
        Name::import_exported(self.binding, name, composite)
    }

    fn acquire_credential(&self, request: &AcquireRequest<'_, Self>) -> Result<Credential> {
        Credential::acquire(self.binding, request)
    }

    fn import_credential(&self, token: &[u8]) -> Result<Credential> {
        Credential::import(self.binding, token)
    }

    fn credential_from_option(&self, option: &Oid, value: &[u8]) -> Result<Credential> {
        Credential::from_option(self.binding, option, value)
    }

    fn initiate(&self, leg: InitiatorLeg<'_, Self>) -> Result<(Context, Step<Self>)> {
        Context::initiate(self.binding, &leg)
    }

    fn accept(&self, leg: AcceptorLeg<'_, Self>) -> Result<(Context, Step<Self>)> {
        Context::accept(self.binding, &leg)
    }

    fn import_context(&self, state: &[u8]) -> Result<Context> {
        Context::import(self.binding, state)
    }

    fn display_status(&self, minor: u32) -> Option<String> {
        self.binding.display(minor)
    }

    fn invoke(&self, operation: &Oid, value: &[u8]) -> Result<Vec<u8>> {
        // The mechanism may change the value, or put another in its place.
        let mut own = value.to_vec();
        let mut desc = scratch(&mut own);
        let before = desc.value;
        let mut operation = oid_desc(operation);
        let result = call!(
            self.binding,
            mech_invoke,
            "operations of its own",
            self.binding.oid(),
            &raw mut operation,
            &raw mut desc,
        );
        if desc.value != before {
            let answer = memory::adopt(desc);
            return result.and_then(|_| answer.to_vec());
        }
        result?;
        if desc.length > own.len() {
            return Err(lie(format_args!("{} bytes in a value of {}", desc.length, own.len())));
        }
        own.truncate(desc.length);
        // A value that is as it was is no answer.
        Ok(if own == value { Vec::new() } else { own })
    }
}
