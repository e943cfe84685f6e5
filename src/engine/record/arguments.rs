//! What a record says of arguments: by default their names, and no value.

use sha2::{Digest as _, Sha256};

use crate::{
    config::Arguments,
    hex::hex,
    json::{self, Writer},
    mcp::Request,
};

/// What is noted of a call's arguments.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoggedArguments {
    /// The names, as far as they are noted: a JSON list.
    pub names: String,
    /// SHA-256 of all of them as they were sent, in hexadecimal digits.
    pub digest: Option<String>,
    /// All of them as they were sent, but on one line: a JSON object.
    pub values: Option<String>,
}

/// Bytes of a name.
const MAX_NAME: usize = 64;

impl LoggedArguments {
    /// Notes of arguments what the configuration says; `None` where there is nothing to note.
    pub(super) fn of(request: &Request<'_>, how: Arguments) -> Option<Self> {
        let arguments = request.arguments?;
        let noted = match how {
            Arguments::None => return None,
            Arguments::Names => Self::default(),
            Arguments::Digest => Self { digest: Some(hex(&Sha256::digest(arguments))), ..Self::default() },
            Arguments::Values => {
                // Between tokens only: in strings they are escaped. A caller begins no line in a log.
                let on_one_line = |text: &str| text.replace(['\n', '\r'], " ");
                Self { values: std::str::from_utf8(arguments).ok().map(on_one_line), ..Self::default() }
            }
        };
        let short = |name| str::get(name, ..name.floor_char_boundary(MAX_NAME)).unwrap_or_default();
        let names = json::list(request.argument_names.iter().map(|name| short(name)));
        Some(Self { names, ..noted })
    }

    /// Writes it down; the values only `in_full`.
    pub(super) fn write(&self, record: &mut Writer, in_full: bool) {
        record.raw("arguments", &self.names);
        record.optional("argumentsDigest", self.digest.as_deref());
        if let Some(values) = self.values.as_ref().filter(|_| in_full) {
            record.raw("argumentValues", values);
        }
    }
}
