//! `gssctl transfer`: which exported contexts wait for their importers, and how to be rid of them. Never what is in them.

use crate::Verdict;
use crate::arguments::{ListArguments, Options, RevokeArguments};
use crate::{output, switch};
use anyhow::{Context as _, Result, anyhow};
use gss_core::Oid;
use gss_core::config::{Config, TransferKind};
use gss_core::token::{Audience, TransferId};
use gss_core::transfer::admin::{self, Directory, WaitingContext};
use serde::Serialize;
use std::io::Write;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

#[derive(Serialize)]
struct Report {
    exports: Vec<Exports>,
    /// Mechanisms whose contexts nobody can export.
    failing: Vec<Failing>,
    waiting: Vec<Waiting>,
    /// Places that could not be looked into.
    unseen: Vec<Unseen>,
}

/// Where those contexts wait that this user exports for an audience.
#[derive(Serialize)]
struct Exports {
    /// `uid 1000`, `gid 33`.
    audience: String,
    directories: Vec<Place>,
}

#[derive(Serialize)]
struct Failing {
    mechanism: String,
    reason: String,
}

#[derive(Serialize)]
struct Place {
    directory: PathBuf,
    /// Why not.
    unusable: Option<String>,
    on_disk: bool,
}

#[derive(Serialize)]
struct Waiting {
    id: String,
    /// The name in the config.
    mechanism: Option<String>,
    oid: Option<String>,
    /// Who may import it: `uid 1000`, `gid 33`.
    audience: String,
    owner_uid: u32,
    /// Seconds since it was exported.
    age: u64,
    /// Seconds until it expires, to the minute; negative once it has.
    left: i64,
    /// Bytes.
    size: u64,
    path: PathBuf,
}

#[derive(Serialize)]
struct Unseen {
    path: PathBuf,
    reason: String,
}

pub(crate) fn list(options: &Options, arguments: &ListArguments, out: &mut impl Write) -> Result<Verdict> {
    let config = switch::config(options)?;
    let listing = admin::list(&config.settings);
    let now = now();
    let (exports, failing) = exports(&config);
    let report = Report {
        exports,
        failing,
        waiting: listing.waiting.iter().map(|waiting| Waiting::of(waiting, now, &config)).collect(),
        unseen: listing.unseen.into_iter().map(|(path, error)| Unseen { path, reason: error.to_string() }).collect(),
    };
    if arguments.json {
        output::json(out, &report)?;
    } else {
        human(out, &report)?;
    }
    let good = report.unseen.is_empty() && report.failing.is_empty() && report.exports.iter().all(Exports::is_usable);
    Ok(if good { Verdict::Good } else { Verdict::Bad })
}

/// For whom this user exports, by the mechanisms that use the store, and where.
fn exports(config: &Config) -> (Vec<Exports>, Vec<Failing>) {
    let (mut audiences, mut failing) = (Vec::new(), Vec::new());
    for line in config.mechanisms.iter().filter(|line| line.transfer_kind() == TransferKind::Once) {
        match admin::audience(line) {
            Ok(audience) if audiences.contains(&audience) => {}
            Ok(audience) => audiences.push(audience),
            Err(error) => failing.push(Failing { mechanism: line.name.clone(), reason: error.to_string() }),
        }
    }
    let exports = audiences.into_iter().map(|audience| Exports {
        audience: importers(audience),
        directories: admin::directories(&config.settings, audience).into_iter().map(Place::of).collect(),
    });
    (exports.collect(), failing)
}

impl Exports {
    fn is_usable(&self) -> bool {
        self.directories.iter().any(|place| place.unusable.is_none())
    }
}

/// Who may import.
pub(crate) fn importers(audience: Audience) -> String {
    match audience {
        Audience::User(uid) => format!("uid {uid}"),
        Audience::Group(gid) => format!("gid {gid}"),
    }
}

/// Seconds since 1970.
pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

impl Place {
    fn of(directory: Directory) -> Self {
        Self { directory: directory.path, unusable: directory.unusable, on_disk: directory.on_disk }
    }
}

impl Waiting {
    fn of(waiting: &WaitingContext, now: u64, config: &Config) -> Self {
        // The minute's end: after that it can certainly be imported no more.
        let until = i64::try_from(waiting.until).unwrap_or(i64::MAX).saturating_add(60);
        Self {
            id: waiting.id.to_string(),
            mechanism: waiting.mechanism.as_ref().and_then(|oid| name(config, oid)),
            oid: waiting.mechanism.as_ref().map(ToString::to_string),
            audience: importers(waiting.audience),
            owner_uid: waiting.owner,
            age: now.saturating_sub(waiting.since),
            left: until.saturating_sub(i64::try_from(now).unwrap_or(i64::MAX)),
            size: waiting.size,
            path: waiting.path.clone(),
        }
    }
}

/// What the config calls a mechanism.
fn name(config: &Config, oid: &Oid) -> Option<String> {
    let line = config.mechanisms.iter().find(|line| line.oid == *oid || line.aliases.contains(oid))?;
    Some(line.name.clone())
}

fn human(out: &mut impl Write, report: &Report) -> Result<()> {
    if !report.waiting.is_empty() {
        let mut rows = vec![["ID", "MECHANISM", "AGE", "LEFT", "OWNER", "FOR", "BYTES"].map(str::to_owned)];
        rows.extend(report.waiting.iter().map(|waiting| {
            [
                waiting.id.clone(),
                waiting.mechanism.clone().or_else(|| waiting.oid.clone()).unwrap_or_else(|| "?".to_owned()),
                time(waiting.age),
                u64::try_from(waiting.left).map_or_else(|_| "expired".to_owned(), time),
                format!("uid {}", waiting.owner_uid),
                waiting.audience.clone(),
                waiting.size.to_string(),
            ]
        }));
        for line in output::aligned(&rows) {
            writeln!(out, "{line}")?;
        }
        writeln!(out)?;
    }
    let waiting = report.waiting.len();
    writeln!(out, "{} {}", output::count(waiting, "context"), if waiting == 1 { "waits" } else { "wait" })?;
    for unseen in &report.unseen {
        writeln!(out, "cannot look into {}: {}", unseen.path.display(), unseen.reason)?;
    }
    for exports in &report.exports {
        show_exports(out, exports)?;
    }
    for failing in &report.failing {
        writeln!(out, "exports of {} fail: {}", failing.mechanism, failing.reason)?;
    }
    if report.exports.is_empty() && report.failing.is_empty() {
        writeln!(out, "no configured mechanism uses the store")?;
    }
    Ok(())
}

fn show_exports(out: &mut impl Write, Exports { audience, directories }: &Exports) -> Result<()> {
    let mut usable = directories.iter().filter(|place| place.unusable.is_none());
    match usable.next() {
        Some(Place { directory, on_disk, .. }) => {
            let directory = directory.display();
            writeln!(out, "this user's exports for {audience} wait in {directory}")?;
            if *on_disk {
                writeln!(
                    out,
                    "  warning: that is not a tmpfs, and what is deleted there can stay readable on the disk"
                )?;
            }
        }
        None => writeln!(out, "this user's exports for {audience} have no place to wait in: they fail")?,
    }
    for place in usable {
        writeln!(out, "  imports also look in {}", place.directory.display())?;
    }
    for place in directories {
        if let Some(reason) = &place.unusable {
            writeln!(out, "  not used: {}: {reason}", place.directory.display())?;
        }
    }
    Ok(())
}

/// A time in the largest unit that says enough of it.
pub(crate) fn time(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds}s"),
        120..7200 => format!("{}m", seconds / 60),
        _ => format!("{}h", seconds / 3600),
    }
}

pub(crate) fn sweep(options: &Options, out: &mut impl Write) -> Result<Verdict> {
    let config = switch::config(options)?;
    let swept = admin::sweep(&config.settings);
    writeln!(out, "{} removed", output::count(swept.removed, "expired context"))?;
    for (path, error) in &swept.unseen {
        output::complain(&format!("cannot look into {}: {error}", path.display()));
    }
    Ok(if swept.unseen.is_empty() { Verdict::Good } else { Verdict::Bad })
}

pub(crate) fn revoke(options: &Options, arguments: &RevokeArguments, out: &mut impl Write) -> Result<Verdict> {
    let id: TransferId =
        arguments.id.parse().map_err(|()| anyhow!("{}: not an id; `gssctl transfer list` shows them", arguments.id))?;
    let config = switch::config(options)?;
    match admin::revoke(&config.settings, id).with_context(|| format!("cannot revoke {id}"))? {
        Some(waiting) => {
            let mechanism = waiting.mechanism.as_ref();
            let of = mechanism.map(|oid| name(&config, oid).unwrap_or_else(|| oid.to_string()));
            writeln!(out, "{id} revoked: a context of {}", of.as_deref().unwrap_or("an unknown mechanism"))?;
            Ok(Verdict::Good)
        }
        None => {
            output::complain(&format!(
                "{id} waits nowhere that this user may look: it was imported or revoked, is not this user's, or never was"
            ));
            Ok(Verdict::Bad)
        }
    }
}
