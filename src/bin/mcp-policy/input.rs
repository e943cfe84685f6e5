//! Files that the verbs read; `-` is stdin.

use std::io::Read;

/// The text of a file.
///
/// # Errors
/// A sentence on why it cannot be read.
pub(crate) fn read(file: &str) -> Result<String, String> {
    let mut document = String::new();
    let outcome = if file == "-" {
        std::io::stdin().read_to_string(&mut document).map(|_| document)
    } else {
        std::fs::read_to_string(file)
    };
    outcome.map_err(|error| format!("cannot read {}: {error}", name(file)))
}

/// How a file is called in messages.
pub(crate) fn name(file: &str) -> String {
    if file == "-" { "stdin".to_owned() } else { format!("`{file}`") }
}
