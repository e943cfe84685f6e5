//! `mcp-policy approvals`: what waits for a person in a running gateway, and an answer to it.
//!
//! Exit codes: 0 where the gateway did what was asked, 1 where it refused or could not be reached, 2 where the command
//! could not be carried out as it was given.
//!
//! `--format json` prints what the console's API answers: for `list` an object with `now`, `you` and `approvals`, those of
//! all pages, for the others the one approval.
//!
//! * `client`: the console, over HTTP
//! * `approval`: what it says of an approval, and that in lines
//! * `params`: a call's parameters in lines
//! * `visible`: texts of callers, as a terminal can show them

mod approval;
mod client;
mod params;
mod visible;

use clap::{Subcommand, ValueEnum};
use serde_json::value::RawValue;

use crate::{Exit, complain, input, print};

use self::{
    approval::{Approval, Approvals},
    client::{Client, Token},
};

/// The words after `approvals`.
#[derive(clap::Args)]
#[command(arg_required_else_help = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
    /// Where the gateway's console is, such as `http://127.0.0.1:10001`
    #[arg(long, global = true)]
    url: Option<String>,
    /// A file with the approver's token; `-` reads stdin. Without it, the token is in the variable MCP_POLICY_TOKEN
    #[arg(long, global = true, value_name = "FILE")]
    token_file: Option<String>,
    /// How to print what the gateway says
    #[arg(long, global = true, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// What to do.
#[derive(Subcommand)]
enum Action {
    /// Show the calls that wait for a person
    List,
    /// Let one call through, once
    Approve(Answer),
    /// Refuse one call
    Reject(Answer),
}

/// What is said of one approval.
#[derive(clap::Args)]
struct Answer {
    /// Which: the first word that `list` shows of it
    id: String,
    /// What the record, and the agent of a rejected call, are told besides
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
}

/// For whom the output is.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// For programs: what the gateway answers
    Json,
}

/// The variable that holds the token where no file is named. No option does: other users see a command's words.
const TOKEN: &str = "MCP_POLICY_TOKEN";

/// Asks the gateway, and prints what it says.
pub(crate) fn run(args: &Args) -> Exit {
    let client = match args.client() {
        Ok(client) => client,
        Err(message) => {
            complain(&message);
            return Exit::Usage;
        }
    };
    match args.ask(&client) {
        Ok(text) => print(&text),
        Err(message) => {
            complain(&visible::text(&message));
            Exit::Findings
        }
    }
}

// === impl Args ===

impl Args {
    /// Everything that can be wrong before the gateway is asked.
    ///
    /// # Errors
    /// A sentence on the first thing that is.
    fn client(&self) -> Result<Client, String> {
        if let Action::Approve(answer) | Action::Reject(answer) = &self.action {
            answer.check()?;
        }
        let url = self.url.as_deref();
        let url = url.ok_or("`--url` is missing: say where the console is, such as `http://127.0.0.1:10001`")?;
        Client::new(url, self.token()?)
    }

    fn token(&self) -> Result<Option<Token>, String> {
        let Some(file) = &self.token_file else {
            let token = std::env::var_os(TOKEN).map(|token| Token::read(&token.to_string_lossy()));
            return token.transpose().map_err(|fault| format!("the variable `{TOKEN}` {fault}"));
        };
        Token::read(&input::read(file)?).map(Some).map_err(|fault| format!("{} {fault}", input::name(file)))
    }

    /// What is to be printed.
    fn ask(&self, client: &Client) -> Result<String, String> {
        let (answer, decided) = match &self.action {
            Action::List => (client.list()?, None),
            Action::Approve(answer) => (client.answer(&answer.id, "approve", answer.note.as_deref())?, Some(true)),
            Action::Reject(answer) => (client.answer(&answer.id, "reject", answer.note.as_deref())?, Some(false)),
        };
        if self.format == Format::Json {
            let read: Option<&RawValue> = serde_json::from_str(&answer).ok();
            let read = read.ok_or_else(|| client.no_console())?;
            return Ok(format!("{}\n", visible::json(read.get())));
        }
        let text = match decided {
            None => serde_json::from_str(&answer).ok().map(|list: Approvals| list.text()),
            Some(approved) => serde_json::from_str(&answer).ok().map(|one: Approval| one.answered(approved)),
        };
        text.ok_or_else(|| client.no_console())
    }
}

// === impl Answer ===

impl Answer {
    /// Ids are plain words; anything else would be another address.
    fn check(&self) -> Result<(), String> {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if !self.id.is_empty() && self.id.chars().all(plain) {
            return Ok(());
        }
        Err(format!("`{}` is no id of an approval; `mcp-policy approvals list` shows them", visible::text(&self.id)))
    }
}
