//! One counter against a clock that moves.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{Algorithm, Amount, Count, LimitExceeded, Quota, Timestamp, Window};

fn quota(seconds: u32, max: u64, algorithm: Algorithm) -> Quota {
    Quota { window: Window::new(seconds).unwrap(), algorithm, max: Amount::from_units(max) }
}

/// Charges one call at each time, in milliseconds; and when the denied ones may retry.
fn run(quota: Quota, times: &[u64]) -> Vec<Result<(), Option<u64>>> {
    let mut count = None;
    let mut step = |time: &u64| match quota.charge(count, Amount::ONE, Timestamp(*time)) {
        Ok(new) => {
            count = Some(new);
            Ok(())
        }
        Err(LimitExceeded { retry_at, .. }) => Err(retry_at.map(|retry_at| retry_at.0)),
    };
    times.iter().map(&mut step).collect()
}

#[test]
fn max_calls_pass_and_the_next_one_retries_at_the_boundary() {
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
fn a_clock_that_steps_back_refills_no_counter() {
    let results = run(quota(60, 1, Algorithm::Fixed), &[61_000, 59_000, 1_000, 119_999, 120_000]);
    assert_eq!(results, [Ok(()), Err(Some(120_000)), Err(Some(120_000)), Err(Some(120_000)), Ok(())]);
}

#[test]
fn a_max_of_zero_has_no_room_for_what_costs_nothing() {
    for algorithm in [Algorithm::Fixed, Algorithm::Sliding] {
        let of = |max| Quota { window: Window::new(60).unwrap(), algorithm, max: Some(max) };
        let never = LimitExceeded { retry_at: None, remaining: None };
        assert_eq!(of(Amount::ZERO).charge(None, Amount::ZERO, Timestamp(0)), Err(never));
        assert!(of(Amount::ONE).charge(None, Amount::ZERO, Timestamp(0)).is_ok());
    }
}

#[test]
fn a_max_of_zero_never_has_room() {
    assert_eq!(run(quota(60, 0, Algorithm::Fixed), &[0]), [Err(None)]);
    assert_eq!(run(quota(60, 0, Algorithm::Sliding), &[0]), [Err(None)]);
    for algorithm in [Algorithm::Fixed, Algorithm::Sliding] {
        let free = |max| quota(60, max, algorithm).charge(None, Amount::ZERO, Timestamp(0));
        assert_eq!(free(0), Err(LimitExceeded { retry_at: None, remaining: None }));
        assert!(free(1).is_ok());
    }
}

#[test]
fn a_lower_max_keeps_the_count() {
    let count = Count { until: 60, used: Amount::from_units(7).unwrap(), previous: Amount::ZERO };
    let full = quota(60, 5, Algorithm::Fixed).charge(Some(count), Amount::ONE, Timestamp(1)).unwrap_err();
    assert_eq!(full.retry_at, Some(Timestamp(60_000)));
    assert!(quota(60, 8, Algorithm::Fixed).charge(Some(count), Amount::ONE, Timestamp(1)).is_ok());
}

#[test]
fn a_sliding_window_weighs_the_one_before() {
    let results =
        run(quota(60, 2, Algorithm::Sliding), &[59_000, 59_000, 60_000, 89_999, 90_000, 90_000, 119_999, 120_000]);
    // Two calls at 59 s weigh 2 at 60 s and 1 at 90 s. With one more at 90 s there is room again at 120 s: by then the two
    // weigh nothing, and the one of 90 s still weighs 1.
    let expected =
        [Ok(()), Ok(()), Err(Some(90_000)), Err(Some(90_000)), Ok(()), Err(Some(120_000)), Err(Some(120_000)), Ok(())];
    assert_eq!(results, expected);
}

#[test]
fn a_clock_that_is_behind_a_sliding_window_denies_only_what_has_no_room() {
    let quota = quota(60, 3, Algorithm::Sliding);
    let results = run(quota, &[60_000, 59_999, 1_000, 59_998, 60_000, 120_000]);
    // The window of 60 s has room for three calls, by whatever clock. At 120 s all three weigh.
    assert_eq!(results, [Ok(()), Ok(()), Ok(()), Err(Some(140_000)), Err(Some(140_000)), Err(Some(140_000))]);
    let count = Count { until: 180, used: Amount::ONE, previous: Amount::ONE };
    assert_eq!([59_999, 60_000, 90_000].map(|now| quota.used(count, Timestamp(now)).to_string()), ["2", "2", "1.5"]);
    assert_eq!([59_999, 60_000].map(|now| quota.resets_at(count, Timestamp(now))), [Timestamp(120_000); 2]);
    assert!(quota.charge(Some(count), Amount::ONE, Timestamp(59_999)).is_ok(), "the window before weighs whole");
    let full = quota.charge(Some(count), Amount::from_units(2).unwrap(), Timestamp(59_999));
    assert_eq!(full, Err(LimitExceeded { retry_at: Some(Timestamp(120_000)), remaining: Some(Amount::ONE) }));
}

#[test]
fn what_is_left_is_returned_only_where_it_is_less_than_the_charge() {
    let count = Count { until: 60, used: Amount::from_units(3).unwrap(), previous: Amount::ZERO };
    let charge = |max: u64, units: u64| {
        quota(60, max, Algorithm::Fixed).charge(Some(count), Amount::from_units(units).unwrap(), Timestamp(1))
    };
    let full = |retry_at: Option<u64>, remaining: Option<u64>| {
        Err(LimitExceeded { retry_at: retry_at.map(Timestamp), remaining: remaining.and_then(Amount::from_units) })
    };
    assert_eq!(charge(5, 2).map(|count| count.used), Ok(Amount::from_units(5).unwrap()));
    assert_eq!(charge(5, 3), full(Some(60_000), Some(2)));
    assert_eq!(charge(5, 5), full(Some(60_000), Some(2)));
    assert_eq!(charge(5, 6), full(None, Some(2)));
    assert_eq!(charge(2, 1), full(Some(60_000), Some(0)));
    assert_eq!(charge(2, 0), full(Some(60_000), None), "a charge of zero beside a lower max");
    assert_eq!(charge(3, 0), Ok(count));
}

#[test]
fn a_refund_is_tied_to_its_window() {
    let count = Count { until: 120, used: Amount::from_units(3).unwrap(), previous: Amount::ZERO };
    assert_eq!(Quota::refund(count, 120, Amount::ONE).used, Amount::from_units(2).unwrap());
    assert_eq!(Quota::refund(count, 60, Amount::ONE), count);
    let spent = Count { used: Amount::ZERO, ..count };
    assert_eq!(Quota::refund(spent, 120, Amount::ONE), spent);
}

#[cfg(not(target_family = "wasm"))]
mod properties {
    use proptest::{collection::vec, prelude::*};

    use super::{Algorithm, Amount, Count, Quota, Timestamp, quota};

    fn algorithm() -> impl Strategy<Value = Algorithm> {
        prop_oneof![Just(Algorithm::Fixed), Just(Algorithm::Sliding)]
    }

    /// What the calls that passed weigh at `now` by the definition, in units times the window's milliseconds.
    fn weight(algorithm: Algorithm, length: u64, passed: &[(u64, u64)], now: u64) -> u64 {
        let window = |number: u64| {
            passed.iter().filter(move |(at, _)| at / length == number).map(|(_, amount)| amount).sum::<u64>()
        };
        let current = now / length;
        let previous = match algorithm {
            Algorithm::Sliding if current > 0 => window(current - 1) * ((current + 1) * length - now),
            Algorithm::Sliding | Algorithm::Fixed => 0,
        };
        window(current) * length + previous
    }

    proptest! {
        /// A retry at the given time has room, and a millisecond earlier it has none.
        #[test]
        fn the_time_to_retry_is_exact(
            algorithm in algorithm(), seconds in 1u32..4000, max in 1u64..20, calls in vec(0u64..40_000, 1..60),
        ) {
            let quota: Quota = quota(seconds, max, algorithm);
            let (mut count, mut now) = (None, 1_000_000_000);
            for pause in calls {
                now += pause;
                match quota.charge(count, Amount::ONE, Timestamp(now)) {
                    Ok(new) => count = Some(new),
                    Err(full) => {
                        let retry_at = full.retry_at.unwrap();
                        prop_assert!(retry_at > Timestamp(now));
                        prop_assert!(quota.charge(count, Amount::ONE, retry_at).is_ok());
                        let early = Timestamp(retry_at.0 - 1);
                        prop_assert!(quota.charge(count, Amount::ONE, early).is_err());
                    }
                }
            }
        }

        /// A call passes exactly if the calls that passed before leave it room in its window: the aligned one, or the one
        /// that slides.
        #[test]
        fn no_window_lets_more_than_max_through(
            algorithm in algorithm(), seconds in 1u32..12, max in 1u64..10, calls in vec((0u64..3000, 1u64..4), 1..200),
        ) {
            let (quota, length) = (quota(seconds, max, algorithm), u64::from(seconds) * 1000);
            let (mut count, mut now, mut passed) = (None, 0u64, Vec::new());
            for (pause, amount) in calls {
                now += pause;
                let has_room = weight(algorithm, length, &passed, now) + amount * length <= max * length;
                let charged = quota.charge(count, Amount::from_units(amount).unwrap(), Timestamp(now));
                prop_assert_eq!(charged.is_ok(), has_room, "{} at {}", amount, now);
                if let Ok(new) = charged {
                    count = Some(new);
                    passed.push((now, amount));
                }
            }
        }

        /// However the clock moves, no more than `max` passes between one new window and the next.
        #[test]
        fn a_clock_that_moves_both_ways_opens_no_window_twice(
            algorithm in algorithm(), max in 1u64..6, steps in vec(-25_000i64..30_000, 1..200),
        ) {
            let quota = quota(10, max, algorithm);
            let (mut count, mut now, mut newest, mut passed) = (None::<Count>, 1_000_000i64, 0, 0);
            for step in steps {
                now = (now + step).max(0);
                if let Ok(new) = quota.charge(count, Amount::ONE, Timestamp(now.unsigned_abs())) {
                    passed = if new.until > newest { 1 } else { passed + 1 };
                    (count, newest) = (Some(new), newest.max(new.until));
                    prop_assert!(new.until == newest && passed <= max);
                }
            }
        }
    }
}
