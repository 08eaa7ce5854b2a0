//! A context as bytes and back, at every stage of it.
//!
//! The bytes begin with a magic and a version, and end with a checksum. Whoever changes what stands between raises the
//! version. There are no secrets in them; a mechanism that has some lets the switch keep them safe, which it does.

use crate::context::{DummyContext, POSSIBLE};
use crate::credential::{MAX_LABEL, Store};
use crate::handshake::{Progress, Role};
use crate::message::Messages;
use crate::name::DummyName;
use crate::status::Minor;
use crate::window::Window;
use crate::wire::{Reader, Writer};
use gss_plugin::{Deadline, Flags, Result};
use std::sync::Arc;

const MAGIC: &[u8] = b"DMYC\x01";

pub(crate) fn write(context: &DummyContext) -> Vec<u8> {
    // With all fields by name, so that a new one cannot be forgotten here.
    let DummyContext { progress, closed, flags, deadline, session, source, target, label, messages, store: _ } =
        context;
    let mut out = Writer::default();
    out.raw(MAGIC).u8(progress.role() as u8).u8(progress.legs()).u8(progress.done()).flag(*closed);
    out.u32(flags.0).u64(deadline.0).raw(session);
    out.bytes(&source.encode()).bytes(&target.encode()).bytes(label);
    let (next, seen) = messages.window().parts();
    out.u64(messages.next()).u64(next).u64(seen);
    out.sealed()
}

pub(crate) fn read(bytes: &[u8], store: &Arc<Store>) -> Result<DummyContext> {
    parse(bytes, store).ok_or_else(|| Minor::State.error())
}

fn parse(bytes: &[u8], store: &Arc<Store>) -> Option<DummyContext> {
    let mut reader = Reader::sealed(bytes)?;
    reader.literal(MAGIC)?;
    let role = Role::from_code(reader.u8()?)?;
    let progress = Progress::resting(role, reader.u8()?, reader.u8()?)?;
    let closed = reader.flag().filter(|closed| !closed || progress.established())?;
    let flags = Flags(reader.u32()?);
    if !POSSIBLE.contains(flags) {
        return None;
    }
    let deadline = Deadline(reader.u64()?);
    let session = reader.array()?;
    let source = DummyName::decode(reader.bytes()?)?;
    let target = DummyName::decode(reader.bytes()?)?;
    let label = reader.bytes().filter(|label| label.len() <= MAX_LABEL)?.to_vec();
    let next = reader.u64()?;
    let window = Window::from_parts(reader.u64()?, reader.u64()?)?;
    reader.end()?;
    let messages = Messages::new(&session, role, next, window);
    let store = store.clone();
    Some(DummyContext { progress, closed, flags, deadline, session, source, target, label, messages, store })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checksum::Checksum;
    use crate::testing::{Wish, handshake, open, pair, serialized, wrap, written};
    use crate::{Dummy, oids};
    use gss_plugin::{Major, Mechanism, SecurityContext};

    fn moved(mechanism: &Dummy, context: &DummyContext) -> DummyContext {
        let state = serialized(context);
        let imported = mechanism.import_context(&state).unwrap();
        assert_eq!(serialized(&imported), state, "the same in all that is serialized");
        assert_eq!(serialized(context), state, "serializing has no effect");
        imported
    }

    #[test]
    fn a_handshake_goes_on_after_a_move_at_every_leg() {
        for legs in 1..=6 {
            // The importing process has a line of its own; what the context needs it brings along.
            let (mechanism, elsewhere) = (open(&format!("legs={legs},lifetime=60")), open("lifetime=5"));
            let wish = Wish { flags: Flags::DELEG | Wish::default().flags, ..Wish::default() };
            let mut moves = 0;
            let (initiator, acceptor) = handshake(&mechanism, &wish, |context| {
                moves += 1;
                assert!(context.transferable());
                moved(&elsewhere, &context)
            })
            .unwrap();
            assert_eq!(moves, legs + 1);
            assert!(acceptor.1.delegated.is_some());
            assert!(initiator.0.context_time().unwrap().0 > 50);
            let token = wrap(&initiator.0, b"still here");
            assert_eq!(written(|out| acceptor.0.unwrap(&token, out)).unwrap(), b"still here");
        }
    }

    #[test]
    fn messages_go_on_after_a_move() {
        let (mechanism, (mut initiator, mut acceptor)) = (open(""), pair(""));
        initiator.set_option(&oids::CONTEXT_LABEL, b"label").unwrap();
        let mut replayed = Vec::new();
        for number in 0..5u64 {
            let token = wrap(&initiator, b"message");
            let mut out = Vec::new();
            let info = acceptor.unwrap(&token, &mut gss_plugin::Output::over(&mut out)).unwrap();
            assert_eq!(info.supplementary, Major::COMPLETE, "message {number} follows on the one before the move");
            replayed.push(token);
            (initiator, acceptor) = (moved(&mechanism, &initiator), moved(&mechanism, &acceptor));
        }
        for token in replayed {
            let mut out = Vec::new();
            let info = acceptor.unwrap(&token, &mut gss_plugin::Output::over(&mut out)).unwrap();
            assert_eq!(info.supplementary, Major::DUPLICATE_TOKEN);
        }
        assert_eq!(initiator.inquire_by_oid(&oids::CONTEXT_LABEL).unwrap(), [b"label"]);
    }

    #[test]
    fn a_closed_context_stays_closed() {
        let (initiator, mut acceptor) = pair("");
        let notice = initiator.inquire_by_oid(&oids::CONTEXT_CLOSE_NOTICE).unwrap().remove(0);
        acceptor.process_token(&notice).unwrap();
        let acceptor = moved(&open(""), &acceptor);
        assert_eq!(acceptor.context_time().unwrap_err().major, Major::NO_CONTEXT);
    }

    fn states() -> Vec<Vec<u8>> {
        let mut states = Vec::new();
        let keep = |context: DummyContext| {
            states.push(serialized(&context));
            context
        };
        handshake(&open("legs=3,lifetime=100"), &Wish::default(), keep).unwrap();
        states
    }

    #[test]
    fn what_serialize_did_not_write_is_refused() {
        let mechanism = open("");
        for state in states() {
            for position in 0..state.len() {
                for bit in 0..8 {
                    let mut altered = state.clone();
                    altered[position] ^= 1 << bit;
                    assert_eq!(mechanism.import_context(&altered).unwrap_err().major, Major::DEFECTIVE_TOKEN);
                }
                assert!(mechanism.import_context(&state[..position]).is_err());
                assert!(mechanism.import_context(&state[position + 1..]).is_err());
            }
            assert!(mechanism.import_context(&[&state[..], &[0]].concat()).is_err());
        }
    }

    /// Behind the checksum: whoever can make one must still not get a context that could not be.
    #[test]
    fn resealed_states_are_refused_or_are_what_they_say() {
        let mechanism = open("");
        let mut accepted = 0;
        for state in states() {
            let body = &state[..state.len() - 8];
            let mut bodies = Vec::new();
            for position in 0..body.len() {
                for value in [0, 1, 2, 0x7f, 0x80, 0xff, body[position] ^ 1, body[position].wrapping_add(1)] {
                    let mut altered = body.to_vec();
                    altered[position] = value;
                    bodies.push(altered);
                }
                bodies.push(body[..position].to_vec());
                bodies.push([&body[..position], &[0], &body[position..]].concat());
            }
            for body in bodies {
                let resealed = [&body[..], &Checksum::of(&body).to_be_bytes()].concat();
                if let Ok(context) = mechanism.import_context(&resealed) {
                    assert_eq!(serialized(&context), resealed);
                    accepted += 1;
                }
            }
        }
        assert!(accepted > 0, "the seal was right, so that the parser was reached");
    }
}
