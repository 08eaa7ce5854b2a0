//! Frames over Unix sockets: a head that says what it is, a body of bytes, and where wanted an open descriptor.
//!
//! ```text
//! u32, big endian   length of the head
//! u32, big endian   length of the body
//! the head          JSON
//! the body          tokens, messages
//! ```
//!
//! A descriptor travels with the two lengths (SCM_RIGHTS, unix(7)). Nothing is read beyond a frame's end, so that
//! another process can go on reading where this one stopped.

use gss_core::token::MAX_TOKEN;
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage, SendFlags,
    recvmsg, sendmsg,
};
use serde::{Serialize, de::DeserializeOwned};
use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::time::Duration;
use zeroize::Zeroizing;

const MAX_HEAD: usize = 64 << 10;
/// A token, or a wrapped message: a few bytes more than a message.
const MAX_BODY: usize = MAX_TOKEN;
const LENGTHS: usize = 8;

/// Why a frame could not be sent or received.
#[derive(Debug, thiserror::Error)]
pub(super) enum Lost {
    #[error("the other side has closed the connection")]
    Closed,
    #[error("the other side was silent for {} s", .0.as_secs())]
    Silent(Duration),
    #[error("the connection failed: {0}")]
    Failed(#[source] io::Error),
    #[error("unexpected bytes on the connection: {0}")]
    Nonsense(String),
}

/// A frame that has come in. Its body may be a token, and is wiped.
pub(super) struct Frame<H> {
    pub(super) head: H,
    pub(super) body: Zeroizing<Vec<u8>>,
    pub(super) descriptor: Option<OwnedFd>,
}

/// One end of a connection, on which waiting ends after a while.
pub(super) struct Channel {
    stream: UnixStream,
    patience: Duration,
}

impl Channel {
    pub(super) fn new(stream: UnixStream, patience: Duration) -> io::Result<Self> {
        stream.set_read_timeout(Some(patience))?;
        stream.set_write_timeout(Some(patience))?;
        Ok(Self { stream, patience })
    }

    /// The channel that this process was started with, as its standard input.
    pub(super) fn inherited(patience: Duration) -> io::Result<Self> {
        Self::new(UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?), patience)
    }

    pub(super) fn send<H: Serialize>(&self, head: &H, body: &[u8]) -> Result<(), Lost> {
        self.send_frame(head, body, None)
    }

    /// Sends a frame and a descriptor, of which the receiver gets a copy.
    pub(super) fn send_with<H: Serialize>(&self, head: &H, body: &[u8], descriptor: &Channel) -> Result<(), Lost> {
        self.send_frame(head, body, Some(descriptor.stream.as_fd()))
    }

    fn send_frame<H: Serialize>(&self, head: &H, body: &[u8], descriptor: Option<BorrowedFd<'_>>) -> Result<(), Lost> {
        let head = serde_json::to_vec(head).map_err(|error| Lost::Nonsense(error.to_string()))?;
        let too_long = || Lost::Nonsense("a frame is too long".to_owned());
        if head.len() > MAX_HEAD || body.len() > MAX_BODY {
            return Err(too_long());
        }
        let length = |part: &[u8]| u32::try_from(part.len()).map(u32::to_be_bytes).map_err(|_| too_long());
        let lengths = [length(&head)?, length(body)?].concat();
        let sent = match descriptor {
            None => 0,
            Some(descriptor) => self.send_first(&lengths, descriptor)?,
        };
        let rest = lengths.get(sent..).unwrap_or_default();
        for part in [rest, &head, body] {
            (&self.stream).write_all(part).map_err(|error| self.lost(error))?;
        }
        Ok(())
    }

    fn send_first(&self, bytes: &[u8], descriptor: BorrowedFd<'_>) -> Result<usize, Lost> {
        let descriptors = [descriptor];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut ancillary = SendAncillaryBuffer::new(&mut space);
        // The space was made for exactly this.
        ancillary.push(SendAncillaryMessage::ScmRights(&descriptors));
        let send = || sendmsg(&self.stream, &[IoSlice::new(bytes)], &mut ancillary, SendFlags::NOSIGNAL);
        rustix::io::retry_on_intr(send).map_err(|error| self.lost(error.into()))
    }

    pub(super) fn receive<H: DeserializeOwned>(&self) -> Result<Frame<H>, Lost> {
        let mut lengths = [0; LENGTHS];
        let (received, descriptor) = self.receive_first(&mut lengths)?;
        self.read_exact(lengths.get_mut(received..).unwrap_or_default())?;
        let [h0, h1, h2, h3, b0, b1, b2, b3] = lengths;
        let head = self.read_part(u32::from_be_bytes([h0, h1, h2, h3]), MAX_HEAD)?;
        let body = self.read_part(u32::from_be_bytes([b0, b1, b2, b3]), MAX_BODY)?;
        let head = serde_json::from_slice(&head).map_err(|error| Lost::Nonsense(error.to_string()))?;
        Ok(Frame { head, body, descriptor })
    }

    fn receive_first(&self, bytes: &mut [u8]) -> Result<(usize, Option<OwnedFd>), Lost> {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut ancillary = RecvAncillaryBuffer::new(&mut space);
        let mut slices = [IoSliceMut::new(bytes)];
        let receive = || recvmsg(&self.stream, &mut slices, &mut ancillary, RecvFlags::CMSG_CLOEXEC);
        let message = rustix::io::retry_on_intr(receive).map_err(|error| self.lost(error.into()))?;
        if message.bytes == 0 {
            return Err(Lost::Closed);
        }
        let descriptor = ancillary.drain().find_map(|message| match message {
            RecvAncillaryMessage::ScmRights(mut descriptors) => descriptors.next(),
            _ => None,
        });
        Ok((message.bytes, descriptor))
    }

    /// Allocates no more than `most` bytes, whatever the length says.
    fn read_part(&self, length: u32, most: usize) -> Result<Zeroizing<Vec<u8>>, Lost> {
        let length = usize::try_from(length).ok().filter(|length| *length <= most);
        let length = length.ok_or_else(|| Lost::Nonsense("a frame is too long".to_owned()))?;
        let mut part = Zeroizing::new(vec![0; length]);
        self.read_exact(&mut part)?;
        Ok(part)
    }

    fn read_exact(&self, bytes: &mut [u8]) -> Result<(), Lost> {
        (&self.stream).read_exact(bytes).map_err(|error| self.lost(error))
    }

    fn lost(&self, error: io::Error) -> Lost {
        match error.kind() {
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => Lost::Silent(self.patience),
            io::ErrorKind::UnexpectedEof | io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset => Lost::Closed,
            _ => Lost::Failed(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_millis(200);

    fn pair() -> (Channel, Channel) {
        let (one, other) = UnixStream::pair().unwrap();
        (Channel::new(one, PATIENCE).unwrap(), Channel::new(other, PATIENCE).unwrap())
    }

    #[test]
    fn a_frame_and_its_descriptor_arrive_whole() {
        let (ours, theirs) = pair();
        let (near, far) = pair();
        ours.send_with(&"head", b"body", &far).unwrap();
        ours.send(&"next", b"").unwrap();
        let frame = theirs.receive::<String>().unwrap();
        assert_eq!((frame.head.as_str(), &frame.body[..]), ("head", &b"body"[..]));
        let passed = Channel::new(UnixStream::from(frame.descriptor.unwrap()), PATIENCE).unwrap();
        near.send(&1, b"through the descriptor").unwrap();
        assert_eq!(&passed.receive::<u8>().unwrap().body[..], b"through the descriptor");
        let next = theirs.receive::<String>().unwrap();
        assert!(next.head == "next" && next.descriptor.is_none());
    }

    #[test]
    fn silence_ends_and_a_closed_end_shows() {
        let (ours, theirs) = pair();
        assert!(matches!(theirs.receive::<u8>(), Err(Lost::Silent(PATIENCE))));
        drop(ours);
        assert!(matches!(theirs.receive::<u8>(), Err(Lost::Closed)));
    }

    #[test]
    fn a_length_beyond_the_limit_allocates_nothing() {
        let (ours, theirs) = pair();
        (&ours.stream).write_all(&[0, 0, 0, 2, 0xff, 0xff, 0xff, 0xff]).unwrap();
        (&ours.stream).write_all(b"12").unwrap();
        assert!(matches!(theirs.receive::<u8>(), Err(Lost::Nonsense(_))));
    }
}
