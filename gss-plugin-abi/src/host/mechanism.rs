//! Calls on a mechanism.

use super::*;

impl PluginMechanism {
    /// A mechanism that is compiled into this process, behind the same guard as a plugin's.
    pub fn new<M: Mechanism>(mechanism: M) -> Self {
        Self(mechanism_object(mechanism))
    }

    /// Makes the mechanism of a line of the config.
    ///
    /// # Errors
    /// What the mechanism's `open` says.
    pub fn open(module: MechModuleRef, line: &Line<'_>, host: HostServicesRef) -> Result<Self> {
        let aliases = octets_of_all(line.aliases);
        let line = AbiLine {
            name: RStr::from_str(line.name),
            oid: line.oid.as_bytes().into(),
            aliases: RSlice::from_slice(&aliases),
            options: RStr::from_str(line.options),
            place: RStr::from_str(line.place),
            extra: RSlice::EMPTY,
        };
        plain(module.open()(&line, host)).map(Self)
    }

    /// Attributes, name types and names.
    ///
    /// # Errors
    /// `FAILURE` after a panic, or for an answer that cannot be.
    pub fn describe(&self) -> Result<Description> {
        let description = plain(self.0.describe())?;
        Ok(Description {
            attributes: oids(&description.attributes)?,
            known_attributes: oids(&description.known_attributes)?,
            name_types: oids(&description.name_types)?,
            sasl_name: description.sasl_name.into(),
            display_name: description.display_name.into(),
            summary: description.summary.into(),
        })
    }

    /// Reads a name.
    ///
    /// # Errors
    /// `BAD_NAMETYPE`, `BAD_NAME`.
    pub fn import_name(&self, name: &[u8], name_type: Option<&Oid>) -> Result<PluginName> {
        plain(self.0.import_name(name.into(), octets_of(name_type))).map(PluginName)
    }

    /// Reads an exported name without its header.
    ///
    /// # Errors
    /// `BAD_NAME`, `UNAVAILABLE`.
    pub fn import_exported_name(&self, name: &[u8], composite: bool) -> Result<PluginName> {
        plain(self.0.import_exported_name(name.into(), composite)).map(PluginName)
    }

    /// Canonicalizes a mechanism name.
    ///
    /// # Errors
    /// `BAD_NAME`.
    pub fn canonicalize_name(&self, name: &PluginName) -> Result<PluginName> {
        plain(self.0.canonicalize_name(&name.0)).map(PluginName)
    }

    /// Finds a credential.
    ///
    /// # Errors
    /// `NO_CRED`, `CREDENTIALS_EXPIRED`, `BAD_NAME`, `UNAVAILABLE`.
    pub fn acquire_credential(&self, request: &Acquire<'_>) -> Result<PluginCredential> {
        let store = pairs_out(request.store);
        let request = AbiAcquire {
            name: request.name.map(|name| &name.0).into(),
            lifetime: request.lifetime.0,
            usage: request.usage as u32,
            password: request.password.map(RSlice::from_slice).into(),
            store: RSlice::from_slice(&store),
            impersonator: credential_out(request.impersonator),
            extra: RSlice::EMPTY,
        };
        plain(self.0.acquire_credential(&request)).map(PluginCredential)
    }

    /// Reads an exported credential.
    ///
    /// # Errors
    /// `DEFECTIVE_TOKEN`, `UNAVAILABLE`.
    pub fn import_credential(&self, token: &[u8]) -> Result<PluginCredential> {
        plain(self.0.import_credential(token.into())).map(PluginCredential)
    }

    /// Makes a credential from an option.
    ///
    /// # Errors
    /// `UNAVAILABLE`.
    pub fn credential_from_option(&self, option: &Oid, value: &[u8]) -> Result<PluginCredential> {
        plain(self.0.credential_from_option(octets_of(Some(option)), value.into())).map(PluginCredential)
    }

    /// The initiator's first leg.
    ///
    /// # Errors
    /// Those of RFC 2744 section 5.19.
    pub fn initiate(&self, leg: &Initiate<'_>) -> Result<(PluginContext, LegResult)> {
        let first = plain(self.0.initiate(&initiate_out(leg)))?;
        Ok((PluginContext(first.context), leg_result(first.step)?))
    }

    /// The acceptor's first leg.
    ///
    /// # Errors
    /// Those of RFC 2744 section 5.1.
    pub fn accept(&self, leg: &Accept<'_>) -> Result<(PluginContext, LegResult)> {
        let first = plain(self.0.accept(&accept_out(leg)))?;
        Ok((PluginContext(first.context), leg_result(first.step)?))
    }

    /// Builds a context from its serialized state.
    ///
    /// # Errors
    /// `DEFECTIVE_TOKEN`, `UNAVAILABLE`.
    pub fn import_context(&self, state: &[u8]) -> Result<PluginContext> {
        plain(self.0.import_context(state.into())).map(PluginContext)
    }

    /// The text of a minor status.
    pub fn display_status(&self, minor: u32) -> Option<String> {
        self.0.display_status(minor).into_option().map(Into::into)
    }

    /// Runs a mechanism-specific operation.
    ///
    /// # Errors
    /// `UNAVAILABLE`.
    pub fn invoke(&self, operation: &Oid, value: &[u8]) -> Result<Vec<u8>> {
        plain(self.0.invoke(octets_of(Some(operation)), value.into())).map(RVec::into_vec)
    }
}
