//! From a C mechanism's status codes to an error with a text.

use super::Binding;
use super::memory::Buffer;
use gss_plugin_abi::{Major, MechError, Result};
use std::ffi::c_int;

/// `GSS_C_MECH_CODE`.
const MECH_CODE: c_int = 2;
/// The most parts that a status text may have: a mechanism could go on for ever.
const MOST_PARTS: u32 = 8;
/// The longest status text, in bytes.
const LONGEST: usize = 1024;

/// Calls a slot: `Ok` with the major status, whose supplementary bits may be set, or the mechanism's error. A mechanism
/// without the function answers `UNAVAILABLE`; `$what` says what it does not offer.
macro_rules! call {
    ($binding:expr, $slot:ident, $what:literal $(, $argument:expr)* $(,)?) => {{
        let binding: &$crate::loader::c_mechanism::Binding = $binding;
        match binding.slots.$slot {
            None => Err(gss_plugin_abi::MechError::unavailable($what)),
            Some(function) => {
                let mut minor: u32 = 0;
                // SAFETY: the arguments have the types of the slot. Pointers are null where C allows it, or to values
                // that stay during the call; outputs have been set to nothing; a handle is one that this mechanism gave
                // out, that has not been released, and that no other thread uses if it is a context's.
                let major = unsafe { function(&raw mut minor, $($argument),*) };
                binding.status(major, minor)
            }
        }
    }};
}
pub(super) use call;

impl Binding {
    /// Success or the mechanism's error.
    #[inline]
    pub(super) fn status(&self, major: u32, minor: u32) -> Result<Major> {
        let major = Major(major);
        if major.is_error() { Err(self.error(major, minor)) } else { Ok(major) }
    }

    #[cold]
    fn error(&self, major: Major, minor: u32) -> MechError {
        let text = self.display(minor).unwrap_or_else(|| major.text().to_owned());
        MechError::new(major, text).minor(minor)
    }

    /// The mechanism's text for a minor status.
    pub(super) fn display(&self, minor: u32) -> Option<String> {
        let display_status = self.slots.display_status.filter(|_| minor != 0)?;
        let mut text = String::new();
        let mut message_context = 0;
        for _ in 0..MOST_PARTS {
            let (mut ignored, mut part) = (0, Buffer::new());
            // SAFETY: all pointers are to values that stay during the call; the OID stays for ever.
            let major = unsafe {
                display_status(&raw mut ignored, minor, MECH_CODE, self.oid(), &raw mut message_context, part.output())
            };
            if Major(major).is_error() {
                break;
            }
            let Ok(bytes) = part.bytes() else { break };
            append(&mut text, bytes);
            if message_context == 0 || text.len() >= LONGEST {
                break;
            }
        }
        Some(text).filter(|text| !text.is_empty())
    }
}

/// Adds a part to a text that goes to logs: without control characters, and not beyond the longest.
fn append(text: &mut String, part: &[u8]) {
    let part = part.get(..LONGEST).unwrap_or(part);
    let part = String::from_utf8_lossy(part);
    let part = part.trim_matches(|c: char| c.is_whitespace() || c == '\0');
    if !text.is_empty() && !part.is_empty() {
        text.push_str("; ");
    }
    text.extend(part.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LONGEST.saturating_sub(text.len())));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_bounded_and_without_control_characters() {
        let mut text = String::new();
        append(&mut text, b"one\x1b[31m\0");
        append(&mut text, b"\n");
        append(&mut text, "zwei \u{fffd}".as_bytes());
        assert_eq!(text, "one [31m; zwei \u{fffd}");
        append(&mut text, &[b'x'; 5000]);
        append(&mut text, &[b'x'; 5000]);
        assert!(text.len() <= LONGEST + 4);
    }
}
