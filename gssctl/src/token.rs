//! `gssctl token inspect`: which mechanism an interprocess token belongs to, its kind and sizes, and what has become of
//! it. Never a key.

mod text;

use crate::Verdict;
use crate::arguments::{InspectArguments, Options};
use crate::{output, switch, transfer};
use anyhow::{Context as _, Result, bail};
use gss_core::config::{Config, TransferKind};
use gss_core::token::{self, Claim, MAX_TOKEN, Parts};
use gss_core::transfer::admin::{self, Standing};
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
    /// For a token that is good for one import.
    claim: Option<ClaimReport>,
    /// Sizes in bytes.
    prefix: usize,
    body: usize,
    total: usize,
    /// How the token was given.
    encoding: &'static str,
}

#[derive(Serialize)]
struct ClaimReport {
    id: String,
    /// Who may import it: `uid 1000`, `gid 33`.
    audience: String,
    /// Seconds since 1970.
    not_after: u64,
    /// Seconds until then; negative once it has passed.
    left: i64,
    /// `waiting`, `expired`, `other boot`, `gone` or `unseen`.
    state: &'static str,
    /// The same in words.
    words: String,
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
    if config.mechanisms.is_empty()
        && let Err(error) = switch::refuse_unreadable(&config.diagnostics)
    {
        output::complain(&error.to_string());
    }
    let claim = match Claim::parse(parts.body) {
        Ok(claim) => claim,
        Err(error) => return defective(error.to_string()),
    };
    let report = report(&parts, claim.as_ref(), bytes.len(), encoding, &config);
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

fn claim_report(claim: &Claim, config: &Config) -> ClaimReport {
    let (state, words) = match admin::standing(&config.settings, claim) {
        Standing::Waiting(waiting) => ("waiting", format!("its context waits in {}", waiting.path.display())),
        Standing::Expired(ago) => ("expired", format!("it could be imported until {ago} s ago")),
        Standing::OtherBoot => {
            ("other boot", "it was made on another host, or before this host was started".to_owned())
        }
        Standing::Unseen(path) => ("unseen", format!("not known: this user may not look into {}", path.display())),
        // And whatever a later version may say.
        _ => ("gone", "its context was imported or revoked, or never was here".to_owned()),
    };
    let not_after = claim.not_after();
    let seconds = |time: u64| i64::try_from(time).unwrap_or(i64::MAX);
    ClaimReport {
        id: claim.id().to_string(),
        audience: transfer::importers(claim.audience()),
        not_after,
        left: seconds(not_after).saturating_sub(seconds(transfer::now())),
        state,
        words,
    }
}

fn report(parts: &Parts<'_>, claim: Option<&Claim>, total: usize, encoding: &'static str, config: &Config) -> Report {
    let kind = if claim.is_some() { TransferKind::Once } else { TransferKind::Portable };
    let line = config
        .mechanisms
        .iter()
        .find(|line| line.oid == parts.mechanism || line.aliases.contains(&parts.mechanism))
        .map(|line| Line {
            name: line.name.clone(),
            file: line.place.file.to_path_buf(),
            line: line.place.line,
            admitted: line.transfer_kind() == kind,
        });
    Report {
        oid: parts.mechanism.to_string(),
        configured: line,
        kind: if claim.is_some() { "once" } else { "portable" },
        claim: claim.map(|claim| claim_report(claim, config)),
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
    let remark = if refused { ", which its line does not admit (gss.transfer)" } else { "" };
    writeln!(out, "kind        {}{remark}", report.kind)?;
    if let Some(claim) = &report.claim {
        writeln!(out, "id          {}", claim.id)?;
        writeln!(out, "for         {}", claim.audience)?;
        writeln!(out, "state       {}: {}", claim.state, claim.words)?;
        if claim.state == "waiting" {
            writeln!(out, "left        {}", transfer::time(u64::try_from(claim.left).unwrap_or(0)))?;
        }
    }
    writeln!(out, "prefix      {}", output::count(report.prefix, "byte"))?;
    writeln!(out, "body        {}", output::count(report.body, "byte"))?;
    writeln!(out, "total       {}, given as {}", output::count(report.total, "byte"), report.encoding)?;
    Ok(())
}
