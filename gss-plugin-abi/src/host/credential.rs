//! Calls on a credential element.

use super::*;

impl PluginCredential {
    /// Name, lifetimes and usage.
    ///
    /// # Errors
    /// `DEFECTIVE_CREDENTIAL`.
    pub fn inquire(&self) -> Result<CredentialInfo<PluginName>> {
        let info = plain(self.0.inquire())?;
        let usage = CredentialUsage::from_code(info.usage);
        Ok(CredentialInfo {
            name: info.name.into_option().map(PluginName),
            initiator_lifetime: Lifetime(info.initiator_lifetime),
            acceptor_lifetime: Lifetime(info.acceptor_lifetime),
            usage: usage.ok_or_else(|| lie(format_args!("the unknown credential usage {}", info.usage)))?,
        })
    }

    /// The credential as bytes for another process.
    ///
    /// # Errors
    /// `UNAVAILABLE`.
    pub fn export<S: Sink>(&self, out: &mut S) -> Result<()> {
        with_output(out, |out| plain(self.0.export(out.0)))
    }

    /// Stores the credential.
    ///
    /// # Errors
    /// `DUPLICATE_ELEMENT`, `UNAVAILABLE`.
    pub fn store(&self, request: &StoreRequest<'_>) -> Result<()> {
        let store = pairs_out(request.store);
        plain(self.0.store(&AbiStore {
            usage: request.usage as u32,
            overwrite: request.overwrite,
            make_default: request.make_default,
            store: RSlice::from_slice(&store),
        }))
    }

    /// An inquiry by OID.
    ///
    /// # Errors
    /// `UNAVAILABLE`.
    pub fn inquire_by_oid(&self, object: &Oid) -> Result<Vec<Vec<u8>>> {
        plain(self.0.inquire_by_oid(octets_of(Some(object)))).map(byte_strings)
    }

    /// Sets an option.
    ///
    /// # Errors
    /// `UNAVAILABLE`.
    pub fn set_option(&mut self, option: &Oid, value: &[u8]) -> Result<()> {
        plain(self.0.set_option(octets_of(Some(option)), value.into()))
    }

    /// Limits what a negotiating mechanism offers.
    ///
    /// # Errors
    /// `UNAVAILABLE`.
    pub fn set_negotiable_mechanisms(&mut self, mechanisms: &[Oid]) -> Result<()> {
        let contents = octets_of_all(mechanisms);
        plain(self.0.set_negotiable_mechanisms(RSlice::from_slice(&contents)))
    }
}
