//! A process that holds one context and does what it is told (`gss_tests::holder`): the Rust API over the system's
//! sources. `tests/c/context_holder.c` is the same over the C library.
//!
//! ```text
//! context-holder SIDE MECHANISM SERVICE USER
//! ```
#![allow(clippy::expect_used, clippy::panic, reason = "a process of a test that cannot go on has failed")]

use gss_core::{Context, Credential, CredentialUsage, Error, Flags, Gss, Major, Name, NoContext, Oid, Result, Want};
use gss_core::{Progress, name_type};
use gss_tests::holder::{DONE, EXPORT, FAILED, GOES_ON, IMPORT, MIC, NO_CONTEXT, SIGNED, STEP, UNWRAP, VERIFY, WRAP};
use gss_tests::party::{receive, send};
use std::io::{stdin, stdout};

const FLAGS: Flags = Flags(Flags::MUTUAL.0 | Flags::REPLAY.0 | Flags::SEQUENCE.0 | Flags::CONF.0 | Flags::INTEG.0);

struct Holder {
    gss: Gss,
    mechanism: Oid,
    initiates: bool,
    target: Name,
    credential: Option<Credential>,
    context: Option<Context>,
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [side, mechanism, service, user] = arguments.as_slice() else { panic!("SIDE MECHANISM SERVICE USER") };
    let gss = Gss::system();
    let mechanism: Oid = mechanism.parse().expect("an OID");
    let user = (!user.is_empty()).then(|| gss.name(user.as_bytes(), Some(&name_type::USER_NAME)));
    let request = gss.credential().mechanism(&mechanism);
    let credential = match (side.as_str(), &user) {
        ("initiator", Some(user)) => Some(request.name(user).usage(CredentialUsage::Initiate)),
        ("initiator", None) => Some(request.usage(CredentialUsage::Initiate)),
        ("acceptor", _) => Some(request.usage(CredentialUsage::Accept)),
        _ => None,
    };
    let credential = credential.map(|request| request.acquire().expect("a credential"));
    let target = gss.name(service.as_bytes(), Some(&name_type::HOSTBASED_SERVICE));
    let initiates = side == "initiator";
    let mut holder = Holder { gss, mechanism, initiates, target, credential, context: None };
    while let Some((order, bytes)) = receive(&mut stdin()) {
        let (kind, answer) = match holder.obey(order, &bytes) {
            Ok(answer) => answer,
            Err(error) => {
                let gone = error.major().routine() == Major::NO_CONTEXT;
                (if gone { NO_CONTEXT } else { FAILED }, error.to_string().into_bytes())
            }
        };
        send(&mut stdout(), kind, &answer);
    }
}

impl Holder {
    fn obey(&mut self, order: u8, bytes: &[u8]) -> Result<(u8, Vec<u8>)> {
        if order == STEP {
            let progress = self.step(bytes)?;
            return Ok((if progress.complete { DONE } else { GOES_ON }, progress.token));
        }
        if order == IMPORT {
            self.context = Some(self.gss.import_context(bytes)?);
            return Ok((DONE, Vec::new()));
        }
        let context = self.context.as_ref().ok_or(Error::NoContext(NoContext::NotBegun))?;
        let answer = match order {
            EXPORT => {
                let token = context.export()?;
                assert_dead(context);
                self.context = None;
                token.as_bytes().to_vec()
            }
            WRAP => context.wrap(true, bytes)?,
            UNWRAP => {
                let message = context.unwrap(bytes)?;
                assert!(message.info.confidential && message.info.supplementary.0 == 0, "{:?}", message.info);
                message.bytes.to_vec()
            }
            MIC => context.get_mic(SIGNED)?,
            VERIFY => {
                assert_eq!(context.verify_mic(SIGNED, bytes)?.supplementary.0, 0, "out of sequence");
                Vec::new()
            }
            _ => panic!("no such order: {order}"),
        };
        Ok((DONE, answer))
    }

    fn step(&mut self, token: &[u8]) -> Result<Progress> {
        let credential = self.credential.as_ref().expect("workers take no legs");
        let context = self.context.take();
        if self.initiates {
            let mut leg =
                self.gss.initiator(&self.target).mechanism(&self.mechanism).credential(credential).flags(FLAGS);
            if let Some(context) = context {
                leg = leg.resume(context);
            }
            let progress = leg.step(token)?;
            self.context = Some(if progress.complete { leg.into_context()? } else { leg.suspend()? });
            Ok(progress)
        } else {
            let mut leg = self.gss.acceptor().credential(credential);
            if let Some(context) = context {
                leg = leg.resume(context);
            }
            let progress = leg.step(token)?;
            self.context = Some(if progress.complete { leg.into_context()? } else { leg.suspend()? });
            Ok(progress)
        }
    }
}

/// Every call on it is `NO_CONTEXT`.
fn assert_dead(context: &Context) {
    let answers = [
        context.time().err(),
        context.wrap(true, b"").err(),
        context.unwrap(b"").err(),
        context.get_mic(b"").err(),
        context.verify_mic(b"", b"").err(),
        context.inquire(Want::ALL).err(),
        context.export().err(),
    ];
    for (call, error) in answers.into_iter().enumerate() {
        let error = error.unwrap_or_else(|| panic!("call {call} succeeds on an exported context"));
        assert_eq!(error.major().routine(), Major::NO_CONTEXT, "call {call}: {error}");
    }
}
