//! Calls on a mechanism name.

use super::*;

impl PluginName {
    /// The text for people and its name type.
    ///
    /// # Errors
    /// `BAD_NAME`.
    pub fn display(&self) -> Result<(Vec<u8>, Oid)> {
        let answer = plain(self.0.display())?;
        Ok((answer.text.into_vec(), oid(&answer.name_type)?))
    }

    /// Whether both denote one entity.
    ///
    /// # Errors
    /// `BAD_NAMETYPE`.
    pub fn compare(&self, other: &PluginName) -> Result<bool> {
        plain(self.0.compare(&other.0))
    }

    /// A copy.
    ///
    /// # Errors
    /// `FAILURE`.
    pub fn duplicate(&self) -> Result<PluginName> {
        plain(self.0.duplicate()).map(PluginName)
    }

    /// The canonical bytes, without header.
    ///
    /// # Errors
    /// `UNAVAILABLE` where the display text is all there is.
    pub fn export(&self) -> Result<Vec<u8>> {
        plain(self.0.export()).map(RVec::into_vec)
    }

    /// The text in another form.
    ///
    /// # Errors
    /// `UNAVAILABLE`.
    pub fn display_as(&self, name_type: &Oid) -> Result<Vec<u8>> {
        plain(self.0.display_as(octets_of(Some(name_type)))).map(RVec::into_vec)
    }

    /// The names of the name's attributes.
    ///
    /// # Errors
    /// `UNAVAILABLE`.
    pub fn attributes(&self) -> Result<Vec<Vec<u8>>> {
        plain(self.0.inquire()).map(byte_strings)
    }

    /// A value of an attribute.
    ///
    /// # Errors
    /// `UNAVAILABLE`.
    pub fn attribute(&self, attribute: &[u8], more: i32) -> Result<NameAttribute> {
        let value = plain(self.0.attribute(attribute.into(), more))?;
        Ok(NameAttribute {
            authenticated: value.authenticated,
            complete: value.complete,
            value: value.value.into_vec(),
            display_value: value.display_value.into_vec(),
            more: value.more,
        })
    }

    /// Sets an attribute.
    ///
    /// # Errors
    /// `UNAVAILABLE`.
    pub fn set_attribute(&mut self, complete: bool, attribute: &[u8], value: &[u8]) -> Result<()> {
        plain(self.0.set_attribute(complete, attribute.into(), value.into()))
    }

    /// Removes an attribute.
    ///
    /// # Errors
    /// `UNAVAILABLE`.
    pub fn delete_attribute(&mut self, attribute: &[u8]) -> Result<()> {
        plain(self.0.delete_attribute(attribute.into()))
    }

    /// The name with its attributes, without header.
    ///
    /// # Errors
    /// `UNAVAILABLE`.
    pub fn export_composite(&self) -> Result<Vec<u8>> {
        plain(self.0.export_composite()).map(RVec::into_vec)
    }

    /// The name as an object of another library.
    ///
    /// # Errors
    /// `UNAVAILABLE`.
    pub fn map_to_any(&self, authenticated: bool, type_id: &[u8]) -> Result<usize> {
        plain(self.0.map_to_any(authenticated, type_id.into()))
    }

    /// Releases what [`PluginName::map_to_any`] gave.
    ///
    /// # Errors
    /// `UNAVAILABLE`.
    pub fn release_any(&self, type_id: &[u8], object: usize) -> Result<()> {
        plain(self.0.release_any(type_id.into(), object))
    }

    /// The local user that the name stands for.
    ///
    /// # Errors
    /// `UNAVAILABLE`.
    pub fn local_name(&self) -> Result<Vec<u8>> {
        plain(self.0.local_name()).map(RVec::into_vec)
    }

    /// Whether the name may act as a local user.
    ///
    /// # Errors
    /// `UNAUTHORIZED`, `UNAVAILABLE`.
    pub fn authorize_local_name(&self, user: &[u8], name_type: &Oid) -> Result<()> {
        plain(self.0.authorize_local_name(user.into(), octets_of(Some(name_type))))
    }
}
