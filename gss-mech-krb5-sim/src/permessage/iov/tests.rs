use super::*;
use crate::crypto::Enctype;
use crate::permessage::testing::{FIRST, mic, pair, pair_with, text, twin, unwrap, wrap, written};
use gss_plugin::{Flags, Major};

const DCE: Flags = Flags(Flags::REPLAY.0 | Flags::SEQUENCE.0 | Flags::DCE_STYLE.0);
const PLAIN: Flags = Flags(Flags::REPLAY.0 | Flags::SEQUENCE.0);

/// Kinds and lengths of the pieces between header and trailer: data, or only signed.
const SHAPES: &[&[(IovKind, usize)]] = &[
    &[(IovKind::Data, 0)],
    &[(IovKind::Data, 5)],
    &[(IovKind::Data, 16), (IovKind::Data, 1), (IovKind::Data, 300)],
    &[(IovKind::SignOnly, 24), (IovKind::Data, 64), (IovKind::SignOnly, 8)],
    &[(IovKind::Data, 7), (IovKind::SignOnly, 3), (IovKind::Data, 0), (IovKind::SignOnly, 0), (IovKind::Data, 5000)],
];

/// A message in pieces that owns its bytes, since elements only borrow them.
#[derive(Clone, Debug, PartialEq)]
struct Pieces(Vec<(IovKind, Vec<u8>)>);

impl Pieces {
    fn plain(shape: &[(IovKind, usize)]) -> Self {
        Self(shape.iter().enumerate().map(|(at, (kind, len))| (*kind, text(*len, at as u8))).collect())
    }

    fn of(&self, wanted: IovKind) -> Vec<u8> {
        self.0.iter().filter(|(kind, _)| *kind == wanted).flat_map(|(_, bytes)| bytes.clone()).collect()
    }

    fn lend<T>(&mut self, call: impl FnOnce(&mut [Iov<'_>]) -> T) -> T {
        let mut iov: Vec<_> = self.0.iter_mut().map(|(kind, bytes)| Iov::new(*kind, bytes)).collect();
        call(&mut iov)
    }

    /// With header, padding and, where wanted, a trailer, all allocated or all in rooms of the right lengths.
    fn wrap(&self, side: &Protection, confidential: bool, trailer: bool, allocate: bool) -> (bool, Self) {
        let mut framed = vec![(IovKind::Header, vec![0; 100])];
        framed.extend(self.0.clone());
        framed.push((IovKind::Padding, vec![0; 20]));
        framed.extend(trailer.then(|| (IovKind::Trailer, vec![0; 100])));
        let mut framed = Self(framed);
        framed.lend(|iov| {
            let expected = side.wrap_iov_length(confidential, 0, iov).unwrap();
            let lengths: Vec<_> = iov.iter().map(|element| element.result.clone()).collect();
            for element in iov.iter_mut().filter(|element| element.result != IovResult::InPlace) {
                element.allocate = allocate;
                let IovResult::Length(length) = element.result else { panic!("a length") };
                if !allocate {
                    element.buffer = &mut std::mem::take(&mut element.buffer)[..length];
                }
            }
            let confidential = side.wrap_iov(confidential, 0, iov).unwrap();
            assert_eq!(confidential, expected);
            for (element, length) in iov.iter().zip(lengths) {
                let made = element.bytes().unwrap().len();
                assert!(length == IovResult::InPlace || length == IovResult::Length(made), "{length:?} {made}");
            }
            (confidential, Self(iov.iter().map(|element| (element.kind, element.bytes().unwrap().to_vec())).collect()))
        })
    }

    /// All of it that is sent, as one token.
    fn joined(&self) -> Vec<u8> {
        let sent = self.0.iter().filter(|(kind, _)| *kind != IovKind::SignOnly);
        sent.flat_map(|(_, bytes)| bytes.clone()).collect()
    }

    fn unwrap(&mut self, side: &Protection) -> Result<MessageInfo> {
        self.lend(|iov| side.unwrap_iov(iov))
    }
}

fn each(call: impl Fn(Enctype, Flags, bool, bool)) {
    for enctype in Enctype::ALL {
        for flags in [PLAIN, DCE] {
            for (confidential, trailer) in [(true, true), (true, false), (false, true), (false, false)] {
                call(enctype, flags, confidential, trailer);
            }
        }
    }
}

#[test]
fn messages_in_pieces_arrive_in_pieces_and_whole() {
    each(|enctype, flags, confidential, trailer| {
        let (initiator, acceptor) = pair_with(enctype, true, flags);
        for shape in SHAPES {
            let plain = Pieces::plain(shape);
            for (from, to) in [(&initiator, &acceptor), (&acceptor, &initiator)] {
                for allocate in [false, true] {
                    let (encrypted, mut framed) = plain.wrap(from, confidential, trailer, allocate);
                    assert_eq!(encrypted, confidential);
                    assert_eq!(
                        framed.of(IovKind::Data) != plain.of(IovKind::Data),
                        encrypted && !plain.of(IovKind::Data).is_empty()
                    );
                    let (token, joined) = (framed.clone(), framed.joined());

                    // Whole, as a stream: one element of data between what is only signed, if it was so.
                    let first_data = shape.iter().position(|(kind, _)| *kind == IovKind::Data).unwrap();
                    if shape.iter().filter(|(kind, _)| *kind == IovKind::Data).count() == 1 {
                        let mut elements = plain.0.clone();
                        elements[first_data].1.clear();
                        elements.push((IovKind::Stream, joined.clone()));
                        Pieces(elements).lend(|iov| {
                            let info = twin(to).unwrap_iov(iov).unwrap();
                            assert_eq!((info.confidential, info.supplementary), (encrypted, Major::COMPLETE));
                            let IovResult::InStream(range) = iov[first_data].result.clone() else { panic!("a range") };
                            assert_eq!(iov.last().unwrap().buffer[range], plain.of(IovKind::Data));
                        });
                    }
                    // Whole, where nothing is only signed.
                    if plain.of(IovKind::SignOnly).is_empty() {
                        assert_eq!(
                            unwrap(&twin(to), &joined).unwrap().0,
                            plain.of(IovKind::Data),
                            "{enctype} {flags:?}"
                        );
                    }

                    let info = framed.unwrap(to).unwrap();
                    assert_eq!((info.confidential, info.supplementary), (encrypted, Major::COMPLETE));
                    assert_eq!(framed.of(IovKind::Data), plain.of(IovKind::Data));
                    let again = token.clone().unwrap(to).unwrap();
                    assert_eq!(again.supplementary, Major::DUPLICATE_TOKEN);
                }
            }
        }
    });
}

#[test]
fn headers_without_a_trailer_are_those_that_windows_makes() {
    // MS-KILE section 3.4.5.4.1: EC 16, RRC 28 encrypted and 12 not.
    let counts = |flags, confidential, trailer| {
        let (initiator, _) = pair_with(Enctype::Aes256Sha1, true, flags);
        let (_, framed) = Pieces::plain(SHAPES[1]).wrap(&initiator, confidential, trailer, true);
        let header = framed.of(IovKind::Header);
        (header[5], header[7], header.len())
    };
    assert_eq!(counts(DCE, true, false), (16, 28, 76));
    assert_eq!(counts(DCE, false, false), (12, 12, 28));
    assert_eq!(counts(DCE, true, true), (16, 0, 32));
    assert_eq!(counts(PLAIN, true, false), (0, 28, 60));
    assert_eq!(counts(PLAIN, false, false), (12, 12, 28));
    assert_eq!(counts(PLAIN, true, true), (0, 0, 32));
    assert_eq!(counts(PLAIN, false, true), (12, 0, 16));
}

#[test]
fn pieces_make_the_token_that_the_whole_makes() {
    for enctype in Enctype::ALL {
        let (initiator, acceptor) = pair(enctype);
        for shape in &SHAPES[..3] {
            let plain = Pieces::plain(shape);
            let message = plain.of(IovKind::Data);
            let whole = wrap(&twin(&initiator), false, &message);
            assert_eq!(plain.wrap(&twin(&initiator), false, true, true).1.joined(), whole);
            // What is encrypted differs by the confounder; here the whole one is cut up, not as it was made.
            for confidential in [true, false] {
                let token = wrap(&initiator, confidential, &message);
                let (front, tail) = if confidential { (32, 16 + enctype.mac_len()) } else { (16, enctype.mac_len()) };
                let (rest, trailer) = token.split_at(token.len() - tail);
                let (header, data) = rest.split_at(front);
                let (one, two) = data.split_at(data.len() / 3);
                let kinds = [IovKind::Trailer, IovKind::Header, IovKind::Data, IovKind::Data];
                let parts = [trailer, header, one, two].map(<[u8]>::to_vec);
                let mut cut = Pieces(kinds.into_iter().zip(parts).collect());
                assert_eq!(cut.unwrap(&acceptor).unwrap().supplementary, Major::COMPLETE);
                assert_eq!(cut.of(IovKind::Data), message);
            }
        }
    }
}

#[test]
fn a_message_without_data_is_only_signed() {
    let (initiator, acceptor) = pair(Enctype::Aes256Sha384);
    let plain = Pieces::plain(&[(IovKind::SignOnly, 40)]);
    let (confidential, mut framed) = plain.wrap(&initiator, true, true, false);
    assert!(!confidential);
    assert_eq!(framed.unwrap(&acceptor).map(|info| info.confidential), Ok(false));
}

#[test]
fn no_altered_byte_in_pieces_makes_another_message() {
    each(|enctype, flags, confidential, trailer| {
        let (initiator, acceptor) = pair_with(enctype, true, flags);
        let (_, framed) = Pieces::plain(SHAPES[3]).wrap(&initiator, confidential, trailer, true);
        for (piece, (_, bytes)) in framed.0.iter().enumerate() {
            for at in 0..bytes.len() {
                for change in [0x01, 0x80, 0xff] {
                    let mut altered = framed.clone();
                    altered.0[piece].1[at] ^= change;
                    let major = altered.unwrap(&acceptor).unwrap_err().major();
                    assert!(matches!(major, Major::BAD_MIC | Major::DEFECTIVE_TOKEN), "{enctype} {piece} {at} {major}");
                }
            }
            for cut in 0..bytes.len() {
                let mut short = framed.clone();
                short.0[piece].1.truncate(cut);
                assert!(short.unwrap(&acceptor).is_err(), "{enctype} {piece} cut to {cut}");
            }
        }
        assert_eq!(framed.clone().unwrap(&acceptor).unwrap().supplementary, Major::COMPLETE);
    });
}

#[test]
fn streams_are_opened_with_any_rotation_and_refused_when_altered() {
    for enctype in Enctype::ALL {
        for confidential in [true, false] {
            let (initiator, acceptor) = pair(enctype);
            let message = text(50, 1);
            let token = wrap(&initiator, confidential, &message);
            let stream = |token: &[u8], allocate: bool| {
                let mut token = token.to_vec();
                let mut iov = [Iov::new(IovKind::Stream, &mut token), Iov::new(IovKind::Data, &mut [])];
                iov[1].allocate = allocate;
                twin(&acceptor).unwrap_iov(&mut iov).map(|_| match &iov[1].result {
                    IovResult::InStream(range) => iov[0].buffer[range.clone()].to_vec(),
                    IovResult::Allocated(copy) => copy.clone(),
                    other => panic!("{other:?}"),
                })
            };
            for count in (0..=100u16).chain([65_535]) {
                let mut rotated = token.clone();
                let length = token.len() - HEADER;
                rotated[HEADER..].rotate_right(usize::from(count) % length);
                rotated[6..8].copy_from_slice(&count.to_be_bytes());
                assert_eq!(stream(&rotated, count % 2 == 0).as_ref(), Ok(&message), "{enctype} {count}");
            }
            for at in (0..token.len()).filter(|at| !(6..8).contains(at)) {
                let mut altered = token.clone();
                altered[at] ^= 0x41;
                assert!(stream(&altered, false).is_err(), "{enctype} byte {at}");
            }
            for length in 0..token.len() {
                assert!(stream(&token[..length], true).is_err());
            }
        }
    }
}

#[test]
fn impossible_layouts_fail_and_use_up_no_number() {
    use IovKind::{Data, Header, MicToken, SignOnly, Stream, Trailer};
    let (initiator, acceptor) = pair(Enctype::Aes128Sha1);
    let layouts: [&[IovKind]; 8] = [
        &[],
        &[Data],
        &[Header, Header, Data],
        &[Header, Data, Trailer, Trailer],
        &[Header, Stream, Data],
        &[Header, MicToken, Data],
        &[Stream, Data, Data],
        &[Stream, SignOnly],
    ];
    for kinds in layouts {
        let mut pieces = Pieces(kinds.iter().map(|kind| (*kind, vec![5; 100])).collect());
        for confidential in [true, false] {
            pieces.lend(|iov| {
                assert_eq!(initiator.wrap_iov(confidential, 0, iov), Err(PermessageError::Layout), "{kinds:?}");
                assert_eq!(initiator.wrap_iov_length(confidential, 0, iov), Err(PermessageError::Layout));
                assert_eq!(acceptor.unwrap_iov(iov), Err(PermessageError::Layout));
            });
        }
    }
    for kinds in [&[Data][..], &[Header, Data], &[MicToken, MicToken, Data]] {
        Pieces(kinds.iter().map(|kind| (*kind, vec![5; 100])).collect()).lend(|iov| {
            assert_eq!(initiator.get_mic_iov(0, iov), Err(PermessageError::Layout));
            assert_eq!(initiator.get_mic_iov_length(0, iov), Err(PermessageError::Layout));
            assert_eq!(acceptor.verify_mic_iov(iov), Err(PermessageError::Layout));
        });
    }
    for (header, trailer) in [(31, 28), (32, 27), (0, 28)] {
        let mut pieces = Pieces(vec![(Header, vec![0; header]), (Data, text(9, 1)), (Trailer, vec![0; trailer])]);
        let wrapped = pieces.lend(|iov| initiator.wrap_iov(true, 0, iov));
        assert_eq!((wrapped, pieces.of(Data)), (Err(PermessageError::Room), text(9, 1)), "untouched");
    }
    let mut pieces = Pieces(vec![(Data, text(9, 1)), (MicToken, vec![0; 27])]);
    assert_eq!(pieces.lend(|iov| initiator.get_mic_iov(0, iov)), Err(PermessageError::Room));
    for call in [Protection::wrap_iov, Protection::wrap_iov_length] {
        assert_eq!(pieces.lend(|iov| call(&initiator, true, 1, iov)), Err(PermessageError::Qop));
    }
    assert_eq!(initiator.parts().next_number, FIRST.0);
}

#[test]
fn pieces_that_do_not_fit_the_header_are_defective() {
    let (initiator, acceptor) = pair(Enctype::Aes256Sha1);
    let (_, framed) = Pieces::plain(SHAPES[1]).wrap(&initiator, true, true, true);
    let refused = |change: &dyn Fn(&mut Pieces)| {
        let mut changed = framed.clone();
        change(&mut changed);
        changed.unwrap(&acceptor).unwrap_err()
    };
    assert_eq!(refused(&|pieces| pieces.0[2].1.push(0)), PermessageError::Padding);
    assert_eq!(refused(&|pieces| pieces.0[0].1.push(0)), PermessageError::PieceLength);
    assert_eq!(refused(&|pieces| pieces.0[3].1.push(0)), PermessageError::PieceLength);
    assert_eq!(refused(&|pieces| drop(pieces.0.pop())), PermessageError::Rotation);
    assert_eq!(refused(&|pieces| pieces.0[0].1[7] = 28), PermessageError::Rotation);
    let (_, framed) = Pieces::plain(SHAPES[1]).wrap(&initiator, true, false, true);
    let mut changed = framed.clone();
    changed.0.push((IovKind::Trailer, Vec::new()));
    assert_eq!(changed.unwrap(&acceptor), Err(PermessageError::Rotation));
}

#[test]
fn data_in_pieces_that_was_not_verified_is_wiped() {
    for enctype in [Enctype::Aes256Sha1, Enctype::Aes128Sha256] {
        let (initiator, acceptor) = pair(enctype);
        let (_, framed) = Pieces::plain(SHAPES[2]).wrap(&initiator, true, true, true);
        let mut altered = framed.clone();
        altered.0[0].1[15] ^= 1;
        assert_eq!(altered.unwrap(&acceptor), Err(PermessageError::HeaderCopy));
        assert!(altered.of(IovKind::Data).iter().all(|byte| *byte == 0));
    }
}

#[test]
fn a_mic_over_pieces_is_that_of_the_whole() {
    for enctype in Enctype::ALL {
        let (initiator, acceptor) = pair(enctype);
        let length = HEADER + enctype.mac_len();
        for shape in SHAPES {
            let plain = Pieces::plain(shape);
            let message: Vec<u8> = plain.0.iter().flat_map(|(_, bytes)| bytes.clone()).collect();
            for allocate in [false, true] {
                let whole = mic(&twin(&initiator), &message);
                let mut pieces = plain.clone();
                pieces.0.insert(1, (IovKind::MicToken, vec![0; if allocate { 0 } else { length + 3 }]));
                let made = pieces.lend(|iov| {
                    iov[1].allocate = allocate;
                    initiator.get_mic_iov_length(0, iov).unwrap();
                    assert_eq!(iov[1].result, IovResult::Length(length));
                    initiator.get_mic_iov(0, iov).unwrap();
                    iov[1].bytes().unwrap().to_vec()
                });
                assert_eq!(made, whole);
                pieces.0[1].1 = made;
                assert_eq!(pieces.lend(|iov| acceptor.verify_mic_iov(iov)).unwrap().supplementary, Major::COMPLETE);
                assert_eq!(acceptor.verify_mic(&message, &whole).unwrap().supplementary, Major::DUPLICATE_TOKEN);
                pieces.0[1].1[20] ^= 1;
                assert_eq!(pieces.lend(|iov| acceptor.verify_mic_iov(iov)), Err(PermessageError::Checksum));
            }
        }
    }
}

#[test]
fn associated_data_is_a_piece_that_is_only_signed() {
    each(|enctype, flags, confidential, _| {
        let (initiator, acceptor) = pair_with(enctype, false, flags);
        let plain = Pieces::plain(&[(IovKind::SignOnly, 20), (IovKind::Data, 70)]);
        let (_, framed) = plain.wrap(&initiator, confidential, true, true);
        let open = |token: &[u8], side: &Protection| {
            written(|out| side.unwrap_aead(token, &text(20, 0), out).map(|_| ())).unwrap()
        };
        assert_eq!(open(&framed.joined(), &acceptor), text(70, 1));
        let token = written(|out| initiator.wrap_aead(confidential, 0, &text(20, 0), &text(70, 1), out).map(|_| ()));
        let mut pieces =
            Pieces(vec![(IovKind::SignOnly, text(20, 0)), (IovKind::Data, vec![]), (IovKind::Stream, token.unwrap())]);
        assert_eq!(pieces.unwrap(&acceptor).unwrap().supplementary, Major::COMPLETE);
    });
}
