//! Faults on demand, for the tests of the switch: a wrapper around any mechanism that fails, panics, dawdles and lies
//! as its line in the config says. No part of the template; the mechanism inside knows nothing of it.
//!
//! | option | what it does |
//! |---|---|
//! | `fail=CALL` | the call fails with `FAILURE`, minor status 1234; a leg's failure carries the token `refused` |
//! | `fail=CALL:MAJOR` | the same with another major status: `fail=serialize:UNAVAILABLE` |
//! | `panic=CALL` | the call panics |
//! | `panic-drop=KIND` | dropping a `mechanism`, `name`, `credential` or `context` panics |
//! | `delay=CALL:MS` | the call takes so many milliseconds longer |
//! | `delay-ms=MS` | every call does |
//! | `lie=CALL` | the call answers what cannot be: see [`Faulty`] |
//!
//! CALL is a method of the contract, by its name alone (`inquire`: of names, credentials and contexts alike) or with
//! its trait (`context.inquire`). Each option may come any number of times. Delays come first, then a panic, then a
//! failure: the call inside is not made. `describe` cannot fail, `transferable` fails by answering no and
//! `display_status` by knowing no text.

mod context;
mod wrapper;

pub use wrapper::Faulty;

use gss_plugin::{Line, Major, MechError, Result};
use std::str::FromStr;
use std::sync::Arc;
use std::thread::sleep;
use std::time::Duration;

/// The minor status of a failure on demand.
pub const MINOR: u32 = 1234;
/// The token for the peer that a failing leg carries.
pub const TOKEN: &[u8] = b"refused";

macro_rules! calls {
    ($($call:ident = $name:literal,)*) => {
        /// A method of the contract.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        #[repr(usize)]
        enum Call {
            $($call,)*
        }

        /// Every call with its name, in the order of their numbers.
        const CALLS: &[(Call, &str)] = &[$((Call::$call, $name)),*];
    };
}

calls! {
    Open = "mechanism.open",
    Describe = "mechanism.describe",
    ImportName = "mechanism.import_name",
    ImportExportedName = "mechanism.import_exported_name",
    CanonicalizeName = "mechanism.canonicalize_name",
    AcquireCredential = "mechanism.acquire_credential",
    ImportCredential = "mechanism.import_credential",
    CredentialFromOption = "mechanism.credential_from_option",
    Initiate = "mechanism.initiate",
    Accept = "mechanism.accept",
    ImportContext = "mechanism.import_context",
    DisplayStatus = "mechanism.display_status",
    Invoke = "mechanism.invoke",
    Display = "name.display",
    Compare = "name.compare",
    Duplicate = "name.duplicate",
    ExportName = "name.export",
    DisplayAs = "name.display_as",
    InquireName = "name.inquire",
    Attribute = "name.attribute",
    SetAttribute = "name.set_attribute",
    DeleteAttribute = "name.delete_attribute",
    ExportComposite = "name.export_composite",
    MapToAny = "name.map_to_any",
    ReleaseAny = "name.release_any",
    LocalName = "name.local_name",
    AuthorizeLocalName = "name.authorize_local_name",
    InquireCredential = "credential.inquire",
    ExportCredential = "credential.export",
    Store = "credential.store",
    InquireCredentialByOid = "credential.inquire_by_oid",
    SetCredentialOption = "credential.set_option",
    SetNegotiableMechanisms = "credential.set_negotiable_mechanisms",
    InitiateLeg = "context.initiate_leg",
    AcceptLeg = "context.accept_leg",
    ContextTime = "context.context_time",
    InquireContext = "context.inquire",
    Wrap = "context.wrap",
    Unwrap = "context.unwrap",
    GetMic = "context.get_mic",
    VerifyMic = "context.verify_mic",
    Serialize = "context.serialize",
    Transferable = "context.transferable",
    Delete = "context.delete",
    ProcessToken = "context.process_token",
    WrapSizeLimit = "context.wrap_size_limit",
    WrapIov = "context.wrap_iov",
    UnwrapIov = "context.unwrap_iov",
    WrapIovLength = "context.wrap_iov_length",
    GetMicIov = "context.get_mic_iov",
    VerifyMicIov = "context.verify_mic_iov",
    GetMicIovLength = "context.get_mic_iov_length",
    WrapAead = "context.wrap_aead",
    UnwrapAead = "context.unwrap_aead",
    PseudoRandom = "context.pseudo_random",
    InquireContextByOid = "context.inquire_by_oid",
    SetContextOption = "context.set_option",
    CompleteAuthToken = "context.complete_auth_token",
}

impl Call {
    fn name(self) -> &'static str {
        CALLS[self as usize].1
    }

    /// The calls that an option means.
    fn meant(text: &str) -> impl Iterator<Item = Call> {
        let meant = move |name: &str| name == text || name.split_once('.').is_some_and(|(_, method)| method == text);
        CALLS.iter().filter(move |(_, name)| meant(name)).map(|(call, _)| *call)
    }

    fn is_leg(self) -> bool {
        matches!(self, Self::Initiate | Self::Accept | Self::InitiateLeg | Self::AcceptLeg)
    }
}

/// What a wrapper is around.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(usize)]
enum Kind {
    Mechanism,
    Name,
    Credential,
    Context,
}

const KINDS: [(Kind, &str); 4] = [
    (Kind::Mechanism, "mechanism"),
    (Kind::Name, "name"),
    (Kind::Credential, "credential"),
    (Kind::Context, "context"),
];

/// What goes wrong in one call.
#[derive(Clone, Copy, Debug, Default)]
struct Fault {
    delay: Duration,
    panic: bool,
    fail: Option<Major>,
    lie: bool,
}

#[derive(Clone, Debug)]
struct Plan {
    calls: [Fault; CALLS.len()],
    drops: [bool; KINDS.len()],
}

/// The faults of a line; `None` where it asks for none, which costs a call one comparison.
#[derive(Clone, Debug, Default)]
struct Faults(Option<Arc<Plan>>);

impl Faults {
    /// Reads the line's faults, and answers the options that are the mechanism's own.
    fn read(line: &Line<'_>) -> Result<(Self, String)> {
        let mut plan = Plan { calls: [Fault::default(); CALLS.len()], drops: [false; KINDS.len()] };
        let (mut any, mut rest) = (false, Vec::new());
        for (key, value) in line.pairs() {
            let text = value.unwrap_or("");
            let read = match key {
                "fail" => plan.fail(text),
                "panic" => plan.each(text, |fault| fault.panic = true),
                "lie" => plan.each(text, |fault| fault.lie = true),
                "delay" => plan.delay(text),
                "delay-ms" => milliseconds(text).map(|delay| plan.calls.iter_mut().for_each(|it| it.delay += delay)),
                "panic-drop" => plan.panic_drop(text),
                _ => {
                    rest.push(value.map_or_else(|| key.to_owned(), |value| format!("{key}={value}")));
                    continue;
                }
            };
            any = true;
            read.map_err(|problem| {
                let Line { place, name, .. } = line;
                MechError::failure(format!("{place}: option {key}={text} of mechanism {name}: {problem}"))
            })?;
        }
        Ok((Self(any.then(|| Arc::new(plan))), rest.join(",")))
    }

    /// Comes before a call: waits, panics or fails where the line says so, and answers whether to lie.
    #[inline]
    fn before(&self, call: Call) -> Result<bool> {
        match &self.0 {
            None => Ok(false),
            Some(plan) => plan.strike(call),
        }
    }

    /// The same for a call that has no lie of its own: it answers an error without an error's status.
    #[inline]
    fn before_plain(&self, call: Call) -> Result<()> {
        match self.before(call)? {
            false => Ok(()),
            true => Err(MechError::new(Major::COMPLETE, format!("a lie of {}: an error that is none", call.name()))),
        }
    }

    /// Comes before the drop of what a wrapper is around.
    fn before_drop(&self, kind: Kind) {
        if self.0.as_ref().is_some_and(|plan| plan.drops[kind as usize]) && !std::thread::panicking() {
            panic_on_demand(format!("panic injected into the drop of a {}", KINDS[kind as usize].1));
        }
    }
}

impl Plan {
    fn each(&mut self, text: &str, mut change: impl FnMut(&mut Fault)) -> std::result::Result<(), String> {
        let mut calls = Call::meant(text).peekable();
        if calls.peek().is_none() {
            return Err(format!("no call of the contract is named {text:?}; it has names such as wrap or name.export"));
        }
        calls.for_each(|call| change(&mut self.calls[call as usize]));
        Ok(())
    }

    fn fail(&mut self, text: &str) -> std::result::Result<(), String> {
        let (call, major) = match text.split_once(':') {
            None => (text, Major::FAILURE),
            Some((call, name)) => (call, major_of(name).ok_or_else(|| format!("{name:?} is no major status"))?),
        };
        if Call::meant(call).any(|call| call == Call::Describe) {
            return Err("describe has no way to fail; it can panic and lie".to_owned());
        }
        self.each(call, |fault| fault.fail = Some(major))
    }

    fn delay(&mut self, text: &str) -> std::result::Result<(), String> {
        let (call, delay) = text.split_once(':').ok_or("expected CALL:MILLISECONDS")?;
        let delay = milliseconds(delay)?;
        self.each(call, |fault| fault.delay += delay)
    }

    fn panic_drop(&mut self, text: &str) -> std::result::Result<(), String> {
        let kind = KINDS.iter().find(|(_, name)| *name == text);
        let (kind, _) = kind.ok_or("expected mechanism, name, credential or context")?;
        self.drops[*kind as usize] = true;
        Ok(())
    }

    #[cold]
    fn strike(&self, call: Call) -> Result<bool> {
        let fault = self.calls[call as usize];
        if !fault.delay.is_zero() {
            sleep(fault.delay);
        }
        if fault.panic {
            panic_on_demand(format!("panic injected into {}", call.name()));
        }
        match fault.fail {
            None => Ok(fault.lie),
            Some(major) => {
                let error = MechError::new(major, format!("fault injected into {}", call.name())).minor(MINOR);
                Err(if call.is_leg() { error.token(TOKEN.to_vec()) } else { error })
            }
        }
    }
}

fn milliseconds(text: &str) -> std::result::Result<Duration, String> {
    u64::from_str(text).map(Duration::from_millis).map_err(|error| format!("milliseconds {text:?}: {error}"))
}

/// A routine error by its name in RFC 2744, without `GSS_S_`.
fn major_of(name: &str) -> Option<Major> {
    (1..=19).map(|number| Major(number << 16)).find(|major| major.to_string() == name)
}

#[expect(clippy::panic, reason = "to panic is what it is for")]
fn panic_on_demand(message: String) {
    panic!("{message}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{OID, line, written};
    use crate::{Dummy, DummyContext};
    use gss_plugin::{
        AcceptorLeg, Flags, InitiatorLeg, Iov, IovKind, IovResult, Lifetime, Mechanism, Name, PrfKey, SecurityContext,
        Want,
    };
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::time::Instant;

    type Context = Faulty<DummyContext>;

    fn open(options: &str) -> Faulty<Dummy> {
        Faulty::open(&line(options)).unwrap()
    }

    fn pair(options: &str) -> (Context, Context) {
        let mechanism = open(options);
        let target = mechanism.import_name(b"server", None).unwrap();
        let leg = |input| InitiatorLeg {
            credential: None,
            target: &target,
            mechanism: &OID,
            flags: Flags::NONE,
            lifetime: Lifetime::DEFAULT,
            bindings: None,
            input,
        };
        let (mut initiator, step) = mechanism.initiate(leg(b"")).ok().unwrap();
        let accept = AcceptorLeg { credential: None, bindings: None, input: &step.token };
        let (acceptor, step) = mechanism.accept(accept).ok().unwrap();
        assert!(initiator.initiate_leg(leg(&step.token)).ok().unwrap().complete);
        (initiator, acceptor)
    }

    #[test]
    fn without_faults_all_is_as_inside() {
        let (initiator, acceptor) = pair("lifetime=60");
        let token = written(|out| initiator.wrap(false, 0, b"message", out)).unwrap();
        assert_eq!(written(|out| acceptor.unwrap(&token, out)).unwrap(), b"message");
        assert!(initiator.context_time().unwrap() <= Lifetime(60));
        assert!(Faults::read(&line("legs=3")).unwrap().0.0.is_none(), "a line without faults costs no lookup");
    }

    #[test]
    fn every_call_has_its_number() {
        for (index, (call, name)) in CALLS.iter().enumerate() {
            assert_eq!((*call as usize, call.name()), (index, *name));
        }
        assert_eq!(Call::meant("inquire").count(), 3);
        assert_eq!(Call::meant("context.inquire").collect::<Vec<_>>(), [Call::InquireContext]);
        assert_eq!(Call::meant("context").count() + Call::meant("").count() + Call::meant("wra").count(), 0);
    }

    #[test]
    fn a_failure_names_the_call_and_has_the_wanted_status() {
        let (initiator, acceptor) = pair("fail=serialize:UNAVAILABLE fail=wrap");
        let error = written(|out| initiator.serialize(out)).unwrap_err();
        assert_eq!((error.major, error.minor), (Major::UNAVAILABLE, MINOR));
        assert!(error.text.contains("context.serialize"), "{}", error.text);
        assert_eq!(written(|out| acceptor.wrap(false, 0, b"", out)).unwrap_err().major, Major::FAILURE);
        assert!(written(|out| acceptor.get_mic(0, b"", out)).is_ok(), "the other calls go on working");
        assert!(open("").display_status(MINOR).is_some());
    }

    #[test]
    fn a_failing_leg_has_a_token_for_the_peer() {
        let mechanism = open("fail=accept:UNAUTHORIZED");
        let leg = AcceptorLeg { credential: None, bindings: None, input: b"" };
        let error = mechanism.accept(leg).err().unwrap();
        assert_eq!((error.major, &error.token[..]), (Major::UNAUTHORIZED, TOKEN));
    }

    #[test]
    fn panics_come_in_the_call_or_the_drop_that_was_named() {
        let (initiator, _acceptor) = pair("panic=wrap");
        let caught = catch_unwind(AssertUnwindSafe(|| written(|out| initiator.wrap(false, 0, b"", out)))).unwrap_err();
        assert_eq!(caught.downcast_ref::<String>().unwrap(), "panic injected into context.wrap");
        let name = open("panic-drop=name").import_name(b"alice", None).unwrap();
        assert!(catch_unwind(AssertUnwindSafe(|| drop(name))).is_err());
        let mechanism = open("panic-drop=mechanism");
        drop(mechanism.import_name(b"alice", None).unwrap());
        assert!(catch_unwind(AssertUnwindSafe(|| drop(mechanism))).is_err());
    }

    #[test]
    fn delays_add_up() {
        let mechanism = open("delay-ms=20,delay=import_name:30");
        let start = Instant::now();
        let name = mechanism.import_name(b"alice", None).unwrap();
        assert!(start.elapsed() >= Duration::from_millis(50));
        let start = Instant::now();
        name.display().unwrap();
        assert!(start.elapsed() >= Duration::from_millis(20));
    }

    #[test]
    fn lies_are_what_their_list_says() {
        let lies = "lie=context,lie=wrap_size_limit,lie=wrap_iov,lie=unwrap_iov,lie=pseudo_random,lie=serialize";
        assert!(Faulty::<Dummy>::open(&line(lies)).is_err(), "a trait alone is no call");
        let lies = lies.replace("context,", "context.inquire,") + ",lie=get_mic,lie=transferable,lie=context_time";
        let (initiator, acceptor) = pair(&lies);
        assert_eq!(initiator.wrap_size_limit(false, 0, 100).unwrap(), 101);
        assert_eq!(written(|out| initiator.pseudo_random(PrfKey::Full, b"", 5, out)).unwrap().len(), 6);
        assert!(written(|out| initiator.serialize(out)).unwrap().is_empty());
        assert_eq!(written(|out| initiator.get_mic(0, b"", out)).unwrap_err().major, Major::COMPLETE);
        assert!(!initiator.transferable());
        assert_eq!(initiator.context_time().unwrap(), Lifetime(0));
        let named = initiator.inquire(Want::NOTHING).unwrap().mechanism.unwrap();
        assert!(gss_plugin::Oid::from_content(named.as_bytes()).is_err());
        let mut header = [0; 40];
        let mut iov = [Iov::new(IovKind::Header, &mut header)];
        initiator.wrap_iov(false, 0, &mut iov).unwrap();
        assert_eq!(iov[0].result, IovResult::Length(41));
        let mut token = written(|out| initiator.wrap(false, 0, b"m", out)).unwrap();
        let mut iov = [Iov::new(IovKind::Stream, &mut token), Iov::allocated(IovKind::Data)];
        acceptor.unwrap_iov(&mut iov).unwrap();
        assert_eq!(iov[1].result, IovResult::InStream(19..20));
    }

    #[test]
    fn a_wrong_option_is_named_with_its_line() {
        for wrong in [
            "fail=wrapp",
            "fail",
            "fail=wrap:SOMETHING",
            "fail=wrap:COMPLETE",
            "fail=describe",
            "panic=",
            "lie=context.frobnicate",
            "delay=wrap",
            "delay=wrap:soon",
            "delay-ms=-1",
            "panic-drop=everything",
            "unknown=1",
        ] {
            let error = Faulty::<Dummy>::open(&line(wrong)).unwrap_err();
            let key = wrong.split('=').next().unwrap();
            assert!(error.text.contains("test.conf:7") && error.text.contains(key), "{wrong}: {}", error.text);
        }
    }
}
