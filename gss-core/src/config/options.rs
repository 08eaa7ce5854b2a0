//! The options between the square brackets of a line: those of the core (`gss.`), checked, and the mechanism's, kept
//! as text.

use std::fmt;

use gss_plugin_abi::Oid;

use super::diagnostic::Defect;
use super::parse::{Located, oid, shown};
use super::settings::{SETTINGS, transfer_kind};
use super::{Account, TransferKind};

/// A mechanism's own options, in order. Shows as `key=value,key`, whatever separated them in the file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options(Vec<(String, Option<String>)>);

impl Options {
    /// Each option's key and, if there was a `=`, its value.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value.as_deref()))
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (key, value)) in self.iter().enumerate() {
            if index > 0 {
                f.write_str(",")?;
            }
            f.write_str(key)?;
            if let Some(value) = value {
                write!(f, "={value}")?;
            }
        }
        Ok(())
    }
}

/// All options of a line.
#[derive(Default)]
pub(super) struct LineOptions {
    pub(super) transfer: Option<TransferKind>,
    pub(super) import_group: Option<Account>,
    pub(super) import_from: Vec<Account>,
    pub(super) default: Option<bool>,
    /// With the column of each.
    pub(super) aliases: Vec<(Oid, usize)>,
    pub(super) rest: Options,
}

impl LineOptions {
    /// Reads the text between the brackets, which begins in `column` of its line.
    pub(super) fn parse(text: &str, column: usize) -> Result<Self, Located> {
        let mut options = Self::default();
        let mut column = column;
        for item in text.split([' ', '\t', ',']) {
            if !item.is_empty() {
                options.add(item, column)?;
            }
            column += item.len() + 1;
        }
        Ok(options)
    }

    fn add(&mut self, item: &str, column: usize) -> Result<(), Located> {
        let item = KeyValue::parse(item, column);
        let KeyValue { key, value, .. } = item;
        let at_key = |defect| item.at_key(defect);
        if key.is_empty() {
            return Err(at_key(Defect::OptionWithoutKey { found: shown(item.text) }));
        }
        if !key.starts_with("gss.") {
            self.rest.0.push((key.to_owned(), value.map(str::to_owned)));
            return Ok(());
        }
        let value = value.unwrap_or_default();
        let bad = |key, expected| item.bad(key, expected);
        match key {
            "gss.transfer" => set_once(&mut self.transfer, transfer_kind(&item)?, "gss.transfer").map_err(at_key),
            "gss.default" => {
                let admitted = match value {
                    "yes" => true,
                    "no" => false,
                    _ => return Err(bad("gss.default", "yes or no")),
                };
                set_once(&mut self.default, admitted, "gss.default").map_err(at_key)
            }
            "gss.import-group" => {
                let group = account(value).ok_or_else(|| bad("gss.import-group", "the name or gid of a group"))?;
                set_once(&mut self.import_group, group, "gss.import-group").map_err(at_key)
            }
            "gss.import-from" => {
                let user = account(value).ok_or_else(|| bad("gss.import-from", "the name or uid of a user"))?;
                self.import_from.push(user);
                Ok(())
            }
            "gss.alias" => {
                let alias = oid(value).map_err(|error| item.at_value(Defect::NotAnOid(error)))?;
                self.aliases.push((alias, item.value_column()));
                Ok(())
            }
            _ if SETTINGS.contains(&key) => Err(at_key(Defect::SettingInLine { key: key.to_owned() })),
            _ => Err(at_key(Defect::UnknownOption { key: shown(key) })),
        }
    }
}

/// One `key=value`, and the column where it begins.
#[derive(Clone, Copy)]
pub(super) struct KeyValue<'a> {
    pub(super) text: &'a str,
    pub(super) key: &'a str,
    pub(super) value: Option<&'a str>,
    pub(super) column: usize,
}

impl<'a> KeyValue<'a> {
    pub(super) fn parse(text: &'a str, column: usize) -> Self {
        let (key, value) = match text.split_once('=') {
            Some((key, value)) => (key, Some(value)),
            None => (text, None),
        };
        Self { text, key, value, column }
    }

    pub(super) fn at_key(&self, defect: Defect) -> Located {
        Located { column: self.column, defect }
    }

    fn value_column(&self) -> usize {
        (self.column + self.key.len() + 1).min(self.column + self.text.len())
    }

    pub(super) fn at_value(&self, defect: Defect) -> Located {
        Located { column: self.value_column(), defect }
    }

    /// A value that is not allowed.
    pub(super) fn bad(&self, key: &'static str, expected: &'static str) -> Located {
        self.at_value(Defect::OptionValue { key, found: shown(self.value.unwrap_or_default()), expected })
    }
}

fn set_once<T>(place: &mut Option<T>, value: T, key: &'static str) -> Result<(), Defect> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(Defect::RepeatedOption { key }),
    }
}

/// A name or a number as the password and group files could hold it. The largest number is `(uid_t)-1`: nobody's.
fn account(text: &str) -> Option<Account> {
    if text.is_empty() || text.contains([':', '/']) || text.starts_with(['-', '+']) {
        return None;
    }
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse().ok().filter(|id| *id != u32::MAX).map(Account::Id);
    }
    Some(Account::Name(text.to_owned()))
}
