//! A whole mechanism that goes wrong where its line of the config says so:
//!
//! - `panic=CALL`: a call of the contract panics, such as `panic=Context.wrap`, or the drop of an object, such as
//!   `panic=Name.drop`; with `bomb`, the panic's payload panics as well when it is dropped;
//! - `lie=WHAT`: an answer that cannot be, see the uses of `lies`.
//!
//! Apart from that it works, in two legs for each side, and protects nothing.
#![forbid(unsafe_code)]

use gss_plugin::{
    AcceptorLeg, AcquireRequest, ContextInfo, Credential, CredentialInfo, CredentialUsage, Description, Flags,
    InitiatorLeg, Iov, IovKind, IovResult, Lifetime, Major, MechError, Mechanism, MessageInfo, Name, NameAttribute,
    NameInfo, Oid, Output, PrfKey, Result, SecurityContext, Step, StoreRequest, Want, attr, name_type,
};
use std::sync::{Arc, OnceLock};

pub use gss_plugin::Line;

/// Called by each `open`, if there is something to call.
pub static ON_OPEN: OnceLock<fn(&Line<'_>)> = OnceLock::new();

/// A panic's payload that panics when it is dropped, so many times.
struct Bomb(u32);

impl Drop for Bomb {
    fn drop(&mut self) {
        if self.0 > 0 {
            std::panic::panic_any(Bomb(self.0 - 1));
        }
    }
}

/// Content octets of an OID that does not end.
const NO_OID: Oid = Oid::from_static(b"\x2a\x86");

struct Faults {
    panic: String,
    bomb: bool,
    lie: String,
}

impl Faults {
    fn of(line: &Line<'_>) -> Arc<Self> {
        let option = |key| line.option(key).unwrap_or_default().to_owned();
        Arc::new(Self { panic: option("panic"), bomb: line.option("bomb").is_some(), lie: option("lie") })
    }

    fn at(&self, call: &str) {
        if self.panic != call {
            return;
        }
        if self.bomb {
            std::panic::panic_any(Bomb(2));
        }
        panic!("no luck in {call}");
    }

    fn lies(&self, what: &str) -> bool {
        self.lie == what
    }
}

macro_rules! panicking_drop {
    ($($type:ident, $call:literal;)*) => {
        $(impl Drop for $type {
            fn drop(&mut self) {
                self.faults.at($call);
            }
        })*
    };
}

panicking_drop! {
    Faulty, "Mechanism.drop";
    User, "Name.drop";
    Ticket, "Credential.drop";
    Session, "Context.drop";
}

/// The mechanism.
pub struct Faulty {
    faults: Arc<Faults>,
    oid: Oid,
}

pub struct User {
    faults: Arc<Faults>,
    text: Vec<u8>,
}

pub struct Ticket {
    faults: Arc<Faults>,
    owner: Vec<u8>,
}

pub struct Session {
    faults: Arc<Faults>,
    initiator: bool,
    open: bool,
    peer: Vec<u8>,
}

impl Faulty {
    fn user(&self, text: &[u8]) -> User {
        User { faults: Arc::clone(&self.faults), text: text.to_vec() }
    }

    fn ticket(&self, owner: &[u8]) -> Ticket {
        Ticket { faults: Arc::clone(&self.faults), owner: owner.to_vec() }
    }
}

impl Mechanism for Faulty {
    type Name = User;
    type Credential = Ticket;
    type Context = Session;

    fn open(line: &Line<'_>) -> Result<Self> {
        let faults = Faults::of(line);
        faults.at("Mechanism.open");
        if let Some(hook) = ON_OPEN.get() {
            hook(line);
        }
        Ok(Self { faults, oid: line.oid.clone() })
    }

    fn describe(&self) -> Description {
        self.faults.at("Mechanism.describe");
        let mut attributes = vec![attr::MECH_CONCRETE, attr::NOT_DFLT_MECH];
        if self.faults.lies("oid-description") {
            attributes.push(NO_OID);
        }
        Description { attributes, display_name: "faulty".into(), ..Description::default() }
    }

    fn import_name(&self, name: &[u8], _: Option<&Oid>) -> Result<User> {
        self.faults.at("Mechanism.import_name");
        Ok(self.user(name))
    }

    fn import_exported_name(&self, name: &[u8], _: bool) -> Result<User> {
        self.faults.at("Mechanism.import_exported_name");
        Ok(self.user(name))
    }

    fn canonicalize_name(&self, name: &User) -> Result<User> {
        self.faults.at("Mechanism.canonicalize_name");
        Ok(self.user(&name.text))
    }

    fn acquire_credential(&self, request: &AcquireRequest<'_, Self>) -> Result<Ticket> {
        self.faults.at("Mechanism.acquire_credential");
        Ok(self.ticket(request.name.map_or(b"nobody", |name| &name.text)))
    }

    fn import_credential(&self, token: &[u8]) -> Result<Ticket> {
        self.faults.at("Mechanism.import_credential");
        Ok(self.ticket(token))
    }

    fn credential_from_option(&self, _: &Oid, value: &[u8]) -> Result<Ticket> {
        self.faults.at("Mechanism.credential_from_option");
        Ok(self.ticket(value))
    }

    fn initiate(&self, leg: InitiatorLeg<'_, Self>) -> Result<(Session, Step<Self>)> {
        self.faults.at("Mechanism.initiate");
        let oid = self.oid.as_bytes();
        let length = u8::try_from(oid.len()).map_err(|_| MechError::failure("an OID too long"))?;
        let mut token = vec![0x60, length + 2, 0x06, length];
        token.extend_from_slice(oid);
        let peer = leg.target.text.clone();
        let mut step = Step::more(token);
        step.mechanism = Some(NO_OID).filter(|_| self.faults.lies("oid-step"));
        Ok((Session { faults: Arc::clone(&self.faults), initiator: true, open: false, peer }, step))
    }

    fn accept(&self, _: AcceptorLeg<'_, Self>) -> Result<(Session, Step<Self>)> {
        self.faults.at("Mechanism.accept");
        let peer = b"initiator".to_vec();
        let session = Session { faults: Arc::clone(&self.faults), initiator: false, open: false, peer };
        Ok((session, Step::more(b"go on".to_vec())))
    }

    fn import_context(&self, state: &[u8]) -> Result<Session> {
        self.faults.at("Mechanism.import_context");
        match state {
            [initiator @ (0 | 1), open @ (0 | 1), peer @ ..] => Ok(Session {
                faults: Arc::clone(&self.faults),
                initiator: *initiator == 1,
                open: *open == 1,
                peer: peer.to_vec(),
            }),
            _ => Err(MechError::new(Major::DEFECTIVE_TOKEN, "not a state of this mechanism")),
        }
    }

    fn display_status(&self, minor: u32) -> Option<String> {
        self.faults.at("Mechanism.display_status");
        Some(format!("minor {minor}"))
    }

    fn invoke(&self, _: &Oid, value: &[u8]) -> Result<Vec<u8>> {
        self.faults.at("Mechanism.invoke");
        Ok(value.to_vec())
    }
}

impl Name for User {
    fn display(&self) -> Result<(Vec<u8>, Oid)> {
        self.faults.at("Name.display");
        let lies = self.faults.lies("oid-name");
        Ok((self.text.clone(), if lies { NO_OID } else { name_type::USER_NAME }))
    }

    fn compare(&self, other: &Self) -> Result<bool> {
        self.faults.at("Name.compare");
        Ok(self.text == other.text)
    }

    fn duplicate(&self) -> Result<Self> {
        self.faults.at("Name.duplicate");
        Ok(User { faults: Arc::clone(&self.faults), text: self.text.clone() })
    }

    fn export(&self) -> Result<Vec<u8>> {
        self.faults.at("Name.export");
        Ok(self.text.clone())
    }

    fn display_as(&self, _: &Oid) -> Result<Vec<u8>> {
        self.faults.at("Name.display_as");
        Ok(self.text.clone())
    }

    fn inquire(&self) -> Result<NameInfo> {
        self.faults.at("Name.inquire");
        Ok(NameInfo::default())
    }

    fn attribute(&self, _: &[u8], _: i32) -> Result<NameAttribute> {
        self.faults.at("Name.attribute");
        Ok(NameAttribute::default())
    }

    fn set_attribute(&mut self, _: bool, _: &[u8], _: &[u8]) -> Result<()> {
        self.faults.at("Name.set_attribute");
        Ok(())
    }

    fn delete_attribute(&mut self, _: &[u8]) -> Result<()> {
        self.faults.at("Name.delete_attribute");
        Ok(())
    }

    fn export_composite(&self) -> Result<Vec<u8>> {
        self.faults.at("Name.export_composite");
        Ok(self.text.clone())
    }

    fn map_to_any(&self, _: bool, _: &[u8]) -> Result<usize> {
        self.faults.at("Name.map_to_any");
        Ok(1)
    }

    fn release_any(&self, _: &[u8], _: usize) -> Result<()> {
        self.faults.at("Name.release_any");
        Ok(())
    }

    fn local_name(&self) -> Result<Vec<u8>> {
        self.faults.at("Name.local_name");
        Ok(self.text.clone())
    }

    fn authorize_local_name(&self, _: &[u8], _: &Oid) -> Result<()> {
        self.faults.at("Name.authorize_local_name");
        Ok(())
    }
}

impl Credential for Ticket {
    type Mechanism = Faulty;

    fn inquire(&self) -> Result<CredentialInfo<User>> {
        self.faults.at("Credential.inquire");
        Ok(CredentialInfo {
            name: Some(User { faults: Arc::clone(&self.faults), text: self.owner.clone() }),
            initiator_lifetime: Lifetime::INDEFINITE,
            acceptor_lifetime: Lifetime::INDEFINITE,
            usage: CredentialUsage::Both,
        })
    }

    fn export(&self, out: &mut Output<'_>) -> Result<()> {
        self.faults.at("Credential.export");
        out.extend(&self.owner)
    }

    fn store(&self, _: &StoreRequest<'_>) -> Result<()> {
        self.faults.at("Credential.store");
        Ok(())
    }

    fn inquire_by_oid(&self, _: &Oid) -> Result<Vec<Vec<u8>>> {
        self.faults.at("Credential.inquire_by_oid");
        Ok(Vec::new())
    }

    fn set_option(&mut self, _: &Oid, _: &[u8]) -> Result<()> {
        self.faults.at("Credential.set_option");
        Ok(())
    }

    fn set_negotiable_mechanisms(&mut self, _: &[Oid]) -> Result<()> {
        self.faults.at("Credential.set_negotiable_mechanisms");
        Ok(())
    }
}

impl Session {
    /// Message calls: a `:` in front, and nothing more. What is written before a lie or a panic must not stay.
    fn protect(&self, call: &str, message: &[u8], out: &mut Output<'_>) -> Result<()> {
        out.extend(b":")?;
        self.faults.at(call);
        if self.faults.lies("success-as-error") {
            return Err(MechError::new(Major::COMPLETE, "all is well"));
        }
        if self.faults.lies("duplicate-as-error") {
            return Err(MechError::new(Major::DUPLICATE_TOKEN, "seen before"));
        }
        if self.faults.lies("endless-output") {
            out.append(usize::MAX)?;
        }
        if self.faults.lies("shorter-output") {
            // What was there before the call is the caller's.
            out.truncate(0);
            out.extend(b"mine, all of it")?;
        }
        out.extend(message)
    }

    fn unprotect(&self, call: &str, token: &[u8], out: &mut Output<'_>) -> Result<MessageInfo> {
        let message = token.strip_prefix(b":");
        out.extend(message.ok_or_else(|| MechError::new(Major::DEFECTIVE_TOKEN, "not a message"))?)?;
        self.faults.at(call);
        Ok(self.info())
    }

    fn info(&self) -> MessageInfo {
        // An author who takes "supplementary" for the place of every status.
        let lies = self.faults.lies("error-as-supplementary");
        let supplementary = if lies { Major::BAD_MIC.with(Major::GAP_TOKEN) } else { Major::COMPLETE };
        MessageInfo { supplementary, ..MessageInfo::default() }
    }

    fn pieces(&self, call: &str, iov: &mut [Iov<'_>]) {
        self.faults.at(call);
        for element in iov.iter_mut() {
            let length = element.buffer.len();
            if self.faults.lies("iov-too-long") && element.kind == IovKind::Data {
                element.result = IovResult::Length(length + 1);
            } else if self.faults.lies("iov-allocated") && element.kind == IovKind::Data {
                element.result = IovResult::Allocated(vec![0; length]);
            } else if self.faults.lies("iov-outside") && element.kind == IovKind::Data {
                element.result = IovResult::InStream(usize::MAX - 1..usize::MAX);
            } else if element.kind == IovKind::Header {
                element.result = IovResult::Length(0);
            }
        }
    }
}

impl SecurityContext for Session {
    type Mechanism = Faulty;

    fn initiate_leg(&mut self, _: InitiatorLeg<'_, Faulty>) -> Result<Step<Faulty>> {
        self.faults.at("Context.initiate_leg");
        self.open = true;
        Ok(Step::complete(b"done".to_vec()))
    }

    fn accept_leg(&mut self, _: AcceptorLeg<'_, Faulty>) -> Result<Step<Faulty>> {
        self.faults.at("Context.accept_leg");
        self.open = true;
        let source = User { faults: Arc::clone(&self.faults), text: self.peer.clone() };
        Ok(Step::complete(Vec::new()).source(source))
    }

    fn context_time(&self) -> Result<Lifetime> {
        self.faults.at("Context.context_time");
        Ok(Lifetime::INDEFINITE)
    }

    fn inquire(&self, want: Want) -> Result<ContextInfo<User>> {
        self.faults.at("Context.inquire");
        let peer = || User { faults: Arc::clone(&self.faults), text: self.peer.clone() };
        Ok(ContextInfo {
            source: (want.source && !self.initiator).then(peer),
            target: (want.target && self.initiator).then(peer),
            lifetime: Lifetime::INDEFINITE,
            flags: Flags::NONE,
            initiator: self.initiator,
            open: self.open,
            mechanism: Some(NO_OID).filter(|_| self.faults.lies("oid-context")),
        })
    }

    fn wrap(&self, _: bool, _: u32, message: &[u8], out: &mut Output<'_>) -> Result<bool> {
        self.protect("Context.wrap", message, out).map(|()| false)
    }

    fn unwrap(&self, token: &[u8], out: &mut Output<'_>) -> Result<MessageInfo> {
        self.unprotect("Context.unwrap", token, out)
    }

    fn get_mic(&self, _: u32, _: &[u8], out: &mut Output<'_>) -> Result<()> {
        self.protect("Context.get_mic", b"", out)
    }

    fn verify_mic(&self, _: &[u8], _: &[u8]) -> Result<MessageInfo> {
        self.faults.at("Context.verify_mic");
        Ok(self.info())
    }

    fn serialize(&self, out: &mut Output<'_>) -> Result<()> {
        if self.faults.lies("serialize-nothing") {
            return Ok(());
        }
        out.extend(&[u8::from(self.initiator)])?;
        self.faults.at("Context.serialize");
        if self.faults.lies("shorter-output") {
            // Another mechanism's interprocess token, had it its way.
            out.truncate(0);
            out.extend(&[u8::from(self.initiator)])?;
        }
        out.extend(&[u8::from(self.open)])?;
        out.extend(&self.peer)
    }

    fn transferable(&self) -> bool {
        self.faults.at("Context.transferable");
        true
    }

    fn delete(&mut self) -> Result<Vec<u8>> {
        self.faults.at("Context.delete");
        Ok(Vec::new())
    }

    fn process_token(&mut self, _: &[u8]) -> Result<()> {
        self.faults.at("Context.process_token");
        Ok(())
    }

    fn wrap_size_limit(&self, _: bool, _: u32, output: u32) -> Result<u32> {
        self.faults.at("Context.wrap_size_limit");
        Ok(if self.faults.lies("limit") { output + 1 } else { output.saturating_sub(1) })
    }

    fn wrap_iov(&self, _: bool, _: u32, iov: &mut [Iov<'_>]) -> Result<bool> {
        self.pieces("Context.wrap_iov", iov);
        Ok(false)
    }

    fn unwrap_iov(&self, iov: &mut [Iov<'_>]) -> Result<MessageInfo> {
        self.pieces("Context.unwrap_iov", iov);
        Ok(self.info())
    }

    fn wrap_iov_length(&self, _: bool, _: u32, iov: &mut [Iov<'_>]) -> Result<bool> {
        self.pieces("Context.wrap_iov_length", iov);
        Ok(false)
    }

    fn get_mic_iov(&self, _: u32, iov: &mut [Iov<'_>]) -> Result<()> {
        self.pieces("Context.get_mic_iov", iov);
        Ok(())
    }

    fn verify_mic_iov(&self, iov: &mut [Iov<'_>]) -> Result<MessageInfo> {
        self.pieces("Context.verify_mic_iov", iov);
        Ok(self.info())
    }

    fn get_mic_iov_length(&self, _: u32, iov: &mut [Iov<'_>]) -> Result<()> {
        self.pieces("Context.get_mic_iov_length", iov);
        Ok(())
    }

    fn wrap_aead(&self, _: bool, _: u32, _: &[u8], message: &[u8], out: &mut Output<'_>) -> Result<bool> {
        self.protect("Context.wrap_aead", message, out).map(|()| false)
    }

    fn unwrap_aead(&self, token: &[u8], _: &[u8], out: &mut Output<'_>) -> Result<MessageInfo> {
        self.unprotect("Context.unwrap_aead", token, out)
    }

    fn pseudo_random(&self, _: PrfKey, _: &[u8], length: usize, out: &mut Output<'_>) -> Result<()> {
        self.faults.at("Context.pseudo_random");
        let length = match self.faults.lie.as_str() {
            "prf-short" => length - 1,
            "prf-long" => length + 1,
            _ => length,
        };
        out.append(length)?.fill(7);
        Ok(())
    }

    fn inquire_by_oid(&self, _: &Oid) -> Result<Vec<Vec<u8>>> {
        self.faults.at("Context.inquire_by_oid");
        Ok(Vec::new())
    }

    fn set_option(&mut self, _: &Oid, _: &[u8]) -> Result<()> {
        self.faults.at("Context.set_option");
        Ok(())
    }

    fn complete_auth_token(&self, _: &[u8]) -> Result<()> {
        self.faults.at("Context.complete_auth_token");
        Ok(())
    }
}
