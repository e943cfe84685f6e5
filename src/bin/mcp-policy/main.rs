//! The `mcp-policy` command. `main` maps the outcome to an exit code; each verb has a file of its own.

mod apply;
mod approvals;
mod catalog;
mod check;
mod compare;
mod completions;
mod credential;
mod cst;
#[cfg(feature = "editor")]
mod edit;
mod explain;
mod file;
mod grant;
mod html;
mod inventory;
mod log_file;
mod man;
mod mistakes;
mod pin;
mod policy_words;
mod render;
mod replay;
mod sanitize;
mod schema;
mod source;
mod suggest;
mod table;
mod test;
mod tls;
mod tools;
mod verify_log;

use std::{io::Write, process::ExitCode};

use clap::{Parser, Subcommand};

/// Write, check, test and deploy policies for MCP calls.
#[derive(Parser)]
#[command(name = "mcp-policy", version = VERSION, arg_required_else_help = true, after_help = HELP)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

/// The version, and the commit in release builds.
const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), " (", env!("MCP_POLICY_BUILD"), ")");

const HELP: &str = "\
Example:
  mcp-policy check policy.json && mcp-policy test policy.json
Exit codes: 0 fine, 1 findings, 2 usage. `mcp-policy VERB --help` has those of a verb, and examples.";

/// The verbs, in the order of `--help`.
#[derive(Subcommand)]
enum Verb {
    /// Validate policies and report every error at once
    Check(check::Args),
    /// Say what a new policy permits that the old one does not, and the reverse
    Compare(compare::Args),
    /// Explain step by step how a policy decides on a call
    Explain(explain::Args),
    /// Run test cases against a policy
    Test(test::Args),
    /// Print a gateway's configuration with a policy in it
    Render(render::Args),
    /// Put a policy into force in a running Envoy, without a restart
    Apply(apply::Args),
    /// Print the JSON Schema of the configuration, for editors
    Schema(schema::Args),
    /// Pin the definitions of a server's tools in a policy, or say how they differ from their pins
    Pin(pin::Args),
    /// Suggest a policy for the tools that a server lists
    Suggest(suggest::Args),
    /// Write a policy on a page: every tool, a form beside the text, calls to try
    #[cfg(feature = "editor")]
    Edit(edit::Args),
    /// Show what the tools of several servers together can do
    Inventory(inventory::Args),
    /// Show what the tools of widely used servers do, and a rule for each
    Catalog(catalog::Args),
    /// Make, revoke and list the tokens of agents
    Grant(grant::Args),
    /// Write the credential of an MCP server into a file that Envoy watches
    Credential(credential::Args),
    /// List the calls that wait for approval in a running gateway, and approve or reject them
    Approvals(approvals::Args),
    /// Check that a log has every record of its chains, unchanged and in order
    VerifyLog(verify_log::Args),
    /// Say what another policy would have decided on the calls of a log
    Replay(replay::Args),
    /// Print a script with which a shell completes this command
    Completions(completions::Args),
    /// Print a manual page
    Man(man::Args),
}

/// How a run ends: the exit code for scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Exit {
    /// 0: the command did its work and found no fault.
    Fine,
    /// 1: the command found faults in its input.
    Findings,
    /// 2: the command could not run with these arguments.
    Usage,
}

/// Why a verb ended without its output.
struct Stop {
    exit: Exit,
    message: String,
}

impl Stop {
    /// The command could not run with these arguments.
    fn usage(message: impl Into<String>) -> Self {
        Self { exit: Exit::Usage, message: message.into() }
    }

    /// The input has faults.
    fn findings(message: impl Into<String>) -> Self {
        Self { exit: Exit::Findings, message: message.into() }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Fine => Self::SUCCESS,
            Exit::Findings => Self::from(1),
            Exit::Usage => Self::from(2),
        }
    }
}

fn main() -> ExitCode {
    run().into()
}

fn run() -> Exit {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let is_help = !error.use_stderr();
            // If this cannot be printed either, the exit code still tells.
            let _ = error.print();
            return if is_help { Exit::Fine } else { Exit::Usage };
        }
    };
    let ended = match cli.verb {
        Verb::Check(args) => check::run(&args),
        Verb::Compare(args) => compare::run(&args),
        Verb::Explain(args) => explain::run(&args),
        Verb::Test(args) => test::run(&args),
        Verb::Render(args) => render::run(&args),
        Verb::Apply(args) => apply::run(&args),
        Verb::Schema(args) => Ok(schema::run(&args)),
        Verb::Pin(args) => pin::run(&args),
        Verb::Suggest(args) => suggest::run(&args),
        #[cfg(feature = "editor")]
        Verb::Edit(args) => edit::run(&args),
        Verb::Inventory(args) => inventory::run(&args),
        Verb::Catalog(args) => catalog::run(&args),
        Verb::Grant(args) => grant::run(&args),
        Verb::Credential(args) => credential::run(&args),
        Verb::Approvals(args) => approvals::run(&args),
        Verb::VerifyLog(args) => verify_log::run(&args),
        Verb::Replay(args) => replay::run(&args),
        Verb::Completions(args) => Ok(completions::run(&args)),
        Verb::Man(args) => man::run(&args),
    };
    ended.unwrap_or_else(|stop| {
        print_error(&stop.message);
        stop.exit
    })
}

/// Prints `text` on stdout. A reader that closes the pipe early (`| head`) is not a failure.
fn print(text: &str) -> Exit {
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            print_error(&format!("cannot write to stdout: {error}"));
            Exit::Usage
        }
        _ => Exit::Fine,
    }
}

/// Prints one warning on stderr. `message` may quote texts of others.
fn print_warning(message: &str) {
    // If stderr is closed, the warning is lost; the command does not fail.
    let _ = writeln!(std::io::stderr(), "warning: {}", sanitize::message(message));
}

/// Prints one error on stderr. `message` may quote texts of others.
fn print_error(message: &str) {
    // If stderr is closed, the exit code still tells.
    let _ = writeln!(std::io::stderr(), "error: {}", sanitize::message(message));
}
