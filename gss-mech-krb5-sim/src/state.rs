//! A context as bytes and back, at every stage of it. The format is our own, with a magic and a version of its own:
//! whoever changes what stands behind them raises the version.
//!
//! The bytes hold keys. Whoever stores them keeps them safe, which the switch does.

use crate::Krb5Sim;
use crate::acceptor::POSSIBLE;
use crate::context::{AwaitReply, AwaitThird, Krb5Context, Stage};
use crate::crypto::{Enctype, Key};
use crate::messages::{TicketFlags, Timestamp};
use crate::minor::Error;
use crate::permessage::{Parts, Protection, Role};
use crate::principal::{Principal, PrincipalName, Realm};
use crate::sequence::Window;
use crate::wire::{Reader, Writer};
use gss_plugin::Deadline;
use gss_plugin::Flags;
use zeroize::Zeroizing;

const MAGIC: &[u8] = b"K5SX\x01";

/// More than all parts of fixed size and three keys.
const FIXED: usize = 256;

pub(crate) fn write(context: &Krb5Context) -> Zeroizing<Vec<u8>> {
    // With all fields by name, so that a new one cannot be forgotten here.
    let Krb5Context { role, flags, source, target, deadline, ticket_flags, authtime, mechanism: _, stage } = context;
    let mut out = Writer::with_capacity(FIXED + principal_length(source) + principal_length(target));
    out.raw(MAGIC).u8(*role as u8).u32(flags.0).u64(deadline.0).u32(ticket_flags.0).u64(*authtime);
    write_principal(&mut out, source);
    write_principal(&mut out, target);
    match stage {
        Stage::AwaitReply(AwaitReply { session, subkey, time, number }) => {
            out.u8(0);
            write_key(&mut out, session);
            write_key(&mut out, subkey);
            out.u64(time.seconds).u32(time.micros).u32(*number);
        }
        Stage::AwaitThird(AwaitThird { session, number, parts }) => {
            out.u8(1);
            write_key(&mut out, session);
            out.u32(*number);
            write_parts(&mut out, parts);
        }
        Stage::Established(protection) => {
            out.u8(2);
            write_parts(&mut out, &protection.parts());
        }
    }
    out.finish()
}

pub(crate) fn read(mechanism: &Krb5Sim, bytes: &[u8]) -> Result<Krb5Context, Error> {
    parse(mechanism, bytes).ok_or(Error::State)
}

fn parse(mechanism: &Krb5Sim, bytes: &[u8]) -> Option<Krb5Context> {
    let mut reader = Reader::new(bytes);
    reader.literal(MAGIC)?;
    let role = if reader.flag()? { Role::Acceptor } else { Role::Initiator };
    let flags = Flags(reader.u32()?);
    if !POSSIBLE.contains(flags) {
        return None;
    }
    let deadline = Deadline(reader.u64()?);
    let ticket_flags = TicketFlags(reader.u32()?);
    let authtime = reader.u64()?;
    let source = read_principal(&mut reader)?;
    let target = read_principal(&mut reader)?;
    let stage = match (reader.u8()?, role) {
        (0, Role::Initiator) if flags.contains(Flags::MUTUAL) => {
            let (session, subkey) = (read_key(&mut reader)?, read_key(&mut reader)?);
            let time = Timestamp { seconds: reader.u64()?, micros: reader.u32().filter(|micros| *micros < 1_000_000)? };
            Stage::AwaitReply(AwaitReply { session, subkey, time, number: reader.u32()? })
        }
        (1, Role::Acceptor) if flags.contains(Flags::DCE_STYLE) => {
            let (session, number) = (read_key(&mut reader)?, reader.u32()?);
            let parts = read_parts(&mut reader, role, flags)?;
            Stage::AwaitThird(AwaitThird { session, number, parts })
        }
        (2, _) => Stage::Established(Protection::new(read_parts(&mut reader, role, flags)?)),
        _ => return None,
    };
    reader.end()?;
    let mechanism = mechanism.clone();
    Some(Krb5Context { role, flags, source, target, deadline, ticket_flags, authtime, mechanism, stage })
}

fn principal_length(principal: &Principal) -> usize {
    let components = principal.name().components().iter().map(|component| component.len() + 2).sum::<usize>();
    principal.realm().as_bytes().len() + 2 + 4 + 1 + components
}

fn write_principal(out: &mut Writer, principal: &Principal) {
    out.bytes(principal.realm().as_bytes());
    write_name(out, principal.name());
}

pub(crate) fn write_name(out: &mut Writer, name: &PrincipalName) {
    // At most 64.
    out.i32(name.name_type()).u8(name.components().len() as u8);
    for component in name.components() {
        out.bytes(component);
    }
}

fn read_principal(reader: &mut Reader<'_>) -> Option<Principal> {
    let realm = Realm::new(reader.bytes()?).ok()?;
    Principal::new(read_name(reader)?, realm).ok()
}

pub(crate) fn read_name(reader: &mut Reader<'_>) -> Option<PrincipalName> {
    let name_type = reader.i32()?;
    let count = reader.u8()?;
    let components = (0..count).map(|_| reader.bytes()).collect::<Option<Vec<_>>>()?;
    PrincipalName::new(name_type, components).ok()
}

fn write_key(out: &mut Writer, key: &Key) {
    out.i32(key.enctype().number()).bytes(key.bytes());
}

fn read_key(reader: &mut Reader<'_>) -> Option<Key> {
    let enctype = Enctype::from_number(reader.i32()?).ok()?;
    Key::new(enctype, reader.bytes()?).ok()
}

fn write_parts(out: &mut Writer, parts: &Parts) {
    // Role and flags are the context's.
    let Parts { role: _, flags: _, key, acceptor_subkey, next_number, window } = parts;
    write_key(out, key);
    out.flag(acceptor_subkey.is_some());
    if let Some(subkey) = acceptor_subkey {
        write_key(out, subkey);
    }
    let (next, seen) = window.parts();
    out.u64(*next_number).u64(next).u64(seen);
}

fn read_parts(reader: &mut Reader<'_>, role: Role, flags: Flags) -> Option<Parts> {
    let key = read_key(reader)?;
    let acceptor_subkey = if reader.flag()? { Some(read_key(reader)?) } else { None };
    let next_number = reader.u64()?;
    let window = Window::from_parts(reader.u64()?, reader.u64()?)?;
    Some(Parts { role, flags, key, acceptor_subkey, next_number, window })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Pair, Realms, Wish, serialized, unwrapped, wrapped};
    use gss_plugin::{Major, Mechanism, SecurityContext};

    fn moved(mechanism: &Krb5Sim, context: &Krb5Context) -> Krb5Context {
        let state = serialized(context);
        let imported = mechanism.import_context(&state).unwrap();
        assert_eq!(serialized(&imported), state, "the same in all that is serialized");
        assert_eq!(serialized(context), state, "serializing has no effect");
        imported
    }

    fn wishes() -> [Wish<'static>; 3] {
        let mutual = Wish::default();
        [mutual, Wish { flags: Flags::REPLAY, ..mutual }, Wish { flags: mutual.flags | Flags::DCE_STYLE, ..mutual }]
    }

    #[test]
    fn a_handshake_goes_on_after_a_move_at_every_leg() {
        let realms = Realms::new();
        for wish in wishes() {
            // The importing process has a line of its own; what the context needs it brings along.
            let (mechanism, elsewhere) = (realms.open("realm=R"), realms.open("principal=bob@R enctypes=18"));
            let pair = Pair::with(&mechanism, &wish, |context| {
                assert!(context.transferable());
                moved(&elsewhere, &context)
            })
            .unwrap();
            let token = wrapped(&pair.initiator, b"still here");
            assert_eq!(unwrapped(&pair.acceptor, &token).unwrap(), b"still here");
            let token = wrapped(&pair.acceptor, b"and here");
            assert_eq!(unwrapped(&pair.initiator, &token).unwrap(), b"and here");
        }
    }

    #[test]
    fn messages_go_on_after_a_move() {
        let realms = Realms::new();
        let mechanism = realms.open("realm=R");
        let Pair { mut initiator, mut acceptor } = Pair::new(&mechanism);
        let mut replayed = Vec::new();
        for _ in 0..5 {
            let token = wrapped(&initiator, b"message");
            assert_eq!(unwrapped(&acceptor, &token).unwrap(), b"message");
            replayed.push(token);
            (initiator, acceptor) = (moved(&mechanism, &initiator), moved(&mechanism, &acceptor));
        }
        for token in replayed {
            let mut out = Vec::new();
            let info = acceptor.unwrap(&token, &mut gss_plugin::Output::over(&mut out)).unwrap();
            assert_eq!(info.supplementary, Major::DUPLICATE_TOKEN);
        }
    }

    fn states(mechanism: &Krb5Sim) -> Vec<Vec<u8>> {
        let mut states = Vec::new();
        for wish in wishes() {
            Pair::with(mechanism, &wish, |context| {
                states.push(serialized(&context));
                context
            })
            .unwrap();
        }
        states
    }

    #[test]
    fn what_serialize_did_not_write_is_refused_or_is_what_it_says() {
        let realms = Realms::new();
        let mechanism = realms.open("realm=R");
        for state in states(&mechanism) {
            for position in 0..state.len() {
                for value in [0, 1, 2, 0x7f, 0x80, 0xff, state[position] ^ 1, state[position].wrapping_add(1)] {
                    let mut altered = state.clone();
                    altered[position] = value;
                    match mechanism.import_context(&altered) {
                        Ok(context) => assert_eq!(serialized(&context), altered),
                        Err(error) => assert_eq!(error.major, Major::DEFECTIVE_TOKEN),
                    }
                }
                assert!(mechanism.import_context(&state[..position]).is_err());
                assert!(mechanism.import_context(&state[position + 1..]).is_err());
            }
            assert!(mechanism.import_context(&[&state[..], &[0]].concat()).is_err());
        }
    }

    #[test]
    fn a_buffer_with_keys_is_never_outgrown() {
        let realms = Realms::new();
        let mechanism = realms.open("realm=R");
        for state in states(&mechanism) {
            let context = mechanism.import_context(&state).unwrap();
            let capacity = FIXED + principal_length(&context.source) + principal_length(&context.target);
            assert!(state.len() <= capacity, "{} of {capacity}", state.len());
        }
    }
}
