//! DER (X.690) for the messages, over the `der` crate: the only module that names it, so that it can be exchanged.
//!
//! Reading goes through [`Fields`], which knows how Kerberos tags its sequences. Writing builds a tree of [`Node`]s
//! that borrow, so that a key is copied once, into an output of the right size.

use super::MessageError;
use der::asn1::{AnyRef, BitStringRef, GeneralizedTime};
use der::{Decode, Encode, EncodeValue, Header, Length, Reader, SliceReader, Tag, TagNumber, Tagged, Writer};
use std::time::Duration;
use zeroize::Zeroizing;

/// What the DER library had to say about bytes that are no DER, or not the DER that was due.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error(transparent)]
pub struct EncodingError(der::Error);

/// An element: a tag and contents that are still to be read.
pub(super) type Element<'a> = AnyRef<'a>;

type Result<T> = std::result::Result<T, MessageError>;

/// A type of RFC 4120's ASN.1 module.
pub(super) trait Asn1: Sized {
    /// For error texts.
    const NAME: &'static str;

    fn read(element: Element<'_>) -> Result<Self>;

    fn node(&self) -> Node<'_>;
}

/// Reads one value that takes up all of `bytes`.
pub(super) fn decode<T: Asn1>(bytes: &[u8]) -> Result<T> {
    T::read(whole(T::NAME, bytes)?)
}

pub(super) fn encode<T: Asn1>(value: &T) -> Result<Zeroizing<Vec<u8>>> {
    encode_node(T::NAME, &value.node())
}

fn encode_node(name: &'static str, node: &Node<'_>) -> Result<Zeroizing<Vec<u8>>> {
    let length = node.encoded_len().and_then(usize::try_from).map_err(bad(name))?;
    let mut out = Zeroizing::new(vec![0; length]);
    node.encode_to_slice(&mut out).map_err(bad(name))?;
    Ok(out)
}

fn bad(message: &'static str) -> impl Fn(der::Error) -> MessageError {
    move |error| MessageError::Encoding { message, source: EncodingError(error) }
}

fn whole<'a>(name: &'static str, bytes: &'a [u8]) -> Result<Element<'a>> {
    AnyRef::from_der(bytes).map_err(bad(name))
}

fn unexpected(name: &'static str, expected: Tag, found: Tag) -> MessageError {
    bad(name)(found.unexpected_error(Some(expected)).into())
}

fn context_tag(number: u32) -> Tag {
    TagNumber(number).context_specific(true)
}

fn application_tag(number: u32) -> Tag {
    TagNumber(number).application(true)
}

/// The fields of a sequence, each in an explicit context tag, in ascending order.
pub(super) struct Fields<'a> {
    name: &'static str,
    reader: SliceReader<'a>,
    /// The highest field number that was asked for.
    known: u32,
}

impl<'a> Fields<'a> {
    /// Those of a `SEQUENCE`.
    pub(super) fn of(name: &'static str, sequence: Element<'a>) -> Result<Self> {
        if sequence.tag() != Tag::Sequence {
            return Err(unexpected(name, Tag::Sequence, sequence.tag()));
        }
        Ok(Self { name, reader: SliceReader::new(sequence.value()).map_err(bad(name))?, known: 0 })
    }

    /// Those of an `[APPLICATION number] SEQUENCE`.
    pub(super) fn of_application(name: &'static str, number: u32, element: Element<'a>) -> Result<Self> {
        if element.tag() != application_tag(number) {
            return Err(unexpected(name, application_tag(number), element.tag()));
        }
        Self::of(name, whole(name, element.value())?)
    }

    pub(super) fn optional<T>(
        &mut self,
        number: u32,
        read: impl FnOnce(&'static str, Element<'a>) -> Result<T>,
    ) -> Result<Option<T>> {
        self.known = number;
        if self.reader.is_finished() || Tag::peek(&self.reader).map_err(bad(self.name))? != context_tag(number) {
            return Ok(None);
        }
        let field: AnyRef<'a> = self.reader.decode().map_err(bad(self.name))?;
        read(self.name, whole(self.name, field.value())?).map(Some)
    }

    pub(super) fn required<T>(
        &mut self,
        number: u32,
        field: &'static str,
        read: impl FnOnce(&'static str, Element<'a>) -> Result<T>,
    ) -> Result<T> {
        self.optional(number, read)?.ok_or(MessageError::Missing { message: self.name, field })
    }

    /// Passes over fields that are not known: their presence is no reason to decline (RFC 4120 section 1.5.1). They
    /// come after the known ones, or else a known one is out of place.
    pub(super) fn end(mut self) -> Result<()> {
        let mut last = self.known;
        while !self.reader.is_finished() {
            let field: AnyRef<'a> = self.reader.decode().map_err(bad(self.name))?;
            match field.tag() {
                Tag::ContextSpecific { constructed: true, number } if number.0 > last => last = number.0,
                _ => return Err(MessageError::FieldOutOfPlace { message: self.name }),
            }
        }
        Ok(())
    }
}

/// Reads a value of its own type as a field.
pub(super) fn nested<T: Asn1>(_: &'static str, element: Element<'_>) -> Result<T> {
    T::read(element)
}

/// `SEQUENCE OF`.
pub(super) fn list<'a, T>(
    read: impl Fn(&'static str, Element<'a>) -> Result<T>,
) -> impl FnOnce(&'static str, Element<'a>) -> Result<Vec<T>> {
    move |name, element| {
        if element.tag() != Tag::Sequence {
            return Err(unexpected(name, Tag::Sequence, element.tag()));
        }
        let mut reader = SliceReader::new(element.value()).map_err(bad(name))?;
        let mut items = Vec::new();
        while !reader.is_finished() {
            items.push(read(name, reader.decode().map_err(bad(name))?)?);
        }
        Ok(items)
    }
}

/// `Int32`.
pub(super) fn int32(name: &'static str, element: Element<'_>) -> Result<i32> {
    element.decode_as().map_err(bad(name))
}

/// `UInt32`. Peers that follow RFC 1510 send the upper half of the values as negative numbers.
pub(super) fn uint32(name: &'static str, element: Element<'_>) -> Result<u32> {
    let value: i64 = element.decode_as().map_err(bad(name))?;
    match (u32::try_from(value), i32::try_from(value)) {
        (Ok(value), _) => Ok(value),
        (_, Ok(value)) => Ok(value.cast_unsigned()),
        _ => Err(MessageError::OutOfRange { message: name, value }),
    }
}

/// `Microseconds`.
pub(super) fn microseconds(name: &'static str, element: Element<'_>) -> Result<u32> {
    match uint32(name, element)? {
        value @ 0..1_000_000 => Ok(value),
        value => Err(MessageError::OutOfRange { message: name, value: value.into() }),
    }
}

fn primitive<'a>(name: &'static str, tag: Tag, element: Element<'a>) -> Result<&'a [u8]> {
    if element.tag() == tag { Ok(element.value()) } else { Err(unexpected(name, tag, element.tag())) }
}

/// `OCTET STRING`.
pub(super) fn octets(name: &'static str, element: Element<'_>) -> Result<Vec<u8>> {
    octets_ref(name, element).map(<[u8]>::to_vec)
}

pub(super) fn octets_ref<'a>(name: &'static str, element: Element<'a>) -> Result<&'a [u8]> {
    primitive(name, Tag::OctetString, element)
}

/// `KerberosString`. The module promises ASCII, deployed names hold UTF-8 and older sets (RFC 4120 section 5.2.1).
pub(super) fn string<'a>(name: &'static str, element: Element<'a>) -> Result<&'a [u8]> {
    primitive(name, Tag::GeneralString, element)
}

/// `KerberosTime`: seconds since 1970.
pub(super) fn time(name: &'static str, element: Element<'_>) -> Result<u64> {
    let time: GeneralizedTime = element.decode_as().map_err(bad(name))?;
    Ok(time.to_unix_duration().as_secs())
}

/// `KerberosFlags`: the first 32 bits, bit 0 the highest. More may follow, fewer are not allowed (RFC 4120 section
/// 5.2.8).
pub(super) fn flags(name: &'static str, element: Element<'_>) -> Result<u32> {
    let bits: BitStringRef<'_> = element.decode_as().map_err(bad(name))?;
    // The library does not look at the bits that the last octet has too many.
    let unused = bits.raw_bytes().last().is_some_and(|last| last & !(0xff << bits.unused_bits()) != 0);
    if unused {
        return Err(bad(name)(Tag::BitString.non_canonical_error().into()));
    }
    match bits.raw_bytes().first_chunk() {
        Some(first) if bits.bit_len() >= 32 => Ok(u32::from_be_bytes(*first)),
        _ => Err(MessageError::ShortFlags { message: name, bits: bits.bit_len() }),
    }
}

/// An element to be written, with its length.
pub(super) struct Node<'a> {
    /// The field's tag around it.
    field: Option<Tag>,
    tag: Tag,
    length: der::Result<Length>,
    contents: Contents<'a>,
}

enum Contents<'a> {
    Integer(i64),
    Octets(&'a [u8]),
    Flags([u8; 5]),
    Time(der::Result<GeneralizedTime>),
    Nodes(Vec<Node<'a>>),
}

impl<'a> Node<'a> {
    fn new(tag: Tag, contents: Contents<'a>) -> Self {
        let length = match &contents {
            Contents::Integer(value) => value.value_len(),
            Contents::Octets(octets) => Length::try_from(octets.len()),
            Contents::Flags(flags) => Length::try_from(flags.len()),
            Contents::Time(time) => time.and_then(|time| time.value_len()),
            Contents::Nodes(nodes) => nodes.iter().try_fold(Length::ZERO, |sum, node| sum + node.encoded_len()?),
        };
        Self { field: None, tag, length, contents }
    }

    pub(super) fn integer(value: impl Into<i64>) -> Self {
        Self::new(Tag::Integer, Contents::Integer(value.into()))
    }

    pub(super) fn octets(octets: &'a [u8]) -> Self {
        Self::new(Tag::OctetString, Contents::Octets(octets))
    }

    pub(super) fn string(octets: &'a [u8]) -> Self {
        Self::new(Tag::GeneralString, Contents::Octets(octets))
    }

    pub(super) fn time(seconds: u64) -> Self {
        let time = GeneralizedTime::from_unix_duration(Duration::from_secs(seconds));
        Self::new(Tag::GeneralizedTime, Contents::Time(time))
    }

    pub(super) fn flags(flags: u32) -> Self {
        let [a, b, c, d] = flags.to_be_bytes();
        // The first octet counts the unused bits.
        Self::new(Tag::BitString, Contents::Flags([0, a, b, c, d]))
    }

    /// Microseconds. Beyond a second they have no length, so that nothing gets written.
    pub(super) fn microseconds(micros: u32) -> Self {
        let mut node = Self::integer(micros);
        if micros >= 1_000_000 {
            node.length = Err(Tag::Integer.value_error().into());
        }
        node
    }

    pub(super) fn list(nodes: impl IntoIterator<Item = Node<'a>>) -> Self {
        Self::new(Tag::Sequence, Contents::Nodes(nodes.into_iter().collect()))
    }

    /// A sequence of numbered fields; those that are `None` are left out.
    pub(super) fn sequence<const N: usize>(fields: [(u32, Option<Node<'a>>); N]) -> Self {
        let mut nodes = Vec::with_capacity(N);
        nodes.extend(fields.into_iter().filter_map(|(number, node)| {
            let mut node = node?;
            node.field = Some(context_tag(number));
            Some(node)
        }));
        Self::new(Tag::Sequence, Contents::Nodes(nodes))
    }

    pub(super) fn application<const N: usize>(number: u32, fields: [(u32, Option<Node<'a>>); N]) -> Self {
        Self::new(application_tag(number), Contents::Nodes(vec![Self::sequence(fields)]))
    }

    /// Without the field's tag.
    fn inner_len(&self) -> der::Result<Length> {
        self.length?.for_tlv(self.tag)
    }
}

impl Encode for Node<'_> {
    fn encoded_len(&self) -> der::Result<Length> {
        let inner = self.inner_len()?;
        self.field.map_or(Ok(inner), |field| inner.for_tlv(field))
    }

    fn encode(&self, writer: &mut impl Writer) -> der::Result<()> {
        if let Some(field) = self.field {
            Header::new(field, self.inner_len()?).encode(writer)?;
        }
        Header::new(self.tag, self.length?).encode(writer)?;
        match &self.contents {
            Contents::Integer(value) => value.encode_value(writer),
            Contents::Octets(octets) => writer.write(octets),
            Contents::Flags(flags) => writer.write(flags),
            Contents::Time(time) => (*time)?.encode_value(writer),
            Contents::Nodes(nodes) => nodes.iter().try_for_each(|node| node.encode(writer)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::messages::EncryptedData;

    fn read(bytes: &[u8]) -> Result<EncryptedData> {
        decode(bytes)
    }

    const GOOD: &[u8] = &[0x30, 10, 0xa0, 3, 2, 1, 18, 0xa2, 3, 4, 1, 7];

    #[test]
    fn one_value_has_one_form() {
        assert_eq!(encode(&read(GOOD).unwrap()).unwrap().as_slice(), GOOD);
        for (defect, bytes) in [
            ("length in two bytes", &[0x30, 0x81, 10, 0xa0, 3, 2, 1, 18, 0xa2, 3, 4, 1, 7][..]),
            ("indefinite length", &[0x30, 0x80, 0xa0, 3, 2, 1, 18, 0xa2, 3, 4, 1, 7, 0, 0]),
            ("a byte after the end", &[0x30, 10, 0xa0, 3, 2, 1, 18, 0xa2, 3, 4, 1, 7, 0]),
            ("something else in the field", &[0x30, 12, 0xa0, 5, 2, 1, 18, 5, 0, 0xa2, 3, 4, 1, 7]),
            ("an empty field", &[0x30, 7, 0xa0, 0, 0xa2, 3, 4, 1, 7]),
            ("integer of two bytes", &[0x30, 11, 0xa0, 4, 2, 2, 0, 18, 0xa2, 3, 4, 1, 7]),
            ("integer of no byte", &[0x30, 9, 0xa0, 2, 2, 0, 0xa2, 3, 4, 1, 7]),
            ("constructed string", &[0x30, 12, 0xa0, 3, 2, 1, 18, 0xa2, 5, 0x24, 3, 4, 1, 7]),
            ("tag in two bytes", &[0x30, 11, 0xbf, 0, 3, 2, 1, 18, 0xa2, 3, 4, 1, 7]),
            ("primitive field", &[0x30, 10, 0x80, 3, 2, 1, 18, 0xa2, 3, 4, 1, 7]),
            ("fields in the wrong order", &[0x30, 10, 0xa2, 3, 4, 1, 7, 0xa0, 3, 2, 1, 18]),
            ("the same field twice", &[0x30, 15, 0xa0, 3, 2, 1, 18, 0xa2, 3, 4, 1, 7, 0xa2, 3, 4, 1, 7]),
            ("shorter than it says", &GOOD[..11]),
            ("nothing", &[]),
        ] {
            assert!(read(bytes).is_err(), "{defect}");
        }
    }

    #[test]
    fn fields_of_a_later_time_are_passed_over() {
        let later = [0x30, 15, 0xa0, 3, 2, 1, 18, 0xa2, 3, 4, 1, 7, 0xa3, 3, 4, 1, 7];
        assert_eq!(read(&later).unwrap(), read(GOOD).unwrap());
        let mut twice = later.to_vec();
        twice[1] = 20;
        twice.extend([0xa3, 3, 4, 1, 7]);
        assert_eq!(read(&twice), Err(MessageError::FieldOutOfPlace { message: "EncryptedData" }));
    }

    #[test]
    fn missing_fields_are_named() {
        let error = read(&[0x30, 5, 0xa0, 3, 2, 1, 18]).unwrap_err();
        assert_eq!(error, MessageError::Missing { message: "EncryptedData", field: "cipher" });
        assert_eq!(error.to_string(), "EncryptedData has no cipher");
    }

    #[test]
    fn unsigned_numbers_come_in_two_spellings() {
        let kvno = |integer: &[u8]| {
            let mut bytes = vec![0x30, 0, 0xa0, 3, 2, 1, 18, 0xa1, integer.len() as u8];
            bytes.extend_from_slice(integer);
            bytes.extend([0xa2, 3, 4, 1, 7]);
            bytes[1] = bytes.len() as u8 - 2;
            read(&bytes).map(|data| data.kvno)
        };
        assert_eq!(kvno(&[2, 5, 0, 0xff, 0xff, 0xff, 0xff]), Ok(Some(u32::MAX)));
        assert_eq!(kvno(&[2, 1, 0xff]), Ok(Some(u32::MAX)));
        assert_eq!(kvno(&[2, 4, 0x80, 0, 0, 0]), Ok(Some(1 << 31)));
        assert!(matches!(kvno(&[2, 5, 1, 0, 0, 0, 0]), Err(MessageError::OutOfRange { value: 0x1_0000_0000, .. })));
        assert!(matches!(kvno(&[2, 5, 0xff, 0, 0, 0, 0]), Err(MessageError::OutOfRange { .. })));
    }

    #[test]
    fn flags_are_at_least_32_bits() {
        let read = |bytes: &[u8]| flags("flags", whole("flags", bytes)?);
        assert_eq!(read(&[3, 5, 0, 0x40, 0x81, 0, 1]), Ok(0x4081_0001));
        assert_eq!(read(&[3, 6, 4, 0x40, 0x81, 0, 1, 0xf0]), Ok(0x4081_0001), "more");
        assert_eq!(read(&[3, 2, 6, 0x40]), Err(MessageError::ShortFlags { message: "flags", bits: 2 }));
        assert_eq!(read(&[3, 5, 1, 0x40, 0, 0, 0]), Err(MessageError::ShortFlags { message: "flags", bits: 31 }));
        assert!(read(&[3, 6, 4, 0x40, 0x81, 0, 1, 0xf1]).is_err(), "unused bits are zero");
        assert!(read(&[3, 1, 0]).is_err());
        assert!(read(&[3, 0]).is_err());
    }

    #[test]
    fn times_are_in_utc_to_the_second() {
        let read = |text: &str| {
            let mut bytes = vec![0x18, text.len() as u8];
            bytes.extend_from_slice(text.as_bytes());
            let read = time("time", whole("time", &bytes)?)?;
            assert_eq!(encode_node("time", &Node::time(read))?.as_slice(), bytes);
            Ok::<_, MessageError>(read)
        };
        assert_eq!(read("19700101000000Z"), Ok(0));
        assert_eq!(read("20260228235959Z"), Ok(1_772_323_199));
        assert_eq!(read("99991231235959Z"), Ok(253_402_300_799));
        assert!(encode_node("time", &Node::time(253_402_300_800)).is_err());
        for defect in
            ["20260229000000Z", "20261301000000Z", "20260101000000", "20260101000000.5Z", "20260101000000+0100", "2026"]
        {
            assert!(read(defect).is_err(), "{defect}");
        }
    }
}
