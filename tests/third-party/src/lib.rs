//! The smallest mechanism that can be used: one token, a name, messages with a length in front. It protects nothing.
#![forbid(unsafe_code)]

use gss_plugin::{
    AcceptorLeg, AcquireRequest, ContextInfo, Credential, CredentialInfo, CredentialUsage, Description, Flags,
    InitiatorLeg, Lifetime, Line, Major, MechError, Mechanism, MessageInfo, Name, Oid, Output, Result, SecurityContext,
    Step, Want, attr, name_type,
};

struct Acme {
    oid: Oid,
    greeting: String,
}

#[derive(Clone, PartialEq)]
struct User(Vec<u8>);

struct Ticket(User);

struct Session {
    initiator: bool,
    peer: User,
}

gss_plugin::export_mechanism!(Acme);

impl Mechanism for Acme {
    type Name = User;
    type Credential = Ticket;
    type Context = Session;

    fn open(line: &Line<'_>) -> Result<Self> {
        Ok(Self { oid: line.oid.clone(), greeting: line.option("greeting").unwrap_or("hello").to_owned() })
    }

    fn describe(&self) -> Description {
        Description {
            attributes: vec![attr::MECH_CONCRETE, attr::NOT_DFLT_MECH, attr::CTX_TRANS, attr::WRAP],
            name_types: vec![name_type::USER_NAME],
            display_name: "acme".into(),
            summary: format!("protects nothing and says {}", self.greeting),
            ..Description::default()
        }
    }

    fn import_name(&self, name: &[u8], _: Option<&Oid>) -> Result<User> {
        if name.is_empty() { Err(MechError::new(Major::BAD_NAME, "an empty name")) } else { Ok(User(name.to_vec())) }
    }

    fn acquire_credential(&self, request: &AcquireRequest<'_, Self>) -> Result<Ticket> {
        Ok(Ticket(request.name.cloned().unwrap_or(User(b"acme-user".to_vec()))))
    }

    fn initiate(&self, leg: InitiatorLeg<'_, Self>) -> Result<(Session, Step<Self>)> {
        let own = leg.credential.map_or(&b"acme-user"[..], |ticket| &ticket.0.0);
        let oid = self.oid.as_bytes();
        // Names are short here, so that one length octet is enough.
        let length = u8::try_from(2 + oid.len() + own.len()).map_err(|_| MechError::failure("name too long"))?;
        let mut token = vec![0x60, length, 0x06, u8::try_from(oid.len()).unwrap_or(0)];
        token.extend_from_slice(oid);
        token.extend_from_slice(own);
        Ok((Session { initiator: true, peer: leg.target.clone() }, Step::complete(token)))
    }

    fn accept(&self, leg: AcceptorLeg<'_, Self>) -> Result<(Session, Step<Self>)> {
        let defective = || MechError::new(Major::DEFECTIVE_TOKEN, "not a token of acme").minor(7);
        let peer = leg.input.get(4 + self.oid.as_bytes().len()..).ok_or_else(defective)?;
        let peer = User(peer.to_vec());
        let step = Step::complete(Vec::new()).source(peer.clone());
        Ok((Session { initiator: false, peer }, step))
    }

    fn import_context(&self, state: &[u8]) -> Result<Session> {
        match state {
            [b'A', role @ (0 | 1), peer @ ..] => Ok(Session { initiator: *role == 1, peer: User(peer.to_vec()) }),
            _ => Err(MechError::new(Major::DEFECTIVE_TOKEN, "not a state of acme")),
        }
    }
}

impl Name for User {
    fn display(&self) -> Result<(Vec<u8>, Oid)> {
        Ok((self.0.clone(), name_type::USER_NAME))
    }

    fn compare(&self, other: &Self) -> Result<bool> {
        Ok(self == other)
    }

    fn duplicate(&self) -> Result<Self> {
        Ok(self.clone())
    }
}

impl Credential for Ticket {
    type Mechanism = Acme;

    fn inquire(&self) -> Result<CredentialInfo<User>> {
        Ok(CredentialInfo {
            name: Some(self.0.clone()),
            initiator_lifetime: Lifetime::INDEFINITE,
            acceptor_lifetime: Lifetime::INDEFINITE,
            usage: CredentialUsage::Both,
        })
    }
}

impl SecurityContext for Session {
    type Mechanism = Acme;

    fn initiate_leg(&mut self, _: InitiatorLeg<'_, Acme>) -> Result<Step<Acme>> {
        Err(MechError::failure("there is one leg"))
    }

    fn accept_leg(&mut self, _: AcceptorLeg<'_, Acme>) -> Result<Step<Acme>> {
        Err(MechError::failure("there is one leg"))
    }

    fn context_time(&self) -> Result<Lifetime> {
        Ok(Lifetime::INDEFINITE)
    }

    fn inquire(&self, want: Want) -> Result<ContextInfo<User>> {
        let peer = Some(self.peer.clone());
        Ok(ContextInfo {
            source: peer.clone().filter(|_| want.source && !self.initiator),
            target: peer.filter(|_| want.target && self.initiator),
            lifetime: Lifetime::INDEFINITE,
            flags: Flags::NONE,
            initiator: self.initiator,
            open: true,
            mechanism: None,
        })
    }

    fn wrap(&self, _: bool, _: u32, message: &[u8], out: &mut Output<'_>) -> Result<bool> {
        out.extend(b"acme:")?;
        out.extend(message)?;
        Ok(false)
    }

    fn unwrap(&self, token: &[u8], out: &mut Output<'_>) -> Result<MessageInfo> {
        let message = token.strip_prefix(b"acme:");
        out.extend(message.ok_or_else(|| MechError::new(Major::DEFECTIVE_TOKEN, "not a message of acme"))?)?;
        Ok(MessageInfo::default())
    }

    fn serialize(&self, out: &mut Output<'_>) -> Result<()> {
        out.extend(&[b'A', u8::from(self.initiator)])?;
        out.extend(&self.peer.0)
    }

    fn transferable(&self) -> bool {
        true
    }
}
