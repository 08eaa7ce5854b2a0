//! What the tests of this layer share.

use super::{Parts, Protection, Result, Role};
use crate::crypto::{Enctype, Key};
use crate::sequence::Window;
use gss_plugin::{Flags, MessageInfo, Output};

/// Where the initiator's numbers begin, and the acceptor's.
pub(super) const FIRST: (u64, u64) = (0x2fff_fff0, 77);

/// Both sides of a context with an acceptor's subkey that detects replays and more.
pub(super) fn pair(enctype: Enctype) -> (Protection, Protection) {
    pair_with(enctype, true, Flags::REPLAY | Flags::SEQUENCE)
}

pub(super) fn pair_with(enctype: Enctype, acceptor_subkey: bool, flags: Flags) -> (Protection, Protection) {
    let key = Key::new(enctype, &text(enctype.key_len(), 1)).unwrap();
    let subkey = acceptor_subkey.then(|| Key::new(enctype, &text(enctype.key_len(), 2)).unwrap());
    let side = |role, next_number, first| {
        let (key, acceptor_subkey) = (key.clone(), subkey.clone());
        Protection::new(Parts { role, flags, key, acceptor_subkey, next_number, window: Window::expecting(first) })
    };
    (side(Role::Initiator, FIRST.0, FIRST.1), side(Role::Acceptor, FIRST.1, FIRST.0))
}

/// The same side a second time, so that two calls have the same number.
pub(super) fn twin(side: &Protection) -> Protection {
    Protection::new(side.parts())
}

/// Bytes without a visible pattern, the same for the same length and seed.
pub(super) fn text(len: usize, seed: u8) -> Vec<u8> {
    (0..len).map(|at| (at.wrapping_mul(2_654_435_761) >> 7) as u8 ^ seed).collect()
}

pub(super) fn written(call: impl FnOnce(&mut Output<'_>) -> Result<()>) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let outcome = call(&mut Output::over(&mut bytes));
    assert!(outcome.is_ok() || bytes.is_empty(), "a failure leaves the output as it was");
    outcome.map(|()| bytes)
}

pub(super) fn wrap(side: &Protection, confidential: bool, message: &[u8]) -> Vec<u8> {
    written(|out| side.wrap(confidential, 0, message, out).map(|done| assert_eq!(done, confidential))).unwrap()
}

pub(super) fn unwrap(side: &Protection, token: &[u8]) -> Result<(Vec<u8>, MessageInfo)> {
    let mut info = None;
    let message = written(|out| side.unwrap(token, out).map(|told| info = Some(told)))?;
    Ok((message, info.unwrap()))
}

pub(super) fn mic(side: &Protection, message: &[u8]) -> Vec<u8> {
    written(|out| side.get_mic(0, message, out)).unwrap()
}
