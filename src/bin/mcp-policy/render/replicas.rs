//! How many gateways share the work: what each keeps on its own then is not what the policy says.

use mcp_policy::{
    config::Config,
    lint::{self, Lint},
};

use crate::source::SourceFile;

/// The argument of every gateway.
#[derive(clap::Args)]
pub(super) struct Replicas {
    /// How many of these gateways there will be: this command warns of what each of them keeps on its own
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    replicas: u32,
}

impl Replicas {
    pub(super) fn count(&self) -> u32 {
        self.replicas
    }

    /// The option as it is written; `None` if it is not needed.
    pub(super) fn argument(&self) -> Option<String> {
        (self.replicas > 1).then(|| format!("--replicas={}", self.replicas))
    }

    /// The warnings on a document.
    pub(super) fn warnings(&self, source: &SourceFile) -> Vec<String> {
        let document = source.text().as_bytes();
        let Some(config) = Config::load(document).ok().filter(|_| self.replicas > 1) else { return Vec::new() };
        let counters =
            lint::check(&config, document, &[]).into_iter().filter(|found| found.lint == Lint::CounterPerEnvoy);
        let warnings = counters.chain(lint::check_replicas(&config, document, self.replicas));
        warnings.map(|warning| warning.to_string()).collect()
    }
}
