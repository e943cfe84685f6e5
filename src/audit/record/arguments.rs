//! What a record says about a call's arguments: by default their names, and no value.

use crate::{config::Arguments, digest::Digest, json::Writer};

/// What is logged of a call's arguments.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoggedArguments {
    /// The first 32 names, each cut to 64 bytes: a JSON list.
    pub names: String,
    /// SHA-256 of the arguments as sent, in hexadecimal digits.
    pub digest: Option<String>,
    /// The arguments as sent, but on one line: a JSON object.
    pub values: Option<String>,
}

impl LoggedArguments {
    /// What `how` permits to log of `arguments`, a JSON object as it was sent, whose members have these `names`; `None` if it permits
    /// nothing.
    #[must_use]
    pub fn new(arguments: &[u8], names: String, how: Arguments) -> Option<Self> {
        let logged = match how {
            Arguments::None => return None,
            Arguments::Names => Self::default(),
            Arguments::Digest => Self { digest: Some(Digest::of(arguments).to_string()), ..Self::default() },
            Arguments::Values => {
                // Line breaks and tabs occur only between tokens, since strings escape them. No caller can begin a line of a log.
                let on_one_line = |text: &str| text.replace(['\n', '\r', '\t'], " ");
                Self { values: std::str::from_utf8(arguments).ok().map(on_one_line), ..Self::default() }
            }
        };
        Some(Self { names, ..logged })
    }

    /// Writes the members of a record; the values only if `with_values`.
    pub(super) fn write(&self, record: &mut Writer, with_values: bool) {
        record.add_raw("arguments", &self.names);
        record.add_optional_string("argumentsDigest", self.digest.as_deref());
        if let Some(values) = self.values.as_ref().filter(|_| with_values) {
            record.add_raw("argumentValues", values);
        }
    }
}
