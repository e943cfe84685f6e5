//! `mcp-policy approvals`: lists the calls that wait for approval in a running gateway, and approves or rejects them.
//!
//! Exit codes: 0 if the gateway did it, 1 if it refused or could not be reached, 2 if the command could not run with
//! these arguments.
//!
//! `--format json` prints the answer of the console's API: for `list` an object with `now`, `you` and `approvals`, for `drifts`
//! one with `now` and `drifts`, those of all pages; for `approve`, `reject` and `accept` what was decided on.
//!
//! * `client`: the console's API, over HTTP
//! * `approval`: an approval as the API describes it, and as lines of text
//! * `drift`: a pinned definition that has changed, as the API describes it, and as lines of text
//! * `params`: the parameters of a call, as lines of text

mod approval;
mod client;
mod drift;
mod params;

use clap::{Subcommand, ValueEnum};
use serde_json::value::RawValue;

use crate::{
    Exit, Stop, print, sanitize,
    source::{SourceFile, display_name},
    tools::Header,
};

use self::{
    approval::{Approval, Approvals},
    client::{Client, Token},
    drift::{Drift, Drifts},
};

/// The arguments of `approvals`.
#[derive(clap::Args)]
#[command(arg_required_else_help = true, after_help = HELP)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
    /// The gateway's console
    #[arg(long, global = true, default_value = "http://127.0.0.1:10001")]
    url: String,
    /// A file that holds the approver's token; `-` reads stdin [default: the variable MCP_POLICY_TOKEN holds the token]
    #[arg(long, global = true, value_name = "FILE")]
    token_file: Option<String>,
    /// Send this header, for example for a proxy in front of the console; repeatable. `@FILE` reads it from a file
    #[arg(long = "header", global = true, value_name = "NAME: VALUE")]
    headers: Vec<String>,
    /// Output format
    #[arg(long, global = true, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// The actions.
#[derive(Subcommand)]
enum Action {
    /// List the calls that wait for approval
    #[command(after_help = LIST_HELP)]
    List {
        /// Also list the calls that are answered: approved ones until the agent repeats them, and rejected ones
        #[arg(long)]
        all: bool,
    },
    /// Let one call through, once
    #[command(after_help = APPROVE_HELP)]
    Approve(Decision),
    /// Reject one call, with a note that says why
    #[command(after_help = REJECT_HELP)]
    Reject(Decision),
    /// List the pinned tools whose definitions the server has changed, and how
    #[command(after_help = DRIFTS_HELP)]
    Drifts,
    /// Accept the definition that a server shows in place of the pinned one
    #[command(after_help = ACCEPT_HELP)]
    Accept(Decision),
}

/// A decision on one approval.
#[derive(clap::Args)]
struct Decision {
    /// The id: the first word of its entry in `list` or `drifts`
    id: String,
    /// A note for the audit record; the agent of a rejected call reads it, too
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
}

/// The output format.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Text, for people
    Text,
    /// The gateway's answer, for programs
    Json,
}

const HELP: &str = "\
Example:
  mcp-policy approvals list --token-file token
Exit codes: 0 done, 1 the gateway refused or could not be reached, 2 usage.";

const LIST_HELP: &str = "\
Example:
  mcp-policy approvals list --all --format json
Exit codes: 0 listed, 1 the gateway refused or could not be reached, 2 usage. JSON has the pending and the answered calls.";

const DRIFTS_HELP: &str = "\
Example:
  mcp-policy approvals drifts
Exit codes: 0 printed, 1 the gateway refused or could not be reached, 2 usage.";

const ACCEPT_HELP: &str = "\
Example:
  mcp-policy approvals accept 1f2e3d4c5b6a79881706 --note 'a typing error is mended'
Calls pass with this very definition until the gateway gets another configuration. Exit codes: 0 accepted, 1 the gateway refused or
could not be reached, 2 usage.";

const APPROVE_HELP: &str = "\
Example:
  mcp-policy approvals approve 3f9c0a1b2c3d4e5f6071 --note 'checked with the customer'
Exit codes: 0 approved, 1 the gateway refused or could not be reached, 2 usage.";

const REJECT_HELP: &str = "\
Example:
  mcp-policy approvals reject 3f9c0a1b2c3d4e5f6071 --note 'ask for a smaller amount'
Exit codes: 0 rejected, 1 the gateway refused or could not be reached, 2 usage.";

/// The variable that holds the token without `--token-file`. No option takes it: other users can read the arguments of a
/// process.
const TOKEN: &str = "MCP_POLICY_TOKEN";

/// Sends the request to the gateway and prints its answer.
pub(crate) fn run(args: &Args) -> Result<Exit, Stop> {
    let client = args.client().map_err(Stop::usage)?;
    // A gateway's message is one line.
    let text = args.request(&client).map_err(|message| Stop::findings(sanitize::line(&message)))?;
    Ok(print(&text))
}

// === impl Args ===

impl Args {
    /// Checks the arguments and prepares the client.
    ///
    /// # Errors
    /// A sentence on the first fault.
    fn client(&self) -> Result<Client, String> {
        match &self.action {
            Action::Approve(decision) => decision.check("an approval", "list")?,
            Action::Reject(decision) => {
                decision.check("an approval", "list")?;
                if decision.note.as_deref().unwrap_or_default().trim().is_empty() {
                    return Err("a rejection needs a note; say why with `--note`, since the agent reads it".to_owned());
                }
            }
            Action::Accept(decision) => decision.check("a drift", "drifts")?,
            Action::List { .. } | Action::Drifts => {}
        }
        Client::new(&self.url, self.token()?, Header::read_all(&self.headers)?)
    }

    fn token(&self) -> Result<Option<Token>, String> {
        let Some(file) = &self.token_file else {
            let token = std::env::var_os(TOKEN).map(|token| Token::read(&token.to_string_lossy()));
            return token.transpose().map_err(|fault| format!("the variable `{TOKEN}` {fault}"));
        };
        Token::read(SourceFile::read(file)?.text()).map(Some).map_err(|fault| format!("{} {fault}", display_name(file)))
    }

    /// Sends the request, and writes the answer as text or JSON.
    fn request(&self, client: &Client) -> Result<String, String> {
        let decide =
            |Decision { id, note }: &Decision, list, decision| client.decide(list, id, decision, note.as_deref());
        let answer = match &self.action {
            Action::List { .. } => client.list("approvals")?,
            Action::Drifts => client.list("drifts")?,
            Action::Approve(decision) => decide(decision, "approvals", "approve")?,
            Action::Reject(decision) => decide(decision, "approvals", "reject")?,
            Action::Accept(decision) => decide(decision, "drifts", "accept")?,
        };
        if self.format == Format::Json {
            let read: Option<&RawValue> = serde_json::from_str(&answer).ok();
            let read = read.ok_or_else(|| client.not_a_console())?;
            return Ok(format!("{}\n", sanitize::json(read.get())));
        }
        let decided =
            |approved| serde_json::from_str(&answer).ok().map(|one: Approval| one.describe_decision(approved));
        let text = match self.action {
            Action::List { all } => serde_json::from_str(&answer).ok().map(|list: Approvals| list.to_text(all)),
            Action::Drifts => serde_json::from_str(&answer).ok().map(|list: Drifts| list.to_text()),
            Action::Approve(_) => decided(true),
            Action::Reject(_) => decided(false),
            Action::Accept(_) => serde_json::from_str(&answer).ok().map(|one: Drift| one.describe_acceptance()),
        };
        text.ok_or_else(|| client.not_a_console())
    }
}

// === impl Decision ===

impl Decision {
    /// An id is a part of the request's path, and has only characters that are safe there.
    fn check(&self, of: &str, action: &str) -> Result<(), String> {
        if mcp_policy::approval::parse_id(&self.id).is_some() {
            return Ok(());
        }
        Err(format!("`{}` is not the id of {of}; `mcp-policy approvals {action}` shows the ids", self.id))
    }
}
