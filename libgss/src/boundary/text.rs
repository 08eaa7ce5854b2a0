//! C strings, and the sets of them that say where a credential lies.

use super::{Arg, Failure, Partial};
use crate::types::*;
use gss_core::Major;
use std::ffi::{CStr, c_char};

/// A C string that is read, or NULL.
pub(crate) struct TextIn<'a>(Option<&'a [u8]>);

impl Arg for TextIn<'_> {
    type C = *const c_char;
    unsafe fn from_c(value: *const c_char) -> Self {
        // SAFETY: not NULL, so a string of the caller's that ends with NUL.
        Self((!value.is_null()).then(|| unsafe { CStr::from_ptr(value) }.to_bytes()))
    }
}

impl<'a> TextIn<'a> {
    /// The text without its NUL.
    pub(crate) fn optional(&self) -> Option<&'a [u8]> {
        self.0
    }
}

/// What is wrong with a credential store.
#[derive(Clone, Copy)]
enum Defect {
    /// A key or value is missing, or is not UTF-8.
    Structure,
    /// Two values for one key.
    Duplicate,
}

/// Keys and values of a credential store, or `GSS_C_NO_CRED_STORE`.
pub(crate) struct CredentialStoreIn<'a>(Result<Option<Vec<(&'a str, &'a str)>>, Defect>);

impl Arg for CredentialStoreIn<'_> {
    type C = gss_const_key_value_set_t;
    unsafe fn from_c(value: gss_const_key_value_set_t) -> Self {
        if value.is_null() {
            return Self(Ok(None));
        }
        // SAFETY: not NULL, so a set of the caller's.
        let set = unsafe { &*value };
        if set.elements.is_null() {
            return Self(if set.count == 0 { Ok(Some(Vec::new())) } else { Err(Defect::Structure) });
        }
        let mut pairs: Vec<(&str, &str)> = Vec::new();
        for index in 0..set.count as usize {
            // SAFETY: `index` is below the set's count.
            let element = unsafe { set.elements.add(index) };
            // SAFETY: an element of the caller's.
            let element = unsafe { &*element };
            // SAFETY: the caller's strings are NULL or end with NUL.
            let (Some(key), Some(value)) = (unsafe { str_of(element.key) }, unsafe { str_of(element.value) }) else {
                return Self(Err(Defect::Structure));
            };
            if pairs.iter().any(|(known, _)| *known == key) {
                return Self(Err(Defect::Duplicate));
            }
            pairs.push((key, value));
        }
        Self(Ok(Some(pairs)))
    }
}

/// # Safety
/// NULL, or a string that ends with NUL.
unsafe fn str_of<'a>(text: *const c_char) -> Option<&'a str> {
    if text.is_null() {
        return None;
    }
    // SAFETY: as demanded.
    unsafe { CStr::from_ptr(text) }.to_str().ok()
}

impl<'a> CredentialStoreIn<'a> {
    /// What the functions pass that have no such argument.
    pub(crate) const fn none() -> Self {
        Self(Ok(None))
    }

    /// The pairs, or `None` for `GSS_C_NO_CRED_STORE`.
    pub(crate) fn optional(&self) -> Partial<Option<&[(&'a str, &'a str)]>> {
        match &self.0 {
            Ok(pairs) => Ok(pairs.as_deref()),
            Err(Defect::Structure) => Err(Failure::Call(Major::CALL_BAD_STRUCTURE)),
            Err(Defect::Duplicate) => Err(Failure::Call(Major::DUPLICATE_ELEMENT)),
        }
    }
}
