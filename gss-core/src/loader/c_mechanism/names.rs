//! Names of C mechanisms.

use super::ffi::{BufferDesc, Handle, OidDesc, input, oid_desc, pointer};
use super::memory::{Buffer, BufferSet, oid_of};
use super::status::call;
use super::{Binding, lie};
use crate::framing::ExportedName;
use gss_plugin_abi::oid::name_type;
use gss_plugin_abi::{Major, MechError, NameAttribute, NameInfo, Oid, Result};
use std::ffi::{c_int, c_void};
use std::ptr;

/// The attribute that says which local user a name stands for (MIT's `GSS_C_ATTR_LOCAL_LOGIN_USER`).
const LOCAL_LOGIN_USER: &[u8] = b"local-login-user";
/// What a composite exported name begins with. Behind the OID it has a form of the mechanism's own: name and attributes,
/// each with its length.
const COMPOSITE: &[u8] = &[4, 2];
/// The most values of an attribute that are looked at: a mechanism could go on for ever.
const MOST_VALUES: usize = 64;

/// A mechanism name. It is released with its object.
pub(super) struct Name {
    binding: &'static Binding,
    handle: Handle,
}

// SAFETY: mechanisms must let names be used, shared and released on any thread: MIT's switch does.
unsafe impl Send for Name {}
// SAFETY: as above.
unsafe impl Sync for Name {}

impl Drop for Name {
    fn drop(&mut self) {
        let _ = call!(self.binding, release_name, "release of names", &raw mut self.handle);
    }
}

impl Name {
    /// The name that a call gave; `None` for no name.
    pub(super) fn adopt(binding: &'static Binding, handle: Handle) -> Option<Self> {
        (!handle.is_null()).then(|| Self { binding, handle })
    }

    fn made(binding: &'static Binding, handle: Handle) -> Result<Self> {
        Self::adopt(binding, handle).ok_or_else(|| lie("success, and no name"))
    }

    pub(super) fn handle(&self) -> Handle {
        self.handle
    }

    /// Reads a name.
    pub(super) fn import(binding: &'static Binding, text: &[u8], name_type: Option<&Oid>) -> Result<Self> {
        let mut name_type = name_type.map(oid_desc);
        let (mut text, mut handle) = (input(text), ptr::null_mut());
        let name_type = pointer(&mut name_type);
        let answer = if binding.slots.import_name_by_mech.is_some() {
            let mechanism = binding.oid();
            call!(binding, import_name_by_mech, "import of names", mechanism, &raw mut text, name_type, &raw mut handle)
        } else {
            call!(binding, import_name, "import of names", &raw mut text, name_type, &raw mut handle)
        };
        // A failure that leaves something behind has it released.
        let name = Self::made(binding, handle);
        answer?;
        let name = name?;
        match &binding.mit {
            // What MIT's switch has imported is no mechanism's yet.
            Some(mit) => Self::made(binding, mit.canonicalize(binding, name.handle)?),
            None => Ok(name),
        }
    }

    /// Reads an exported name, whose header is put back.
    pub(super) fn import_exported(binding: &'static Binding, content: &[u8], composite: bool) -> Result<Self> {
        if binding.slots.export_name.is_none() {
            return Err(MechError::unavailable("import of exported names"));
        }
        let mechanism = if binding.mit.is_some() { super::mit::name_oid(&binding.oid) } else { &binding.oid };
        let too_long = || MechError::new(Major::BAD_NAME, "the name is too long");
        let octets = if composite {
            let der = crate::framing::der_of(mechanism);
            let length = u16::try_from(der.len()).map_err(|_| too_long())?.to_be_bytes();
            [COMPOSITE, &length, &der, content].concat()
        } else {
            let exported = ExportedName { mechanism: mechanism.clone(), composite, content };
            exported.to_octets().ok_or_else(too_long)?
        };
        let name_type = if composite { name_type::COMPOSITE_EXPORT } else { name_type::EXPORT_NAME };
        Self::import(binding, &octets, Some(&name_type))
    }

    /// The value of an attribute and of what comes after it.
    fn value(&self, attribute: &[u8], more: i32) -> Result<NameAttribute> {
        let (mut attribute, mut value, mut display) = (input(attribute), Buffer::new(), Buffer::new());
        let (mut authenticated, mut complete, mut more) = (0, 0, more);
        call!(
            self.binding,
            get_name_attribute,
            "naming attributes",
            self.handle,
            &raw mut attribute,
            &raw mut authenticated,
            &raw mut complete,
            value.output(),
            display.output(),
            &raw mut more,
        )?;
        Ok(NameAttribute {
            authenticated: authenticated != 0,
            complete: complete != 0,
            value: value.to_vec()?,
            display_value: display.to_vec()?,
            more,
        })
    }

    /// The local users that an attribute of the name says it stands for.
    fn local_users(&self) -> Result<Vec<Vec<u8>>> {
        let (mut users, mut more) = (Vec::new(), -1);
        while more != 0 && users.len() < MOST_VALUES {
            let answer = self.value(LOCAL_LOGIN_USER, more)?;
            if answer.authenticated {
                users.push(answer.value);
            }
            more = if answer.more == more { 0 } else { answer.more };
        }
        Ok(users)
    }
}

impl gss_plugin_abi::Name for Name {
    fn display(&self) -> Result<(Vec<u8>, Oid)> {
        let (mut text, mut kind): (_, *mut OidDesc) = (Buffer::new(), ptr::null_mut());
        call!(self.binding, display_name, "display of names", self.handle, text.output(), &raw mut kind)?;
        // SAFETY: the mechanism's own, and it stays: so C has it.
        let kind = unsafe { oid_of(kind) }?.unwrap_or(name_type::USER_NAME);
        let mut text = text.to_vec()?;
        if self.binding.quirks.names_end_in_nul && text.last() == Some(&0) {
            text.pop();
        }
        Ok((text, kind))
    }

    /// A mechanism that cannot compare names can display them.
    fn compare(&self, other: &Self) -> Result<bool> {
        if self.binding.slots.compare_name.is_none() {
            let (ours, theirs) = (self.display()?, other.display()?);
            return Ok(ours == theirs && ours.1 != name_type::ANONYMOUS);
        }
        let mut equal: c_int = 0;
        call!(self.binding, compare_name, "comparison of names", self.handle, other.handle, &raw mut equal)?;
        Ok(equal != 0)
    }

    fn duplicate(&self) -> Result<Self> {
        if self.binding.slots.duplicate_name.is_none() {
            let (text, kind) = self.display()?;
            return Self::import(self.binding, &text, Some(&kind));
        }
        let mut copy = ptr::null_mut();
        let answer = call!(self.binding, duplicate_name, "copies of names", self.handle, &raw mut copy);
        let copy = Self::made(self.binding, copy);
        answer?;
        copy
    }

    fn export(&self) -> Result<Vec<u8>> {
        let mut token = Buffer::new();
        call!(self.binding, export_name, "export of names", self.handle, token.output())?;
        let parts = ExportedName::parse(token.bytes()?);
        Ok(parts.map_err(|error| lie(format_args!("an exported name: {error}")))?.content.to_vec())
    }

    fn display_as(&self, name_type: &Oid) -> Result<Vec<u8>> {
        let mut form = oid_desc(name_type);
        let mut text = Buffer::new();
        let answer =
            call!(self.binding, display_name_ext, "this form of the name", self.handle, &raw mut form, text.output());
        match answer {
            Ok(_) => text.to_vec(),
            Err(error) if error.major.routine() == Major::UNAVAILABLE => {
                let (text, own) = self.display()?;
                if own == *name_type { Ok(text) } else { Err(error) }
            }
            Err(error) => Err(error),
        }
    }

    fn inquire(&self) -> Result<NameInfo> {
        let mut attributes = BufferSet::new();
        call!(
            self.binding,
            inquire_name,
            "naming attributes",
            self.handle,
            ptr::null_mut(),
            ptr::null_mut(),
            attributes.output(),
        )?;
        Ok(NameInfo { attributes: attributes.into_vec()? })
    }

    fn attribute(&self, attribute: &[u8], more: i32) -> Result<NameAttribute> {
        self.value(attribute, more)
    }

    fn set_attribute(&mut self, complete: bool, attribute: &[u8], value: &[u8]) -> Result<()> {
        let (mut attribute, mut value) = (input(attribute), input(value));
        call!(
            self.binding,
            set_name_attribute,
            "naming attributes",
            self.handle,
            complete.into(),
            &raw mut attribute,
            &raw mut value,
        )
        .map(drop)
    }

    fn delete_attribute(&mut self, attribute: &[u8]) -> Result<()> {
        let mut attribute = input(attribute);
        call!(self.binding, delete_name_attribute, "naming attributes", self.handle, &raw mut attribute).map(drop)
    }

    fn export_composite(&self) -> Result<Vec<u8>> {
        let mut token = Buffer::new();
        call!(self.binding, export_name_composite, "composite export of names", self.handle, token.output())?;
        let rest = token.bytes()?.strip_prefix(COMPOSITE).and_then(|rest| {
            let (length, rest) = rest.split_first_chunk::<2>()?;
            rest.get(usize::from(u16::from_be_bytes(*length))..)
        });
        Ok(rest.ok_or_else(|| lie("a composite name without a header"))?.to_vec())
    }

    fn map_to_any(&self, authenticated: bool, type_id: &[u8]) -> Result<usize> {
        let (mut type_id, mut object): (BufferDesc, *mut c_void) = (input(type_id), ptr::null_mut());
        call!(
            self.binding,
            map_name_to_any,
            "mapping of names",
            self.handle,
            authenticated.into(),
            &raw mut type_id,
            &raw mut object,
        )?;
        // It comes back by `release_any`, as an address again.
        Ok(object.expose_provenance())
    }

    fn release_any(&self, type_id: &[u8], object: usize) -> Result<()> {
        let (mut type_id, mut object): (BufferDesc, *mut c_void) =
            (input(type_id), ptr::with_exposed_provenance_mut(object));
        call!(
            self.binding,
            release_any_name_mapping,
            "mapping of names",
            self.handle,
            &raw mut type_id,
            &raw mut object
        )
        .map(drop)
    }

    fn local_name(&self) -> Result<Vec<u8>> {
        if self.binding.slots.localname.is_none() {
            let users = self.local_users().map_err(|_| MechError::unavailable("local names"))?;
            return users.into_iter().next().ok_or_else(|| MechError::unavailable("local names"));
        }
        let mut user = Buffer::new();
        call!(self.binding, localname, "local names", self.handle, self.binding.oid(), user.output())?;
        user.to_vec()
    }

    fn authorize_local_name(&self, user: &[u8], name_type: &Oid) -> Result<()> {
        if let Some(mit) = &self.binding.mit {
            return mit.authorize(self.binding, self.handle, user, name_type);
        }
        if self.binding.slots.authorize_localname.is_none() {
            let unavailable = || MechError::unavailable("authorization of local names");
            if *name_type != name_type::USER_NAME {
                return Err(unavailable());
            }
            let users = self.local_users().map_err(|_| unavailable())?;
            if users.iter().any(|allowed| allowed == user) {
                return Ok(());
            }
            return Err(MechError::new(Major::UNAUTHORIZED, "the name's attributes do not name this local user"));
        }
        let (mut user, mut kind) = (input(user), oid_desc(name_type));
        call!(
            self.binding,
            authorize_localname,
            "authorization of local names",
            self.handle,
            &raw mut user,
            &raw mut kind,
        )
        .map(drop)
    }
}
