//! Object identifiers, held as the content octets of their DER form (no tag, no length), which is how
//! RFC 2744 section 3.2 has `gss_OID`.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

/// The longest object identifier that anything here accepts, in content octets.
pub const MAX_OID_OCTETS: usize = 256;

/// An object identifier. Arcs may have up to 128 bits (`2.25.UUID`).
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Oid(Cow<'static, [u8]>);

/// Why octets or a text are no object identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OidError {
    /// No octets, or an empty text.
    #[error("an OID cannot be empty")]
    Empty,
    /// More than [`MAX_OID_OCTETS`].
    #[error("an OID of {0} octets is longer than the {MAX_OID_OCTETS} that are accepted")]
    TooLong(usize),
    /// The last arc's octets do not end, or an arc begins with a padding octet (0x80).
    #[error("not the DER content of an OID (arc at octet {0})")]
    BadEncoding(usize),
    /// A text with something other than digits between its dots.
    #[error("expected numbers separated by dots, as in 1.2.840.113554.1.2.2, found {0:?}")]
    NotNumeric(String),
    /// A single number.
    #[error("an OID has at least two arcs")]
    TooFewArcs,
    /// First arc over 2, or second arc over 39 under 0 and 1.
    #[error("the first arc is 0, 1 or 2, and the second at most 39 under 0 and 1")]
    BadRoot,
    /// An arc of more than 128 bits.
    #[error("arc {0:?} has more than 128 bits")]
    ArcTooLarge(String),
}

impl Oid {
    /// An OID from content octets that are known to be right, for constants.
    pub const fn from_static(content: &'static [u8]) -> Self {
        Self(Cow::Borrowed(content))
    }

    /// An OID from content octets of unknown origin.
    ///
    /// # Errors
    /// [`OidError::Empty`], [`OidError::TooLong`] or [`OidError::BadEncoding`].
    pub fn from_content(content: &[u8]) -> Result<Self, OidError> {
        check_content(content)?;
        Ok(Self(Cow::Owned(content.to_vec())))
    }

    /// The content octets: 1 to [`MAX_OID_OCTETS`].
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The arcs, first to last.
    pub fn arcs(&self) -> impl Iterator<Item = u128> + '_ {
        let mut first = None;
        let mut values = Vec::new();
        let mut value: u128 = 0;
        for octet in self.0.iter() {
            value = (value << 7) | u128::from(octet & 0x7f);
            if octet & 0x80 == 0 {
                if first.is_none() {
                    let root = (value / 40).min(2);
                    first = Some(root);
                    values.push(root);
                    value -= root * 40;
                }
                values.push(value);
                value = 0;
            }
        }
        values.into_iter()
    }
}

fn check_content(content: &[u8]) -> Result<(), OidError> {
    if content.is_empty() {
        return Err(OidError::Empty);
    }
    if content.len() > MAX_OID_OCTETS {
        return Err(OidError::TooLong(content.len()));
    }
    let mut start = 0;
    while start < content.len() {
        let rest = &content[start..];
        let length = rest.iter().position(|octet| octet & 0x80 == 0).map(|last| last + 1);
        // 19 octets hold 133 bits: the first one of those may use two.
        let fits = |length| length < 19 || (length == 19 && rest[0] & 0x7f <= 0x03);
        match length {
            Some(length) if rest[0] != 0x80 && fits(length) => start += length,
            _ => return Err(OidError::BadEncoding(start)),
        }
    }
    Ok(())
}

impl FromStr for Oid {
    type Err = OidError;

    /// Reads the dotted form, `1.2.840.113554.1.2.2`.
    fn from_str(text: &str) -> Result<Self, OidError> {
        if text.is_empty() {
            return Err(OidError::Empty);
        }
        let mut arcs = Vec::new();
        for arc in text.split('.') {
            if arc.is_empty() || !arc.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(OidError::NotNumeric(text.to_owned()));
            }
            arcs.push(arc.parse::<u128>().map_err(|_| OidError::ArcTooLarge(arc.to_owned()))?);
        }
        let [root, second, rest @ ..] = &arcs[..] else {
            return Err(OidError::TooFewArcs);
        };
        if *root > 2 || (*root < 2 && *second > 39) {
            return Err(OidError::BadRoot);
        }
        let joined = second.checked_add(root * 40).ok_or_else(|| OidError::ArcTooLarge(second.to_string()))?;
        let mut content = Vec::new();
        for arc in std::iter::once(joined).chain(rest.iter().copied()) {
            push_base128(&mut content, arc);
        }
        check_content(&content)?;
        Ok(Self(Cow::Owned(content)))
    }
}

fn push_base128(content: &mut Vec<u8>, arc: u128) {
    let groups = (128 - arc.leading_zeros()).div_ceil(7).max(1);
    for group in (0..groups).rev() {
        let septet = ((arc >> (7 * group)) & 0x7f) as u8;
        content.push(if group == 0 { septet } else { septet | 0x80 });
    }
}

impl fmt::Display for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, arc) in self.arcs().enumerate() {
            if index > 0 {
                f.write_str(".")?;
            }
            write!(f, "{arc}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Oid({self})")
    }
}

/// Name types (RFC 2743 section 4, RFC 2744 section 4, RFC 6680 section 8).
pub mod name_type {
    use super::Oid;

    /// `GSS_C_NT_USER_NAME`: a local user's name.
    pub const USER_NAME: Oid = Oid::from_static(b"\x2a\x86\x48\x86\xf7\x12\x01\x02\x01\x01");
    /// `GSS_C_NT_MACHINE_UID_NAME`: a numeric user id in the host's byte order.
    pub const MACHINE_UID_NAME: Oid = Oid::from_static(b"\x2a\x86\x48\x86\xf7\x12\x01\x02\x01\x02");
    /// `GSS_C_NT_STRING_UID_NAME`: a numeric user id in digits.
    pub const STRING_UID_NAME: Oid = Oid::from_static(b"\x2a\x86\x48\x86\xf7\x12\x01\x02\x01\x03");
    /// `GSS_C_NT_HOSTBASED_SERVICE`: `service@host`, or `service`.
    pub const HOSTBASED_SERVICE: Oid = Oid::from_static(b"\x2a\x86\x48\x86\xf7\x12\x01\x02\x01\x04");
    /// `GSS_C_NT_HOSTBASED_SERVICE_X`: the same under its older number.
    pub const HOSTBASED_SERVICE_X: Oid = Oid::from_static(b"\x2b\x06\x01\x05\x06\x02");
    /// `GSS_C_NT_ANONYMOUS`: nobody in particular.
    pub const ANONYMOUS: Oid = Oid::from_static(b"\x2b\x06\x01\x05\x06\x03");
    /// `GSS_C_NT_EXPORT_NAME`: what exporting a mechanism name gave (RFC 2743 section 3.2).
    pub const EXPORT_NAME: Oid = Oid::from_static(b"\x2b\x06\x01\x05\x06\x04");
    /// `GSS_C_NT_COMPOSITE_EXPORT`: an exported name with its attributes (RFC 6680).
    pub const COMPOSITE_EXPORT: Oid = Oid::from_static(b"\x2b\x06\x01\x05\x06\x06");
}

/// Mechanism attributes (RFC 5587 section 3.4).
pub mod attr {
    use super::Oid;

    macro_rules! attributes {
        ($($name:ident = $number:literal, $text:literal;)*) => {
            $(
                #[doc = concat!("`GSS_C_MA_", stringify!($name), "`: ", $text, ".")]
                pub const $name: Oid = Oid::from_static(&[0x2b, 0x06, 0x01, 0x05, 0x05, 0x0d, $number]);
            )*
            /// Every attribute of RFC 5587 with its name (without `GSS_C_MA_`) and a few words.
            pub const ALL: &[(Oid, &str, &str)] = &[$(($name, stringify!($name), $text)),*];
        };
    }

    attributes! {
        MECH_CONCRETE = 1, "neither a pseudo-mechanism nor a composite one";
        MECH_PSEUDO = 2, "a pseudo-mechanism";
        MECH_COMPOSITE = 3, "composed of others";
        MECH_NEGO = 4, "negotiates other mechanisms";
        MECH_GLUE = 5, "the OID is the switch's own, not a mechanism's";
        NOT_MECH = 6, "the OID is no mechanism's";
        DEPRECATED = 7, "should not be used any more";
        NOT_DFLT_MECH = 8, "must not be used as the default mechanism";
        ITOK_FRAMED = 9, "initial tokens are framed as in RFC 2743 section 3.1";
        AUTH_INIT = 10, "authenticates the initiator";
        AUTH_TARG = 11, "authenticates the acceptor";
        AUTH_INIT_INIT = 12, "can obtain initial credentials for the initiator";
        AUTH_TARG_INIT = 13, "can obtain initial credentials for the acceptor";
        AUTH_INIT_ANON = 14, "the initiator can be anonymous";
        AUTH_TARG_ANON = 15, "the acceptor can be anonymous";
        DELEG_CRED = 16, "can delegate credentials";
        INTEG_PROT = 17, "protects the integrity of messages";
        CONF_PROT = 18, "protects the confidentiality of messages";
        MIC = 19, "makes MIC tokens";
        WRAP = 20, "wraps messages";
        PROT_READY = 21, "protects messages before the context is established";
        REPLAY_DET = 22, "detects replayed messages";
        OOS_DET = 23, "detects messages out of sequence";
        CBINDINGS = 24, "supports channel bindings";
        PFS = 25, "has perfect forward secrecy";
        COMPRESS = 26, "compresses messages";
        CTX_TRANS = 27, "contexts can be moved to another process";
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dotted_text_and_octets_are_one_value() {
        for (text, content) in [
            ("1.2.840.113554.1.2.2", &b"\x2a\x86\x48\x86\xf7\x12\x01\x02\x02"[..]),
            ("1.3.6.1.5.5.2", b"\x2b\x06\x01\x05\x05\x02"),
            ("2.999.3", b"\x88\x37\x03"),
            ("0.0", b"\x00"),
            ("2.25.0", b"\x69\x00"),
        ] {
            let oid: Oid = text.parse().unwrap();
            assert_eq!(oid.as_bytes(), content, "{text}");
            assert_eq!(Oid::from_content(content).unwrap().to_string(), text);
        }
    }

    #[test]
    fn arcs_reach_128_bits_and_no_further() {
        let text = format!("2.25.{}", u128::MAX);
        let oid: Oid = text.parse().unwrap();
        assert_eq!(oid.to_string(), text);
        assert_eq!(Oid::from_content(oid.as_bytes()).unwrap(), oid);
        let over = "2.25.340282366920938463463374607431768211456";
        assert!(matches!(over.parse::<Oid>(), Err(OidError::ArcTooLarge(_))));
        assert!(matches!(format!("2.{}", u128::MAX).parse::<Oid>(), Err(OidError::ArcTooLarge(_))));
        let mut wide = oid.as_bytes().to_vec();
        wide[1] = 0x84;
        assert!(Oid::from_content(&wide).is_err());
    }

    #[test]
    fn what_is_no_oid_is_refused() {
        for text in ["", "1", "1.", ".1", "1..2", "3.1", "1.40", "1.2x", "1.2 ", "-1.2", "+1.2", "{1.2}"] {
            assert!(text.parse::<Oid>().is_err(), "{text:?}");
        }
        for content in [&b""[..], b"\x2a\x80\x01", b"\x2a\x86", &[0x2a; 257]] {
            assert!(Oid::from_content(content).is_err(), "{content:?}");
        }
    }
}
