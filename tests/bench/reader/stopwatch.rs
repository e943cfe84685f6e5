//! Time per byte, as undisturbed as a shared machine allows.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

/// How long one measurement goes on.
const WHILE: Duration = Duration::from_millis(120);

/// Megabytes a second at which `read` reads `body`: that of the best of many runs, since whatever disturbs a run only
/// makes it slower.
pub fn rate(body: &[u8], mut read: impl FnMut(&[u8])) -> f64 {
    let began = Instant::now();
    let mut best = Duration::MAX;
    while began.elapsed() < WHILE {
        let start = Instant::now();
        read(black_box(body));
        best = best.min(start.elapsed());
    }
    // Bytes per microsecond are megabytes per second.
    #[expect(clippy::cast_precision_loss, reason = "at most 1 MiB")]
    let bytes = body.len() as f64;
    bytes / (best.as_secs_f64() * 1e6)
}
