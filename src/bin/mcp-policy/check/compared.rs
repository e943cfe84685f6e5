//! `--against OLD`.

use mcp_policy::{
    config::{Config, LoadedConfig},
    lint::{Change, changes},
};

use crate::input;

/// The configuration that is to be replaced.
pub(super) struct Old {
    name: String,
    config: Config,
}

impl Old {
    /// Reads it.
    ///
    /// # Errors
    /// A sentence on why there is nothing to compare with.
    pub(super) fn read(file: &str) -> Result<Self, String> {
        let name = input::name(file);
        match LoadedConfig::load(input::read(file)?.as_bytes()) {
            Ok(LoadedConfig::Gateway(config)) => Ok(Self { name, config: *config }),
            Ok(LoadedConfig::Console(_)) => {
                Err(format!("{name} is a console's, which counts nothing; give what a gateway had before"))
            }
            Err(invalid) => {
                let count = invalid.problems.len();
                let errors = if count == 1 { "an error".to_owned() } else { format!("{count} errors") };
                Err(format!("{name} has {errors}, so there is nothing to compare with; check it by itself"))
            }
        }
    }

    /// What becomes of its counters.
    pub(super) fn changes(&self, new: &Config) -> Vec<Change> {
        changes(&self.config, new)
    }

    /// How it is called in messages.
    pub(super) fn name(&self) -> &str {
        &self.name
    }
}
