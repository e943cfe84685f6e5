//! What this module logs, in Envoy's log.

use log::{LevelFilter, Log, Metadata, Record};

use super::abi::{self, Level, Status};

struct Logger;

/// Has `log` write to Envoy's log, from `info` on.
pub(in crate::filter) fn start() {
    // Only a second start can fail, and then the first has done it.
    if log::set_logger(&Logger).is_ok() {
        log::set_max_level(LevelFilter::Info);
    }
}

impl Log for Logger {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.level() <= log::max_level()
    }

    fn log(&self, record: &Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        let level = match record.level() {
            log::Level::Trace => Level::Trace,
            log::Level::Debug => Level::Debug,
            log::Level::Info => Level::Info,
            log::Level::Warn => Level::Warn,
            log::Level::Error => Level::Error,
        };
        // There is nobody to tell that nobody can be told.
        let _: Result<(), Status> = abi::log(level, &record.args().to_string());
    }

    fn flush(&self) {}
}
