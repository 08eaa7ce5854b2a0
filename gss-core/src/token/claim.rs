//! The body of a `once` token: a claim on a context that waits in the transfer store, and the key to its entry.
//!
//! ```text
//! offset  0   7 bytes   "gssonce"
//!         7   u8        version, 1
//!         8   u8        flags: 1 = the audience is a group
//!         9   u8        size class of the entry: it has at most 4096 << class bytes
//!        10   2 bytes   zero
//!        12   u32       audience: uid or gid
//!        16   u64       not-after, in seconds since 1970
//!        24   8 bytes   of the hash of the boot id; zero where it cannot be read
//!        32   16 bytes  transfer id
//!        48   32 bytes  key
//! ```
//!
//! Numbers are big endian. All but the key is authenticated together with the entry.

use super::TokenError;
use std::fmt;
use std::io::Write as _;
use std::str::FromStr;
use zeroize::Zeroizing;

const MAGIC: &[u8; 7] = b"gssonce";
const VERSION: u8 = 1;
const FLAG_GROUP: u8 = 1;
/// Everything before the key, in bytes.
const PUBLIC: usize = 48;
const KEY: usize = 32;
/// Entries of the smallest class have at most this many bytes, those of each further class twice as many.
const SMALLEST_CLASS: u64 = 4096;
/// The largest class: 16 MiB, as [`super::MAX_TOKEN`].
const LARGEST_CLASS: u8 = 12;

/// Who may import a context.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Audience {
    /// Processes with this effective uid.
    User(u32),
    /// Processes in this group.
    Group(u32),
}

/// As the store names the audience's folder: `u1000`, `g33`.
impl fmt::Display for Audience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(uid) => write!(f, "u{uid}"),
            Self::Group(gid) => write!(f, "g{gid}"),
        }
    }
}

/// A folder's name in decimal digits, without a sign or leading zeros.
impl FromStr for Audience {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        let audience = match (name.strip_prefix('u'), name.strip_prefix('g')) {
            (Some(uid), _) => Self::User(uid.parse().map_err(|_| ())?),
            (_, Some(gid)) => Self::Group(gid.parse().map_err(|_| ())?),
            _ => return Err(()),
        };
        if audience.to_string() == name { Ok(audience) } else { Err(()) }
    }
}

/// The 128 random bits by which a waiting context is found; no secret by themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TransferId(pub(crate) [u8; 16]);

/// 32 hexadecimal digits, in lower case.
impl fmt::Display for TransferId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

impl FromStr for TransferId {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let id = Self(u128::from_str_radix(text, 16).map_err(|_| ())?.to_be_bytes());
        if id.to_string() == text { Ok(id) } else { Err(()) }
    }
}

/// A claim. Its key shows nowhere but in the token.
#[derive(Clone, PartialEq, Eq)]
pub struct Claim {
    pub(crate) id: TransferId,
    pub(crate) audience: Audience,
    pub(crate) not_after: u64,
    pub(crate) boot: [u8; 8],
    pub(crate) class: u8,
    pub(crate) key: Zeroizing<[u8; KEY]>,
}

impl Claim {
    /// The length of a claim in bytes.
    pub const LENGTH: usize = PUBLIC + KEY;

    /// The claim in a token's body; `None` for a body of the other kind.
    ///
    /// # Errors
    /// [`TokenError::ClaimVersion`], [`TokenError::ClaimLength`], [`TokenError::ClaimFlags`].
    pub fn parse(body: &[u8]) -> Result<Option<Self>, TokenError> {
        if !body.starts_with(MAGIC) && !MAGIC.starts_with(body) {
            return Ok(None);
        }
        if let Some(version) = body.get(MAGIC.len()).filter(|version| **version != VERSION) {
            return Err(TokenError::ClaimVersion(*version));
        }
        let wrong_length = TokenError::ClaimLength { need: Self::LENGTH, have: body.len() };
        let body: &[u8; Self::LENGTH] = body.try_into().map_err(|_| wrong_length)?;
        // The array's length is known, so the places in it are.
        let (public, key) = body.split_at(PUBLIC);
        let field = |start: usize, length: usize| public.get(start..start + length).unwrap_or_default();
        let number = |start, length| field(start, length).iter().fold(0, |all, byte| (all << 8) | u64::from(*byte));
        let id = u32::try_from(number(12, 4)).unwrap_or(u32::MAX);
        let audience = match number(8, 1) {
            0 => Audience::User(id),
            flags if flags == u64::from(FLAG_GROUP) => Audience::Group(id),
            _ => return Err(TokenError::ClaimFlags),
        };
        let class = u8::try_from(number(9, 1)).unwrap_or(u8::MAX);
        if number(10, 2) != 0 || class > LARGEST_CLASS {
            return Err(TokenError::ClaimFlags);
        }
        let mut claim = Self {
            id: TransferId([0; 16]),
            audience,
            not_after: number(16, 8),
            boot: number(24, 8).to_be_bytes(),
            class,
            key: Zeroizing::new([0; KEY]),
        };
        claim.id.0.copy_from_slice(field(32, 16));
        claim.key.copy_from_slice(key);
        Ok(Some(claim))
    }

    /// Everything but the key, as it stands in the token.
    pub(crate) fn public(&self) -> [u8; PUBLIC] {
        let mut bytes = [0; PUBLIC];
        let (flags, id) = match self.audience {
            Audience::User(uid) => (0, uid),
            Audience::Group(gid) => (FLAG_GROUP, gid),
        };
        let fields: [&[u8]; 7] = [
            MAGIC,
            &[VERSION, flags],
            &[self.class, 0, 0],
            &id.to_be_bytes(),
            &self.not_after.to_be_bytes(),
            &self.boot,
            &self.id.0,
        ];
        // The fields are as long as the array.
        let mut rest = bytes.as_mut_slice();
        for field in fields {
            let _ = rest.write_all(field);
        }
        bytes
    }

    /// Writes the claim over `body`, which has [`Claim::LENGTH`] bytes.
    pub(crate) fn write(&self, body: &mut [u8]) {
        if let Some((public, key)) = body.split_at_mut_checked(PUBLIC)
            && key.len() == KEY
        {
            public.copy_from_slice(&self.public());
            key.copy_from_slice(self.key.as_slice());
        }
    }

    /// The smallest class whose entries may have `size` bytes.
    pub(crate) fn class_of(size: u64) -> Option<u8> {
        (0..=LARGEST_CLASS).find(|class| size <= Self::class_size(*class))
    }

    /// The most bytes that an entry of a class may have.
    pub(crate) fn class_size(class: u8) -> u64 {
        SMALLEST_CLASS << class.min(LARGEST_CLASS)
    }

    /// By which the waiting context is found.
    pub fn id(&self) -> TransferId {
        self.id
    }

    /// Who may import it.
    pub fn audience(&self) -> Audience {
        self.audience
    }

    /// Until when, in seconds since 1970.
    pub fn not_after(&self) -> u64 {
        self.not_after
    }
}

impl fmt::Debug for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Claim({} for {} until {})", self.id, self.audience, self.not_after)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim() -> Claim {
        Claim {
            id: TransferId([0x0f; 16]),
            audience: Audience::Group(33),
            not_after: 0x0102_0304,
            boot: *b"bootboot",
            class: 2,
            key: Zeroizing::new([7; 32]),
        }
    }

    #[test]
    fn a_claim_is_read_as_it_was_written_and_shows_no_key() {
        let mut body = [0; Claim::LENGTH];
        claim().write(&mut body);
        assert_eq!(&body[..16], b"gssonce\x01\x01\x02\0\0\0\0\0\x21");
        assert_eq!(
            &body[16..48],
            b"\0\0\0\0\x01\x02\x03\x04bootboot\x0f\x0f\x0f\x0f\x0f\x0f\x0f\x0f\x0f\x0f\x0f\x0f\x0f\x0f\x0f\x0f"
        );
        assert_eq!(Claim::parse(&body).unwrap().unwrap(), claim());
        assert_eq!(format!("{:?}", claim()), "Claim(0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f for g33 until 16909060)");
    }

    #[test]
    fn each_malformed_claim_has_its_error() {
        let mut body = [0; Claim::LENGTH];
        claim().write(&mut body);
        let altered = |at: usize, to: u8| {
            let mut body = body;
            body[at] = to;
            Claim::parse(&body)
        };
        assert_eq!(altered(0, b'G'), Ok(None));
        assert_eq!(altered(7, 2), Err(TokenError::ClaimVersion(2)));
        assert_eq!(altered(8, 2), Err(TokenError::ClaimFlags));
        assert_eq!(altered(9, LARGEST_CLASS + 1), Err(TokenError::ClaimFlags));
        assert_eq!(altered(11, 1), Err(TokenError::ClaimFlags));
        for length in 1..Claim::LENGTH {
            let expected = TokenError::ClaimLength { need: Claim::LENGTH, have: length };
            assert_eq!(Claim::parse(&body[..length]), Err(expected));
        }
        assert!(Claim::parse(&[&body[..], b"x"].concat()).is_err());
    }

    #[test]
    fn names_of_folders_and_ids_have_one_form() {
        for name in ["u0", "u4294967295", "g33"] {
            assert_eq!(name.parse::<Audience>().unwrap().to_string(), name);
        }
        for name in ["", "u", "u01", "u+1", "u-1", "g4294967296", "x1", "u1 ", "../u1"] {
            assert!(name.parse::<Audience>().is_err(), "{name:?}");
        }
        let id = "00112233445566778899aabbccddeeff";
        assert_eq!(id.parse::<TransferId>().unwrap().to_string(), id);
        for id in ["", "0", "00112233445566778899AABBCCDDEEFF", "+0112233445566778899aabbccddeeff"] {
            assert!(id.parse::<TransferId>().is_err(), "{id:?}");
        }
    }

    #[test]
    fn classes_hold_what_they_say() {
        assert_eq!(Claim::class_of(0), Some(0));
        assert_eq!(Claim::class_of(4096), Some(0));
        assert_eq!(Claim::class_of(4097), Some(1));
        assert_eq!(Claim::class_of(16 << 20), Some(12));
        assert_eq!(Claim::class_of((16 << 20) + 1), None);
    }
}
