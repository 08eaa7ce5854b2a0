//! `gssctl token inspect`: which mechanism an interprocess token belongs to, and its sizes. Never its body.

mod text;

use crate::Verdict;
use crate::arguments::{InspectArguments, Options};
use crate::output;
use anyhow::{Context as _, Result, bail};
use gss_core::config::{Config, TransferKind};
use gss_core::token::{self, MAX_TOKEN, Parts};
use serde::Serialize;
use std::fs::File;
use std::io::{self, IsTerminal as _, Read, Write};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

#[derive(Serialize)]
struct Report {
    oid: String,
    /// The mechanism's line in the config, if there is one.
    configured: Option<Line>,
    /// How the context travels.
    kind: &'static str,
    /// Sizes in bytes.
    prefix: usize,
    body: usize,
    total: usize,
    /// How the token was given.
    encoding: &'static str,
}

#[derive(Serialize)]
struct Line {
    name: String,
    file: PathBuf,
    line: usize,
    /// Whether the line lets tokens of this kind in.
    admitted: bool,
}

pub(crate) fn inspect(options: &Options, arguments: &InspectArguments, out: &mut impl Write) -> Result<Verdict> {
    let given = read(&arguments.file)?;
    let defective = |problem: String| {
        output::complain(&format!("{}: {problem}", name(&arguments.file)));
        Ok(Verdict::Bad)
    };
    let (bytes, encoding) = match text::decode(&given) {
        Ok(decoded) => decoded,
        Err(problem) => return defective(problem),
    };
    let parts = match token::parse(&bytes) {
        Ok(parts) => parts,
        Err(error) => return defective(error.to_string()),
    };
    // A config that cannot be read keeps nobody from looking at a token.
    let config = Config::load(&options.sources());
    let report = report(&parts, bytes.len(), encoding, &config);
    if arguments.json {
        output::json(out, &report)?;
    } else {
        human(out, &report)?;
    }
    Ok(Verdict::Good)
}

/// The whole input, or one byte more than the longest token has.
fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::new());
    let limit = MAX_TOKEN as u64 + 1;
    let read = if path == Path::new("-") {
        let stdin = io::stdin().lock();
        if stdin.is_terminal() {
            bail!("a token is expected on standard input; name a file, or pipe the token in");
        }
        stdin.take(limit).read_to_end(&mut bytes)
    } else {
        File::open(path).and_then(|file| file.take(limit).read_to_end(&mut bytes))
    };
    read.with_context(|| format!("cannot read {}", name(path)))?;
    Ok(bytes)
}

fn name(path: &Path) -> String {
    if path == Path::new("-") { "standard input".to_owned() } else { path.display().to_string() }
}

fn report(parts: &Parts<'_>, total: usize, encoding: &'static str, config: &Config) -> Report {
    let line = config
        .mechanisms
        .iter()
        .find(|line| line.oid == parts.mechanism || line.aliases.contains(&parts.mechanism))
        .map(|line| Line {
            name: line.name.clone(),
            file: line.place.file.to_path_buf(),
            line: line.place.line,
            admitted: line.transfer != Some(TransferKind::Once),
        });
    Report {
        oid: parts.mechanism.to_string(),
        configured: line,
        kind: "portable",
        prefix: total - parts.body.len(),
        body: parts.body.len(),
        total,
        encoding,
    }
}

fn human(out: &mut impl Write, report: &Report) -> Result<()> {
    match &report.configured {
        Some(line) => {
            writeln!(out, "mechanism   {} ({})", line.name, report.oid)?;
            writeln!(out, "configured  {}:{}", line.file.display(), line.line)?;
        }
        None => {
            writeln!(out, "mechanism   {}", report.oid)?;
            writeln!(out, "configured  no: to import it here is BAD_MECH")?;
        }
    }
    let refused = report.configured.as_ref().is_some_and(|line| !line.admitted);
    let remark = if refused { ", which its line does not admit (gss.transfer=once)" } else { "" };
    writeln!(out, "kind        {}{remark}", report.kind)?;
    writeln!(out, "prefix      {}", output::count(report.prefix, "byte"))?;
    writeln!(out, "body        {}", output::count(report.body, "byte"))?;
    writeln!(out, "total       {}, given as {}", output::count(report.total, "byte"), report.encoding)?;
    Ok(())
}
