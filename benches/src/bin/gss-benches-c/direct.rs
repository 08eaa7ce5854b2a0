//! krb5-sim without the switch and without C: calls on the mechanism's own objects, with their outputs.

use crate::kerberos;
use gss_benches::harness::Variant;
use gss_mech_krb5_sim::{Krb5Context, Krb5Credential, Krb5Name, Krb5Sim, oids};
use gss_plugin_abi::{
    AcceptorLeg, AcquireRequest, CredentialUsage, Flags, InitiatorLeg, Lifetime, Line, Mechanism, Oid, Output,
    SecurityContext,
};
use std::hint::black_box;
use std::time::{Duration, Instant};

static KERBEROS: Oid = oids::KERBEROS;
const NAME: &str = "krb5-sim alone, in Rust";
const FLAGS: Flags = Flags(Flags::MUTUAL.0 | Flags::REPLAY.0 | Flags::SEQUENCE.0);

/// A call on messages.
#[derive(Clone, Copy)]
pub(crate) enum Call {
    Wrap,
    Mic,
    Unwrap,
}

/// A pair of contexts, and what further ones are made of.
pub(crate) struct Direct {
    mechanism: Krb5Sim,
    target: Krb5Name,
    credentials: [Krb5Credential; 2],
    initiator: Krb5Context,
    acceptor: Krb5Context,
}

impl Direct {
    pub(crate) fn new(options: &str) -> Self {
        let line = Line { name: "krb5", oid: &KERBEROS, aliases: &[], options, place: "bench:1" };
        let mechanism = Krb5Sim::open(&line).expect("good options");
        let target = mechanism.import_name(kerberos::TARGET.as_bytes(), None).expect("a good name");
        let credentials = [CredentialUsage::Initiate, CredentialUsage::Accept].map(|usage| {
            let request = AcquireRequest {
                name: None,
                usage,
                lifetime: Lifetime::DEFAULT,
                password: None,
                impersonator: None,
                store: &[],
            };
            mechanism.acquire_credential(&request).expect("a good keytab")
        });
        let (initiator, acceptor) = establish(&mechanism, &target, &credentials);
        Self { mechanism, target, credentials, initiator, acceptor }
    }

    /// With messages of so many bytes.
    pub(crate) fn message(&self, call: Call, bytes: u32) -> Variant<'_> {
        let message = vec![0; bytes as usize];
        match call {
            Call::Wrap => Variant::new(NAME, move || drop(black_box(wrapped(&self.initiator, &message)))),
            Call::Mic => Variant::new(NAME, move || {
                let mut mic = Vec::new();
                self.initiator.get_mic(0, &message, &mut Output::over(&mut mic)).expect("established");
                drop(black_box(mic));
            }),
            Call::Unwrap => self.unwrap(message),
        }
    }

    fn unwrap(&self, message: Vec<u8>) -> Variant<'_> {
        let (sender, receiver) = establish(&self.mechanism, &self.target, &self.credentials);
        Variant::timed(NAME, move |count| {
            let mut took = Duration::ZERO;
            let mut left = count;
            while left > 0 {
                let batch = left.min(16);
                left -= batch;
                let tokens: Vec<_> = (0..batch).map(|_| wrapped(&sender, &message)).collect();
                let start = Instant::now();
                for token in &tokens {
                    let mut message = Vec::new();
                    receiver.unwrap(token, &mut Output::over(&mut message)).expect("a good token");
                    drop(black_box(message));
                }
                took += start.elapsed();
            }
            took
        })
    }

    /// Of the acceptor or of the initiator.
    pub(crate) fn transfer(&self, acceptor: bool) -> Variant<'_> {
        let context = if acceptor { &self.acceptor } else { &self.initiator };
        Variant::new(NAME, move || {
            let mut state = Vec::new();
            context.serialize(&mut Output::over(&mut state)).expect("every context can be serialized");
            drop(black_box(self.mechanism.import_context(&state).expect("its own state")));
        })
    }

    pub(crate) fn pair(&self) -> Variant<'_> {
        Variant::new(NAME, || drop(black_box(establish(&self.mechanism, &self.target, &self.credentials))))
    }
}

fn wrapped(context: &Krb5Context, message: &[u8]) -> Vec<u8> {
    let mut token = Vec::new();
    context.wrap(true, 0, message, &mut Output::over(&mut token)).expect("established");
    token
}

fn establish(
    mechanism: &Krb5Sim,
    target: &Krb5Name,
    [initiating, accepting]: &[Krb5Credential; 2],
) -> (Krb5Context, Krb5Context) {
    let leg = |input| InitiatorLeg {
        credential: Some(initiating),
        target,
        mechanism: &KERBEROS,
        flags: FLAGS,
        lifetime: Lifetime::DEFAULT,
        bindings: None,
        input,
    };
    let (mut initiator, request) = mechanism.initiate(leg(b"")).expect("a good keytab");
    let accepting = AcceptorLeg { credential: Some(accepting), bindings: None, input: &request.token };
    let (acceptor, reply) = mechanism.accept(accepting).expect("a good token");
    initiator.initiate_leg(leg(&reply.token)).expect("a good token");
    (initiator, acceptor)
}
