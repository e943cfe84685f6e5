//! How long a limit counts, and how it forgets; product contract, section 1.3.
//!
//! The policy says both and the counters keep to both, so neither of them owns these types.

use std::num::{NonZeroU32, NonZeroU64};

use crate::time::Timestamp;

/// The length of a window: 1 to 2,678,400 whole seconds. Windows are aligned to the epoch.
///
/// ```
/// # use mcp_policy::{time::Timestamp, window::Window};
/// let minute = Window::new(60).ok_or("out of range")?;
/// assert_eq!(minute.name(), Some("minute"));
/// assert_eq!(minute.end(Timestamp(61_500)), 120);
/// assert_eq!(Window::new(0), None);
/// # Ok::<(), &str>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window(NonZeroU32);

/// How a counter forgets what it has counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Algorithm {
    /// All at once, at the end of the window.
    #[default]
    Fixed,
    /// Evenly, over the window that follows.
    Sliding,
}

impl Window {
    /// The windows that have a name in a policy.
    pub const NAMED: [(&'static str, Self); 4] = [
        ("second", Self::constant(1)),
        ("minute", Self::constant(60)),
        ("hour", Self::constant(3600)),
        ("day", Self::constant(86_400)),
    ];
    /// The longest window, in seconds: 31 days.
    pub const MAX_SECONDS: u32 = 2_678_400;

    /// A window of `seconds`; `None` if that is 0 or more than [`Self::MAX_SECONDS`].
    #[must_use]
    pub fn new(seconds: u32) -> Option<Self> {
        NonZeroU32::new(seconds).filter(|seconds| seconds.get() <= Self::MAX_SECONDS).map(Self)
    }

    /// For the constants above, which are not 0.
    const fn constant(seconds: u32) -> Self {
        match NonZeroU32::new(seconds) {
            Some(seconds) => Self(seconds),
            None => Self(NonZeroU32::MIN),
        }
    }

    /// Its name, if it is one of [`Self::NAMED`].
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        Self::NAMED.into_iter().find(|(_, named)| *named == self).map(|(name, _)| name)
    }

    /// Its name with an article, for a rate: `30 an hour`.
    #[must_use]
    pub fn name_with_article(self) -> Option<&'static str> {
        match self.seconds() {
            1 => Some("a second"),
            60 => Some("a minute"),
            3600 => Some("an hour"),
            86_400 => Some("a day"),
            _ => None,
        }
    }

    /// Its length in seconds.
    #[must_use]
    pub fn seconds(self) -> u32 {
        self.0.get()
    }

    /// The second since the epoch at which the window that holds `now` ends.
    #[must_use]
    pub fn end(self, now: Timestamp) -> u64 {
        let (seconds, length) = (now.seconds(), NonZeroU64::from(self.0));
        seconds.saturating_sub(seconds % length).saturating_add(length.get())
    }
}

impl Algorithm {
    /// The algorithms as a policy names them.
    pub const NAMED: [(&'static str, Self); 2] = [("fixed", Self::Fixed), ("sliding", Self::Sliding)];

    /// Its name in a policy.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Fixed => "fixed",
            Self::Sliding => "sliding",
        }
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{Algorithm, Window};

    #[test]
    fn a_window_is_1_second_to_31_days() {
        for seconds in [0, Window::MAX_SECONDS + 1, u32::MAX] {
            assert_eq!(Window::new(seconds), None, "{seconds}");
        }
        for seconds in [1, 61, Window::MAX_SECONDS] {
            assert_eq!(Window::new(seconds).map(Window::seconds), Some(seconds));
        }
    }

    #[test]
    fn a_window_in_seconds_has_the_name_of_its_length() {
        let names = [1, 60, 3600, 86_400, 90].map(|seconds| Window::new(seconds).and_then(Window::name));
        assert_eq!(names, [Some("second"), Some("minute"), Some("hour"), Some("day"), None]);
        let with_article =
            [1, 60, 3600, 86_400, 90].map(|seconds| Window::new(seconds).and_then(Window::name_with_article));
        assert_eq!(with_article, [Some("a second"), Some("a minute"), Some("an hour"), Some("a day"), None]);
        for (name, algorithm) in Algorithm::NAMED {
            assert_eq!(algorithm.name(), name);
        }
    }
}
