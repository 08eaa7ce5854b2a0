//! `gssctl`: shows an administrator which mechanisms are configured, what became of each, what is wrong with the
//! config, what an interprocess token says of itself, which contexts wait for their importers, and that contexts move between processes.
#![forbid(unsafe_code)]

mod arguments;
mod config;
mod demo;
mod external;
mod mechs;
mod output;
mod switch;
mod token;
mod transfer;

use anyhow::{Context as _, Result};
use arguments::{Cli, Command, ConfigCommand, Options, TokenCommand, TransferCommand};
use clap::Parser as _;
use std::io::{self, Write as _};
use std::process::ExitCode;
use tracing_subscriber::EnvFilter;

/// What scripts get from a command that could look at what it was asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// Everything is as it should be: exit code 0.
    Good,
    /// Something is not, and has been reported: exit code 1.
    Bad,
}

impl From<Verdict> for ExitCode {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Good => ExitCode::SUCCESS,
            Verdict::Bad => ExitCode::from(1),
        }
    }
}

/// The exit code of a command that could not look.
const CANNOT: u8 = 2;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(answer) => {
            // Help and version are no errors; clap knows where each belongs.
            let _ = answer.print();
            return ExitCode::from(u8::try_from(answer.exit_code()).unwrap_or(CANNOT));
        }
    };
    let mut stdout = io::stdout().lock();
    let result = log(&cli.options).and_then(|()| run(cli, &mut stdout)).and_then(|verdict| {
        stdout.flush()?;
        Ok(verdict)
    });
    match result {
        Ok(verdict) => verdict.into(),
        // The reader has seen enough, as in `gssctl mechs | head`.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            // Whatever else is read or written has its own words.
            let error = if error.is::<io::Error>() { error.context("cannot write the results") } else { error };
            output::complain(&output::with_causes(error.as_ref()));
            ExitCode::from(CANNOT)
        }
    }
}

fn run(cli: Cli, out: &mut io::StdoutLock<'_>) -> Result<Verdict> {
    let Cli { options, command } = cli;
    match command {
        Command::Mechs(arguments) => mechs::run(&options, &arguments, out),
        Command::Config(ConfigCommand::Check(arguments)) => config::check(&options, &arguments, out),
        Command::Config(ConfigCommand::Show) => config::show(&options, out),
        Command::Token(TokenCommand::Inspect(arguments)) => token::inspect(&options, &arguments, out),
        Command::Transfer(TransferCommand::List(arguments)) => transfer::list(&options, &arguments, out),
        Command::Transfer(TransferCommand::Sweep) => transfer::sweep(&options, out),
        Command::Transfer(TransferCommand::Revoke(arguments)) => transfer::revoke(&options, &arguments, out),
        Command::Demo(arguments) => demo::run(&options, &arguments, out),
        Command::DemoRole(role) => demo::run_role(&options, &role),
        Command::External(words) => match external::run(&words)? {},
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .any(|cause| cause.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe))
}

/// Sends the switch's and the plugins' events to standard error.
fn log(options: &Options) -> Result<()> {
    let filter = match std::env::var("GSS_LOG") {
        Ok(text) if !text.is_empty() => {
            let expected = "expected something like GSS_LOG=debug or GSS_LOG=gss_core=trace";
            EnvFilter::try_new(&text).with_context(|| format!("GSS_LOG={text}: {expected}"))?
        }
        // Warnings are left out by default: they repeat what the commands report themselves.
        _ => EnvFilter::new(["error", "info", "debug", "trace"][usize::from(options.verbose.min(3))]),
    };
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).without_time().init();
    Ok(())
}
