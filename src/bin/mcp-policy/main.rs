//! The `mcp-policy` command. `main` only maps to an exit code; each verb has a file of its own.

mod approvals;
mod check;
mod explain;
mod faults;
mod input;
mod render;
mod schema;
mod suggest;
mod test;

use std::{io::Write, process::ExitCode};

use clap::{Parser, Subcommand};

/// Write, check and run policies for MCP calls.
#[derive(Parser)]
#[command(name = "mcp-policy", version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

/// What to do. One variant a verb, in the order of `--help`.
#[derive(Subcommand)]
enum Verb {
    /// Say everything that is wrong with policies
    Check(check::Args),
    /// Say step by step how a policy decides on a call
    Explain(explain::Args),
    /// Run case files against a policy
    Test(test::Args),
    /// Print a gateway's configuration with a policy in it
    Render(render::Args),
    /// Print a JSON Schema of the configuration, for editors
    Schema(schema::Args),
    /// Write a policy from the tools that a server lists
    Suggest(suggest::Args),
    /// Show what waits for a person in a running gateway, and answer it
    Approvals(approvals::Args),
}

/// How a run ends, for scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Exit {
    /// 0: done, nothing to report.
    Fine,
    /// 1: what was looked at has faults.
    Findings,
    /// 2: the command could not be carried out as it was given.
    Usage,
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
    match Cli::try_parse() {
        Ok(cli) => match cli.verb {
            Verb::Check(args) => check::run(&args),
            Verb::Explain(args) => explain::run(&args),
            Verb::Test(args) => test::run(&args),
            Verb::Render(args) => render::run(&args),
            Verb::Schema(args) => schema::run(&args),
            Verb::Suggest(args) => suggest::run(&args),
            Verb::Approvals(args) => approvals::run(&args),
        },
        Err(error) => {
            let asked_for_help = !error.use_stderr();
            // Where even this cannot be printed, the exit code still says it.
            let _ = error.print();
            if asked_for_help { Exit::Fine } else { Exit::Usage }
        }
    }
}

/// Prints `text` on stdout. A reader that has seen enough (`| head`) is no failure.
fn print(text: &str) -> Exit {
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            complain(&format!("cannot write to stdout: {error}"));
            Exit::Usage
        }
        _ => Exit::Fine,
    }
}

/// Prints one error on stderr.
fn complain(message: &str) {
    // Where stderr is closed, the exit code still says it.
    let _ = writeln!(std::io::stderr(), "error: {message}");
}
