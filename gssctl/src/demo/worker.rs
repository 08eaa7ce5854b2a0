//! A worker: imports the contexts that it is handed and answers the client's messages, until it is to hand them on.

use super::protocol::{Checks, Failure, FromWorker, GivenUp, MIC_TEXT, Order, Outcome, ToClient, ToServer};
use super::wire::{Channel, Frame, Lost};
use anyhow::{Context as _, Result, bail, ensure};
use gss_core::{Context, Gss, Major, Oid, token};
use std::os::unix::net::UnixStream;
use std::time::Duration;

/// An OID that no mechanism has: 2.25 and a random UUID.
const NOBODYS: &str = "2.25.201462038427139655187311229906170513947";

pub(super) fn run(gss: &Gss, acceptor: &Channel, step: Duration) -> Result<()> {
    loop {
        let order = match acceptor.receive::<Order>() {
            Ok(order) => order,
            Err(Lost::Closed) => return Ok(()),
            // Nothing to do for a while.
            Err(Lost::Silent(_)) => continue,
            Err(lost) => return Err(lost.into()),
        };
        let hand_on_after = match order.head {
            Order::Serve { hand_on_after } => hand_on_after,
            Order::Replay => {
                let outcome = Outcome::of(gss.import_context(&order.body));
                acceptor.send(&FromWorker::Replayed(outcome), b"")?;
                continue;
            }
        };
        let connection = order.descriptor.context("a token came without the client's connection")?;
        let client = Channel::new(UnixStream::from(connection), step)?;
        let service = Service { gss, acceptor, client: &client };
        if let Err(error) = service.serve(&order.body, hand_on_after) {
            // It may be gone.
            let _ = client.send(&ToClient::GivenUp, b"");
            acceptor.send(&FromWorker::Failed(Failure::of(&error)), b"")?;
        }
    }
}

struct Service<'a> {
    gss: &'a Gss,
    acceptor: &'a Channel,
    client: &'a Channel,
}

impl Service<'_> {
    fn serve(&self, token: &[u8], hand_on_after: Option<u32>) -> Result<()> {
        let (cut_token, foreign_token) = (self.import_cut(token)?, self.import_foreign(token)?);
        let context = self.gss.import_context(token).context("import")?;
        let mut served = 0;
        while hand_on_after != Some(served) {
            self.acceptor.send(&FromWorker::Alive, b"")?;
            match self.client.receive::<ToServer>()? {
                Frame { head: ToServer::Message, body, .. } => {
                    self.reply(&context, &body).with_context(|| format!("message {}", served + 1))?;
                    served += 1;
                }
                Frame { head: ToServer::Mic, body, .. } => self.check_mic(&context, &body).context("MIC")?,
                Frame { head: ToServer::Bye, .. } => {
                    self.acceptor.send(&FromWorker::Done, b"")?;
                    return Ok(());
                }
                Frame { head: ToServer::GivenUp, .. } => return Err(GivenUp.into()),
                Frame { head: ToServer::Leg, .. } => bail!("the handshake is over, and a token for it came"),
            }
        }
        let token = context.export().context("export")?;
        let exported = Outcome::of(context.wrap(false, b"late"));
        let checks = Checks { cut_token, foreign_token, exported };
        self.acceptor.send_with(&FromWorker::HandOn(checks), token.as_bytes(), self.client)?;
        Ok(())
    }

    /// The token, cut off within the OID at its head.
    fn import_cut(&self, token: &[u8]) -> Result<Outcome> {
        let prefix = token::prefix(&token::parse(token)?.mechanism).len();
        let cut = token.get(..prefix - 1).context("a token without a prefix")?;
        Ok(Outcome::of(self.gss.import_context(cut)))
    }

    /// The token, with another mechanism's OID at its head.
    fn import_foreign(&self, token: &[u8]) -> Result<Outcome> {
        let nobody: Oid = NOBODYS.parse()?;
        let mut foreign = zeroize::Zeroizing::new(token::prefix(&nobody));
        foreign.extend_from_slice(token::parse(token)?.body);
        Ok(Outcome::of(self.gss.import_context(&foreign)))
    }

    fn reply(&self, context: &Context, wrapped: &[u8]) -> Result<()> {
        let message = match context.unwrap(wrapped) {
            Ok(message) => message,
            Err(error) => {
                self.client.send(&ToClient::Refused(Outcome::of::<()>(Err(error))), b"")?;
                return Ok(());
            }
        };
        ensure!(
            message.info.supplementary == Major::COMPLETE,
            "it came in order, and the mechanism says {}",
            message.info.supplementary
        );
        let mut reply = format!("{} ", std::process::id()).into_bytes();
        reply.extend_from_slice(&message.bytes);
        self.client.send(&ToClient::Reply, &context.wrap(true, &reply)?)?;
        Ok(())
    }

    fn check_mic(&self, context: &Context, mic: &[u8]) -> Result<()> {
        match context.verify_mic(MIC_TEXT, mic) {
            Ok(_) => self.client.send(&ToClient::Mic, &context.get_mic(MIC_TEXT)?)?,
            Err(error) => self.client.send(&ToClient::Refused(Outcome::of::<()>(Err(error))), b"")?,
        }
        Ok(())
    }
}
