//! `gssctl krb5-sim`: keytabs for the mechanism krb5-sim, and for any other that reads MIT's format. A program of its own
//! beside `gssctl`, which runs it, because `gssctl` knows no mechanism.
#![forbid(unsafe_code)]

use anyhow::{Context as _, Result, bail, ensure};
use clap::{Args, Parser, Subcommand};
use gss_mech_krb5_sim::crypto::{Enctype, Key, default_salt};
use gss_mech_krb5_sim::keytab::{KeytabEntry, load, update};
use gss_mech_krb5_sim::messages::EncryptionKey;
use gss_mech_krb5_sim::principal::Principal;
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};
use zeroize::Zeroizing;

/// The longest password that is read, in bytes.
const MAX_PASSWORD: u64 = 4096;

/// Keytabs for krb5-sim.
#[derive(Parser, Debug)]
#[command(name = "gssctl krb5-sim", version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Adds, lists and removes keys of a keytab in MIT's format
    #[command(subcommand)]
    Keytab(KeytabCommand),
}

#[derive(Subcommand, Debug)]
enum KeytabCommand {
    /// Adds keys of a principal, one for each encryption type
    ///
    /// A keytab that is not there is made, readable by its owner alone. Whoever can read a keytab of krb5-sim can be any
    /// client.
    Add(Add),
    /// Shows whose keys there are, never the keys
    List {
        /// The keytab
        file: PathBuf,
    },
    /// Removes keys of a principal
    Remove(Remove),
}

#[derive(Args, Debug)]
struct Add {
    /// The keytab
    file: PathBuf,
    /// Whose keys, with realm: HTTP/www.example.org@EXAMPLE.ORG
    principal: String,
    /// Read the password from this file, or from standard input for -; without, the keys are random
    #[arg(long, value_name = "FILE")]
    password_from: Option<PathBuf>,
    /// The keys' version; by default the one after the highest that is there
    #[arg(long)]
    kvno: Option<u32>,
    /// Encryption types, by name, alias or number
    #[arg(long, value_delimiter = ',', default_value = "18,17,20,19", value_parser = enctype)]
    enctypes: Vec<Enctype>,
}

#[derive(Args, Debug)]
struct Remove {
    /// The keytab
    file: PathBuf,
    /// Whose keys, with realm
    principal: String,
    /// Only those of this version
    #[arg(long)]
    kvno: Option<u32>,
    /// Only those of this encryption type
    #[arg(long, value_parser = enctype)]
    enctype: Option<Enctype>,
}

fn enctype(text: &str) -> Result<Enctype, String> {
    Enctype::from_name(text).map_err(|error| error.to_string())
}

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(answer) => {
            // Help and version are no errors; clap knows where each belongs.
            let _ = answer.print();
            return ExitCode::from(u8::try_from(answer.exit_code()).unwrap_or(2));
        }
    };
    let mut out = io::stdout().lock();
    let Command::Keytab(command) = cli.command;
    let result = match command {
        KeytabCommand::Add(arguments) => add(&arguments, &mut out),
        KeytabCommand::List { file } => list(&file, &mut out),
        KeytabCommand::Remove(arguments) => remove(&arguments, &mut out),
    };
    match result.and_then(|()| Ok(out.flush()?)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody is left to be told where this fails.
            let _ = writeln!(io::stderr(), "gssctl krb5-sim: {error:#}");
            ExitCode::from(1)
        }
    }
}

fn principal(text: &str) -> Result<Principal> {
    Principal::parse(text.as_bytes(), None).with_context(|| format!("principal {text}"))
}

fn password(path: &Path) -> Result<Zeroizing<Vec<u8>>> {
    // Sized once, so that no copy stays behind in a buffer that was outgrown.
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_PASSWORD as usize + 2));
    let limit = MAX_PASSWORD + 1;
    let count = if path == Path::new("-") {
        io::stdin().lock().take(limit).read_to_end(&mut bytes)
    } else {
        File::open(path).and_then(|file| file.take(limit).read_to_end(&mut bytes))
    };
    let count = count.with_context(|| format!("cannot read the password from {}", path.display()))?;
    ensure!(count as u64 <= MAX_PASSWORD, "the password has more than {MAX_PASSWORD} bytes");
    // The line's end is not part of it.
    while bytes.last().is_some_and(|byte| matches!(byte, b'\n' | b'\r')) {
        bytes.pop();
    }
    ensure!(!bytes.is_empty(), "the password is empty");
    Ok(bytes)
}

fn add(arguments: &Add, out: &mut impl io::Write) -> Result<()> {
    let principal = principal(&arguments.principal)?;
    let password = arguments.password_from.as_deref().map(password).transpose()?;
    let salt = default_salt(principal.realm().as_bytes(), principal.name().components().iter());
    let keys = arguments.enctypes.iter().map(|enctype| match &password {
        Some(password) => Key::from_password(*enctype, password, &salt, None),
        None => Key::random(*enctype),
    });
    let keys = keys.collect::<Result<Vec<_>, _>>()?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let kvno = update(&arguments.file, |keytab| -> Result<u32, anyhow::Error> {
        let own = keytab.entries().iter().filter(|entry| entry.principal.same(&principal));
        let next = || own.map(|entry| entry.kvno).max().unwrap_or(0).checked_add(1);
        let kvno = arguments.kvno.or_else(next).context("there is no key version after the highest one")?;
        for key in &keys {
            keytab.add(KeytabEntry {
                principal: principal.clone(),
                timestamp: u32::try_from(now).unwrap_or(u32::MAX),
                kvno,
                key: EncryptionKey::new(key.enctype().number(), key.bytes()),
            })?;
        }
        Ok(kvno)
    })?;
    writeln!(
        out,
        "{}: {} keys of version {kvno} added to {}",
        arguments.principal,
        keys.len(),
        arguments.file.display()
    )?;
    Ok(())
}

fn list(file: &Path, out: &mut impl io::Write) -> Result<()> {
    let keytab = load(file)?;
    writeln!(out, "KVNO  ENCRYPTION TYPE             PRINCIPAL")?;
    for entry in keytab.entries() {
        let etype = entry.key.etype();
        let name = Enctype::from_number(etype).map_or_else(|_| format!("type {etype}"), |known| known.to_string());
        writeln!(out, "{:<4}  {name:<26}  {}", entry.kvno, entry.principal)?;
    }
    Ok(())
}

fn remove(arguments: &Remove, out: &mut impl io::Write) -> Result<()> {
    let principal = principal(&arguments.principal)?;
    // Without this, `update` would make an empty keytab.
    load(&arguments.file)?;
    let removed = update(&arguments.file, |keytab| -> Result<usize, anyhow::Error> {
        Ok(keytab.remove(&principal, arguments.kvno, arguments.enctype.map(Enctype::number)))
    })?;
    if removed == 0 {
        bail!("{} has no such key of {}", arguments.file.display(), arguments.principal);
    }
    writeln!(out, "{}: {removed} keys removed from {}", arguments.principal, arguments.file.display())?;
    Ok(())
}
