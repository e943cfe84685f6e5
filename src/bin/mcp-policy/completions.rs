//! `mcp-policy completions`: a script with which a shell completes the command's verbs and options.

use clap::{Command, CommandFactory as _};
use clap_complete::{Shell, generate};

use crate::{Cli, Exit, print};

/// The arguments of `completions`.
#[derive(clap::Args)]
#[command(arg_required_else_help = true, after_help = HELP)]
pub(crate) struct Args {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

const HELP: &str = "\
Examples:
  mcp-policy completions bash >~/.local/share/bash-completion/completions/mcp-policy
  mcp-policy completions zsh >~/.zfunc/_mcp-policy    (a folder of `fpath`)
  mcp-policy completions fish >~/.config/fish/completions/mcp-policy.fish
Exit codes: 0 printed, 2 usage.";

const NAME: &str = "mcp-policy";

/// Prints the script.
pub(crate) fn run(args: &Args) -> Exit {
    let mut command = Cli::command();
    let mut script = Vec::new();
    generate(args.shell, &mut command, NAME, &mut script);
    let script = String::from_utf8_lossy(&script).into_owned();
    print(&if args.shell == Shell::Bash { with_hyphens(script, &command) } else { script })
}

/// The script for Bash, in which a name with a hyphen is the same wherever it occurs: clap_complete 4.6 writes it in two ways, and
/// then completes nothing behind it.
fn with_hyphens(script: String, command: &Command) -> String {
    let name = command.get_name();
    let script = script.replace(&name.replace('-', "__subcmd__"), &name.replace('-', "__"));
    command.get_subcommands().fold(script, with_hyphens)
}
