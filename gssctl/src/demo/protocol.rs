//! What the processes of the demo say to each other: the heads of their frames.

use super::wire::Lost;
use crate::output;
use gss_core::{Major, Oid, name_type};
use serde::{Deserialize, Serialize};
use std::fmt;

/// From the client to whoever serves it.
#[derive(Serialize, Deserialize, Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ToServer {
    /// The body is a token of the handshake.
    Leg,
    /// The body is a wrapped message.
    Message,
    /// The body is the MIC of [`MIC_TEXT`].
    Mic,
    /// That was all.
    Bye,
    /// The client cannot go on.
    GivenUp,
}

/// From the acceptor or a worker to the client.
#[derive(Serialize, Deserialize, Debug)]
pub(super) enum ToClient {
    /// The body is a token of the handshake.
    Leg,
    /// The body is a wrapped reply.
    Reply,
    /// The message, or the MIC, was refused.
    Refused(Outcome),
    /// The client's MIC is right; the body is the worker's own of [`MIC_TEXT`].
    Mic,
    /// The acceptor or worker cannot go on.
    GivenUp,
}

/// What both sides make a MIC of.
pub(super) const MIC_TEXT: &[u8] = b"signed, not wrapped";

/// From the demo to the acceptor.
#[derive(Serialize, Deserialize, Debug)]
pub(super) enum ToAcceptor {
    /// Open this mechanism and acquire a credential for it.
    Open { oid: String },
    /// Take the next connection and serve it with this mechanism.
    Serve { oid: String, messages: u32 },
}

/// From the acceptor to the demo.
#[derive(Serialize, Deserialize, Debug)]
pub(super) enum FromAcceptor {
    /// It listens, and these are its workers.
    Listening { workers: [u32; 2] },
    /// The mechanism works, and a client reaches the acceptor under this name.
    Opened(Target),
    /// The mechanism does not load, or gives no credential to accept with.
    Unusable(String),
    /// How serving a connection ended.
    Served(Result<Served, Failure>),
}

/// From the demo to the client.
#[derive(Serialize, Deserialize, Debug)]
pub(super) enum ToTheClient {
    /// Connect so many times to the acceptor.
    Connect { connections: usize },
    /// Use the next connection with this mechanism.
    Talk { oid: String, target: Target, messages: u32 },
}

/// From the client to the demo.
#[derive(Serialize, Deserialize, Debug)]
pub(super) enum FromClient {
    Connected,
    /// It is getting on.
    Alive,
    /// How a connection ended.
    Talked(Result<Talked, Failure>),
}

/// From the acceptor to a worker. The body is an interprocess token.
#[derive(Serialize, Deserialize, Debug)]
pub(super) enum Order {
    /// Serve the client, whose connection comes with it.
    Serve {
        /// After how many messages the context is to be handed on; never, if not said.
        hand_on_after: Option<u32>,
    },
    /// Try the token, which another worker has imported.
    Replay,
}

/// From a worker to the acceptor.
#[derive(Serialize, Deserialize, Debug)]
pub(super) enum FromWorker {
    /// It is getting on.
    Alive,
    /// The body is an interprocess token again, and the client's connection comes with it.
    HandOn(Checks),
    /// The client has said goodbye.
    Done,
    /// What became of a replayed token.
    Replayed(Outcome),
    Failed(Failure),
}

/// What must fail, as a worker finds it.
#[derive(Serialize, Deserialize, Debug)]
pub(super) struct Checks {
    /// The import of a token that is cut off.
    pub(super) cut_token: Outcome,
    /// The import of a token of a mechanism that nobody has.
    pub(super) foreign_token: Outcome,
    /// A call on the context that the worker has exported.
    pub(super) exported: Outcome,
}

/// What the acceptor has to tell of a connection.
#[derive(Serialize, Deserialize, Debug)]
pub(super) struct Served {
    /// Whom the acceptor takes the client for.
    pub(super) initiator: Option<String>,
    /// The sizes of the two interprocess tokens, in bytes.
    pub(super) tokens: [usize; 2],
    /// A call on the context that the acceptor has exported.
    pub(super) exported: Outcome,
    /// What worker 1 found.
    pub(super) worker: Checks,
    /// The import by worker 2 of the token that worker 1 has imported.
    pub(super) replayed: Outcome,
    /// Whether the tokens are good for one import; then how many of their contexts are left in the transfer store.
    pub(super) left: Option<usize>,
}

/// What the client has to tell of a connection.
#[derive(Serialize, Deserialize, Debug)]
pub(super) struct Talked {
    /// How many tokens the handshake took, both ways.
    pub(super) legs: u32,
    /// Who answered how many messages, in order.
    pub(super) answered: Vec<(u32, u32)>,
    /// Whether MICs were checked both ways; not, if the mechanism offers none.
    pub(super) mics: bool,
    /// Whether the mechanism claims to protect the integrity of messages.
    pub(super) integrity: bool,
    /// What became of an altered message.
    pub(super) altered: Outcome,
}

/// How a call ended that ought to fail.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    Accepted,
    Refused { major: u32, text: String },
}

impl Outcome {
    pub(super) fn of<T>(result: gss_core::Result<T>) -> Self {
        match result {
            Ok(_) => Self::Accepted,
            Err(error) => Self::Refused { major: error.major().0, text: error.to_string() },
        }
    }

    /// Whether it was refused with this routine error.
    pub(super) fn is(&self, expected: Major) -> bool {
        matches!(self, Self::Refused { major, .. } if Major(*major).routine() == expected)
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Accepted => f.write_str("accepted"),
            Self::Refused { text, .. } => f.write_str(text),
        }
    }
}

/// Why a connection could not be brought to its end.
#[derive(Serialize, Deserialize, Debug)]
pub(super) struct Failure {
    pub(super) text: String,
    /// It only follows from what happened on the other side, which has its own story to tell.
    pub(super) follows: bool,
    /// One of the processes is lost: there is no going on.
    pub(super) fatal: bool,
}

impl Failure {
    pub(super) fn of(error: &anyhow::Error) -> Self {
        let follows = error.downcast_ref::<Lost>().is_some_and(|lost| matches!(lost, Lost::Closed))
            || error.downcast_ref::<GivenUp>().is_some();
        Self { text: output::with_causes(error.as_ref()), follows, fatal: error.downcast_ref::<Fatal>().is_some() }
    }
}

/// The other side has said that it cannot go on.
#[derive(Debug, thiserror::Error)]
#[error("the other side has given up")]
pub(super) struct GivenUp;

/// A process is lost.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Fatal(pub(super) String);

/// The acceptor's name, for the client.
#[derive(Serialize, Deserialize, Debug, Clone)]
pub(super) struct Target {
    text: Vec<u8>,
    name_type: Option<String>,
}

impl Target {
    /// A mechanism's name for the acceptor's credential, where it has one; what a service is called otherwise.
    pub(super) fn of(name: Option<&gss_core::Name>) -> gss_core::Result<Self> {
        let Some(name) = name else {
            let name_type = Some(name_type::HOSTBASED_SERVICE.to_string());
            return Ok(Self { text: b"gssctl-demo@localhost".to_vec(), name_type });
        };
        let (text, name_type) = name.display()?;
        Ok(Self { text: text.into_owned(), name_type: name_type.map(|oid| oid.to_string()) })
    }

    pub(super) fn name(&self, gss: &gss_core::Gss) -> anyhow::Result<gss_core::Name> {
        let name_type = self.name_type.as_deref().map(str::parse::<Oid>).transpose()?;
        Ok(gss.name(&self.text, name_type.as_ref()))
    }
}
