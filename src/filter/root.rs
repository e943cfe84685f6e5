//! Configuring: once on Envoy's main thread, then on each worker, always with the same result.

use std::rc::Rc;

use crate::{
    config::{Config, Console, LoadedConfig},
    engine::metric,
};

use super::{
    audit,
    host::{self, Metric, Status},
    metrics,
    shared::SharedTable,
};

/// A configured filter, shared by its streams.
#[derive(Debug)]
pub(super) struct Filter {
    pub(super) config: Config,
    pub(super) name: String,
}

/// What a configuration is of.
#[derive(Clone, Debug)]
pub(super) enum Serves {
    Gateway(Rc<Filter>),
    Console(Rc<Console>),
}

/// The root context: one for each configuration of the filter on each thread.
#[derive(Debug, Default)]
pub(super) struct Root {
    serves: Option<Serves>,
    /// Whether its configuration is among those in force.
    counted: bool,
}

impl Root {
    /// Answers `false` for a bad configuration, upon which Envoy keeps the one it has. Depends on nothing but the
    /// bytes: were a worker to disagree with the main thread, Envoy would leave the filter out there. So a call into
    /// Envoy that fails has no say either: the filter stays, and refuses every request.
    pub(super) fn on_configure(&mut self) -> bool {
        let (Ok(name), Ok(bytes)) = (host::filter_name(), host::configuration()) else {
            log::error!("Envoy does not hand over the configuration: every request will be refused");
            return true;
        };
        let Some(name) = name else {
            log::error!("Envoy does not tell the filter's name; set `name` in its plugin configuration");
            return false;
        };
        match LoadedConfig::load(&bytes) {
            Ok(loaded) => {
                SharedTable::prepare();
                self.forget();
                self.serves = Some(match loaded {
                    LoadedConfig::Gateway(config) => Serves::Gateway(Rc::new(Filter { config: *config, name })),
                    LoadedConfig::Console(console) => Serves::Console(Rc::new(console)),
                });
                // What fails here is a statistic only.
                let _: Result<(), Status> = host::call_me_in(1);
                true
            }
            Err(invalid) => {
                log::error!("{invalid}");
                false
            }
        }
    }

    /// Counts the configuration as one in force. Not while configuring: Envoy tries each out in an instance that it
    /// then throws away without a word, before it could be called here. Later, has decisions shown that wait for that.
    pub(super) fn on_tick(&mut self) {
        let _: Result<(), Status> = host::called();
        audit::on_call();
        if !self.counted {
            metrics::announce();
            self.counted = self.count(1);
        }
    }

    /// Envoy has no use for this configuration any more.
    pub(super) fn on_delete(&mut self) {
        // It may be the one that was to be called for that.
        audit::on_call();
        self.forget();
    }

    fn forget(&mut self) {
        if self.counted {
            self.count(-1);
            self.counted = false;
        }
        self.serves = None;
    }

    fn count(&self, by: i64) -> bool {
        let Some(Serves::Gateway(filter)) = &self.serves else { return false };
        metrics::add(Metric::Gauge, metric::CONFIGURATIONS, &[("config", &filter.config.digest)], by);
        true
    }

    /// What was configured last; the requests that have begun keep theirs.
    pub(super) fn serves(&self) -> Option<Serves> {
        self.serves.clone()
    }
}
