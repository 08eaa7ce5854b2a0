//! OIDs as `gss_oid_to_str` and `gss_str_to_oid` write them: `{ 1 2 840 }`.

use gss_core::Oid;

/// The arcs in braces.
pub(crate) fn written(oid: &Oid) -> String {
    let arcs: Vec<String> = oid.arcs().map(|arc| arc.to_string()).collect();
    format!("{{ {} }}", arcs.join(" "))
}

/// Numbers with dots or blanks between them, in braces or not. A NUL may be counted, as `gss_oid_to_str` does.
pub(crate) fn read(text: &[u8]) -> Option<Oid> {
    let text = std::str::from_utf8(text.strip_suffix(b"\0").unwrap_or(text)).ok()?;
    let is_blank = |letter: char| letter.is_ascii_whitespace() || letter == '\x0b';
    let text = text.trim_matches(is_blank);
    let text = match text.strip_prefix('{') {
        Some(rest) => rest.strip_suffix('}')?.trim_matches(is_blank),
        None => text,
    };
    if text.starts_with('.') {
        return None;
    }
    let arcs: Vec<&str> =
        text.split(|letter| is_blank(letter) || letter == '.').filter(|arc| !arc.is_empty()).collect();
    arcs.join(".").parse().ok()
}
