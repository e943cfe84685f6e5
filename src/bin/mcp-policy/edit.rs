//! `mcp-policy edit`: a page on which people write a policy, beside its text.
//!
//! * `server`: the page on 127.0.0.1, and who may ask
//! * `api`: what the page asks, and the answers; `session`: the files; `listed`: what the servers list
//! * `view`: what the page shows of a text; `outline`: the parts of a text that need not be JSON yet; `places`: its policies
//! * `splice`: changes to a text; `decision`: what an entry decides on every call
//! * `attempt`: a call that the page tries; `suite`: its cases
//! * `page/`: the page's sources, and in `page/dist` what `node build.mjs` makes of them
//!
//! The page has no rule of its own: it shows the answers of the engine, and a form that it makes of the JSON Schema.

mod api;
mod attempt;
mod decision;
mod listed;
mod outline;
mod places;
mod server;
mod session;
mod splice;
mod suite;
mod utf16;
mod view;

use tokio::runtime::Builder;

use crate::{Exit, Stop, print, print_warning, tools::Sources};

use self::{server::Server, session::Session};

/// The arguments of `edit`.
#[derive(clap::Args)]
#[command(arg_required_else_help = true, after_help = HELP)]
pub(crate) struct Args {
    /// The policy; it may not exist yet
    file: String,
    #[command(flatten)]
    sources: Sources,
    /// The port of the page, on 127.0.0.1 [default: a free one]
    #[arg(long, value_name = "PORT", default_value_t = 0, hide_default_value = true)]
    port: u16,
    /// Open the page in a browser
    #[arg(long)]
    open: bool,
}

const HELP: &str = "\
Examples:
  mcp-policy edit policy.json --url http://127.0.0.1:3000/mcp --open
  mcp-policy edit gateway.json --client-config ~/.cursor/mcp.json --run-commands    (a policy for each server)
The page's address has a token: who has it can change FILE. Cases go to FILE.cases.json beside FILE.json.
Ctrl-C ends it. A server that does not answer gets a warning, and the page can ask it again.
Exit codes: 0 if Ctrl-C ended it, 1 if a file of --tools lists no tools, 2 if a file or an address cannot be read, or the port is taken.";

/// Asks the servers, and serves the page until Ctrl-C.
pub(crate) fn run(args: &Args) -> Result<Exit, Stop> {
    session::check_folder(&args.file)?;
    let session = Session::new(&args.file, args.sources.clone())?;
    for server in session.listed().servers() {
        if let Some(why) = &server.error {
            print_warning(&format!("the server `{}`: {why}", server.name));
        }
    }
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Stop::usage(format!("cannot start a server: {error}")))?;
    let ended = runtime.block_on(async {
        let server = Server::bind(session, args.port).await.map_err(Stop::usage)?;
        print(&format!("{}\n", server.address));
        if args.open && !open_browser(&server.address) {
            print_warning("no browser could be started; open the address above");
        }
        server.run().await.map_err(Stop::usage)?;
        Ok(Exit::Fine)
    });
    // A request that is still being answered does not hold the end up.
    runtime.shutdown_background();
    ended
}

/// Starts the user's browser.
fn open_browser(address: &str) -> bool {
    let programs: &[&str] = if cfg!(target_os = "macos") { &["open"] } else { &["xdg-open", "x-www-browser"] };
    programs.iter().any(|program| std::process::Command::new(program).arg(address).spawn().is_ok())
}
