//! From a config file's bytes to its lines. Pure: nothing here opens a file. The grammar is that of `/etc/gss/mech` as
//! MIT and illumos have it, with `include`, checked where they guess.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use gss_plugin_abi::{Oid, OidError};

use super::diagnostic::{Defect, Field, LibraryDefect};
use super::options::{KeyValue, LineOptions};
use super::settings::Setting;
use super::{MAX_LINE, MechanismKind, MechanismLine, Place};

const BLANKS: [char; 2] = [' ', '\t'];
const BRACKETS: [char; 4] = ['[', ']', '<', '>'];
const WILDCARDS: [char; 2] = ['*', '?'];

/// A line that says something.
#[derive(Debug)]
pub(super) enum Item {
    Mechanism(Box<Mechanism>),
    Include(Include),
    Settings(Vec<(Setting, usize)>),
}

/// A mechanism's line, and the columns of what may turn out to be a duplicate.
#[derive(Debug)]
pub(super) struct Mechanism {
    pub(super) line: MechanismLine,
    pub(super) name_column: usize,
    pub(super) oid_column: usize,
    /// One for each of the line's aliases.
    pub(super) alias_columns: Vec<usize>,
}

/// What an `include` line names.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Include {
    pub(super) column: usize,
    pub(super) target: Target,
}

/// One file, or those in a directory that match a pattern.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Target {
    File(PathBuf),
    Pattern { directory: PathBuf, pattern: OsString },
}

/// A defect and its column.
#[derive(Debug)]
pub(super) struct Located {
    pub(super) column: usize,
    pub(super) defect: Defect,
}

/// The lines of a file that say something, with their numbers from 1. Empty lines and comments are left out.
pub(super) fn items(
    bytes: &[u8],
    file: &Arc<Path>,
    plugin_dir: &Path,
) -> impl Iterator<Item = (usize, Result<Item, Located>)> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    bytes.split(|byte| *byte == b'\n').enumerate().filter_map(move |(index, line)| {
        let number = index + 1;
        let place = Place { file: Arc::clone(file), line: number };
        item(line.strip_suffix(b"\r").unwrap_or(line), place, plugin_dir).transpose().map(|item| (number, item))
    })
}

fn item(line: &[u8], place: Place, plugin_dir: &Path) -> Result<Option<Item>, Located> {
    if line.len() > MAX_LINE {
        return Err(Located { column: MAX_LINE + 1, defect: Defect::LineTooLong { length: line.len() } });
    }
    // Before the bytes are looked at: a comment may be in any encoding.
    if line.trim_ascii_start().first().is_none_or(|first| *first == b'#') {
        return Ok(None);
    }
    let line = text(line)?;
    let mut scanner = Scanner { line, at: 0 };
    let Some(name) = scanner.field() else {
        return Ok(None);
    };
    if name.text == "include" {
        return include(&mut scanner).map(|include| Some(Item::Include(include)));
    }
    if name.text.starts_with("gss.") && name.text.contains('=') {
        return settings(&mut scanner, name).map(|settings| Some(Item::Settings(settings)));
    }
    mechanism(&mut scanner, name, place, plugin_dir).map(|mechanism| Some(Item::Mechanism(Box::new(mechanism))))
}

fn text(line: &[u8]) -> Result<&str, Located> {
    let text = std::str::from_utf8(line).map_err(|error| {
        let at = error.valid_up_to();
        Located { column: at + 1, defect: Defect::NotUtf8 { byte: line.get(at).copied().unwrap_or_default() } }
    })?;
    match text.char_indices().find(|(_, char)| char.is_control() && !BLANKS.contains(char)) {
        Some((at, char)) => Err(Located { column: at + 1, defect: Defect::ControlCharacter(char) }),
        None => Ok(text),
    }
}

fn mechanism(scanner: &mut Scanner<'_>, name: Span<'_>, place: Place, plugin_dir: &Path) -> Result<Mechanism, Located> {
    name.is_field(Field::Name)?;
    let oid_field = scanner.required(Field::Oid)?;
    let oid = oid(oid_field.text).map_err(|error| oid_field.defect(Defect::NotAnOid(error)))?;
    let library_field = scanner.required(Field::Library)?;
    let library = library(library_field.text, plugin_dir)
        .map_err(|why| library_field.defect(Defect::Library { found: shown(library_field.text), why }))?;
    let kernel_module = if scanner.next_is(['[', '<']) { None } else { scanner.field() };
    if let Some(field) = &kernel_module {
        field.is_field(Field::KernelModule)?;
    }
    let options = match scanner.bracketed('[', ']')? {
        Some(span) => LineOptions::parse(span.text, span.column)?,
        None => LineOptions::default(),
    };
    let kind = match scanner.bracketed('<', '>')? {
        None => MechanismKind::Plugin,
        Some(Span { text: "interposer", .. }) => MechanismKind::Interposer,
        Some(span) => {
            return Err(span.defect(Defect::UnknownType { found: shown(span.text) }));
        }
    };
    scanner.end()?;
    let (aliases, alias_columns) = options.aliases.into_iter().unzip();
    let line = MechanismLine {
        name: name.text.to_owned(),
        oid,
        aliases,
        library,
        kernel_module: kernel_module.map(|field| field.text.to_owned()),
        options: options.rest,
        transfer: options.transfer,
        settings: Arc::default(),
        import_group: options.import_group,
        import_from: options.import_from,
        default: options.default,
        kind,
        place,
    };
    Ok(Mechanism { line, name_column: name.column, oid_column: oid_field.column, alias_columns })
}

/// A line of settings: `key=value` fields, each with its column.
fn settings(scanner: &mut Scanner<'_>, first: Span<'_>) -> Result<Vec<(Setting, usize)>, Located> {
    let mut settings = Vec::new();
    let mut next = Some(first);
    while let Some(field) = next {
        settings.push((Setting::parse(&KeyValue::parse(field.text, field.column))?, field.column));
        next = scanner.field();
    }
    Ok(settings)
}

fn include(scanner: &mut Scanner<'_>) -> Result<Include, Located> {
    let Some(field) = scanner.field() else {
        return Err(scanner.defect(Defect::IncludeWithoutPattern));
    };
    let found = || shown(field.text);
    let (directory, last) = match field.text.rsplit_once('/') {
        Some((directory, last)) if field.text.starts_with('/') => (directory, last),
        _ => return Err(field.defect(Defect::IncludeRelative { found: found() })),
    };
    if matches!(last, "" | "." | "..") {
        return Err(field.defect(Defect::IncludeDirectory { found: found() }));
    }
    if let Some((at, wildcard)) = directory.char_indices().find(|(_, char)| WILDCARDS.contains(char)) {
        let defect = Defect::IncludeWildcard { found: found(), wildcard };
        return Err(Located { column: field.column + at, defect });
    }
    scanner.end()?;
    let target = if last.contains(WILDCARDS) {
        let directory = if directory.is_empty() { "/" } else { directory };
        Target::Pattern { directory: PathBuf::from(directory), pattern: OsString::from(last) }
    } else {
        Target::File(PathBuf::from(field.text))
    };
    Ok(Include { column: field.column, target })
}

/// An OID in dotted form, bare or in braces.
pub(super) fn oid(text: &str) -> Result<Oid, OidError> {
    text.strip_prefix('{').and_then(|text| text.strip_suffix('}')).unwrap_or(text).parse()
}

fn library(name: &str, plugin_dir: &Path) -> Result<PathBuf, LibraryDefect> {
    let absolute = name.starts_with('/');
    if name.ends_with('/') {
        return Err(LibraryDefect::EmptyComponent);
    }
    for component in name.split('/') {
        match component {
            ".." => return Err(LibraryDefect::Parent),
            "." if !absolute => return Err(LibraryDefect::Dot),
            "" if !absolute => return Err(LibraryDefect::EmptyComponent),
            _ => {}
        }
    }
    Ok(if absolute { PathBuf::from(name) } else { plugin_dir.join(name) })
}

/// A found text as messages show it: its beginning.
pub(super) fn shown(text: &str) -> String {
    const LONGEST: usize = 80;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}...", text.get(..end).unwrap_or(text)),
        None => text.to_owned(),
    }
}

/// A part of a line, and the column where it begins.
struct Span<'a> {
    text: &'a str,
    column: usize,
}

impl Span<'_> {
    fn defect(&self, defect: Defect) -> Located {
        Located { column: self.column, defect }
    }

    /// Brackets belong to options and type: one in a field means that a field or a blank is missing.
    fn is_field(&self, field: Field) -> Result<(), Located> {
        match self.text.char_indices().find(|(_, char)| BRACKETS.contains(char)) {
            None => Ok(()),
            Some((0, '[' | '<')) => Err(self.defect(Defect::MissingField(field))),
            Some((at, found)) => {
                Err(Located { column: self.column + at, defect: Defect::BracketInField { field, found } })
            }
        }
    }
}

struct Scanner<'a> {
    line: &'a str,
    at: usize,
}

impl<'a> Scanner<'a> {
    fn rest(&self) -> &'a str {
        self.line.get(self.at..).unwrap_or_default()
    }

    fn defect(&self, defect: Defect) -> Located {
        Located { column: self.at + 1, defect }
    }

    fn skip_blanks(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start_matches(BLANKS).len();
    }

    /// Takes `length` bytes.
    fn take(&mut self, length: usize) -> Span<'a> {
        let span = Span { text: self.rest().get(..length).unwrap_or_default(), column: self.at + 1 };
        self.at += length;
        span
    }

    fn next_is(&mut self, chars: [char; 2]) -> bool {
        self.skip_blanks();
        self.rest().starts_with(chars)
    }

    /// The next field, if one comes before the end or a comment.
    fn field(&mut self) -> Option<Span<'a>> {
        self.skip_blanks();
        let rest = self.rest();
        if rest.is_empty() || rest.starts_with('#') {
            return None;
        }
        Some(self.take(rest.find(BLANKS).unwrap_or(rest.len())))
    }

    fn required(&mut self, field: Field) -> Result<Span<'a>, Located> {
        let Some(span) = self.field() else {
            return Err(self.defect(Defect::MissingField(field)));
        };
        span.is_field(field)?;
        Ok(span)
    }

    /// The text between two brackets, if the next one is `open`.
    fn bracketed(&mut self, open: char, close: char) -> Result<Option<Span<'a>>, Located> {
        self.skip_blanks();
        let Some(inner) = self.rest().strip_prefix(open) else {
            return Ok(None);
        };
        let Some(length) = inner.find(close) else {
            return Err(self.defect(Defect::Unterminated { open, close }));
        };
        self.at += open.len_utf8();
        let span = self.take(length);
        self.at += close.len_utf8();
        Ok(Some(span))
    }

    fn end(&mut self) -> Result<(), Located> {
        self.skip_blanks();
        let rest = self.rest();
        let after_blank = self.line.get(..self.at).is_some_and(|before| before.ends_with(BLANKS));
        if rest.is_empty() || (rest.starts_with('#') && after_blank) {
            return Ok(());
        }
        Err(self.defect(Defect::TrailingText { found: shown(rest) }))
    }
}
