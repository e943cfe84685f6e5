//! Time, bounded by length.

use std::time::Duration;

use cpu_time::ThreadTime;

/// For whatever does not depend on the length; far more than it takes. It is time of the processor, since the machine may
/// do something else meanwhile.
const BASE: Duration = Duration::from_millis(2);
/// For a byte. An instrumented, sanitised build reads one in about 50 ns; a quadratic reader would need 100 µs at 64 KiB.
const BYTE: Duration = Duration::from_micros(2);
/// How often a run that took too long is measured again.
const ATTEMPTS: u32 = 5;

/// A bound on time.
#[derive(Clone, Copy, Debug)]
pub struct Allowance(Duration);

impl Allowance {
    /// That of an input of `length` bytes.
    pub fn of(length: usize) -> Self {
        Self(BASE + BYTE * u32::try_from(length).unwrap_or(u32::MAX))
    }

    /// Runs `work` within the bound.
    ///
    /// # Panics
    /// Every attempt took longer.
    pub fn keep<T>(self, work: impl Fn() -> T) -> T {
        let mut fastest = Duration::MAX;
        for _ in 0..ATTEMPTS {
            let began = ThreadTime::now();
            let done = work();
            fastest = fastest.min(began.elapsed());
            if fastest <= self.0 {
                return done;
            }
        }
        panic!("{fastest:?}, and {:?} is allowed", self.0);
    }
}
