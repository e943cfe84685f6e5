//! The step against a moved clock.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{Algorithm, Amount, Count, LimitExceeded, Quota, Window};
use crate::time::Timestamp;

fn quota(seconds: u32, max: u64, algorithm: Algorithm) -> Quota {
    Quota { window: Window::new(seconds).unwrap(), algorithm, max: Amount::whole(max).unwrap() }
}

/// Charges one call at each moment; the second numbers at which calls passed, and when the refused ones may come back.
fn run(quota: Quota, moments: &[u64]) -> Vec<Result<(), Option<u64>>> {
    let mut count = None;
    let mut step = |moment: &u64| match quota.charge(count, Amount::ONE, Timestamp(*moment)) {
        Ok(new) => {
            count = Some(new);
            Ok(())
        }
        Err(LimitExceeded { retry_at: back_at }) => Err(back_at.map(|moment| moment.0)),
    };
    moments.iter().map(&mut step).collect()
}

#[test]
fn max_calls_pass_and_the_next_waits_for_the_boundary() {
    let results = run(quota(60, 2, Algorithm::Fixed), &[30_000, 59_999, 59_999, 60_000, 60_000, 60_001]);
    assert_eq!(results, [Ok(()), Ok(()), Err(Some(60_000)), Ok(()), Ok(()), Err(Some(120_000))]);
}

#[test]
fn windows_align_to_the_epoch() {
    let day = 86_400_000;
    let results = run(quota(86_400, 1, Algorithm::Fixed), &[day - 1, day, day + 1]);
    assert_eq!(results, [Ok(()), Ok(()), Err(Some(2 * day))]);
}

#[test]
fn a_clock_that_steps_back_never_refills() {
    let results = run(quota(60, 1, Algorithm::Fixed), &[61_000, 59_000, 1_000, 119_999, 120_000]);
    assert_eq!(results, [Ok(()), Err(Some(120_000)), Err(Some(120_000)), Err(Some(120_000)), Ok(())]);
}

#[test]
fn a_maximum_of_nothing_never_has_room() {
    assert_eq!(run(quota(60, 0, Algorithm::Fixed), &[0]), [Err(None)]);
    assert_eq!(run(quota(60, 0, Algorithm::Sliding), &[0]), [Err(None)]);
}

#[test]
fn a_lower_maximum_keeps_the_count() {
    let count = Count { until: 60, used: Amount::whole(7).unwrap(), previous: Amount::ZERO };
    let full = quota(60, 5, Algorithm::Fixed).charge(Some(count), Amount::ONE, Timestamp(1)).unwrap_err();
    assert_eq!(full.retry_at, Some(Timestamp(60_000)));
    assert!(quota(60, 8, Algorithm::Fixed).charge(Some(count), Amount::ONE, Timestamp(1)).is_ok());
}

#[test]
fn a_sliding_window_weighs_the_one_before() {
    let results =
        run(quota(60, 2, Algorithm::Sliding), &[59_000, 59_000, 60_000, 89_999, 90_000, 90_000, 119_999, 120_000]);
    // Two calls at 59 s weigh 2 at 60 s and 1 at 90 s; with one more at 90 s there is room again at 120 s, when they
    // are out of view and the one of 90 s still weighs whole.
    let expected =
        [Ok(()), Ok(()), Err(Some(90_000)), Err(Some(90_000)), Ok(()), Err(Some(120_000)), Err(Some(120_000)), Ok(())];
    assert_eq!(results, expected);
}

#[test]
fn a_refund_is_tied_to_its_window() {
    let count = Count { until: 120, used: Amount::whole(3).unwrap(), previous: Amount::ZERO };
    assert_eq!(Quota::refund(count, 120, Amount::ONE).used, Amount::whole(2).unwrap());
    assert_eq!(Quota::refund(count, 60, Amount::ONE), count);
    let spent = Count { used: Amount::ZERO, ..count };
    assert_eq!(Quota::refund(spent, 120, Amount::ONE), spent);
}

#[cfg(not(target_family = "wasm"))]
mod properties {
    use proptest::prelude::*;

    use super::{Algorithm, Amount, Quota, Timestamp, quota};

    fn algorithm() -> impl Strategy<Value = Algorithm> {
        prop_oneof![Just(Algorithm::Fixed), Just(Algorithm::Sliding)]
    }

    proptest! {
        /// Waiting exactly as told is enough, and a millisecond less is not.
        #[test]
        fn the_time_to_come_back_is_exact(
            algorithm in algorithm(), seconds in 1u32..4000, max in 1u64..20, calls in prop::collection::vec(0u64..40_000, 1..60),
        ) {
            let quota: Quota = quota(seconds, max, algorithm);
            let (mut count, mut now) = (None, 1_000_000_000);
            for pause in calls {
                now += pause;
                match quota.charge(count, Amount::ONE, Timestamp(now)) {
                    Ok(new) => count = Some(new),
                    Err(full) => {
                        let back_at = full.retry_at.unwrap();
                        prop_assert!(back_at > Timestamp(now));
                        prop_assert!(quota.charge(count, Amount::ONE, back_at).is_ok());
                        let early = Timestamp(back_at.0 - 1);
                        prop_assert!(quota.charge(count, Amount::ONE, early).is_err());
                    }
                }
            }
        }

        /// No stretch of one window's length ever sees more than `max` in any aligned window.
        #[test]
        fn no_window_lets_more_than_max_through(
            algorithm in algorithm(), max in 1u64..10, calls in prop::collection::vec(0u64..3000, 1..200),
        ) {
            let quota = quota(10, max, algorithm);
            let (mut count, mut now, mut passed) = (None, 0u64, std::collections::HashMap::new());
            for pause in calls {
                now += pause;
                if let Ok(new) = quota.charge(count, Amount::ONE, Timestamp(now)) {
                    count = Some(new);
                    *passed.entry(now / 10_000).or_insert(0u64) += 1;
                }
            }
            prop_assert!(passed.values().all(|passed| *passed <= max));
        }
    }
}
