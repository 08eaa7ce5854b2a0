//! Per-message tokens against MIT's library (Debian: libkrb5-dev). A context of MIT's is established, both sides in one
//! process; then ours takes the place of one of them, with the same keys and numbers, and talks to the other.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod mit_context;

use gss_mech_krb5_sim::crypto::Enctype;
use gss_mech_krb5_sim::permessage::{Protection, Role};
use gss_plugin::{Iov, IovKind, IovResult, Major, MessageInfo, PrfKey};
use mit_context::{Mit, bytes, conf, hex, info, text, written};

/// A few sizes for where not every one has to be tried.
const SIZES: [usize; 8] = [0, 1, 15, 16, 17, 64, 300, 70_000];

const EITHER: [Role; 2] = [Role::Initiator, Role::Acceptor];

/// Every type, without and with an acceptor's subkey, of the same type and of another.
fn contexts() -> impl Iterator<Item = Mit> {
    let alone = Enctype::ALL.into_iter().map(|enctype| Mit::start(enctype, &[enctype], &[]));
    let subkey = Enctype::ALL.into_iter().map(|enctype| Mit::start(enctype, &[enctype], &["mutual"]));
    let mixed = [(17, 20), (20, 18)].into_iter().map(|types| {
        let [session, preferred] = [types.0, types.1].map(|number| Enctype::from_number(number).unwrap());
        let mit = Mit::start(session, &[preferred, session], &["mutual"]);
        assert_eq!(mit.ours(Role::Initiator).key().enctype(), preferred);
        mit
    });
    alone.chain(subkey).chain(mixed)
}

#[test]
fn tokens_of_all_sizes_are_understood_both_ways() {
    for mit in contexts() {
        for role in EITHER {
            let (ours, theirs) = (mit.ours(role), role.peer());
            for size in (0..=300).chain([65_536, 70_000]) {
                let message = text(size);
                for confidential in [true, false] {
                    let told = MessageInfo { confidential, qop: 0, supplementary: Major::COMPLETE };
                    let token = mit.bytes("wrap", theirs, &[conf(confidential), hex(&message)]);
                    assert_eq!(written(|out| ours.unwrap(&token, out)), (message.clone(), Ok(told)));
                    let (token, _) = written(|out| ours.wrap(confidential, 0, &message, out).unwrap());
                    assert_eq!(mit.message("unwrap", theirs, &[hex(&token)]), Ok((message.clone(), told)));
                }
                let told = MessageInfo::default();
                let mic = mit.bytes("mic", theirs, &[hex(&message)]);
                assert_eq!(ours.verify_mic(&message, &mic), Ok(told));
                let (mic, _) = written(|out| ours.get_mic(0, &message, out).unwrap());
                assert_eq!(mit.message("verify", theirs, &[hex(&message), hex(&mic)]), Ok((Vec::new(), told)));
            }
        }
    }
}

#[test]
fn tokens_without_secrets_are_the_same_byte_for_byte() {
    for mit in contexts() {
        for role in EITHER {
            let ours = mit.ours(role);
            for size in SIZES {
                let (token, _) = written(|out| ours.wrap(false, 0, &text(size), out).unwrap());
                assert_eq!(token, mit.bytes("wrap", role, &[conf(false), hex(&text(size))]));
                let (mic, _) = written(|out| ours.get_mic(0, &text(size), out).unwrap());
                assert_eq!(mic, mit.bytes("mic", role, &[hex(&text(size))]));
                let (token, _) = written(|out| ours.wrap(true, 0, &text(size), out).unwrap());
                let theirs = mit.bytes("wrap", role, &[conf(true), hex(&text(size))]);
                assert_eq!((token.len(), &token[..16]), (theirs.len(), &theirs[..16]));
            }
            for limit in (0..200).chain([1000, 65_536, u32::MAX]) {
                for confidential in [true, false] {
                    let theirs = mit.ask("limit", role, &[conf(confidential), limit.to_string()]).unwrap();
                    let ours = ours.wrap_size_limit(confidential, 0, limit).unwrap();
                    assert_eq!(theirs[0], ours.to_string(), "{limit} {confidential}");
                }
            }
        }
    }
}

#[test]
fn pseudo_random_output_is_the_same() {
    for mit in contexts() {
        for role in EITHER {
            for (key, name) in [(PrfKey::Full, "full"), (PrfKey::Partial, "partial")] {
                for (length, seed) in [(1, 0), (16, 5), (48, 64), (49, 1), (500, 300)] {
                    let (random, told) = written(|out| mit.ours(role).pseudo_random(key, &text(seed), length, out));
                    told.unwrap();
                    assert_eq!(
                        random,
                        mit.bytes("prf", role, &[name.to_owned(), length.to_string(), hex(&text(seed))])
                    );
                }
            }
        }
    }
}

#[test]
fn the_same_is_said_of_replays_gaps_and_late_messages() {
    for enctype in [Enctype::Aes256Sha1, Enctype::Aes128Sha256] {
        let mit = Mit::start(enctype, &[enctype], &["mutual"]);
        for role in EITHER {
            // A second one of ours makes the same messages for MIT's as MIT's peer makes for ours.
            let (ours, maker) = (mit.ours(role), mit.ours(role.peer()));
            let tokens: Vec<_> =
                (0..150).map(|at| written(|out| maker.wrap(at % 2 == 0, 0, &[at], out).unwrap()).0).collect();
            for at in [0, 0, 2, 1, 1, 3, 70, 7, 6, 71, 149, 148, 148, 86, 85] {
                let theirs = mit.message("unwrap", role, &[hex(&tokens[at])]).unwrap();
                let (message, told) = written(|out| ours.unwrap(&tokens[at], out));
                let mut told = told.unwrap();
                // RFC 2743 section 1.2.3 has OLD_TOKEN where replays cannot be told; MIT says it only to those who did
                // not ask for the sequence.
                if told.supplementary == Major::OLD_TOKEN {
                    told.supplementary = Major::UNSEQ_TOKEN;
                }
                assert_eq!((message, told), theirs, "message {at}");
            }
        }
    }
}

#[test]
fn what_one_refuses_the_other_refuses() {
    for enctype in Enctype::ALL {
        let mit = Mit::start(enctype, &[enctype], &["mutual"]);
        let (ours, maker) = (mit.ours(Role::Acceptor), mit.ours(Role::Initiator));
        for confidential in [true, false] {
            let (token, _) = written(|out| maker.wrap(confidential, 0, b"a message", out).unwrap());
            let (mic, _) = written(|out| maker.get_mic(0, b"a message", out).unwrap());
            for at in 0..token.len() {
                let mut altered = token.clone();
                altered[at] ^= 0x55;
                let theirs = mit.message("unwrap", Role::Acceptor, &[hex(&altered)]);
                let (_, told) = written(|out| ours.unwrap(&altered, out));
                assert!(theirs.is_err() && told.is_err(), "{enctype} byte {at}: {theirs:?} {told:?}");
            }
            for at in 0..mic.len() {
                let mut altered = mic.clone();
                altered[at] ^= 0x55;
                assert!(mit.message("verify", Role::Acceptor, &[hex(b"a message"), hex(&altered)]).is_err());
                assert!(ours.verify_mic(b"a message", &altered).is_err());
            }
            let reflected = mit.message("unwrap", Role::Initiator, &[hex(&token)]);
            assert_eq!(reflected, Err(Major::BAD_MIC));
            assert_eq!(written(|out| maker.unwrap(&token, out)).1.unwrap_err().major(), Major::BAD_MIC);
            // After that the true ones.
            assert!(mit.message("unwrap", Role::Acceptor, &[hex(&token)]).is_ok());
            assert!(written(|out| ours.unwrap(&token, out)).1.is_ok());
        }
    }
}

/// Kinds as the C program names them, and lengths.
const SHAPES: &[&[(char, usize)]] = &[
    &[('d', 0)],
    &[('d', 5)],
    &[('d', 16), ('d', 1), ('d', 300)],
    &[('s', 24), ('d', 64), ('s', 8)],
    &[('d', 7), ('s', 3), ('d', 0), ('s', 0), ('d', 5000)],
    &[('s', 40)],
    &[('s', 24), ('d', 70_000)],
];

type Pieces = Vec<(char, Vec<u8>)>;

fn plain(shape: &[(char, usize)]) -> Pieces {
    shape.iter().map(|(kind, len)| (*kind, text(*len))).collect()
}

fn words(pieces: &Pieces) -> Vec<String> {
    pieces.iter().map(|(kind, bytes)| format!("{kind}{}", hex(bytes))).collect()
}

fn framed(pieces: &Pieces, trailer: bool) -> Pieces {
    let end: &[char] = if trailer { &['p', 't'] } else { &[] };
    let frame = |kinds: &[char]| kinds.iter().map(|kind| (*kind, Vec::new())).collect::<Pieces>();
    [frame(&['h']), pieces.clone(), frame(end)].concat()
}

fn kind(letter: char) -> IovKind {
    match letter {
        'h' => IovKind::Header,
        't' => IovKind::Trailer,
        'p' => IovKind::Padding,
        's' => IovKind::SignOnly,
        'm' => IovKind::MicToken,
        'w' => IovKind::Stream,
        _ => IovKind::Data,
    }
}

/// Calls ours with the pieces; what is to be made has no bytes. Puts the results in their places.
fn with<T>(pieces: &mut Pieces, make: bool, call: impl FnOnce(&mut [Iov<'_>]) -> T) -> T {
    let mut iov: Vec<_> = pieces.iter_mut().map(|(letter, bytes)| Iov::new(kind(*letter), bytes)).collect();
    for element in iov.iter_mut().filter(|element| !matches!(element.kind, IovKind::Data | IovKind::SignOnly)) {
        element.allocate = make;
    }
    let told = call(&mut iov);
    let stream: Vec<u8> = iov.iter().filter(|e| e.kind == IovKind::Stream).flat_map(|e| e.buffer.to_vec()).collect();
    let results: Vec<_> = iov.into_iter().map(|element| element.result).collect();
    for ((_, bytes), result) in pieces.iter_mut().zip(results) {
        match result {
            IovResult::InPlace => {}
            IovResult::Length(length) => bytes.truncate(length),
            IovResult::Allocated(made) => *bytes = made,
            IovResult::InStream(range) => *bytes = stream[range].to_vec(),
        }
    }
    told
}

#[test]
fn messages_in_pieces_are_understood_both_ways() {
    for options in [&["mutual"][..], &["mutual", "dce"]] {
        for enctype in Enctype::ALL {
            let mit = Mit::start(enctype, &[enctype], options);
            for role in EITHER {
                let (ours, theirs) = (mit.ours(role), role.peer());
                for shape in SHAPES {
                    for (confidential, trailer) in [(true, true), (true, false), (false, true), (false, false)] {
                        let plain = plain(shape);
                        let frame = framed(&plain, trailer);
                        let has_data = shape.iter().any(|(kind, _)| *kind == 'd');
                        let info = MessageInfo {
                            confidential: confidential && has_data,
                            qop: 0,
                            supplementary: Major::COMPLETE,
                        };
                        let data = |pieces: &Pieces| -> Pieces {
                            pieces.iter().filter(|(kind, _)| "ds".contains(*kind)).cloned().collect()
                        };
                        let what = format!("{enctype} {options:?} {shape:?} {confidential} {trailer}");

                        let answer =
                            mit.ask("wrapi", theirs, &[&[conf(confidential)][..], &words(&frame)].concat()).unwrap();
                        assert_eq!(answer[0], conf(info.confidential));
                        let mut token: Pieces =
                            frame.iter().zip(&answer[1..]).map(|((kind, _), word)| (*kind, bytes(word))).collect();
                        let lengths = |pieces: &Pieces| pieces.iter().map(|(_, bytes)| bytes.len()).collect::<Vec<_>>();
                        let (theirs_long, their_header) = (lengths(&token), token[0].1.clone());
                        assert_eq!(with(&mut token, false, |iov| ours.unwrap_iov(iov)), Ok(info), "{what}");
                        assert_eq!(data(&token), plain, "{what}");

                        let mut token = frame.clone();
                        let told = with(&mut token, true, |iov| ours.wrap_iov(confidential, 0, iov));
                        assert_eq!(told, Ok(info.confidential), "{what}");
                        assert_eq!((lengths(&token), &token[0].1[3..8]), (theirs_long, &their_header[3..8]), "{what}");
                        let answer = mit.ask("unwrapi", theirs, &words(&token)).expect(&what);
                        let opened: Pieces =
                            token.iter().zip(&answer[2..]).map(|((kind, _), word)| (*kind, bytes(word))).collect();
                        assert_eq!(data(&opened), plain, "{what}");
                        assert_eq!(answer[1], conf(info.confidential));
                    }
                    mics_in_pieces(&mit, &ours, theirs, &plain(shape));
                }
            }
        }
    }
}

fn mics_in_pieces(mit: &Mit, ours: &Protection, theirs: Role, plain: &Pieces) {
    let with_mic = |mic: Vec<u8>| [plain.clone(), vec![('m', mic)]].concat();
    let answer = mit.ask("mici", theirs, &words(&with_mic(Vec::new()))).unwrap();
    let mut pieces = with_mic(bytes(answer.last().unwrap()));
    assert_eq!(with(&mut pieces, false, |iov| ours.verify_mic_iov(iov)), Ok(MessageInfo::default()));
    let mut pieces = with_mic(Vec::new());
    with(&mut pieces, true, |iov| ours.get_mic_iov(0, iov)).unwrap();
    assert_eq!(mit.ask("verifyi", theirs, &words(&pieces)), Ok(vec!["0".to_owned()]));
}

#[test]
fn whole_tokens_in_pieces_and_associated_data_are_understood_both_ways() {
    for enctype in Enctype::ALL {
        let mit = Mit::start(enctype, &[enctype], &["mutual"]);
        for role in EITHER {
            let (ours, theirs) = (mit.ours(role), role.peer());
            for (size, signed) in [(0, 1), (1, 16), (100, 20), (70_000, 64), (17, 0)] {
                for confidential in [true, false] {
                    let (message, associated) = (text(size), text(signed));
                    let told = MessageInfo { confidential, qop: 0, supplementary: Major::COMPLETE };
                    let token = mit.bytes("wrapa", theirs, &[conf(confidential), hex(&associated), hex(&message)]);
                    let (opened, verified) = written(|out| ours.unwrap_aead(&token, &associated, out));
                    assert_eq!((opened, verified), (message.clone(), Ok(told)));
                    let (token, _) =
                        written(|out| ours.wrap_aead(confidential, 0, &associated, &message, out).unwrap());
                    let answer = mit.message("unwrapa", theirs, &[hex(&associated), hex(&token)]);
                    assert_eq!(answer, Ok((message.clone(), told)));

                    // The same as pieces, from tokens that MIT's made with the header alone, and which are so rotated.
                    let frame = framed(&vec![('s', associated.clone()), ('d', message.clone())], false);
                    let answer = mit.ask("wrapi", theirs, &[&[conf(confidential)][..], &words(&frame)].concat());
                    let answer = answer.unwrap();
                    let whole = [bytes(&answer[1]), bytes(&answer[3])].concat();
                    let mut stream = vec![('w', whole), ('s', associated.clone()), ('d', Vec::new())];
                    assert_eq!(with(&mut stream, false, |iov| ours.unwrap_iov(iov)), Ok(told));
                    assert_eq!(stream[2].1, message);

                    let mut token = frame;
                    with(&mut token, true, |iov| ours.wrap_iov(confidential, 0, iov)).unwrap();
                    let whole = [token[0].1.clone(), token[2].1.clone()].concat();
                    let stream = vec![('w', whole), ('s', associated), ('d', Vec::new())];
                    let answer = mit.ask("unwrapi", theirs, &words(&stream)).unwrap();
                    assert_eq!((info(&answer), bytes(&answer[4])), (told, message));
                }
            }
        }
    }
}
