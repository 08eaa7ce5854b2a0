//! How things are written: results to standard output, complaints to standard error, counts and tables in words.

use anyhow::Result;
use serde::Serialize;
use std::error::Error;
use std::io::{self, Write};

/// A complaint on standard error, with the program's name in front.
pub(crate) fn complain(text: &str) {
    note(&format!("gssctl: {text}"));
}

/// A line on standard error. Where that is closed, there is nobody to tell.
pub(crate) fn note(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// A value as JSON for people and programs: indented, with a newline at the end.
pub(crate) fn json(out: &mut impl Write, value: &impl Serialize) -> Result<()> {
    // serde_json wraps a broken pipe so that it would not be recognized.
    let text = serde_json::to_string_pretty(value)?;
    writeln!(out, "{text}")?;
    Ok(())
}

/// An error's text, followed by the causes that it does not tell itself.
pub(crate) fn with_causes(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let words = error.to_string();
        if !text.contains(&words) {
            text = format!("{text}: {words}");
        }
        cause = error.source();
    }
    text
}

/// `1 error`, `2 errors`, `0 errors`.
pub(crate) fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// Rows in aligned columns, two blanks apart. The last column is as wide as it likes.
pub(crate) fn aligned<const N: usize>(rows: &[[String; N]]) -> Vec<String> {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; N] = std::array::from_fn(width);
    let line = |row: &[String; N]| {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}
