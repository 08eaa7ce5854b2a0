//! Messages in pieces. The data stays where it is, since nothing is encrypted; all there is to make is the header, so
//! that padding and trailer are empty. Sign-only pieces are covered by the checksum and not part of the token.

use crate::message::{HEADER, Kind, Messages};
use crate::status::Minor;
use gss_plugin::{Flags, Iov, IovKind, IovResult, Major, Result};

/// The bytes of all elements of one kind, in their order.
fn pieces<'i>(iov: &'i [Iov<'_>], kind: IovKind) -> impl Iterator<Item = &'i [u8]> {
    iov.iter().filter(move |element| element.kind == kind).map(|element| &*element.buffer)
}

/// Fails unless there is one header, and nothing that has no place in a message to be wrapped.
fn check_layout(iov: &[Iov<'_>]) -> Result<()> {
    let count = |kind| pieces(iov, kind).count();
    if count(IovKind::Header) != 1 || count(IovKind::Stream) + count(IovKind::MicToken) > 0 {
        return Err(Minor::Pieces.error());
    }
    Ok(())
}

pub(crate) fn lengths(iov: &mut [Iov<'_>]) -> Result<()> {
    check_layout(iov)?;
    for element in iov {
        match element.kind {
            IovKind::Header => element.result = IovResult::Length(HEADER),
            IovKind::Padding | IovKind::Trailer => element.result = IovResult::Length(0),
            _ => {}
        }
    }
    Ok(())
}

pub(crate) fn wrap(messages: &Messages, iov: &mut [Iov<'_>]) -> Result<()> {
    check_layout(iov)?;
    // Before the number is taken: a message that cannot be made must not leave a gap.
    let fits = |element: &Iov<'_>| element.allocate || element.buffer.len() >= HEADER;
    if !iov.iter().filter(|element| element.kind == IovKind::Header).all(fits) {
        return Err(Minor::HeaderRoom.error());
    }
    let header = messages.header(Kind::Wrap, pieces(iov, IovKind::SignOnly), pieces(iov, IovKind::Data));
    for element in iov {
        match element.kind {
            IovKind::Header => element.put(header.to_vec())?,
            IovKind::Padding | IovKind::Trailer => element.put(Vec::new())?,
            _ => {}
        }
    }
    Ok(())
}

pub(crate) fn unwrap(messages: &Messages, flags: Flags, iov: &mut [Iov<'_>]) -> Result<Major> {
    let count = |kind| pieces(iov, kind).count();
    let number = match (count(IovKind::Header), count(IovKind::Stream)) {
        (1, 0) => check_pieces(messages, iov)?,
        (0, 1) if count(IovKind::Data) == 1 => open_stream(messages, iov)?,
        _ => return Err(Minor::Pieces.error()),
    };
    Ok(messages.arrived(number, flags))
}

/// A token that lies in the elements that [`wrap`] filled.
fn check_pieces(messages: &Messages, iov: &[Iov<'_>]) -> Result<u64> {
    if pieces(iov, IovKind::Padding).chain(pieces(iov, IovKind::Trailer)).any(|piece| !piece.is_empty()) {
        return Err(Minor::MessageToken.error());
    }
    let header = pieces(iov, IovKind::Header).next().unwrap_or_default();
    messages.check(Kind::Wrap, header, pieces(iov, IovKind::SignOnly), pieces(iov, IovKind::Data))
}

/// A token in one piece: the data element is told where in it the message lies, or gets a copy.
fn open_stream(messages: &Messages, iov: &mut [Iov<'_>]) -> Result<u64> {
    let token = pieces(iov, IovKind::Stream).next().unwrap_or_default();
    let (header, message) = token.split_at_checked(HEADER).ok_or_else(|| Minor::MessageToken.error())?;
    let number = messages.check(Kind::Wrap, header, pieces(iov, IovKind::SignOnly), [message])?;
    let copied = iov.iter().any(|element| element.kind == IovKind::Data && element.allocate);
    let result = if copied { IovResult::Allocated(message.to_vec()) } else { IovResult::InStream(HEADER..token.len()) };
    if let Some(data) = iov.iter_mut().find(|element| element.kind == IovKind::Data) {
        data.result = result;
    }
    Ok(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{pair, serialized, written};
    use crate::{DummyContext, testing};
    use gss_plugin::{Mechanism, SecurityContext};

    /// The same context a second time, so that two calls have the same number.
    fn twin(context: &DummyContext) -> DummyContext {
        testing::open("").import_context(&serialized(context)).unwrap()
    }

    #[test]
    fn pieces_make_the_token_that_the_whole_makes() {
        let (initiator, acceptor) = pair("");
        let whole = written(|out| twin(&initiator).wrap_aead(false, 0, b"signed", b"onetwothree", out)).unwrap();
        let (mut header, mut trailer) = ([0; 30], [0; 5]);
        let (mut one, mut two, mut three, mut signed) = (*b"one", *b"two", *b"three", *b"signed");
        let mut iov = [
            Iov::new(IovKind::Header, &mut header),
            Iov::new(IovKind::Data, &mut one),
            Iov::new(IovKind::SignOnly, &mut signed),
            Iov::new(IovKind::Data, &mut two),
            Iov::new(IovKind::Data, &mut three),
            Iov::allocated(IovKind::Padding),
            Iov::new(IovKind::Trailer, &mut trailer),
        ];
        assert!(!initiator.wrap_iov_length(false, 0, &mut iov).unwrap());
        assert_eq!(iov[0].result, IovResult::Length(HEADER));
        assert_eq!(iov[6].result, IovResult::Length(0));
        assert!(!initiator.wrap_iov(false, 0, &mut iov).unwrap());
        assert_eq!(iov[0].result, IovResult::Length(HEADER));
        let token: Vec<u8> = iov
            .iter()
            .filter(|element| element.kind != IovKind::SignOnly)
            .flat_map(|element| element.bytes().unwrap().to_vec())
            .collect();
        assert_eq!(token, whole);
        assert_eq!(written(|out| twin(&acceptor).unwrap_aead(&token, b"signed", out)).unwrap(), b"onetwothree");

        // The same pieces at the peer, cut otherwise.
        let (mut header, mut data) = (token[..HEADER].to_vec(), token[HEADER..].to_vec());
        let (begin, end) = data.split_at_mut(4);
        let mut signed = *b"signed";
        let mut iov = [
            Iov::new(IovKind::SignOnly, &mut signed),
            Iov::new(IovKind::Header, &mut header),
            Iov::new(IovKind::Data, begin),
            Iov::new(IovKind::Data, end),
        ];
        assert_eq!(twin(&acceptor).unwrap_iov(&mut iov).unwrap().supplementary, Major::COMPLETE);
        iov[0].buffer[0] ^= 1;
        assert_eq!(acceptor.unwrap_iov(&mut iov).unwrap_err().major, Major::BAD_MIC);
    }

    #[test]
    fn a_stream_is_opened_in_place_or_into_a_copy() {
        let (initiator, acceptor) = pair("");
        let mut token = testing::wrap(&initiator, b"message");
        let mut iov = [Iov::new(IovKind::Stream, &mut token), Iov::new(IovKind::Data, &mut [])];
        twin(&acceptor).unwrap_iov(&mut iov).unwrap();
        assert_eq!(iov[1].result, IovResult::InStream(HEADER..HEADER + 7));
        let mut iov = [Iov::new(IovKind::Stream, &mut token), Iov::allocated(IovKind::Data)];
        acceptor.unwrap_iov(&mut iov).unwrap();
        assert_eq!(iov[1].bytes().unwrap(), b"message");
        assert_eq!(acceptor.unwrap_iov(&mut iov).unwrap().supplementary, Major::DUPLICATE_TOKEN);
        iov[0].buffer[HEADER] ^= 1;
        assert_eq!(acceptor.unwrap_iov(&mut iov).unwrap_err().major, Major::BAD_MIC);
        let mut iov = [Iov::new(IovKind::Stream, &mut token[..5]), Iov::allocated(IovKind::Data)];
        assert_eq!(acceptor.unwrap_iov(&mut iov).unwrap_err().major, Major::DEFECTIVE_TOKEN);
    }

    #[test]
    fn impossible_layouts_fail_and_use_up_no_number() {
        let (initiator, acceptor) = pair("");
        let (mut short, mut data) = ([0; HEADER - 1], *b"data");
        let mut iov = [Iov::new(IovKind::Header, &mut short), Iov::new(IovKind::Data, &mut data)];
        assert!(initiator.wrap_iov(false, 0, &mut iov).is_err());
        let mut iov = [Iov::new(IovKind::Data, &mut data)];
        assert!(initiator.wrap_iov(false, 0, &mut iov).is_err());
        assert!(initiator.wrap_iov_length(false, 0, &mut iov).is_err());
        assert!(acceptor.unwrap_iov(&mut iov).is_err());
        let mut iov = [Iov::allocated(IovKind::Header), Iov::allocated(IovKind::Header)];
        assert!(initiator.wrap_iov(false, 0, &mut iov).is_err());
        assert!(acceptor.unwrap_iov(&mut iov).is_err());
        let mut iov = [Iov::allocated(IovKind::Stream)];
        assert!(initiator.wrap_iov(false, 0, &mut iov).is_err());
        assert!(acceptor.unwrap_iov(&mut iov).is_err());
        assert!(initiator.wrap_iov(false, 0, &mut []).is_err());
        assert_eq!(initiator.messages.next(), 0);
        let (mut header, mut trailer) = (testing::wrap(&initiator, b""), *b"x");
        let mut iov = [Iov::new(IovKind::Header, &mut header), Iov::new(IovKind::Trailer, &mut trailer)];
        assert_eq!(acceptor.unwrap_iov(&mut iov).unwrap_err().major, Major::DEFECTIVE_TOKEN);
    }

    #[test]
    fn a_mic_over_pieces_is_that_of_the_whole() {
        let (initiator, acceptor) = pair("");
        let (mut one, mut two, mut mic) = (*b"one", *b"two", [0; HEADER]);
        let mut iov = [
            Iov::new(IovKind::Data, &mut one),
            Iov::new(IovKind::SignOnly, &mut two),
            Iov::new(IovKind::MicToken, &mut mic),
        ];
        initiator.get_mic_iov_length(0, &mut iov).unwrap();
        assert_eq!(iov[2].result, IovResult::Length(HEADER));
        initiator.get_mic_iov(0, &mut iov).unwrap();
        assert_eq!(acceptor.verify_mic_iov(&mut iov).unwrap().supplementary, Major::COMPLETE);
        assert_eq!(acceptor.verify_mic(b"onetwo", &mic).unwrap().supplementary, Major::DUPLICATE_TOKEN);
    }
}
