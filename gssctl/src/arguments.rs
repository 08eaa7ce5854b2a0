//! The command line.

use clap::{ArgAction, Args, Parser, Subcommand};
use gss_core::config::Sources;
use std::ffi::OsString;
use std::path::PathBuf;

/// Shows what the GSS-API mechanism switch is made of on this host, and whether it works.
#[derive(Parser, Debug)]
#[command(name = "gssctl", version, after_help = AFTER_HELP, after_long_help = after_long_help(), max_term_width = 100)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) options: Options,
    #[command(subcommand)]
    pub(crate) command: Command,
}

const AFTER_HELP: &str = "Exit codes: 0 all is well, 1 something is not, 2 it could not be looked at.
`gssctl --help` has examples, files and environment.";

const AFTER_LONG_HELP: &str = "\
Examples:
  gssctl mechs                         each mechanism: loaded, or why not
  gssctl mechs krb5                    all that one of them says of itself
  gssctl config check                  every mistake, with file, line and column
  gssctl config check new.conf         the same for a file that is not in use yet
  gssctl token inspect token.bin       whose token it is, and what has become of it
  gssctl transfer list                 which exported contexts wait for their importers
  gssctl transfer revoke ID            make one of their tokens void
  gssctl demo                          move contexts between four processes
  gssctl krb5-sim keytab list FILE     a command that comes with a mechanism

Exit codes:
  0  all is well
  1  something is not: a mechanism does not load, the config has errors, the token is
     defective, exports have no place to wait in, the demo has failed
  2  it could not be looked at: wrong arguments, unreadable config or file

Files:
  /etc/gss/plugins.conf      the mechanisms, one to a line, most preferred first
  /etc/gss/plugins.d/*.conf  more of them, read afterwards in the order of their names
  /run/gss/transfer          where exported contexts wait, if nothing else is configured

Environment:
  GSS_PLUGINS_CONF  one config file in place of these; as --conf
  GSS_PLUGIN_DIR    where plugins lie; as --plugin-dir
  GSS_LOG           what is logged, such as debug or gss_core=trace; in place of --verbose

Results go to standard output, everything else to standard error.";

/// With the directory that this program was built for.
fn after_long_help() -> String {
    AFTER_LONG_HELP.replace("/etc", option_env!("GSS_SYSCONFDIR").unwrap_or("/etc"))
}

/// What holds for every command.
#[derive(Args, Debug, Clone)]
pub(crate) struct Options {
    /// Read this config file and no other
    #[arg(long, value_name = "FILE", global = true)]
    pub(crate) conf: Option<PathBuf>,
    /// Look for plugins in this directory
    #[arg(long, value_name = "DIR", global = true)]
    pub(crate) plugin_dir: Option<PathBuf>,
    /// Log what the switch does to standard error; -vv and -vvv log more
    #[arg(short, long, action = ArgAction::Count, global = true)]
    pub(crate) verbose: u8,
}

impl Options {
    /// Where the config comes from, as far as these options say.
    pub(crate) fn sources(&self) -> Sources {
        let sources = match &self.conf {
            Some(file) => Sources::file(file),
            None => Sources::system(),
        };
        match &self.plugin_dir {
            Some(directory) => sources.plugin_dir(directory),
            None => sources,
        }
    }

    /// The same options for another process of this program.
    pub(crate) fn to_arguments(&self) -> Vec<OsString> {
        let mut arguments = Vec::new();
        for (name, value) in [("--conf", &self.conf), ("--plugin-dir", &self.plugin_dir)] {
            if let Some(value) = value {
                arguments.extend([name.into(), value.into()]);
            }
        }
        arguments.extend((0..self.verbose).map(|_| "--verbose".into()));
        arguments
    }
}

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// List the configured mechanisms: loaded, or why not.
    ///
    /// Opens each mechanism as a program would that uses it. Exits with 1 if one does not load.
    Mechs(MechsArguments),
    /// Check or show the config
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Look at an interprocess token
    #[command(subcommand)]
    Token(TokenCommand),
    /// Look after the exported contexts that wait for their importers
    #[command(subcommand)]
    Transfer(TransferCommand),
    /// Move contexts between four processes, and show what must fail to fail.
    ///
    /// For each mechanism a client and an acceptor establish a context. The acceptor exports it and hands the token and
    /// the client's connection to a worker, which imports the context and answers the client's messages. Halfway
    /// through, the worker hands both on to a second worker in the same way. The client notices nothing but the process
    /// id in the answers. All four are processes of their own. Exits with 1 if anything is not as the switch promises,
    /// or if a mechanism does not load.
    Demo(DemoArguments),
    #[command(hide = true)]
    DemoRole(RoleArguments),
    /// A command that comes with a mechanism, such as krb5-sim
    #[command(external_subcommand)]
    External(Vec<OsString>),
}

#[derive(Args, Debug)]
pub(crate) struct MechsArguments {
    /// Only these, by name, OID or alias; implies --long
    #[arg(value_name = "NAME|OID")]
    pub(crate) names: Vec<String>,
    /// All that is known of each, in place of a table
    #[arg(short, long)]
    pub(crate) long: bool,
    /// Open nothing: show only what the config says
    #[arg(long)]
    pub(crate) no_load: bool,
    /// JSON for programs
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Subcommand, Debug)]
pub(crate) enum ConfigCommand {
    /// Report every mistake in the config with its place.
    ///
    /// Mistakes go to standard error as file:line:column, a summary of each file that was read to standard output.
    /// Exits with 1 if there are errors. Opens no plugin: whether they load is shown by `gssctl mechs`.
    Check(CheckArguments),
    /// Show all lines that count as one file, each with its place
    Show,
}

#[derive(Args, Debug)]
pub(crate) struct CheckArguments {
    /// This file, and what it includes, in place of the config in use
    pub(crate) file: Option<PathBuf>,
    /// Exit with 1 for warnings, too
    #[arg(long)]
    pub(crate) strict: bool,
    /// JSON for programs, mistakes included
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Subcommand, Debug)]
pub(crate) enum TokenCommand {
    /// Show which mechanism an interprocess token belongs to, its kind, and what has become of it.
    ///
    /// Imports and claims nothing, and never shows a key: nothing of the body of a portable token, and of one that is good
    /// for one import only by whom and until when it may be imported, and whether its context still waits. Exits with 1 if
    /// it is no interprocess token.
    ///
    /// The token may be given as it is, or as text in base64 or hexadecimal digits, with white space anywhere. Which of
    /// them it is shows by itself: a token begins with a zero byte, which no text has; its text begins with 00 in
    /// hexadecimal and with AAA in base64.
    Inspect(InspectArguments),
}

#[derive(Args, Debug)]
pub(crate) struct InspectArguments {
    /// The file with the token; `-` is standard input
    #[arg(default_value = "-")]
    pub(crate) file: PathBuf,
    /// JSON for programs
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Subcommand, Debug)]
pub(crate) enum TransferCommand {
    /// List the waiting contexts, and where this user's exports wait.
    ///
    /// Shows what this user may look into: one's own, those for one's groups, and as root all. Never a key or a state.
    /// Exits with 1 if a folder of this user's could not be looked into, or if exports have no place to wait in.
    List(ListArguments),
    /// Remove the contexts that nobody has imported in time.
    ///
    /// Programs that export remove some as they go; this removes all that expired three minutes ago or earlier, in the
    /// folders that `gssctl transfer list` looks into.
    Sweep,
    /// Remove a waiting context, so that its token is void.
    ///
    /// Exits with 1 if it does not wait, or not where this user may look.
    Revoke(RevokeArguments),
}

#[derive(Args, Debug)]
pub(crate) struct ListArguments {
    /// JSON for programs
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct RevokeArguments {
    /// Its id, as the list or `gssctl token inspect` shows it
    pub(crate) id: String,
}

#[derive(Args, Debug)]
pub(crate) struct DemoArguments {
    /// Only this mechanism, by name, OID or alias; may be given several times
    #[arg(long, value_name = "NAME|OID")]
    pub(crate) mech: Vec<String>,
    /// How many messages the client sends for each mechanism
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(2..=1_000_000))]
    pub(crate) messages: u32,
    /// How long any single step may take before the demo gives up
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=3600))]
    pub(crate) timeout: u32,
}

/// What another process of this program does in the demo.
#[derive(Args, Debug)]
pub(crate) struct RoleArguments {
    /// Which
    #[arg(value_enum)]
    pub(crate) role: Role,
    /// The acceptor's socket; workers need none
    #[arg(long)]
    pub(crate) socket: Option<PathBuf>,
    /// Seconds for a step
    #[arg(long)]
    pub(crate) timeout: u32,
}

#[derive(clap::ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Client,
    Acceptor,
    Worker,
}
