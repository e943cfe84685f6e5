//! `mcp-policy apply`: puts a policy into force in a running Envoy, whose configuration is from `render envoy --dynamic`.
//!
//! The policy is checked first, and the file is replaced in one step: Envoy reads the old one or the new one.
//!
//! * `admin`: whether every thread of Envoy has taken up the new configuration

mod admin;

use std::{io::Write as _, path::Path};

use crate::{
    Exit, Stop, file, mistakes,
    render::dynamic::{self, FILE},
    sanitize,
    source::{self, SourceFile},
};

/// The arguments of `apply`.
#[derive(clap::Args)]
#[command(arg_required_else_help = true, after_help = HELP)]
pub(crate) struct Args {
    /// A policy, or a configuration that holds policies; `-` reads stdin
    #[arg(value_name = "POLICY")]
    file: String,
    /// The folder that `render envoy --dynamic` has written
    #[arg(value_name = "DIR")]
    folder: String,
    /// Envoy's admin interface: check first that it answers, and wait until every thread of Envoy has the policy
    #[arg(long, value_name = "URL")]
    admin: Option<String>,
}

const HELP: &str = "\
Example:
  mcp-policy render envoy gateway.json --dynamic gateway.d >envoy.yaml && envoy --config-path envoy.yaml &
  mcp-policy grant revoke alice-laptop gateway.json
  mcp-policy apply gateway.json gateway.d --admin http://127.0.0.1:9901
Streams, counters and pending approvals stay. Exit codes: 0 applied, 1 the policy has mistakes or changes more than the filter, the
admin interface does not answer, or Envoy has not taken the policy up, 2 usage. An error says whether the file in DIR was replaced.";

/// Checks and writes the policy.
pub(crate) fn run(args: &Args) -> Result<Exit, Stop> {
    let admin = args.admin.as_deref().map(admin::Admin::new).transpose().map_err(Stop::usage)?;
    let source = SourceFile::read(&args.file).map_err(Stop::usage)?;
    if let Some(mistake) = mistakes::find(source.text()) {
        return Err(Stop::findings(format!("the policy does not load\n{}", source.problem_lines(&[mistake]))));
    }
    let path = Path::new(&args.folder).join(FILE);
    let path = path.to_str().unwrap_or_default();
    let held = file::Locked::open(path).map_err(|why| match Path::new(path).exists() {
        true => Stop::usage(why),
        false => Stop::usage(format!("{why}; `mcp-policy render envoy POLICY --dynamic {}` writes it", args.folder)),
    })?;
    let changed = dynamic::change(held.text(), source.text());
    let changed = changed.map_err(|why| Stop::findings(format!("{}: {why}", source::display_name(&args.file))))?;
    let not_replaced = |why| Stop::findings(format!("{why}; `{path}` was not replaced"));
    // Before Envoy can take the new one up: after it, an error could not undo that.
    let admin = admin.map(|admin| admin.threads().map(|threads| (admin, threads))).transpose().map_err(not_replaced)?;
    held.replace(&changed.text).map_err(Stop::usage)?;
    let mut note = format!("`{path}` has the configuration {} now", changed.digest);
    if let Some((admin, threads)) = admin {
        let not_taken = |why| {
            Stop::findings(format!(
                "{why}; `{path}` was replaced, and Envoy may still take it up: to go back, apply the old policy"
            ))
        };
        admin.wait_for(&changed.digest, threads).map_err(not_taken)?;
        note.push_str("; every thread of Envoy has it, too");
    }
    // If stderr is closed, the exit code still tells the outcome.
    let _ = writeln!(std::io::stderr(), "{}", sanitize::message(&note));
    Ok(Exit::Fine)
}
