//! `mcp-policy credential`: writes the credential of an MCP server into a file that Envoy watches.
//!
//! The file is a secret of Envoy's (`envoy.extensions.transport_sockets.tls.v3.Secret`), which `render … --upstream-credential`
//! names. It is replaced in one step: Envoy reads the old credential or the new one.

use std::io::{Read as _, Write as _, stdin};

use serde_json::json;

use crate::{Exit, Stop, file, sanitize};

/// The name of the secret in Envoy.
pub(crate) const SECRET: &str = "upstream_credential";

/// The longest credential, in bytes: Envoy and servers bound headers in total at about 60 KiB.
const MAX_BYTES: usize = 16 * 1024;

/// Only the owner may read a new file.
const MODE: u32 = 0o600;

/// The arguments of `credential`.
#[derive(clap::Args)]
#[command(arg_required_else_help = true, after_help = HELP)]
pub(crate) struct Args {
    /// The file; Envoy must be able to read it
    file: String,
}

const HELP: &str = "\
The credential comes from stdin: a bearer token, or the whole value of `Authorization`, such as `Basic …`.
Example:
  printf %s \"$SERVER_TOKEN\" | mcp-policy credential credential.json
  mcp-policy render envoy gateway.json --upstream-credential credential.json
Run it again to replace the credential: Envoy reads the new one without a restart. In Kubernetes the file belongs into a Secret.
Exit codes: 0 written, 1 no credential on stdin, 2 usage.";

/// Writes the file.
pub(crate) fn run(args: &Args) -> Result<Exit, Stop> {
    let mut text = String::new();
    let limit = MAX_BYTES.saturating_add(2) as u64;
    let read = stdin().lock().take(limit).read_to_string(&mut text);
    read.map_err(|error| Stop::usage(format!("cannot read stdin as text: {error}")))?;
    let value = header_value(&text).map_err(Stop::findings)?;
    file::Locked::open_or_create(&args.file, MODE)
        .and_then(|held| held.replace(&secret(&value)))
        .map_err(Stop::usage)?;
    let note = format!("`{}` has the credential now; Envoy reads it without a restart", args.file);
    // If stderr is closed, the exit code still tells the outcome.
    let _ = writeln!(std::io::stderr(), "{}", sanitize::message(&note));
    Ok(Exit::Fine)
}

/// The value of `Authorization`.
///
/// # Errors
/// If no header can carry it. The message does not repeat it.
fn header_value(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() {
        return Err("stdin has no credential; pipe a token into it".to_owned());
    }
    if text.len() > MAX_BYTES {
        return Err(format!("the credential has more than {MAX_BYTES} bytes"));
    }
    if !text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ') {
        return Err("the credential has line ends or characters that are not ASCII, which no header carries".to_owned());
    }
    Ok(if text.contains(' ') { text.to_owned() } else { format!("Bearer {text}") })
}

/// The secret as Envoy reads it from a file.
fn secret(value: &str) -> String {
    let secret = json!({
        "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret",
        "name": SECRET,
        "generic_secret": { "secret": { "inline_string": value } },
    });
    format!("{}\n", json!({ "resources": [secret] }))
}

#[cfg(test)]
mod tests {
    use super::{MAX_BYTES, header_value};

    #[test]
    fn a_text_without_a_scheme_is_a_bearer_token() {
        for (text, value) in [
            ("abc", "Bearer abc"),
            (" abc\r\n", "Bearer abc"),
            ("Bearer abc\n", "Bearer abc"),
            ("Basic YTpi", "Basic YTpi"),
        ] {
            assert_eq!(header_value(text).as_deref(), Ok(value));
        }
    }

    #[test]
    fn what_no_header_carries_is_refused_without_being_repeated() {
        for text in ["", " \n", "abc\ndef", "abc\u{e9}", "a\tb", &"x".repeat(MAX_BYTES + 1)] {
            let refused = header_value(text).unwrap_err();
            assert!(text.trim().is_empty() || !refused.contains(text), "{refused}");
        }
    }
}
