//! `gssctl mechs`: each configured mechanism, what became of it, and what it says of itself.

use crate::Verdict;
use crate::arguments::{MechsArguments, Options};
use crate::{output, switch};
use anyhow::Result;
use gss_core::config::{MechanismKind, TransferKind};
use gss_core::{Gss, Kind, Mechanism, Oid, State, attr, name_type};
use serde::Serialize;
use std::io::Write;
use std::path::PathBuf;

/// Everything that is known of a mechanism.
#[derive(Serialize)]
struct Facts {
    name: String,
    oid: String,
    aliases: Vec<String>,
    library: PathBuf,
    options: String,
    file: PathBuf,
    line: usize,
    state: &'static str,
    /// Why it cannot be used.
    reason: Option<String>,
    transfer: &'static str,
    /// Whether it serves where no mechanism is named; `None` where only the mechanism itself knows.
    serves_by_default: Option<bool>,
    /// What it says of itself, once it is loaded.
    description: Option<Description>,
}

#[derive(Serialize)]
struct Description {
    display_name: String,
    summary: String,
    attributes: Vec<String>,
    name_types: Vec<String>,
    /// Where it has one of its own; otherwise it follows from the OID (RFC 5801 section 3.1).
    sasl_name: Option<String>,
    /// `rust` or `c`.
    kind: &'static str,
    /// `two-phase`, or `one-phase` where exporting a context ends it before the switch has committed to it.
    export: &'static str,
    /// Of a plugin in Rust.
    sdk_version: Option<String>,
}

#[derive(Serialize)]
struct Report {
    mechanisms: Vec<Facts>,
    /// The mechanism that serves where none is named.
    default_mechanism: Option<String>,
    /// Why there is none.
    no_default_reason: Option<String>,
}

pub(crate) fn run(options: &Options, arguments: &MechsArguments, out: &mut impl Write) -> Result<Verdict> {
    let gss = switch::open(options)?;
    let mechanisms = switch::chosen(&gss, &arguments.names)?;
    let (default_mechanism, no_default_reason) = if arguments.no_load {
        (None, Some("not looked for, since nothing was loaded".to_owned()))
    } else {
        default_mechanism(&gss)
    };
    let facts = mechanisms.iter().map(|mechanism| {
        if !arguments.no_load {
            // A failure is part of the state.
            let _ = mechanism.open();
        }
        facts(mechanism)
    });
    let report = Report { mechanisms: facts.collect(), default_mechanism, no_default_reason };
    if arguments.json {
        output::json(out, &report)?;
    } else {
        if arguments.long || !arguments.names.is_empty() {
            blocks(out, &report)?;
        } else {
            table(out, &report)?;
        }
        if arguments.names.is_empty() {
            footer(out, &report)?;
        }
    }
    let broken = report.mechanisms.iter().any(|mechanism| mechanism.reason.is_some());
    Ok(if broken { Verdict::Bad } else { Verdict::Good })
}

/// The name of the default mechanism, or why there is none that works.
fn default_mechanism(gss: &Gss) -> (Option<String>, Option<String>) {
    let name = |oid: Oid| Ok(gss.mechanism(&oid)?.line().name.clone());
    match gss.default_mechanism().and_then(name) {
        Ok(name) => (Some(name), None),
        Err(gss_core::Error::NoDefaultMechanism) => (None, Some("none of them serves unless it is named".to_owned())),
        // Its reason is shown with it. The next one would not serve in its place.
        Err(gss_core::Error::CannotLoad { mechanism, .. }) => {
            (None, Some(format!("it would be {mechanism}, which does not load")))
        }
        Err(error) => (None, Some(error.to_string())),
    }
}

fn facts(mechanism: &Mechanism) -> Facts {
    let line = mechanism.line();
    let (state, reason, description) = match mechanism.state() {
        State::NotLoaded => ("not loaded", None, None),
        State::Loaded { description, kind, sdk_version } => {
            ("loaded", None, Some((description, kind == Kind::CMechanism, sdk_version)))
        }
        State::Failed(reason) if line.kind == MechanismKind::Interposer => {
            ("unsupported", Some(output::with_causes(&*reason)), None)
        }
        State::Failed(reason) => ("failed", Some(output::with_causes(&*reason)), None),
        _ => ("unknown", None, None),
    };
    let serves_by_default = match (line.kind, line.default, &description) {
        (MechanismKind::Interposer, _, _) => Some(false),
        (_, Some(admitted), _) => Some(admitted),
        (_, None, Some((description, ..))) => Some(
            ![attr::NOT_DFLT_MECH, attr::DEPRECATED].iter().any(|kept_out| description.attributes.contains(kept_out)),
        ),
        (_, None, None) => None,
    };
    Facts {
        name: line.name.clone(),
        oid: line.oid.to_string(),
        aliases: line.aliases.iter().map(ToString::to_string).collect(),
        library: line.library.clone(),
        options: line.options.to_string(),
        file: line.place.file.to_path_buf(),
        line: line.place.line,
        state,
        reason,
        transfer: match line.transfer_kind() {
            TransferKind::Portable => "portable",
            _ => "once",
        },
        serves_by_default,
        description: description.map(|(description, is_c, sdk_version)| Description {
            display_name: description.display_name,
            summary: description.summary,
            attributes: description.attributes.iter().map(attribute).collect(),
            name_types: description.name_types.iter().map(name_type_text).collect(),
            sasl_name: Some(description.sasl_name).filter(|name| !name.is_empty()),
            kind: if is_c { "c" } else { "rust" },
            export: if is_c { "one-phase" } else { "two-phase" },
            sdk_version: Some(sdk_version).filter(|version| !version.is_empty()),
        }),
    }
}

/// The attribute's name without `GSS_C_MA_`, or its OID.
fn attribute(oid: &Oid) -> String {
    let known = attr::ALL.iter().find(|(known, _, _)| known == oid);
    known.map_or_else(|| oid.to_string(), |(_, name, _)| (*name).to_owned())
}

/// The name type's name without `GSS_C_NT_`, or its OID.
fn name_type_text(oid: &Oid) -> String {
    static KNOWN: [(Oid, &str); 8] = [
        (name_type::USER_NAME, "USER_NAME"),
        (name_type::MACHINE_UID_NAME, "MACHINE_UID_NAME"),
        (name_type::STRING_UID_NAME, "STRING_UID_NAME"),
        (name_type::HOSTBASED_SERVICE, "HOSTBASED_SERVICE"),
        (name_type::HOSTBASED_SERVICE_X, "HOSTBASED_SERVICE_X"),
        (name_type::ANONYMOUS, "ANONYMOUS"),
        (name_type::EXPORT_NAME, "EXPORT_NAME"),
        (name_type::COMPOSITE_EXPORT, "COMPOSITE_EXPORT"),
    ];
    let known = KNOWN.iter().find(|(known, _)| known == oid);
    known.map_or_else(|| oid.to_string(), |(_, name)| (*name).to_owned())
}

impl Facts {
    fn place(&self) -> String {
        format!("{}:{}", self.file.display(), self.line)
    }

    /// What is most worth saying in one line: why it does not work, or else what it says of itself.
    fn remark(&self) -> Option<&str> {
        let summary = self.description.as_ref().map(|description| description.summary.as_str());
        self.reason.as_deref().or(summary).filter(|remark| !remark.is_empty())
    }
}

fn table(out: &mut impl Write, report: &Report) -> Result<()> {
    let mut rows = vec![["NAME", "OID", "STATE", "PLACE"].map(str::to_owned)];
    rows.extend(
        report
            .mechanisms
            .iter()
            .map(|facts| [facts.name.clone(), facts.oid.clone(), facts.state.to_owned(), facts.place()]),
    );
    let mut lines = output::aligned(&rows).into_iter();
    if let (Some(head), false) = (lines.next(), report.mechanisms.is_empty()) {
        writeln!(out, "{head}")?;
    }
    for (line, facts) in lines.zip(&report.mechanisms) {
        writeln!(out, "{line}")?;
        if let Some(remark) = facts.remark() {
            writeln!(out, "    {remark}")?;
        }
    }
    Ok(())
}

fn blocks(out: &mut impl Write, report: &Report) -> Result<()> {
    for (index, facts) in report.mechanisms.iter().enumerate() {
        if index > 0 {
            writeln!(out)?;
        }
        block(out, facts)?;
    }
    Ok(())
}

fn block(out: &mut impl Write, facts: &Facts) -> Result<()> {
    writeln!(out, "{}", facts.name)?;
    let mut line = |label: &str, value: &str| {
        if value.is_empty() { Ok(()) } else { writeln!(out, "  {label:<14}{value}") }
    };
    line("OID", &facts.oid)?;
    line("aliases", &facts.aliases.join(" "))?;
    line("configured", &facts.place())?;
    line("library", &facts.library.display().to_string())?;
    line("options", &facts.options)?;
    line("state", facts.state)?;
    line("reason", facts.reason.as_deref().unwrap_or_default())?;
    line("transfer", facts.transfer)?;
    line(
        "by default",
        match facts.serves_by_default {
            Some(true) => "may serve where no mechanism is named",
            Some(false) => "never serves unless it is named",
            None => "not known unless it is loaded",
        },
    )?;
    if let Some(description) = &facts.description {
        line("calls itself", &description.display_name)?;
        line("says", &description.summary)?;
        line("attributes", &description.attributes.join(" "))?;
        line("name types", &description.name_types.join(" "))?;
        line("SASL name", description.sasl_name.as_deref().unwrap_or("the one that follows from its OID (RFC 5801)"))?;
        if description.kind == "c" {
            line("plugin", "C mechanism")?;
            line(
                "export",
                "one-phase: the mechanism ends a context by exporting it; a failure after that imports it back",
            )?;
        }
        line("SDK", description.sdk_version.as_deref().unwrap_or_default())?;
    }
    Ok(())
}

fn footer(out: &mut impl Write, report: &Report) -> Result<()> {
    if report.mechanisms.is_empty() {
        writeln!(out, "no mechanism is configured")?;
        return Ok(());
    }
    writeln!(out)?;
    match (&report.default_mechanism, &report.no_default_reason) {
        (Some(name), _) => writeln!(out, "default mechanism: {name}")?,
        (None, reason) => writeln!(out, "default mechanism: none; {}", reason.as_deref().unwrap_or("not known"))?,
    }
    writeln!(out, "negotiation (SPNEGO): not offered, unless by a mechanism above")?;
    Ok(())
}
