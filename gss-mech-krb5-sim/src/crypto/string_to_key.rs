//! Keys from passwords (RFC 3962 section 4, RFC 8009 section 4): PBKDF2, then one more derivation.

use super::enctype::MAX_KEY;
use super::{Enctype, Error, Key, Result};
use hmac::Hmac;
use sha1::Sha1;
use sha2::{Sha256, Sha384};
use zeroize::Zeroizing;

/// The most iterations that are done for a peer: some seconds' work. MIT's limit is the same.
pub const MAX_ITERATIONS: u32 = 0x100_0000;

/// The salt of a principal for whom no other was agreed on: realm and components, one after the other, without
/// separators (RFC 4120 section 4).
pub fn default_salt(realm: impl AsRef<[u8]>, components: impl IntoIterator<Item = impl AsRef<[u8]>>) -> Vec<u8> {
    let mut salt = realm.as_ref().to_vec();
    for component in components {
        salt.extend_from_slice(component.as_ref());
    }
    salt
}

impl Key {
    /// A key from a password, in UTF-8, and a salt: see [`default_salt`]. `parameters` are those of RFC 3961
    /// string-to-key: for these types, the count of iterations in four bytes, big endian; `None` or nothing stands for
    /// [`Enctype::default_iterations`].
    ///
    /// Takes milliseconds, on purpose.
    ///
    /// # Errors
    ///
    /// [`Error::ParametersLength`], [`Error::Iterations`].
    pub fn from_password(enctype: Enctype, password: &[u8], salt: &[u8], parameters: Option<&[u8]>) -> Result<Self> {
        let iterations = iterations(enctype, parameters)?;
        let mut random = Zeroizing::new([0; MAX_KEY]);
        let random = random.get_mut(..enctype.key_len()).unwrap_or_default();
        // HMAC takes passwords of any length, so that the only error of these cannot occur.
        let actual = password.len();
        match enctype {
            Enctype::Aes128Sha1 | Enctype::Aes256Sha1 => {
                pbkdf2::pbkdf2::<Hmac<Sha1>>(password, salt, iterations, random)
            }
            Enctype::Aes128Sha256 => {
                pbkdf2::pbkdf2::<Hmac<Sha256>>(password, &named_salt(enctype, salt), iterations, random)
            }
            Enctype::Aes256Sha384 => {
                pbkdf2::pbkdf2::<Hmac<Sha384>>(password, &named_salt(enctype, salt), iterations, random)
            }
        }
        .map_err(|_| Error::KeyLength { enctype, actual })?;
        let key = Key::new(enctype, random)?.deriver()?.derive_by_name(b"kerberos");
        Key::new(enctype, key.bytes())
    }
}

fn iterations(enctype: Enctype, parameters: Option<&[u8]>) -> Result<u32> {
    let count = match parameters {
        None | Some([]) => enctype.default_iterations(),
        Some(bytes) => u32::from_be_bytes(bytes.try_into().map_err(|_| Error::ParametersLength(bytes.len()))?),
    };
    if (1..=MAX_ITERATIONS).contains(&count) { Ok(count) } else { Err(Error::Iterations(count)) }
}

/// RFC 8009 puts the name of the type before the salt, so that the types share no work of an attacker.
fn named_salt(enctype: Enctype, salt: &[u8]) -> Vec<u8> {
    [enctype.name().as_bytes(), &[0], salt].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::testing::{hex, key};

    fn made(enctype: Enctype, password: &[u8], salt: &[u8], iterations: u32) -> Key {
        Key::from_password(enctype, password, salt, Some(&iterations.to_be_bytes())).unwrap()
    }

    /// Password, salt, iterations, and the keys of 128 and 256 bits.
    type Case<'a> = (&'a [u8], &'a [u8], u32, &'a str, &'a str);

    /// RFC 3962 appendix B.
    #[test]
    fn keys_are_those_of_rfc_3962() {
        let raeburn = &b"ATHENA.MIT.EDUraeburn"[..];
        let binary = &hex("1234567878563412")[..];
        let cases: [Case<'_>; 7] = [
            (
                b"password",
                raeburn,
                1,
                "42263c6e89f4fc28b8df68ee09799f15",
                "fe697b52bc0d3ce14432ba036a92e65bbb52280990a2fa27883998d72af30161",
            ),
            (
                b"password",
                raeburn,
                2,
                "c651bf29e2300ac27fa469d693bdda13",
                "a2e16d16b36069c135d5e9d2e25f896102685618b95914b467c67622225824ff",
            ),
            (
                b"password",
                raeburn,
                1200,
                "4c01cd46d632d01e6dbe230a01ed642a",
                "55a6ac740ad17b4846941051e1e8b0a7548d93b0ab30a8bc3ff16280382b8c2a",
            ),
            (
                b"password",
                binary,
                5,
                "e9b23d52273747dd5c35cb55be619d8e",
                "97a4e786be20d81a382d5ebc96d5909cabcdadc87ca48f574504159f16c36e31",
            ),
            (
                &[b'X'; 64],
                b"pass phrase equals block size",
                1200,
                "59d1bb789a828b1aa54ef9c2883f69ed",
                "89adee3608db8bc71f1bfbfe459486b05618b70cbae22092534e56c553ba4b34",
            ),
            (
                &[b'X'; 65],
                b"pass phrase exceeds block size",
                1200,
                "cb8005dc5f90179a7f02104c0018751d",
                "d78c5c9cb872a8c9dad4697f0bb5b2d21496c82beb2caeda2112fceea057401b",
            ),
            (
                "\u{1d11e}".as_bytes(),
                b"EXAMPLE.COMpianist",
                50,
                "f149c1f2e154a73452d43e7fe62a56e5",
                "4b6d9839f84406df1f09cc166db4b83c571848b784a3d6bdc346589a3e393f9e",
            ),
        ];
        for (password, salt, iterations, short, long) in cases {
            assert_eq!(made(Enctype::Aes128Sha1, password, salt, iterations), key(Enctype::Aes128Sha1, short));
            assert_eq!(made(Enctype::Aes256Sha1, password, salt, iterations), key(Enctype::Aes256Sha1, long));
        }
    }

    /// RFC 8009 appendix A.
    #[test]
    fn keys_are_those_of_rfc_8009() {
        let salt = [&hex("10DF9DD783E5BC8ACEA1730E74355F61")[..], b"ATHENA.MIT.EDUraeburn"].concat();
        let cases = [
            (Enctype::Aes128Sha256, "089BCA48B105EA6EA77CA5D2F39DC5E7"),
            (Enctype::Aes256Sha384, "45BD806DBF6A833A9CFFC1C94589A222367A79BC21C413718906E9F578A78467"),
        ];
        for (enctype, digits) in cases {
            assert_eq!(made(enctype, b"password", &salt, 32768), key(enctype, digits), "{enctype}");
            assert_eq!(Key::from_password(enctype, b"password", &salt, None), Ok(key(enctype, digits)));
            assert_eq!(Key::from_password(enctype, b"password", &salt, Some(&[])), Ok(key(enctype, digits)));
        }
    }

    #[test]
    fn the_default_salt_has_no_separators() {
        assert_eq!(default_salt("EXAMPLE.COM", ["host", "a.example.com"]), b"EXAMPLE.COMhosta.example.com");
        assert_eq!(default_salt("R", [""; 0]), b"R");
    }

    #[test]
    fn parameters_that_are_no_reasonable_count_are_refused() {
        let refused = |parameters: &[u8]| Key::from_password(Enctype::Aes128Sha1, b"p", b"s", Some(parameters)).err();
        for len in [1, 2, 3, 5, 8] {
            assert_eq!(refused(&vec![1; len]), Some(Error::ParametersLength(len)));
        }
        assert_eq!(refused(&[0; 4]), Some(Error::Iterations(0)));
        assert_eq!(refused(&[1, 0, 0, 1]), Some(Error::Iterations(MAX_ITERATIONS + 1)));
        assert_eq!(refused(&[0xff; 4]), Some(Error::Iterations(u32::MAX)));
    }
}
