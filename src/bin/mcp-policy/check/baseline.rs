//! `--against OLD`: the configuration that the new one replaces.

use mcp_policy::{
    config::{Config, LoadedConfig},
    json::diagnostic::MAX_LISTED,
    lint::{Change, compare_counters},
};

use crate::source::SourceFile;

/// The configuration that is to be replaced.
pub(super) struct Baseline {
    name: String,
    config: Config,
}

impl Baseline {
    /// Reads and loads it.
    ///
    /// # Errors
    /// A sentence on why nothing can be compared with it.
    pub(super) fn read(file: &str) -> Result<Self, String> {
        let source = SourceFile::read(file)?;
        let name = source.display_name();
        match LoadedConfig::load(source.text().as_bytes()) {
            Ok(LoadedConfig::Gateway(config)) => Ok(Self { name, config: *config }),
            Ok(LoadedConfig::Console(_)) => {
                Err(format!("{name} configures a console, which has no counters; give the gateway's old configuration"))
            }
            Err(invalid) => {
                let errors = match invalid.problems.len() {
                    1 => "an error".to_owned(),
                    count @ ..=MAX_LISTED => format!("{count} errors"),
                    _ => format!("more than {MAX_LISTED} errors"),
                };
                Err(format!("{name} has {errors}, so it cannot be compared; run `mcp-policy check` on it first"))
            }
        }
    }

    /// What happens to its counters.
    pub(super) fn changes(&self, new: &Config) -> Vec<Change> {
        compare_counters(&self.config, new)
    }

    /// Its name in a sentence.
    pub(super) fn display_name(&self) -> &str {
        &self.name
    }
}
