//! What MIT krb5 1.20.1 put on the wire, read and written again. The samples were decrypted with its own library.

use super::*;
use crate::principal::name_type;
use crate::token::{ContextToken, GSS_CHECKSUM_TYPE, GssChecksum, TokenId};

const SAMPLES: &str = include_str!("../../tests/data/mit-ap.hex");

/// The sample in this block with this name.
fn sample(block: &str, name: &str) -> Vec<u8> {
    let mut lines = SAMPLES.lines().skip_while(|line| line.strip_prefix("= ") != Some(block)).skip(1);
    let mut lines = lines.by_ref().take_while(|line| !line.starts_with('='));
    let hex = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    let hex = hex.unwrap_or_else(|| panic!("no sample {name} in {block}"));
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

fn blocks() -> impl Iterator<Item = &'static str> {
    SAMPLES.lines().filter_map(|line| line.strip_prefix("= ")).filter(|block| *block != "refused")
}

#[test]
fn every_message_is_written_as_it_was_read() {
    let mut count = 0;
    for block in blocks() {
        count += 1;
        for (name, id) in [("ap-req", TokenId::ApReq), ("ap-rep", TokenId::ApRep)] {
            let token = sample(block, name);
            let parsed = ContextToken::parse(&token).unwrap();
            assert_eq!(parsed.to_bytes(), token);
            assert_eq!((parsed.id, parsed.oid.is_none()), (id, block == "dce"), "{block}");
            let again = match id {
                TokenId::ApReq => ApReq::decode(parsed.message).unwrap().encode().unwrap(),
                _ => ApRep::decode(parsed.message).unwrap().encode().unwrap(),
            };
            assert_eq!(again, parsed.message, "{block}");
        }
        let part = sample(block, "enc-ticket-part");
        assert_eq!(*EncTicketPart::decode(&part).unwrap().encode().unwrap(), part, "{block}");
        let part = sample(block, "authenticator");
        assert_eq!(*Authenticator::decode(&part).unwrap().encode().unwrap(), part, "{block}");
        let part = sample(block, "enc-ap-rep-part");
        assert_eq!(*EncApRepPart::decode(&part).unwrap().encode().unwrap(), part, "{block}");
    }
    assert_eq!(count, 8);
}

#[test]
fn a_request_has_its_parts() {
    let token = sample("plain", "ap-req");
    let request = ApReq::decode(ContextToken::parse(&token).unwrap().message).unwrap();
    assert_eq!(request.options, ApOptions::MUTUAL_REQUIRED);
    assert_eq!(request.ticket.service.to_string(), "host/localhost@EXAMPLE.TEST");
    assert_eq!(request.ticket.service.name().name_type(), name_type::SRV_HST);
    assert_eq!((request.ticket.enc_part.etype, request.ticket.enc_part.kvno), (18, Some(2)));
    assert_eq!((request.authenticator.etype, request.authenticator.kvno), (18, None));

    let part = EncTicketPart::decode(&sample("plain", "enc-ticket-part")).unwrap();
    assert!(part.flags.contains(TicketFlags::FORWARDABLE.with(TicketFlags::TRANSITED_POLICY_CHECKED)));
    assert!(!part.flags.contains(TicketFlags::INITIAL) && !part.flags.contains(TicketFlags::INVALID));
    assert_eq!(part.client.to_string(), "alice@EXAMPLE.TEST");
    assert_eq!((part.key.etype(), part.key.value().len()), (18, 32));
    assert_eq!(part.transited, TransitedEncoding::none());
    assert_eq!(part.endtime - part.authtime, 86_400);
    let pac = part.authorization_data.unwrap().flatten().unwrap();
    assert_eq!(pac.iter().map(|flat| (flat.if_relevant, flat.element.ad_type)).collect::<Vec<_>>(), [(true, 128)]);

    let authenticator = Authenticator::decode(&sample("plain", "authenticator")).unwrap();
    let reply = EncApRepPart::decode(&sample("plain", "enc-ap-rep-part")).unwrap();
    assert_eq!(authenticator.client, part.client);
    assert_eq!(authenticator.time, reply.time);
    assert!(reply.subkey.is_some() && reply.seq_number.is_some());
}

#[test]
fn the_checksum_says_flags_bindings_and_delegation() {
    let checksum = |block: &str| {
        let checksum = Authenticator::decode(&sample(block, "authenticator")).unwrap().cksum.unwrap();
        assert_eq!(checksum.cksumtype, GSS_CHECKSUM_TYPE);
        let parsed = GssChecksum::parse(&checksum.checksum).unwrap();
        assert_eq!(parsed.to_bytes().unwrap(), checksum.checksum);
        parsed
    };
    let plain = checksum("plain");
    assert_eq!((plain.bindings, plain.flags & 2, plain.delegation), (None, 2, None));
    let bound = checksum("delegated-bound");
    assert_eq!(bound.flags & 0x3b, 0x3a);
    let bindings = gss_plugin::ChannelBindings { application_data: b"binding", ..Default::default() };
    assert_eq!(bound.bindings, Some(crate::token::hash_channel_bindings(&bindings).unwrap()));
    let delegation = bound.delegation.unwrap();
    let cred = KrbCred::decode(&delegation).unwrap();
    assert_eq!(cred.tickets[0].service.to_string(), "krbtgt/EXAMPLE.TEST@EXAMPLE.TEST");
    assert_eq!(cred.encode().unwrap(), delegation);
}

#[test]
fn the_initiator_tells_what_it_knows() {
    let elements = |block: &str| {
        let authenticator = Authenticator::decode(&sample(block, "authenticator")).unwrap();
        authenticator.authorization_data.unwrap_or_default().flatten().unwrap()
    };
    assert!(elements("plain").is_empty());
    let aware = elements("aware-bound");
    assert!(aware[0].if_relevant && aware[0].element.supports_channel_bindings());
    assert_eq!(aware[0].element, AuthorizationElement::channel_bindings_supported());
    let offer = elements("upgraded");
    assert_eq!(offer[0].element.as_etype_negotiation(), Ok(Some(vec![20, 18])));
    assert_eq!(offer[0].element, AuthorizationElement::etype_negotiation(&[20, 18]).unwrap());
    let reply = EncApRepPart::decode(&sample("upgraded", "enc-ap-rep-part")).unwrap();
    assert_eq!(reply.subkey.unwrap().etype(), 20, "MIT took the offer up");
}

#[test]
fn the_third_leg_of_dce_is_another_reply() {
    let token = sample("dce", "ap-rep-dce");
    let parsed = ContextToken::parse(&token).unwrap();
    assert_eq!((parsed.oid, parsed.id), (None, TokenId::ApRep));
    assert_eq!(ApRep::decode(parsed.message).unwrap().encode().unwrap(), token);
}

#[test]
fn a_refusal_says_why() {
    let token = sample("refused", "krb-error");
    let parsed = ContextToken::parse(&token).unwrap();
    assert_eq!(parsed.id, TokenId::Error);
    let error = KrbError::decode(parsed.message).unwrap();
    assert_eq!(error.code, error_code::BAD_INTEGRITY);
    assert_eq!(error.service.to_string(), "host/localhost@EXAMPLE.TEST");
    assert_eq!((error.ctime, error.text.as_deref()), (None, None));
    assert_eq!(error.encode().unwrap(), parsed.message);
}

#[test]
fn versions_and_message_types_are_checked() {
    let token = sample("plain", "ap-req");
    let message = ContextToken::parse(&token).unwrap().message;
    let altered = |position: usize, byte: u8| {
        let mut altered = message.to_vec();
        altered[position] = byte;
        ApReq::decode(&altered).unwrap_err()
    };
    assert_eq!((message[12], message[17]), (5, 14));
    assert_eq!(altered(12, 4), MessageError::Version { message: "AP-REQ", found: 4 });
    assert_eq!(altered(17, 15), MessageError::MessageType { message: "AP-REQ", found: 15 });
    assert!(ApRep::decode(message).is_err());
}

/// No byte of a message can be altered so that it is read and then written in another way.
#[test]
fn no_altered_byte_leads_to_a_second_form() {
    let token = sample("plain", "ap-req");
    let request = ContextToken::parse(&token).unwrap().message;
    let part = sample("aware-bound", "authenticator");
    let ticket = sample("plain", "enc-ticket-part");
    let token = sample("refused", "krb-error");
    let error = ContextToken::parse(&token).unwrap().message;
    for (message, again) in [
        (request, (|bytes| ApReq::decode(bytes)?.encode()) as fn(&[u8]) -> Result<Vec<u8>, MessageError>),
        (&part, |bytes| Ok(Authenticator::decode(bytes)?.encode()?.to_vec())),
        (&ticket, |bytes| Ok(EncTicketPart::decode(bytes)?.encode()?.to_vec())),
        (error, |bytes| KrbError::decode(bytes)?.encode()),
    ] {
        let mut altered = message.to_vec();
        for position in 0..message.len() {
            for change in [1, 2, 4, 8, 16, 32, 64, 128, 255] {
                altered[position] = message[position] ^ change;
                // A field that was optional may become one that is not known.
                if let Ok(again) = again(&altered)
                    && again.len() == altered.len()
                {
                    assert_eq!(again, altered, "byte {position}");
                }
            }
            altered[position] = message[position];
        }
    }
}
