//! A thousand random changes of a long log: each is found and placed, or is of a kind that the documents call invisible.

use super::{Log, Report, log, verify};

const WORKERS: u8 = 3;
const RECORDS: usize = 40;

/// What a mutation did.
#[derive(Debug)]
struct Mutation {
    #[expect(dead_code, reason = "a failed assertion prints it")]
    what: &'static str,
    /// The line, from 1, at which the check may place its fault at the earliest, and at the latest.
    lines: (usize, usize),
    /// Whether the last record of a chain changed or went: no later record of the log links to it.
    at_the_end: bool,
    /// Whether the first record of a chain went: a log may begin later.
    at_the_front: bool,
}

/// The index of the next line of the same worker; the number of lines if there is none.
fn next_of(index: usize) -> usize {
    index + usize::from(WORKERS)
}

/// Changes a log at random.
fn mutate(log: &mut Log, other_day: &[String], random: &mut fastrand::Rng) -> Mutation {
    let count = log.lines.len();
    let workers = usize::from(WORKERS);
    let index = random.usize(..count);
    let is_last = next_of(index) >= count;
    let is_first = index < workers;
    let line = index + 1;
    let placed = |what, lines| Mutation { what, lines, at_the_end: false, at_the_front: false };
    match random.u8(..6) {
        0 => {
            log.lines.remove(index);
            // The next record of the worker moves up by a line.
            let mutation = placed("drop", (next_of(index), next_of(index)));
            Mutation { at_the_end: is_last, at_the_front: is_first && !is_last, ..mutation }
        }
        1 => {
            // With a later line of the same worker: lines of two workers may change places.
            let steps = random.usize(1..=20);
            let other = (index + workers * steps).min(index + (count - 1 - index) / workers * workers);
            if other == index {
                return mutate(log, other_day, random);
            }
            log.lines.swap(index, other);
            Mutation { at_the_front: is_first, ..placed("swap", (line, line)) }
        }
        2 => {
            let text = &log.lines[index];
            // A character inside the record, before its link.
            let end = text.find(r#",\"chain"#).expect("a link");
            let start = text.find("tool ").expect("a tool");
            let at = random.usize(start..end);
            let mut bytes = text.clone().into_bytes();
            bytes[at] = if bytes[at] == b'x' { b'y' } else { b'x' };
            log.lines[index] = String::from_utf8(bytes).expect("text");
            // Where the record is not JSON any more, it is missing.
            Mutation { at_the_end: is_last, at_the_front: is_first, ..placed("edit", (line, next_of(index) + 1)) }
        }
        3 => {
            let later = random.usize(index + 1..=count);
            log.lines.insert(later, log.lines[index].clone());
            placed("duplicate", (later + 1, later + 1))
        }
        4 => {
            let left = random.usize(1..count);
            log.lines.truncate(left);
            Mutation { at_the_end: true, ..placed("truncate", (left + 1 - workers.min(left), left)) }
        }
        _ => {
            // The front of this log, and the back of another one of the same workers from another day.
            let (front, back) = (random.usize(workers..count - workers), random.usize(workers..count - workers));
            log.lines.truncate(front);
            log.lines.extend_from_slice(&other_day[back..]);
            placed("splice", (1, front + workers + workers))
        }
    }
}

/// The same workers' ids, which chance would have to repeat, with other records.
fn log_of_another_day() -> Vec<String> {
    use crate::{audit::chain::Chain, time::Timestamp};
    let mut chains: Vec<Chain> = (0..WORKERS).map(|worker| Chain::new([worker; 8], Timestamp(0))).collect();
    let mut lines = Vec::new();
    for number in 0..RECORDS {
        for chain in &mut chains {
            let record = format!(r#"{{"decision":"denied","tool":"tool {number}"}}"#);
            lines.push(super::access_line(number, &chain.link(&record)));
        }
    }
    lines
}

fn first_line(report: &Report) -> Option<u64> {
    let faults = report.chains.iter().filter_map(|chain| chain.fault.as_ref()).map(|fault| fault.line);
    faults.chain([report.unreadable.first, report.unlinked.first].into_iter().filter(|line| *line > 0)).min()
}

#[test]
fn each_of_a_thousand_random_mutations_is_found_and_placed() {
    let whole = log(WORKERS, RECORDS);
    assert!(verify(&whole, true, true).is_whole());
    let mut random = fastrand::Rng::with_seed(35);
    let other_day = log_of_another_day();
    let (mut found, mut invisible) = (0, 0);
    for _ in 0..1000 {
        let mut changed = whole.clone();
        let mutation = mutate(&mut changed, &other_day, &mut random);
        if changed.lines == whole.lines {
            continue;
        }
        // With the heads of Envoy's log, and a log that should be complete, nothing is invisible.
        let report = verify(&changed, true, true);
        let line = first_line(&report);
        assert!(line.is_some(), "{mutation:?} was not found");
        let (from, to) = mutation.lines;
        let line = usize::try_from(line.unwrap_or_default()).expect("a line");
        let is_front = mutation.at_the_front && line <= to.max(usize::from(WORKERS) * 2);
        assert!(
            (from..=to).contains(&line) || is_front || mutation.at_the_end,
            "{mutation:?} is placed on line {line}: {report:?}"
        );
        found += 1;
        // Without them, only what the documents name is.
        if first_line(&verify(&changed, false, false)).is_none() {
            assert!(mutation.at_the_end || mutation.at_the_front, "{mutation:?} is invisible");
            invisible += 1;
        }
    }
    assert!(found > 950 && invisible < 300, "{found} found, {invisible} of them only by heads or in a complete log");
}
