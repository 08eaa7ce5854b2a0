//! Names. One imported once serves every mechanism: it is kept as text, and read by a mechanism when one needs it.

use crate::error::{Error, Result};
use crate::framing::ExportedName;
use crate::loader::Loaded;
use gss_plugin_abi::host::PluginName;
use gss_plugin_abi::{Major, NameAttribute, Oid};
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

/// A name: either text with a name type, or a mechanism name (MN), which is one mechanism's canonical form.
///
/// Cheap to clone.
#[derive(Clone)]
pub struct Name(Arc<Form>);

enum Form {
    Text { text: Vec<u8>, name_type: Option<Oid> },
    Mechanism { mechanism: Arc<Loaded>, name: PluginName },
}

/// What a name of some mechanism says of itself (RFC 6680 section 7.4).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NameInquiry {
    /// Whose name it is; `None` for text.
    pub mechanism: Option<Oid>,
    /// The names of its attributes.
    pub attributes: Vec<Vec<u8>>,
}

impl Name {
    pub(crate) fn text(text: &[u8], name_type: Option<&Oid>) -> Self {
        Self(Arc::new(Form::Text { text: text.to_vec(), name_type: name_type.cloned() }))
    }

    pub(crate) fn of_mechanism(mechanism: &Arc<Loaded>, name: PluginName) -> Self {
        Self(Arc::new(Form::Mechanism { mechanism: Arc::clone(mechanism), name }))
    }

    /// An exported name, for the mechanism that its header says.
    pub(crate) fn exported(mechanism: &Arc<Loaded>, parts: &ExportedName<'_>) -> Result<Self> {
        let plugin = &mechanism.plugin;
        let name = match plugin.import_exported_name(parts.content, parts.composite) {
            // Without a form of its own, the mechanism's display text was exported.
            Err(error) if error.major == Major::UNAVAILABLE && !parts.composite => {
                plugin.import_name(parts.content, None)
            }
            other => other,
        };
        Ok(Self::of_mechanism(mechanism, name.map_err(|error| mechanism.error(error))?))
    }

    /// The name as `mechanism` needs it.
    pub(crate) fn element<'a>(&'a self, mechanism: &Arc<Loaded>) -> Result<Element<'a>> {
        match &*self.0 {
            Form::Text { text, name_type } => {
                let name = mechanism.plugin.import_name(text, name_type.as_ref());
                Ok(Element::Made(name.map_err(|error| mechanism.error(error))?))
            }
            Form::Mechanism { mechanism: own, name } if Arc::ptr_eq(own, mechanism) => Ok(Element::Own(name)),
            Form::Mechanism { mechanism: own, .. } => {
                Err(Error::ForeignName { theirs: Arc::clone(&own.name), ours: Arc::clone(&mechanism.name) })
            }
        }
    }

    /// The name as a mechanism's (`gss_canonicalize_name`).
    pub(crate) fn canonicalize(&self, mechanism: &Arc<Loaded>) -> Result<Self> {
        let element = self.element(mechanism)?;
        let name = mechanism.plugin.canonicalize_name(element.get());
        Ok(Self::of_mechanism(mechanism, name.map_err(|error| mechanism.error(error))?))
    }

    fn mechanism_name(&self) -> Result<(&Arc<Loaded>, &PluginName)> {
        match &*self.0 {
            Form::Text { .. } => Err(Error::NameNotMn),
            Form::Mechanism { mechanism, name } => Ok((mechanism, name)),
        }
    }

    /// A call on the mechanism's own object.
    fn call<R>(&self, call: impl FnOnce(&PluginName) -> gss_plugin_abi::Result<R>) -> Result<R> {
        let (mechanism, name) = self.mechanism_name()?;
        call(name).map_err(|error| mechanism.error(error))
    }

    /// The mechanism, if it is a mechanism name.
    pub fn mechanism(&self) -> Option<&Oid> {
        self.mechanism_name().ok().map(|(mechanism, _)| &mechanism.oid)
    }

    /// The text for people and its name type (`gss_display_name`, RFC 2744 section 5.10). The type is `None` if the
    /// name was imported without one.
    ///
    /// # Errors
    /// What the mechanism says of a mechanism name.
    pub fn display(&self) -> Result<(Cow<'_, [u8]>, Option<Oid>)> {
        match &*self.0 {
            Form::Text { text, name_type } => Ok((Cow::Borrowed(text), name_type.clone())),
            Form::Mechanism { mechanism, name } => {
                let (text, name_type) = name.display().map_err(|error| mechanism.error(error))?;
                Ok((Cow::Owned(text), Some(name_type)))
            }
        }
    }

    /// Whether both denote one entity (`gss_compare_name`, RFC 2744 section 5.6). Text compares by its bytes and type;
    /// text with a mechanism name by what the mechanism makes of it.
    ///
    /// # Errors
    /// What the mechanism says; [`Error::ForeignName`] for names of two mechanisms.
    pub fn compare(&self, other: &Name) -> Result<bool> {
        match (&*self.0, &*other.0) {
            (Form::Text { text, name_type }, Form::Text { text: other_text, name_type: other_type }) => {
                let anonymous = name_type.as_ref() == Some(&gss_plugin_abi::oid::name_type::ANONYMOUS);
                Ok(!anonymous && text == other_text && name_type == other_type)
            }
            (Form::Mechanism { mechanism, name }, _) => {
                let element = other.element(mechanism)?;
                name.compare(element.get()).map_err(|error| mechanism.error(error))
            }
            (Form::Text { .. }, Form::Mechanism { .. }) => other.compare(self),
        }
    }

    /// The canonical form to be stored and compared as bytes (`gss_export_name`, RFC 2743 section 3.2).
    ///
    /// # Errors
    /// [`Error::NameNotMn`] for text.
    pub fn export(&self) -> Result<Vec<u8>> {
        let (mechanism, name) = self.mechanism_name()?;
        let content = match name.export() {
            Err(error) if error.major == Major::UNAVAILABLE => name.display().map(|(text, _)| text),
            other => other,
        };
        let content = content.map_err(|error| mechanism.error(error))?;
        exported(mechanism, false, &content)
    }

    /// The canonical form with the name's attributes (RFC 6680 section 7.8).
    ///
    /// # Errors
    /// [`Error::NameNotMn`] for text; what the mechanism says.
    pub fn export_composite(&self) -> Result<Vec<u8>> {
        let (mechanism, name) = self.mechanism_name()?;
        let content = name.export_composite().map_err(|error| mechanism.error(error))?;
        exported(mechanism, true, &content)
    }

    /// The text in another form (RFC 6680 section 7.3).
    ///
    /// # Errors
    /// [`Error::NameNotMn`] for text of another type; what the mechanism says.
    pub fn display_as(&self, wanted: &Oid) -> Result<Vec<u8>> {
        match &*self.0 {
            Form::Text { text, name_type: Some(own) } if own == wanted => Ok(text.clone()),
            _ => self.call(|name| name.display_as(wanted)),
        }
    }

    /// Whose name it is, and which attributes it has (RFC 6680 section 7.4).
    ///
    /// # Errors
    /// What the mechanism says; a mechanism without attributes is none.
    pub fn inquire(&self) -> Result<NameInquiry> {
        let Ok((mechanism, name)) = self.mechanism_name() else {
            return Ok(NameInquiry { mechanism: None, attributes: Vec::new() });
        };
        let attributes = match name.attributes() {
            Err(error) if error.major == Major::UNAVAILABLE => Vec::new(),
            other => other.map_err(|error| mechanism.error(error))?,
        };
        Ok(NameInquiry { mechanism: Some(mechanism.oid.clone()), attributes })
    }

    /// A value of an attribute (RFC 6680 section 7.5): `more` is -1 for the first, then what the one before said.
    ///
    /// # Errors
    /// [`Error::NameNotMn`] for text; what the mechanism says.
    pub fn attribute(&self, attribute: &[u8], more: i32) -> Result<NameAttribute> {
        self.call(|name| name.attribute(attribute, more))
    }

    /// Changes the mechanism's own object: this name alone, not its clones.
    fn change(&mut self, change: impl FnOnce(&mut PluginName) -> gss_plugin_abi::Result<()>) -> Result<()> {
        if Arc::get_mut(&mut self.0).is_none() {
            let (mechanism, name) = self.mechanism_name()?;
            let copy = name.duplicate().map_err(|error| mechanism.error(error))?;
            *self = Self::of_mechanism(mechanism, copy);
        }
        match Arc::get_mut(&mut self.0) {
            Some(Form::Mechanism { mechanism, name }) => change(name).map_err(|error| mechanism.error(error)),
            _ => Err(Error::NameNotMn),
        }
    }

    /// Sets an attribute (RFC 6680 section 7.6).
    ///
    /// # Errors
    /// [`Error::NameNotMn`] for text; what the mechanism says.
    pub fn set_attribute(&mut self, complete: bool, attribute: &[u8], value: &[u8]) -> Result<()> {
        self.change(|name| name.set_attribute(complete, attribute, value))
    }

    /// Removes an attribute (RFC 6680 section 7.7).
    ///
    /// # Errors
    /// [`Error::NameNotMn`] for text; what the mechanism says.
    pub fn delete_attribute(&mut self, attribute: &[u8]) -> Result<()> {
        self.change(|name| name.delete_attribute(attribute))
    }

    /// The name as an object of another library (`gss_map_name_to_any`): its address.
    ///
    /// # Errors
    /// [`Error::NameNotMn`] for text; what the mechanism says.
    pub fn map_to_any(&self, authenticated: bool, type_id: &[u8]) -> Result<usize> {
        self.call(|name| name.map_to_any(authenticated, type_id))
    }

    /// Releases what [`Name::map_to_any`] gave (`gss_release_any_name_mapping`).
    ///
    /// # Errors
    /// [`Error::NameNotMn`] for text; what the mechanism says.
    pub fn release_any(&self, type_id: &[u8], object: usize) -> Result<()> {
        self.call(|name| name.release_any(type_id, object))
    }

    /// The local user that the name stands for.
    ///
    /// # Errors
    /// [`Error::NameNotMn`] for text; what the mechanism says.
    pub fn local_name(&self) -> Result<Vec<u8>> {
        self.call(PluginName::local_name)
    }

    /// Whether the name may act as a local user.
    ///
    /// # Errors
    /// [`Error::NameNotMn`] for text; `UNAUTHORIZED` for no; what else the mechanism says.
    pub fn authorize_local_name(&self, user: &[u8], name_type: &Oid) -> Result<()> {
        self.call(|name| name.authorize_local_name(user, name_type))
    }
}

fn exported(mechanism: &Loaded, composite: bool, content: &[u8]) -> Result<Vec<u8>> {
    let name = ExportedName { mechanism: mechanism.oid.clone(), composite, content };
    name.to_octets().ok_or(Error::OutOfMemory("an exported name of 4 GiB"))
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.display() {
            Ok((text, _)) => write!(f, "Name({})", String::from_utf8_lossy(&text)),
            Err(_) => f.write_str("Name(?)"),
        }
    }
}

/// A name as a mechanism needs it.
pub(crate) enum Element<'a> {
    /// A mechanism name of this mechanism.
    Own(&'a PluginName),
    /// Read from text for this call.
    Made(PluginName),
}

impl Element<'_> {
    pub(crate) fn get(&self) -> &PluginName {
        match self {
            Element::Own(name) => name,
            Element::Made(name) => name,
        }
    }
}
