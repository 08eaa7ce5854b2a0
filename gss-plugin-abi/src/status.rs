//! Major status codes (RFC 2744 section 3.9.1) and the error that a mechanism answers with.

use std::fmt;

/// Minor status of an answer that cannot be: of what the switch finds by itself wrong with a mechanism. Not 0, so that a C
/// program finds the text by it.
pub const IMPOSSIBLE_ANSWER: u32 = 0x4753_5380;
/// Minor status of a call in which the mechanism panicked, and of later calls on what it had in hand.
pub const PANICKED: u32 = 0x4753_5382;

/// A major status: a calling error in bits 24 to 31, a routine error in bits 16 to 23, supplementary bits below.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Major(pub u32);

macro_rules! routine_errors {
    ($($name:ident = $number:literal, $text:literal;)*) => {
        impl Major {
            $(
                #[doc = concat!("`GSS_S_", stringify!($name), "`: ", $text, ".")]
                pub const $name: Major = Major($number << 16);
            )*
        }
        const ROUTINE_ERRORS: &[(&str, &str)] = &[$((stringify!($name), $text)),*];
    };
}

routine_errors! {
    BAD_MECH = 1, "the mechanism is not supported, or cannot be loaded";
    BAD_NAME = 2, "the name is not valid";
    BAD_NAMETYPE = 3, "the name's type is not supported";
    BAD_BINDINGS = 4, "the channel bindings differ from the peer's";
    BAD_STATUS = 5, "the status code is not valid";
    BAD_MIC = 6, "the token's integrity check failed";
    NO_CRED = 7, "no credential was supplied, or it is unavailable";
    NO_CONTEXT = 8, "there is no such context";
    DEFECTIVE_TOKEN = 9, "the token is malformed";
    DEFECTIVE_CREDENTIAL = 10, "the credential is malformed";
    CREDENTIALS_EXPIRED = 11, "the credentials have expired";
    CONTEXT_EXPIRED = 12, "the context has expired";
    FAILURE = 13, "failure, see the minor status";
    BAD_QOP = 14, "the quality of protection is not supported";
    UNAUTHORIZED = 15, "local policy does not allow it";
    UNAVAILABLE = 16, "the mechanism does not offer this operation";
    DUPLICATE_ELEMENT = 17, "the credential element exists already";
    NAME_NOT_MN = 18, "the name is not a mechanism name";
    BAD_MECH_ATTR = 19, "the mechanism attribute is not known";
}

impl Major {
    /// `GSS_S_COMPLETE`.
    pub const COMPLETE: Major = Major(0);
    /// `GSS_S_CONTINUE_NEEDED`: the handshake wants another token from the peer.
    pub const CONTINUE_NEEDED: Major = Major(1);
    /// `GSS_S_DUPLICATE_TOKEN`: the message was seen before.
    pub const DUPLICATE_TOKEN: Major = Major(1 << 1);
    /// `GSS_S_OLD_TOKEN`: too old to tell whether it was seen before.
    pub const OLD_TOKEN: Major = Major(1 << 2);
    /// `GSS_S_UNSEQ_TOKEN`: a later message has been seen already.
    pub const UNSEQ_TOKEN: Major = Major(1 << 3);
    /// `GSS_S_GAP_TOKEN`: the message before this one has not been seen.
    pub const GAP_TOKEN: Major = Major(1 << 4);
    /// `GSS_S_CALL_INACCESSIBLE_READ`: a required input could not be read.
    pub const CALL_INACCESSIBLE_READ: Major = Major(1 << 24);
    /// `GSS_S_CALL_INACCESSIBLE_WRITE`: a required output could not be written.
    pub const CALL_INACCESSIBLE_WRITE: Major = Major(2 << 24);
    /// `GSS_S_CALL_BAD_STRUCTURE`: an input was malformed.
    pub const CALL_BAD_STRUCTURE: Major = Major(3 << 24);

    /// Whether a calling or routine error is set (`GSS_ERROR`).
    pub const fn is_error(self) -> bool {
        self.0 & 0xffff_0000 != 0
    }

    /// The routine error alone.
    pub const fn routine(self) -> Major {
        Major(self.0 & 0x00ff_0000)
    }

    /// The calling error alone.
    pub const fn calling(self) -> Major {
        Major(self.0 & 0xff00_0000)
    }

    /// The supplementary bits alone.
    pub const fn supplementary(self) -> Major {
        Major(self.0 & 0x0000_ffff)
    }

    /// Both.
    pub const fn with(self, other: Major) -> Major {
        Major(self.0 | other.0)
    }

    /// Whether all bits of `other` are set.
    pub const fn contains(self, other: Major) -> bool {
        self.0 & other.0 == other.0
    }

    /// A few words on the routine error; `"complete"` where there is none.
    pub fn text(self) -> &'static str {
        match (self.routine().0 >> 16) as usize {
            0 => "complete",
            number => ROUTINE_ERRORS.get(number - 1).map_or("an unknown routine error", |(_, text)| text),
        }
    }
}

impl fmt::Display for Major {
    /// The names of RFC 2744 without `GSS_S_`, joined by `|`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts: Vec<&str> = Vec::new();
        match self.0 >> 24 {
            0 => {}
            1 => parts.push("CALL_INACCESSIBLE_READ"),
            2 => parts.push("CALL_INACCESSIBLE_WRITE"),
            3 => parts.push("CALL_BAD_STRUCTURE"),
            _ => parts.push("unknown calling error"),
        }
        match (self.routine().0 >> 16) as usize {
            0 => {}
            number => parts.push(ROUTINE_ERRORS.get(number - 1).map_or("unknown routine error", |(name, _)| name)),
        }
        for (bit, name) in [
            (Major::CONTINUE_NEEDED, "CONTINUE_NEEDED"),
            (Major::DUPLICATE_TOKEN, "DUPLICATE_TOKEN"),
            (Major::OLD_TOKEN, "OLD_TOKEN"),
            (Major::UNSEQ_TOKEN, "UNSEQ_TOKEN"),
            (Major::GAP_TOKEN, "GAP_TOKEN"),
        ] {
            if self.contains(bit) {
                parts.push(name);
            }
        }
        if parts.is_empty() { f.write_str("COMPLETE") } else { f.write_str(&parts.join("|")) }
    }
}

impl fmt::Debug for Major {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Major({self})")
    }
}

/// What a mechanism answers instead of a result: both status codes, a text for people, and where the protocol
/// has one (KRB-ERROR, an NTLMSSP alert) a token that tells the peer.
///
/// The text goes to logs and to users: it must not contain secrets.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error("{major}: {text} (minor {minor:#x})")]
pub struct MechError {
    /// A major status in which [`Major::is_error`] holds.
    pub major: Major,
    /// The mechanism's own code; 0 where it has none.
    pub minor: u32,
    /// What went wrong and what would mend it.
    pub text: String,
    /// A token for the peer, or empty.
    pub token: Vec<u8>,
}

impl MechError {
    /// An error with a text and minor status 0.
    pub fn new(major: Major, text: impl Into<String>) -> Self {
        Self { major, minor: 0, text: text.into(), token: Vec::new() }
    }

    /// The answer of a call that the mechanism does not offer.
    pub fn unavailable(call: &str) -> Self {
        Self::new(Major::UNAVAILABLE, format!("the mechanism does not offer {call}"))
    }

    /// [`Major::FAILURE`] with a text.
    pub fn failure(text: impl Into<String>) -> Self {
        Self::new(Major::FAILURE, text)
    }

    /// Sets the mechanism's own code.
    #[must_use]
    pub fn minor(mut self, minor: u32) -> Self {
        self.minor = minor;
        self
    }

    /// Sets the token that tells the peer.
    #[must_use]
    pub fn token(mut self, token: Vec<u8>) -> Self {
        self.token = token;
        self
    }
}

impl fmt::Debug for MechError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { major, minor, text, token } = self;
        write!(f, "MechError({major}, minor {minor:#x}, {text:?}, token of {} bytes)", token.len())
    }
}

/// The result of a mechanism's call.
pub type Result<T> = std::result::Result<T, MechError>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn majors_have_the_values_of_rfc_2744() {
        assert_eq!(Major::BAD_MIC.0, 0x0006_0000);
        assert_eq!(Major::UNAVAILABLE.0, 0x0010_0000);
        assert_eq!(Major::GAP_TOKEN.0, 16);
        let both = Major::CALL_INACCESSIBLE_READ.with(Major::DEFECTIVE_TOKEN);
        assert_eq!(both.0, 0x0109_0000);
        assert_eq!(both.to_string(), "CALL_INACCESSIBLE_READ|DEFECTIVE_TOKEN");
        assert_eq!(Major::COMPLETE.to_string(), "COMPLETE");
    }

    #[test]
    fn debug_shows_no_token_bytes() {
        let error = MechError::failure("no").token(b"secret".to_vec());
        assert_eq!(format!("{error:?}"), "MechError(FAILURE, minor 0x0, \"no\", token of 6 bytes)");
    }
}
