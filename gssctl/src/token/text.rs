//! A token given as text: base64 or hexadecimal digits.
//!
//! A token begins with the length of an OID in four bytes, of which the first is zero. No text has a zero byte, so that
//! nothing which could be a token is taken for text; as text, a token begins with `00` or with `AAA`.

use zeroize::Zeroizing;

/// The token's bytes, and how they were given.
///
/// # Errors
/// A text that is neither, in words.
pub(super) fn decode(given: &[u8]) -> Result<(Zeroizing<Vec<u8>>, &'static str), String> {
    let is_text = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/-_=".contains(byte) || byte.is_ascii_whitespace();
    if given.is_empty() || !given.iter().all(is_text) {
        return Ok((Zeroizing::new(given.to_vec()), "binary"));
    }
    let digits: Zeroizing<Vec<u8>> =
        Zeroizing::new(given.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect());
    if digits.iter().all(u8::is_ascii_hexdigit) && !digits.starts_with(b"AAA") {
        let bytes = hexadecimal(&digits).ok_or("an odd number of hexadecimal digits: the text is incomplete")?;
        return Ok((bytes, "hexadecimal"));
    }
    let bytes = base64(&digits).ok_or("text that is neither base64 nor hexadecimal, or is incomplete")?;
    Ok((bytes, "base64"))
}

fn hexadecimal(digits: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(digits.len() / 2));
    let (pairs, []) = digits.as_chunks::<2>() else { return None };
    for [high, low] in pairs {
        let value = |digit: &u8| char::from(*digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
        bytes.push(value(high)? << 4 | value(low)?);
    }
    Some(bytes)
}

/// Both alphabets of RFC 4648, with padding or without.
fn base64(digits: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let end = digits.iter().rposition(|digit| *digit != b'=').map_or(0, |last| last + 1);
    let (digits, padding) = digits.split_at(end);
    let whole = digits.len() % 4;
    if whole == 1 || (!padding.is_empty() && (whole + padding.len()) != 4) {
        return None;
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(digits.len() / 4 * 3 + 2));
    for group in digits.chunks(4) {
        let mut bits = 0u32;
        for index in 0..4 {
            bits = bits << 6 | group.get(index).map_or(Some(0), |digit| sextet(*digit))?;
        }
        bytes.extend_from_slice(bits.to_be_bytes().get(1..group.len())?);
    }
    Some(bytes)
}

fn sextet(digit: u8) -> Option<u32> {
    Some(u32::from(match digit {
        b'A'..=b'Z' => digit - b'A',
        b'a'..=b'z' => digit - b'a' + 26,
        b'0'..=b'9' => digit - b'0' + 52,
        b'+' | b'-' => 62,
        b'/' | b'_' => 63,
        _ => return None,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &[u8] = b"\0\0\0\x03\x2a\x03\x04\xff\xfe\xfd";

    #[test]
    fn each_encoding_is_told_from_the_others() {
        for (given, encoding) in [
            (TOKEN, "binary"),
            (b"000000032a0304fffefd", "hexadecimal"),
            (b"0000 0003 2A03\n04FF FEFD\n", "hexadecimal"),
            (b"AAAAAyoDBP/+/Q==", "base64"),
            (b"AAAAAyoD\nBP_-_Q\n", "base64"),
        ] {
            let (bytes, found) = decode(given).unwrap();
            assert_eq!((&bytes[..], found), (TOKEN, encoding), "{given:?}");
        }
    }

    #[test]
    fn base64_of_hexadecimal_digits_alone_is_base64() {
        let (bytes, encoding) = decode(b"AAAA AAAA").unwrap();
        assert_eq!((&bytes[..], encoding), (&[0; 6][..], "base64"));
    }

    #[test]
    fn incomplete_text_is_refused() {
        for given in [&b"000"[..], b"AAAAA", b"AAA=A", b"AAAAA===", b"AA=", b"AAAA=", b"hello, world"] {
            let decoded = decode(given);
            assert!(decoded.is_err() || decoded.unwrap().1 == "binary", "{given:?}");
        }
    }

    #[test]
    fn nothing_that_can_be_a_token_is_taken_for_text() {
        let (bytes, encoding) = decode(b"\0AAA").unwrap();
        assert_eq!((&bytes[..], encoding), (&b"\0AAA"[..], "binary"));
        assert_eq!(decode(b"").unwrap().1, "binary");
    }
}
