//! Tokens of messages: any bytes, valid ones that were altered, and messages in pieces.

use super::{enctype, key, written};
use crate::harness::{Choices, bounded};
use gss_mech_krb5_sim::permessage::{Parts, Protection, Role};
use gss_mech_krb5_sim::sequence::Window;
use gss_plugin::{Flags, Iov, IovKind, IovResult, Major, MessageInfo};

/// Where the bytes are that tell by how much a Wrap token was rotated.
const ROTATION: std::ops::Range<usize> = 6..8;
const HEADER: usize = 16;
const FIRST: u64 = 7;

/// Both sides of a context, as a byte says.
fn sides(choice: u8) -> (Protection, Protection) {
    let (enctype, dce) = (enctype(choice), if choice & 4 == 0 { Flags::NONE } else { Flags::DCE_STYLE });
    let side = |role| {
        Protection::new(Parts {
            role,
            flags: Flags::REPLAY | Flags::SEQUENCE | dce,
            key: key(enctype, 2),
            acceptor_subkey: (choice & 8 != 0).then(|| key(enctype, 3)),
            next_number: FIRST,
            window: Window::expecting(FIRST),
        })
    };
    let (initiator, acceptor) = (side(Role::Initiator), side(Role::Acceptor));
    if choice & 16 == 0 { (initiator, acceptor) } else { (acceptor, initiator) }
}

fn opened(side: &Protection, token: &[u8], associated: &[u8]) -> Option<(Vec<u8>, MessageInfo)> {
    let mut info = None;
    let message = written(|out| side.unwrap_aead(token, associated, out).map(|told| info = Some(told))).ok()?;
    Some((message, info?))
}

/// A whole token in an element of kind `STREAM`.
fn opened_stream(side: &Protection, token: &[u8], allocate: bool) -> Option<(Vec<u8>, MessageInfo)> {
    let mut token = token.to_vec();
    let mut iov = [Iov::new(IovKind::Stream, &mut token), Iov::new(IovKind::Data, &mut [])];
    iov[1].allocate = allocate;
    let info = side.unwrap_iov(&mut iov).ok()?;
    let [stream, data] = &iov;
    let message = match &data.result {
        IovResult::Allocated(message) => message.clone(),
        IovResult::InStream(range) => stream.buffer[range.clone()].to_vec(),
        other => panic!("the data is {other:?}"),
    };
    Some((message, info))
}

/// Any bytes as a token: each way to open it gives the same answer.
pub fn any_token(data: &[u8]) {
    let mut choices = Choices(data);
    let choice = choices.byte();
    let token = choices.0;
    let receiver = || sides(choice).1;
    let first = receiver();
    let whole = bounded(token, 4, || opened(&first, token, b""));
    for allocate in [false, true] {
        let side = receiver();
        assert_eq!(bounded(token, 4, || opened_stream(&side, token, allocate)), whole);
    }
    if whole.is_some() {
        let (_, info) = opened(&first, token, b"").unwrap();
        assert!([Major::DUPLICATE_TOKEN, Major::OLD_TOKEN].contains(&info.supplementary), "{info:?}");
    }
    let _ = bounded(token, 1, || receiver().verify_mic(b"a message", token));
}

/// A valid token that was altered is refused, or gives the message and nothing else.
pub fn altered_token(data: &[u8]) {
    let mut choices = Choices(data);
    let (choice, kind, rotate) = (choices.byte(), choices.byte(), choices.short());
    let mut edits = Choices(choices.take(29));
    let associated = choices.take(usize::from(kind >> 2) % 16);
    let message = choices.0;
    let (sender, receiver) = sides(choice);
    let confidential = kind & 1 != 0;
    if kind & 2 != 0 {
        let mut mic = written(|out| sender.get_mic(0, message, out)).unwrap();
        let original = mic.clone();
        edits.alter(&mut mic);
        assert_eq!(receiver.verify_mic(message, &mic).is_ok(), mic == original);
        return;
    }
    let mut token = written(|out| sender.wrap_aead(confidential, 0, associated, message, out)).unwrap();
    if rotate != 0 {
        // Windows rotates by EC as well, and only where it rotates at all.
        let extra = usize::from(u16::from_be_bytes([token[4], token[5]]));
        let extra = if choice & 4 != 0 && confidential { extra } else { 0 };
        let body = token.len() - HEADER;
        token[ROTATION].copy_from_slice(&u16::try_from(rotate).unwrap().to_be_bytes());
        token[HEADER..].rotate_right((rotate + extra) % body);
    }
    let original = token.clone();
    edits.alter(&mut token);
    let answer = opened(&receiver, &token, associated);
    if token == original {
        assert!(answer.is_some(), "a valid token is accepted");
    } else if answer.is_some() {
        let differs = |at: &usize| token.get(*at) != original.get(*at);
        let altered = (0..token.len().max(original.len())).find(|at| differs(at) && !ROTATION.contains(at));
        assert_eq!(altered, None, "an altered byte was accepted");
    }
    if let Some((found, info)) = answer {
        assert_eq!(found, message);
        assert_eq!((info.confidential, info.supplementary), (confidential, Major::COMPLETE));
    }
}

const KINDS: [IovKind; 9] = [
    IovKind::Data,
    IovKind::Header,
    IovKind::Trailer,
    IovKind::Padding,
    IovKind::SignOnly,
    IovKind::Empty,
    IovKind::MechParams,
    IovKind::Stream,
    IovKind::MicToken,
];

/// A message in any pieces: what was wrapped is unwrapped, and nothing else once a byte was altered.
pub fn pieces(data: &[u8]) {
    let mut choices = Choices(data);
    let (choice, mode, count) = (choices.byte(), choices.byte(), choices.byte() % 8);
    let (which, at, value) = (choices.byte(), choices.short(), choices.byte());
    let layout: Vec<(IovKind, bool, usize)> = (0..count)
        .map(|_| {
            let byte = choices.byte();
            (KINDS[usize::from((byte & 63) % 9)], byte & 64 != 0, usize::from(choices.byte()))
        })
        .collect();
    let mut buffers: Vec<Vec<u8>> = layout.iter().map(|(_, _, length)| choices.take(*length).to_vec()).collect();
    let (sender, receiver) = sides(choice);
    let mic = mode & 2 != 0;
    let original = buffers.clone();
    if mode & 4 != 0 {
        // As they are: nothing of it was ever wrapped.
        let mut iov = elements(&layout, &mut buffers);
        let _ = if mic { receiver.verify_mic_iov(&mut iov) } else { receiver.unwrap_iov(&mut iov) };
        return;
    }
    let mut iov = elements(&layout, &mut buffers);
    let mut lengths = elements_of(&layout, original.clone());
    let (told, made) = if mic {
        (
            sender.get_mic_iov_length(0, &mut lengths.borrow()).map(|()| false),
            sender.get_mic_iov(0, &mut iov).map(|()| false),
        )
    } else {
        let confidential = mode & 1 != 0;
        (sender.wrap_iov_length(confidential, 0, &mut lengths.borrow()), sender.wrap_iov(confidential, 0, &mut iov))
    };
    let Ok(confidential) = made else { return };
    assert_eq!(told.ok(), Some(confidential), "the length is told of what is made");
    let results: Vec<IovResult> = iov.into_iter().map(|element| element.result).collect();
    for (buffer, result) in buffers.iter_mut().zip(results) {
        match result {
            IovResult::InPlace => {}
            IovResult::Length(length) => buffer.truncate(length),
            IovResult::Allocated(bytes) => *buffer = bytes,
            IovResult::InStream(_) => panic!("nothing was unwrapped"),
        }
    }
    let sent = buffers.clone();
    if let Some(buffer) = buffers.get_mut(usize::from(which))
        && !buffer.is_empty()
    {
        let at = at % buffer.len();
        buffer[at] ^= value;
    }
    let altered = buffers.iter().zip(&sent).zip(&layout).any(|((now, then), (kind, ..))| {
        now != then
            && !matches!(kind, IovKind::Empty | IovKind::MechParams | IovKind::Padding | IovKind::Stream)
            && (mic || *kind != IovKind::MicToken)
            && (!mic || !matches!(kind, IovKind::Header | IovKind::Trailer))
    });
    let mut iov = elements(&layout, &mut buffers);
    let outcome = if mic { receiver.verify_mic_iov(&mut iov) } else { receiver.unwrap_iov(&mut iov) };
    drop(iov);
    assert!(altered || outcome.is_ok(), "{outcome:?} for a message as it was wrapped");
    if altered {
        assert!(outcome.is_err(), "an altered byte was accepted");
        return;
    }
    for ((now, then), (kind, ..)) in buffers.iter().zip(&original).zip(&layout) {
        assert!(*kind != IovKind::Data || now == then, "the message came back as another");
    }
}

fn elements<'b>(layout: &[(IovKind, bool, usize)], buffers: &'b mut [Vec<u8>]) -> Vec<Iov<'b>> {
    layout
        .iter()
        .zip(buffers)
        .map(|((kind, allocate, _), buffer)| Iov { allocate: *allocate, ..Iov::new(*kind, buffer) })
        .collect()
}

/// Elements with buffers of their own.
struct Own<'l> {
    layout: &'l [(IovKind, bool, usize)],
    buffers: Vec<Vec<u8>>,
}

fn elements_of(layout: &[(IovKind, bool, usize)], buffers: Vec<Vec<u8>>) -> Own<'_> {
    Own { layout, buffers }
}

impl Own<'_> {
    fn borrow(&mut self) -> Vec<Iov<'_>> {
        elements(self.layout, &mut self.buffers)
    }
}

pub(super) fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let mut seeds = Vec::new();
    for choice in 0..32 {
        let (sender, _) = sides(choice);
        let text = b"a message of some forty bytes or so, no more";
        let token = written(|out| sender.wrap(choice & 1 != 0, 0, text, out)).unwrap();
        seeds.push(("krb5_wrap", [&[choice], &token[..]].concat()));
        let mut altered = vec![choice, choice & 3, 0, if choice & 2 == 0 { 12 } else { 0 }];
        altered.extend_from_slice(&[u8::from(choice & 4 != 0), 3, 0, 20, 1]);
        altered.resize(33, 0);
        altered.extend_from_slice(text);
        seeds.push(("krb5_wrap_altered", altered));
    }
    let (sender, _) = sides(0);
    let mic = written(|out| sender.get_mic(0, b"a message", out)).unwrap();
    seeds.push(("krb5_wrap", [&[0], &mic[..]].concat()));
    for (choice, mode) in [(0, 0), (1, 1), (4, 1), (6, 0), (8, 1), (3, 2)] {
        for layout in [&[65, 0, 0, 20, 66, 0][..], &[65, 0, 4, 8, 0, 20, 67, 0, 0, 4], &[0, 20, 4, 5, 72, 0]] {
            let mut pieces = vec![choice, mode, u8::try_from(layout.len() / 2).unwrap(), 1, 0, 3, 0];
            pieces.extend_from_slice(layout);
            pieces.extend_from_slice(&[b'x'; 60]);
            seeds.push(("krb5_wrap_iov", pieces));
        }
    }
    seeds
}
