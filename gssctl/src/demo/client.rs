//! The client: connects to the acceptor, establishes a context, sends wrapped messages and checks the answers. It knows
//! nothing of workers.

use super::protocol::{Failure, Target};
use super::protocol::{FromClient, GivenUp, MIC_TEXT, Outcome, Talked, ToClient, ToServer, ToTheClient};
use super::wire::{Channel, Frame, Lost};
use anyhow::{Context as _, Result, bail, ensure};
use gss_core::{Context, Flags, Gss, Major, Oid};
use std::collections::VecDeque;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

/// All that a client can ask for; what the mechanism grants is its affair.
const FLAGS: [Flags; 5] = [Flags::MUTUAL, Flags::REPLAY, Flags::SEQUENCE, Flags::CONF, Flags::INTEG];

pub(super) fn run(gss: &Gss, demo: &Channel, socket: &Path, step: Duration) -> Result<()> {
    let mut connections = VecDeque::new();
    loop {
        match demo.receive::<ToTheClient>() {
            Ok(Frame { head: ToTheClient::Connect { connections: wanted }, .. }) => {
                for _ in 0..wanted {
                    let stream = UnixStream::connect(socket).context("cannot connect to the acceptor")?;
                    connections.push_back(Channel::new(stream, step)?);
                }
                demo.send(&FromClient::Connected, b"")?;
            }
            Ok(Frame { head: ToTheClient::Talk { oid, target, messages }, .. }) => {
                let server = connections.pop_front().context("no connection is left")?;
                let talked = Conversation { gss, demo, server: &server }.hold(&oid, &target, messages);
                if talked.is_err() {
                    // It may be gone.
                    let _ = server.send(&ToServer::GivenUp, b"");
                }
                let whose = || format!("client (pid {})", std::process::id());
                let talked = talked.with_context(whose).map_err(|error| Failure::of(&error));
                demo.send(&FromClient::Talked(talked), b"")?;
            }
            Err(Lost::Closed) => return Ok(()),
            // Nothing to do for a while.
            Err(Lost::Silent(_)) => {}
            Err(lost) => return Err(lost.into()),
        }
    }
}

struct Conversation<'a> {
    gss: &'a Gss,
    demo: &'a Channel,
    server: &'a Channel,
}

impl Conversation<'_> {
    fn hold(&self, oid: &str, target: &Target, messages: u32) -> Result<Talked> {
        let oid: Oid = oid.parse()?;
        let (context, legs, integrity) = self.establish(&oid, target).context("handshake")?;
        let mut answered: Vec<(u32, u32)> = Vec::new();
        for number in 1..=messages {
            let pid = self.ask(&context, number).with_context(|| format!("message {number}"))?;
            match answered.last_mut() {
                Some((last, count)) if *last == pid => *count += 1,
                _ => answered.push((pid, 1)),
            }
        }
        let mics = self.exchange_mics(&context).context("MIC")?;
        let altered = self.send_altered(&context).context("altered message")?;
        self.server.send(&ToServer::Bye, b"")?;
        Ok(Talked { legs, answered, mics, integrity, altered })
    }

    fn establish(&self, oid: &Oid, target: &Target) -> Result<(Context, u32, bool)> {
        let target = target.name(self.gss)?;
        let flags = FLAGS.into_iter().fold(Flags::NONE, |all, flag| all | flag);
        let mut initiator = self.gss.initiator(&target).mechanism(oid).flags(flags);
        let (mut input, mut legs) = (Vec::new(), 0);
        loop {
            self.alive()?;
            let leg = initiator.step(&input)?;
            if !leg.token.is_empty() {
                self.server.send(&ToServer::Leg, &leg.token)?;
                legs += 1;
            }
            if leg.complete {
                return Ok((initiator.into_context()?, legs, leg.flags.contains(Flags::INTEG)));
            }
            match self.answer()? {
                (ToClient::Leg, token) => input = token,
                (other, _) => bail!("a token was expected, and {other:?} came"),
            }
            legs += 1;
        }
    }

    /// Sends a message and checks the answer. Answers who gave it.
    fn ask(&self, context: &Context, number: u32) -> Result<u32> {
        self.alive()?;
        let text = format!("message {number}");
        self.server.send(&ToServer::Message, &context.wrap(true, text.as_bytes())?)?;
        let reply = match self.answer()? {
            (ToClient::Reply, reply) => context.unwrap(&reply)?,
            (ToClient::Refused(outcome), _) => bail!("it was refused: {outcome}"),
            (other, _) => bail!("a reply was expected, and {other:?} came"),
        };
        ensure!(
            reply.info.supplementary == Major::COMPLETE,
            "the reply came in order, and the mechanism says {}",
            reply.info.supplementary
        );
        let words = String::from_utf8(reply.bytes).context("the reply is not the one to this message")?;
        let (pid, echo) = words.split_once(' ').context("the reply is not the one to this message")?;
        ensure!(echo == text, "the reply is not the one to this message");
        pid.parse().context("the reply does not begin with a process id")
    }

    /// Whether there was something to check.
    fn exchange_mics(&self, context: &Context) -> Result<bool> {
        self.alive()?;
        let mic = match context.get_mic(MIC_TEXT) {
            Err(error) if error.major().routine() == Major::UNAVAILABLE => return Ok(false),
            mic => mic?,
        };
        self.server.send(&ToServer::Mic, &mic)?;
        match self.answer()? {
            (ToClient::Mic, mic) => context.verify_mic(MIC_TEXT, &mic)?,
            (ToClient::Refused(outcome), _) => bail!("it was refused: {outcome}"),
            (other, _) => bail!("a MIC was expected, and {other:?} came"),
        };
        Ok(true)
    }

    fn send_altered(&self, context: &Context) -> Result<Outcome> {
        self.alive()?;
        let mut message = context.wrap(true, b"to be altered")?;
        *message.last_mut().context("the mechanism wraps a message into nothing")? ^= 1;
        self.server.send(&ToServer::Message, &message)?;
        match self.answer()? {
            (ToClient::Reply, _) => Ok(Outcome::Accepted),
            (ToClient::Refused(outcome), _) => Ok(outcome),
            (other, _) => bail!("a reply was expected, and {other:?} came"),
        }
    }

    fn answer(&self) -> Result<(ToClient, Vec<u8>)> {
        let Frame { head, mut body, .. } = self.server.receive()?;
        match head {
            ToClient::GivenUp => Err(GivenUp.into()),
            head => Ok((head, std::mem::take(&mut *body))),
        }
    }

    fn alive(&self) -> Result<(), Lost> {
        self.demo.send(&FromClient::Alive, b"")
    }
}
