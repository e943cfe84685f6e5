//! The root context: it loads the configuration, first on Envoy's main thread and then on each worker, always with the
//! same result.

use std::{cell::RefCell, rc::Rc};

use proxy_wasm::{
    traits::{Context, HttpContext, RootContext},
    types::{ContextType, MetricType, Status},
};

use crate::{
    audit::{
        chain::{Chain, Head},
        metric,
    },
    config::{Config, Console, LoadedConfig},
    time::Timestamp,
};

use super::{
    audit,
    console_filter::ConsoleFilter,
    discarding, ending, host, listed, metrics,
    notices::{self, Notices},
    pinned,
    policy_filter::{PolicyFilter, send_late},
    shared_data::SharedData,
    tick,
};

/// A configured filter, shared by its streams.
#[derive(Debug)]
pub(super) struct Filter {
    pub(super) config: Config,
    /// The filter's name in Envoy, which keeps its counters apart from those of others.
    pub(super) name: String,
    /// The chain of its records on this worker, from the first on, if `audit.chain` is set.
    chain: RefCell<Option<Chain>>,
    /// Its notices that wait on this worker.
    pub(super) notices: Notices,
}

/// What a configuration makes of the filter.
#[derive(Clone, Debug)]
enum Role {
    Gateway(Rc<Filter>),
    Console(Rc<Console>),
}

/// The time from configuring to the first tick, in milliseconds.
const FIRST_TICK_MS: u32 = 1;

/// One configuration of the filter on one thread.
#[derive(Debug)]
pub(super) struct FilterRoot {
    id: u32,
    /// `None` before the first configuration; requests are then refused.
    role: Option<Role>,
    /// Whether the gauge of configurations in force counts this one.
    is_counted: bool,
}

impl Context for FilterRoot {
    /// Only notices are sent from here.
    fn on_http_call_response(&mut self, _callout: u32, header_count: usize, body_size: usize, _trailer_count: usize) {
        notices::on_response(host::http_call_response(header_count, body_size).as_ref());
    }
}

impl RootContext for FilterRoot {
    /// Returns `false` for a bad configuration; Envoy then keeps the one it has. The result depends on nothing but the bytes:
    /// if a worker disagreed with the main thread, Envoy would run without the filter there. So a failed host call does
    /// not reject the configuration: the filter stays, and refuses every request.
    fn on_configure(&mut self, _size: usize) -> bool {
        host::follow_log_level();
        log::debug!("#{} on_configure", self.id);
        let (Ok(name), Ok(bytes)) = (host::plugin_name(), host::plugin_configuration()) else {
            log::error!("Envoy did not return the plugin configuration: every request will be refused");
            return true;
        };
        let Some(name) = name else {
            log::error!("Envoy did not return the filter's name; set `name` in its plugin configuration");
            return false;
        };
        match LoadedConfig::load(&bytes) {
            Ok(loaded) => {
                SharedData::prepare();
                self.forget();
                self.role = Some(match loaded {
                    LoadedConfig::Gateway(config) => Role::Gateway(Rc::new(Filter::new(*config, name))),
                    LoadedConfig::Console(console) => Role::Console(Rc::new(console)),
                });
                // If this fails, only a metric is missing.
                let _: Result<(), Status> = host::set_tick_period(FIRST_TICK_MS);
                true
            }
            Err(invalid) => {
                log::error!("{invalid}");
                false
            }
        }
    }

    /// Counts the configuration as one in force. This cannot happen while configuring: Envoy tries each configuration in an
    /// instance that it then throws away without a callback. Later ticks flush buffered decisions, and notice that an
    /// operator has changed the level of Envoy's log.
    fn on_tick(&mut self) {
        tick::begin();
        host::follow_log_level();
        log::debug!("#{} on_tick", self.id);
        audit::flush();
        listed::on_tick();
        ending::on_tick(self.id);
        if let Some(Role::Gateway(filter)) = &self.role {
            filter.notices.on_tick(&filter.config);
        }
        discarding::on_tick(self.id, send_late);
        if self.has_approvals() {
            metrics::set_pending_approvals();
        }
        if !self.is_counted {
            metrics::register_series();
            if let Some(Role::Gateway(filter)) = &self.role
                && filter.config.approvals.notify.is_some()
            {
                metrics::register_notices();
            }
            self.is_counted = self.count(1);
        }
    }

    /// Never `None`, upon which the SDK panics: without a configuration, the stream refuses its request.
    fn create_http_context(&self, id: u32) -> Option<Box<dyn HttpContext>> {
        Some(match &self.role {
            Some(Role::Gateway(filter)) => Box::new(PolicyFilter::new(id, Some(Rc::clone(filter)))),
            Some(Role::Console(console)) => Box::new(ConsoleFilter::new(id, Rc::clone(console))),
            None => Box::new(PolicyFilter::new(id, None)),
        })
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}

impl Filter {
    fn new(config: Config, name: String) -> Self {
        Self { config, name, chain: RefCell::new(None), notices: Notices::default() }
    }

    /// Links a record to the one before it; with the chain's head, if Envoy's log lacks it. `None` if the host gives no random
    /// bytes for the chain's id.
    pub(super) fn link(&self, record: &str, now: Timestamp) -> Option<(String, Option<Head>)> {
        let mut chain = self.chain.borrow_mut();
        if chain.is_none() {
            let mut id = [0; 8];
            getrandom::fill(&mut id).ok()?;
            *chain = Some(Chain::new(id, now));
        }
        let chain = chain.as_mut()?;
        Some((chain.link(record), chain.due_head(now, false)))
    }
}

/// The configuration goes with the last of its streams: no record follows.
impl Drop for Filter {
    fn drop(&mut self) {
        let head = self.chain.get_mut().as_mut().and_then(|chain| chain.due_head(Timestamp::default(), true));
        if let Some(head) = head {
            log::info!("{}", head.to_line());
        }
    }
}

impl FilterRoot {
    pub(super) fn new(id: u32) -> Self {
        Self { id, role: None, is_counted: false }
    }

    fn forget(&mut self) {
        if let Some(Role::Gateway(filter)) = &self.role {
            listed::forget(&filter.config);
            pinned::forget(&filter.config);
        }
        if self.is_counted {
            self.count(-1);
            self.is_counted = false;
        }
        self.role = None;
    }

    /// Whether calls can wait for an approver in this Envoy.
    fn has_approvals(&self) -> bool {
        match &self.role {
            Some(Role::Gateway(filter)) => {
                let approvals = &filter.config.approvals;
                approvals.service.is_none() && approvals.store.is_none() && filter.config.asks_for_approval()
            }
            Some(Role::Console(console)) => console.store.is_none(),
            None => false,
        }
    }

    fn count(&self, by: i64) -> bool {
        let Some(Role::Gateway(filter)) = &self.role else { return false };
        metrics::add_to_series(MetricType::Gauge, metric::CONFIGURATIONS, &[("config", &filter.config.digest)], by);
        true
    }
}

/// The SDK has no callback for this: it drops a context when Envoy deletes it. Streams keep the configuration they began with.
impl Drop for FilterRoot {
    fn drop(&mut self) {
        // This root may be the one whose tick was to flush them.
        audit::flush();
        self.forget();
    }
}
