use super::*;
use crate::crypto::{Enctype, Key};
use crate::permessage::header::ACCEPTOR_SUBKEY;
use crate::permessage::testing::{FIRST, mic, pair, pair_with, text, twin, unwrap, wrap, written};
use crate::permessage::{Parts, Role};
use crate::sequence::Window;
use gss_plugin::{Flags, Iov, IovKind, Major, PrfKey, Sink};
use proptest::prelude::*;
use std::collections::HashSet;

const BOTH: Flags = Flags(Flags::REPLAY.0 | Flags::SEQUENCE.0);

fn told(confidential: bool, supplementary: Major) -> MessageInfo {
    MessageInfo { confidential, qop: 0, supplementary }
}

/// A token's body rotated to the right, and the count in its header.
fn rotated(token: &[u8], count: u16) -> Vec<u8> {
    let mut token = token.to_vec();
    let body = &mut token[HEADER..];
    body.rotate_right(usize::from(count) % body.len());
    token[6..8].copy_from_slice(&count.to_be_bytes());
    token
}

/// An encrypted token with filler, and whatever extra count in the header.
fn with_filler(side: &Protection, message: &[u8], filler: usize, extra: u16) -> Vec<u8> {
    let flags = side.token_flags() | SEALED;
    let header = Header::wrap(flags, extra, side.take_number()).bytes();
    let usage = if side.role == Role::Initiator { 24 } else { 22 };
    let plain = [message, &text(filler, 9), &header].concat();
    [&header[..], &side.key().encrypt(usage, &plain).unwrap()].concat()
}

#[test]
fn messages_of_all_sizes_arrive_either_way_and_are_as_long_as_promised() {
    for enctype in Enctype::ALL {
        for subkey in [false, true] {
            let (initiator, acceptor) = pair_with(enctype, subkey, BOTH);
            for size in (0..=300).chain([65_536, 70_000]) {
                let message = text(size, 3);
                for (from, to) in [(&initiator, &acceptor), (&acceptor, &initiator)] {
                    for confidential in [true, false] {
                        let token = wrap(from, confidential, &message);
                        assert_eq!(unwrap(to, &token), Ok((message.clone(), told(confidential, Major::COMPLETE))));
                        let limit = |length| from.wrap_size_limit(confidential, 0, length as u32);
                        assert_eq!(limit(token.len()), Ok(size as u32));
                        assert_eq!(limit(token.len() + 1), Ok(size as u32 + 1));
                        assert_eq!(limit(token.len().saturating_sub(size + 1)), Ok(0));
                    }
                    let mic = mic(from, &message);
                    assert_eq!(mic.len(), HEADER + enctype.mac_len());
                    assert_eq!(to.verify_mic(&message, &mic), Ok(told(false, Major::COMPLETE)));
                }
            }
        }
    }
}

#[test]
fn headers_say_who_sent_what_under_which_key() {
    for (subkey, flag) in [(false, 0), (true, 4)] {
        let (initiator, acceptor) = pair_with(Enctype::Aes256Sha1, subkey, BOTH);
        let number = FIRST.0.to_be_bytes();
        let header = |rest: [u8; 8]| [&rest[..], &number].concat();
        assert_eq!(wrap(&twin(&initiator), true, b"m")[..HEADER], header([5, 4, 2 | flag, 0xff, 0, 0, 0, 0]));
        assert_eq!(wrap(&twin(&initiator), false, b"m")[..HEADER], header([5, 4, flag, 0xff, 0, 12, 0, 0]));
        assert_eq!(mic(&initiator, b"m")[..HEADER], header([4, 4, flag, 0xff, 0xff, 0xff, 0xff, 0xff]));
        assert_eq!(wrap(&acceptor, true, b"m")[2], 3 | flag);
        assert_eq!(mic(&acceptor, b"m")[2], 1 | flag);
    }
}

/// What MIT's library made, either side, in the order of the numbers.
#[test]
fn tokens_of_mit_are_opened_and_made_again() {
    let bytes = |hex: &str| -> Vec<u8> {
        let digits = if hex == "-" { "" } else { hex };
        (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect()
    };
    let file = include_str!("../../../tests/data/mit-permessage.hex");
    let blocks: Vec<_> = file.split("\n= ").skip(1).collect();
    assert_eq!(blocks.len(), 5);
    for block in blocks {
        let lines: Vec<Vec<&str>> = block.lines().skip(1).map(|line| line.split(' ').collect()).collect();
        let key = |name: &str| {
            let line = lines.iter().find(|line| line[0] == name)?;
            Some(Key::new(Enctype::from_number(line[1].parse().unwrap()).unwrap(), &bytes(line[2])).unwrap())
        };
        let [first, second] = [1, 2].map(|at| lines[0][at].parse().unwrap());
        let side = |role, next_number, expected| {
            let (key, acceptor_subkey, window) = (key("key").unwrap(), key("subkey"), Window::expecting(expected));
            Protection::new(Parts { role, flags: BOTH, key, acceptor_subkey, next_number, window })
        };
        let (initiator, acceptor) = (side(Role::Initiator, first, second), side(Role::Acceptor, second, first));
        let mut tokens = 0;
        for line in &lines {
            let (from, to) = if line[1] == "i" { (&initiator, &acceptor) } else { (&acceptor, &initiator) };
            let [.., message, token] = &line[..] else { panic!("{line:?}") };
            if !matches!(line[0], "wrap" | "mic") {
                continue;
            }
            let (message, token) = (bytes(message), bytes(token));
            if line[0] == "mic" {
                assert_eq!(to.verify_mic(&message, &token), Ok(told(false, Major::COMPLETE)));
                assert_eq!(mic(from, &message), token);
            } else {
                let confidential = line[2] == "1";
                assert_eq!(unwrap(to, &token), Ok((message.clone(), told(confidential, Major::COMPLETE))));
                let ours = wrap(from, confidential, &message);
                let fixed = if confidential { HEADER } else { token.len() };
                assert_eq!((ours.len(), &ours[..fixed]), (token.len(), &token[..fixed]));
            }
            tokens += 1;
        }
        assert_eq!(tokens, 24);
    }
}

/// Each byte is altered to three other values. What then still means the same is listed with the section that wants it.
#[test]
fn no_altered_byte_makes_another_message() {
    let message = text(33, 4);
    for enctype in Enctype::ALL {
        for confidential in [true, false] {
            let (initiator, acceptor) = pair(enctype);
            let token = wrap(&initiator, confidential, &message);
            for count in [0, 28, 300] {
                let token = rotated(&token, count);
                for at in 0..token.len() {
                    for change in [0x01, 0x80, 0xff] {
                        let mut altered = token.clone();
                        altered[at] ^= change;
                        let rotation = usize::from(u16::from_be_bytes([altered[6], altered[7]]));
                        let length = token.len() - HEADER;
                        // RFC 4121 section 4.2.5: the rotation counts modulo the length.
                        if rotation != usize::from(count) && rotation % length == usize::from(count) % length {
                            assert_eq!(unwrap(&twin(&acceptor), &altered), unwrap(&twin(&acceptor), &token));
                            continue;
                        }
                        let major = unwrap(&acceptor, &altered).unwrap_err().major();
                        let expected = match at {
                            0 | 1 | 3 => Major::DEFECTIVE_TOKEN,
                            _ if major == Major::DEFECTIVE_TOKEN => {
                                // The counts, and the flag that says what the counts mean.
                                assert!((2..8).contains(&at), "{enctype} byte {at}");
                                major
                            }
                            _ => Major::BAD_MIC,
                        };
                        assert_eq!(major, expected, "{enctype} byte {at}");
                    }
                }
            }
            for length in 0..token.len() {
                assert!(unwrap(&acceptor, &token[..length]).is_err(), "{enctype} {length} bytes");
            }
            assert_eq!(unwrap(&acceptor, &[&token[..], b"x"].concat()).unwrap_err().major(), Major::BAD_MIC);
            // After all of that the true one is still the first of its number.
            assert_eq!(unwrap(&acceptor, &token), Ok((message.clone(), told(confidential, Major::COMPLETE))));
        }
    }
}

#[test]
fn no_altered_byte_of_a_mic_or_its_message_passes() {
    let message = text(33, 4);
    for enctype in Enctype::ALL {
        let (initiator, acceptor) = pair(enctype);
        let mic = mic(&initiator, &message);
        for change in [0x01, 0x80, 0xff] {
            for at in 0..mic.len() {
                let mut altered = mic.clone();
                altered[at] ^= change;
                let expected = if matches!(at, 0 | 1 | 3..8) { Major::DEFECTIVE_TOKEN } else { Major::BAD_MIC };
                assert_eq!(acceptor.verify_mic(&message, &altered).unwrap_err().major(), expected, "byte {at}");
            }
            for at in 0..message.len() {
                let mut altered = message.clone();
                altered[at] ^= change;
                assert_eq!(acceptor.verify_mic(&altered, &mic), Err(PermessageError::Checksum));
            }
        }
        for length in 0..mic.len() {
            assert_eq!(acceptor.verify_mic(&message, &mic[..length]).unwrap_err().major(), Major::DEFECTIVE_TOKEN);
        }
        let longer = [&mic[..], b"x"].concat();
        assert_eq!(acceptor.verify_mic(&message, &longer), Err(PermessageError::PieceLength));
        assert_eq!(acceptor.verify_mic(&message, &mic), Ok(told(false, Major::COMPLETE)));
        assert_eq!(acceptor.verify_mic(&message, &mic), Ok(told(false, Major::DUPLICATE_TOKEN)));
    }
}

#[test]
fn tokens_with_any_rotation_are_opened() {
    for enctype in Enctype::ALL {
        for size in [0, 1, 20, 300] {
            let message = text(size, 5);
            for confidential in [true, false] {
                let (initiator, acceptor) = pair(enctype);
                let token = wrap(&initiator, confidential, &message);
                let length = (token.len() - HEADER) as u16;
                for count in (0..=100).chain([length - 1, length, length + 1, 3 * length + 7, 65_534, 65_535]) {
                    let told = unwrap(&twin(&acceptor), &rotated(&token, count));
                    assert_eq!(told.unwrap().0, message, "{enctype} {size} {count}");
                }
            }
        }
    }
}

#[test]
fn tokens_with_any_filler_are_opened() {
    for enctype in Enctype::ALL {
        let (initiator, acceptor) = pair(enctype);
        for filler in [0, 1, 15, 16, 17, 255, 65_535] {
            for size in [0, 1, 100] {
                let message = text(size, 6);
                let token = with_filler(&initiator, &message, filler, filler as u16);
                let token = rotated(&token, 28 + filler as u16 / 2);
                assert_eq!(unwrap(&acceptor, &token), Ok((message, told(true, Major::COMPLETE))), "{enctype} {filler}");
            }
        }
        // All of it, and one byte more than there is.
        assert_eq!(unwrap(&acceptor, &with_filler(&initiator, b"", 7, 7)).unwrap().0, b"");
        let token = with_filler(&initiator, b"1234567", 0, 8);
        assert_eq!(unwrap(&acceptor, &token), Err(PermessageError::Truncated));
        // The header that was encrypted has to be the one that was sent, the extra count included.
        let mut token = with_filler(&initiator, b"message", 0, 0);
        token[5] = 3;
        assert_eq!(unwrap(&acceptor, &token), Err(PermessageError::HeaderCopy));
    }
}

#[test]
fn reflected_strange_and_old_tokens_are_refused() {
    let (initiator, acceptor) = pair(Enctype::Aes128Sha256);
    let stranger = Protection::new(Parts { key: acceptor.key().clone(), acceptor_subkey: None, ..acceptor.parts() });
    let (_, other) = pair(Enctype::Aes128Sha1);
    for confidential in [true, false] {
        let token = wrap(&initiator, confidential, b"message");
        assert_eq!(unwrap(&initiator, &token), Err(PermessageError::Direction), "its own one");
        let mut turned = token.clone();
        turned[2] ^= 1;
        assert_eq!(unwrap(&initiator, &turned).unwrap_err().major(), Major::BAD_MIC, "its own one with the flag");
        assert!(unwrap(&other, &token).is_err(), "of another encryption type");
        assert_eq!(acceptor.verify_mic(b"message", &token), Err(PermessageError::TokenId));
        assert!(unwrap(&stranger, &token).is_ok(), "the flag for a subkey that is not there is ignored");
    }
    let mic = mic(&initiator, b"message");
    assert_eq!(initiator.verify_mic(b"message", &mic), Err(PermessageError::Direction));
    assert_eq!(unwrap(&acceptor, &mic), Err(PermessageError::TokenId));
    // RFC 1964 section 1.2 and RFC 2743 section 3.1; RFC 4121 section 4.3 has no use for deletion tokens.
    let framed = [&[0x60, 0x30, 6, 9][..], &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 1, 2, 2], &[2, 1, 0x11, 0]].concat();
    assert_eq!(unwrap(&acceptor, &framed), Err(PermessageError::OldToken));
    assert_eq!(acceptor.verify_mic(b"", &framed), Err(PermessageError::OldToken));
    assert_eq!(unwrap(&acceptor, &[4, 5, 0, 0xff]).unwrap_err().major(), Major::DEFECTIVE_TOKEN);
}

#[test]
fn an_initiator_may_send_before_it_knows_the_acceptors_subkey() {
    let (initiator, acceptor) = pair(Enctype::Aes256Sha384);
    let early = Protection::new(Parts { acceptor_subkey: None, ..initiator.parts() });
    for (number, confidential) in [true, false].into_iter().enumerate() {
        let token = wrap(&early, confidential, b"early");
        assert_eq!(token[2] & ACCEPTOR_SUBKEY, 0);
        assert_eq!(unwrap(&acceptor, &token).unwrap(), (b"early".to_vec(), told(confidential, Major::COMPLETE)));
        assert_eq!(early.parts().next_number, FIRST.0 + 1 + number as u64);
    }
    assert_eq!(acceptor.verify_mic(b"early", &mic(&early, b"early")), Ok(told(false, Major::COMPLETE)));
    // After that, as one who has it: the numbers go on.
    let late = Protection::new(Parts { acceptor_subkey: Some(acceptor.key().clone()), ..early.parts() });
    assert_eq!(unwrap(&acceptor, &wrap(&late, true, b"late")).unwrap().1, told(true, Major::COMPLETE));
}

#[test]
fn replays_and_gaps_are_told_if_they_were_asked_for() {
    const NONE: Major = Major::COMPLETE;
    let (duplicate, old, unseq, gap) = (Major::DUPLICATE_TOKEN, Major::OLD_TOKEN, Major::UNSEQ_TOKEN, Major::GAP_TOKEN);
    for (flags, expected) in [
        (Flags::NONE, [NONE; 6]),
        (Flags::REPLAY, [NONE, duplicate, NONE, NONE, NONE, old]),
        (Flags::SEQUENCE, [NONE, unseq, gap, unseq, gap, unseq]),
        (BOTH, [NONE, duplicate, gap, unseq, gap, old]),
    ] {
        let (initiator, acceptor) = pair_with(Enctype::Aes128Sha1, true, flags);
        let tokens: Vec<_> = (0..=70u8).map(|number| wrap(&initiator, number % 2 == 0, &[number])).collect();
        for (number, expected) in [0, 0, 2, 1, 70, 2].into_iter().zip(expected) {
            let (message, info) = unwrap(&acceptor, &tokens[usize::from(number)]).unwrap();
            assert_eq!((message, info.supplementary), (vec![number], expected), "{flags:?}, message {number}");
        }
    }
}

#[test]
fn numbers_go_on_beyond_the_largest() {
    let (initiator, acceptor) = pair(Enctype::Aes128Sha1);
    for first in [u64::from(u32::MAX) - 1, u64::MAX - 1] {
        let initiator = Protection::new(Parts { next_number: first, ..initiator.parts() });
        let acceptor = Protection::new(Parts { window: Window::expecting(first), ..acceptor.parts() });
        for _ in 0..4 {
            let token = wrap(&initiator, true, b"message");
            assert_eq!(unwrap(&acceptor, &token).unwrap().1.supplementary, Major::COMPLETE);
            assert_eq!(unwrap(&acceptor, &token).unwrap().1.supplementary, Major::DUPLICATE_TOKEN);
        }
    }
}

#[test]
fn a_side_made_again_from_its_parts_goes_on() {
    let (initiator, acceptor) = pair(Enctype::Aes256Sha1);
    let tokens = [wrap(&initiator, true, b"one"), wrap(&initiator, true, b"two"), wrap(&initiator, true, b"three")];
    unwrap(&acceptor, &tokens[1]).unwrap();
    let (initiator, acceptor) = (twin(&initiator), twin(&acceptor));
    assert_eq!(unwrap(&acceptor, &tokens[1]).unwrap().1.supplementary, Major::DUPLICATE_TOKEN);
    assert_eq!(unwrap(&acceptor, &tokens[0]).unwrap().1.supplementary, Major::UNSEQ_TOKEN);
    assert_eq!(unwrap(&acceptor, &tokens[2]).unwrap().1.supplementary, Major::COMPLETE);
    assert_eq!(unwrap(&acceptor, &wrap(&initiator, true, b"four")).unwrap().1.supplementary, Major::COMPLETE);
    assert_eq!(unwrap(&initiator, &wrap(&acceptor, true, b"back")).unwrap().1.supplementary, Major::COMPLETE);
    assert_eq!(format!("{:?}", initiator.parts()).matches("key").count(), 1, "only whether there is a subkey");
}

#[test]
fn threads_wrap_at_once_with_numbers_of_their_own() {
    let (initiator, acceptor) = pair(Enctype::Aes256Sha1);
    let mut tokens: Vec<Vec<u8>> = std::thread::scope(|scope| {
        let work = || (0..1000).map(|at| wrap(&initiator, at % 2 == 0, b"message")).collect::<Vec<_>>();
        let threads: Vec<_> = (0..2).map(|_| scope.spawn(work)).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    let numbers: HashSet<_> = tokens.iter().map(|token| token[8..HEADER].to_vec()).collect();
    assert_eq!((numbers.len(), initiator.parts().next_number), (2000, FIRST.0 + 2000));
    tokens.sort_by_key(|token| token[8..HEADER].to_vec());
    // Two threads get every message: each is new to one of them and to one only.
    let (one, two): (Vec<Major>, Vec<Major>) = std::thread::scope(|scope| {
        let work = || tokens.iter().map(|token| unwrap(&acceptor, token).unwrap().1.supplementary).collect();
        let threads = (scope.spawn(work), scope.spawn(work));
        (threads.0.join().unwrap(), threads.1.join().unwrap())
    });
    let seen = |major: &Major| matches!(*major, Major::DUPLICATE_TOKEN | Major::OLD_TOKEN);
    assert!(one.iter().zip(&two).all(|(one, two)| seen(one) || seen(two)));
    let new = |told: &[Major]| told.iter().filter(|major| !seen(major)).count();
    assert!(new(&one) + new(&two) > 0);
}

/// Keeps what was written, as memory that was freed does.
#[derive(Default)]
struct Leaky {
    bytes: Vec<u8>,
    len: usize,
    refuses: bool,
}

impl Sink for Leaky {
    fn append(&mut self, count: usize) -> Option<&mut [u8]> {
        let start = self.len;
        self.len += count;
        self.bytes.resize(self.len.max(self.bytes.len()), 0);
        if self.refuses { None } else { self.bytes.get_mut(start..self.len) }
    }
    fn len(&self) -> usize {
        self.len
    }
    fn truncate(&mut self, length: usize) {
        self.len = self.len.min(length);
    }
}

#[test]
fn what_was_decrypted_and_not_verified_is_wiped() {
    let message = text(200, 7);
    for enctype in Enctype::ALL {
        let (initiator, acceptor) = pair(enctype);
        let mut wrong_checksum = wrap(&initiator, true, &message);
        *wrong_checksum.last_mut().unwrap() ^= 1;
        let mut wrong_header = wrap(&initiator, true, &message);
        wrong_header[15] ^= 1;
        for token in [wrong_checksum, wrong_header] {
            let mut sink = Leaky { bytes: b"before".to_vec(), len: 6, refuses: false };
            let error = acceptor.unwrap(&token, &mut Output::over(&mut sink)).unwrap_err();
            assert_eq!((error.major(), sink.len, &sink.bytes[..6]), (Major::BAD_MIC, 6, &b"before"[..]));
            assert!(sink.bytes[6..].iter().all(|byte| *byte == 0), "{enctype}");
        }
    }
}

#[test]
fn a_message_without_room_uses_up_no_number_and_is_still_new_later() {
    let (initiator, acceptor) = pair(Enctype::Aes128Sha1);
    let mut full = Leaky { refuses: true, ..Leaky::default() };
    for confidential in [true, false] {
        let refused = initiator.wrap(confidential, 0, b"lost", &mut Output::over(&mut full));
        assert_eq!(refused, Err(PermessageError::Memory));
    }
    assert_eq!(initiator.get_mic(0, b"lost", &mut Output::over(&mut full)), Err(PermessageError::Memory));
    assert_eq!(initiator.parts().next_number, FIRST.0);
    for confidential in [true, false] {
        let token = wrap(&initiator, confidential, b"found");
        assert_eq!(acceptor.unwrap(&token, &mut Output::over(&mut full)), Err(PermessageError::Memory));
        assert_eq!(unwrap(&acceptor, &token).unwrap(), (b"found".to_vec(), told(confidential, Major::COMPLETE)));
    }
}

#[test]
fn tokens_and_messages_go_behind_what_is_there() {
    let (initiator, acceptor) = pair(Enctype::Aes256Sha1);
    let (mut out, mut back) = (b"before".to_vec(), b"before".to_vec());
    initiator.wrap(true, 0, b"message", &mut Output::over(&mut out)).unwrap();
    acceptor.unwrap(&out[6..], &mut Output::over(&mut back)).unwrap();
    assert_eq!((&out[..6], &back[..]), (&b"before"[..], &b"beforemessage"[..]));
}

#[test]
fn associated_data_is_covered_and_not_sent() {
    for enctype in Enctype::ALL {
        for flags in [BOTH, BOTH | Flags::DCE_STYLE] {
            for confidential in [true, false] {
                let (initiator, acceptor) = pair_with(enctype, true, flags);
                let token = written(|out| initiator.wrap_aead(confidential, 0, b"header", b"message", out).map(|_| ()));
                let token = token.unwrap();
                let filler = if confidential && flags != BOTH { DCE_FILLER } else { 0 };
                assert_eq!(token.len(), wrap(&initiator, confidential, b"message").len() + filler);
                let open = |associated| written(|out| acceptor.unwrap_aead(&token, associated, out).map(|_| ()));
                for other in [&b"heade"[..], b"header ", b"Header", b""] {
                    assert_eq!(open(other).unwrap_err().major(), Major::BAD_MIC);
                }
                assert_eq!(open(b"header").unwrap(), b"message");
                let plain = written(|out| initiator.wrap_aead(confidential, 0, b"", b"message", out).map(|_| ()));
                assert_eq!(unwrap(&acceptor, &plain.unwrap()).unwrap().0, b"message");
            }
        }
    }
}

#[test]
fn there_is_one_quality_of_protection() {
    let (initiator, _) = pair(Enctype::Aes128Sha1);
    let mut bytes = Vec::new();
    let mut out = Output::over(&mut bytes);
    assert_eq!(initiator.wrap(true, 1, b"", &mut out), Err(PermessageError::Qop));
    assert_eq!(initiator.wrap_aead(true, 1, b"", b"", &mut out), Err(PermessageError::Qop));
    assert_eq!(initiator.get_mic(1, b"", &mut out), Err(PermessageError::Qop));
    assert_eq!(initiator.wrap_size_limit(true, 1, 100), Err(PermessageError::Qop));
}

#[test]
fn pseudo_random_output_comes_from_the_key_that_was_asked_for() {
    for enctype in Enctype::ALL {
        let (initiator, acceptor) = pair(enctype);
        let random =
            |side: &Protection, key, length| written(|out| side.pseudo_random(key, b"seed", length, out)).unwrap();
        for length in [0, 1, 16, 100] {
            let (full, partial) =
                (random(&initiator, PrfKey::Full, length), random(&initiator, PrfKey::Partial, length));
            assert_eq!((full.len(), partial.len()), (length, length));
            assert_eq!(
                (&full, &partial),
                (&random(&acceptor, PrfKey::Full, length), &random(&acceptor, PrfKey::Partial, length))
            );
            assert!(length == 0 || full != partial);
            let early = Protection::new(Parts { acceptor_subkey: None, ..initiator.parts() });
            assert_eq!(random(&early, PrfKey::Full, length), partial);
        }
    }
}

proptest! {
    /// Anything behind anything that begins like a token.
    #[test]
    fn no_bytes_pass_or_panic(
        start in prop_oneof![Just(vec![5, 4]), Just(vec![4, 4]), Just(vec![0x60]), Just(Vec::new())],
        flags in 0u8..8,
        rest in proptest::collection::vec(any::<u8>(), 0..120),
        cut in 0usize..120,
    ) {
        let bytes = [&start[..], &[flags, 0xff], &rest].concat();
        for flags in [BOTH, BOTH | Flags::DCE_STYLE] {
            let (_, acceptor) = pair_with(Enctype::Aes128Sha256, true, flags);
            prop_assert!(unwrap(&acceptor, &bytes).is_err());
            prop_assert!(acceptor.verify_mic(b"message", &bytes).is_err());
            let mut stream = bytes.clone();
            let mut iov = [Iov::new(IovKind::Stream, &mut stream), Iov::allocated(IovKind::Data)];
            prop_assert!(acceptor.unwrap_iov(&mut iov).is_err());
            let mut pieces = bytes.clone();
            let (header, trailer) = pieces.split_at_mut(cut.min(bytes.len()));
            let mut iov = [
                Iov::new(IovKind::Header, header),
                Iov::allocated(IovKind::Data),
                Iov::new(IovKind::Trailer, trailer),
            ];
            prop_assert!(acceptor.unwrap_iov(&mut iov).is_err());
            prop_assert!(acceptor.unwrap_iov(&mut iov[..2]).is_err());
        }
    }
}
