//! Changes of logs, each of a kind that a person with an editor can make.

mod mutations;

use super::{Fault, FaultKind, Report, Verifier};
use crate::{
    audit::chain::{Chain, Head},
    json::quoted,
    time::Timestamp,
};

/// A log of some workers, and the heads that Envoy's own log has of them.
#[derive(Clone)]
struct Log {
    lines: Vec<String>,
    heads: Vec<String>,
}

/// A line of an access log.
fn access_line(number: usize, record: &str) -> String {
    format!(r#"{{"time":"2026-11-30T00:00:00Z","n":{number},"mcp":{}}}"#, quoted(record))
}

/// A log of `records` records for each of `workers`, which take turns.
fn log(workers: u8, records: usize) -> Log {
    let mut chains: Vec<Chain> = (0..workers).map(|worker| Chain::new([worker; 8], Timestamp(0))).collect();
    let mut lines = Vec::new();
    for number in 0..records {
        for (worker, chain) in chains.iter_mut().enumerate() {
            let record = format!(r#"{{"decision":"allowed","tool":"tool {number}","requestId":"{worker}-{number}"}}"#);
            lines.push(access_line(number, &chain.link(&record)));
        }
    }
    let heads = chains.iter_mut().filter_map(|chain| chain.due_head(Timestamp(0), true));
    Log { lines, heads: heads.map(|head: Head| format!("[2026-11-30][1][info][wasm] {}", head.to_line())).collect() }
}

fn verify(log: &Log, with_heads: bool, complete: bool) -> Report {
    let mut verifier = Verifier::default();
    for head in log.heads.iter().filter(|_| with_heads) {
        verifier.add_head(head);
    }
    for line in &log.lines {
        verifier.add_line(line);
    }
    verifier.finish(complete)
}

/// The faults of a log, as people read them.
fn faults(lines: Vec<String>) -> Vec<String> {
    let report = verify(&Log { lines, heads: Vec::new() }, false, false);
    report.chains.iter().filter_map(|chain| chain.fault.as_ref().map(ToString::to_string)).collect()
}

#[test]
fn a_log_of_several_workers_and_restarts_is_whole() {
    let mut lines = log(3, 20).lines;
    // The same workers start again, with other ids.
    let mut again = Chain::new([99; 8], Timestamp(0));
    lines.extend((0..5).map(|number| access_line(number, &again.link(r#"{"decision":"denied"}"#))));
    let report = verify(&Log { lines, heads: log(3, 20).heads }, true, true);
    assert!(report.is_whole(), "{report:?}");
    let trusted: Vec<_> =
        report.chains.iter().map(|chain| (chain.records, chain.trusted.map(|place| place.seq))).collect();
    assert_eq!(trusted, [(20, Some(20)), (20, Some(20)), (20, Some(20)), (5, Some(4))], "the last chain has no head");
}

#[test]
fn the_first_fault_of_a_chain_is_named_with_its_line() {
    let whole = log(1, 9).lines;
    let changed = |change: &dyn Fn(&mut Vec<String>)| {
        let mut lines = whole.clone();
        change(&mut lines);
        faults(lines)
    };
    assert_eq!(changed(&|_| {}), [""; 0]);
    assert_eq!(changed(&|lines| drop(lines.remove(3))), ["record 4 is missing before line 4 (record 5)"]);
    assert_eq!(changed(&|lines| drop(lines.drain(3..6))), ["3 records, 4 to 6, are missing before line 4 (record 7)"]);
    assert_eq!(changed(&|lines| lines.swap(3, 4)), ["record 5 on line 4 is out of order: 1 earlier records follow it"]);
    assert_eq!(
        changed(&|lines| {
            lines.swap(3, 5);
            lines.remove(4);
        }),
        ["record 6 on line 4 is out of order: 1 earlier records follow it, and 1 are missing"]
    );
    assert_eq!(
        changed(&|lines| lines[3] = lines[3].replace("allowed", "refused")),
        ["record 4 on line 4 was changed, or the link to it on line 5 was: their digests differ"]
    );
    assert_eq!(
        changed(&|lines| lines.insert(6, lines[3].clone())),
        ["record 4 is in the log twice, on line 4 and again on line 7"]
    );
    assert_eq!(
        changed(&|lines| lines.insert(6, lines[3].replace("allowed", "refused"))),
        ["two different records have the number 4, on line 4 and on line 7"]
    );
}

#[test]
fn what_comes_before_the_first_fault_is_trusted_as_far_as_a_link_confirms_it() {
    let mut lines = log(1, 9).lines;
    lines.remove(5);
    let report = verify(&Log { lines, heads: Vec::new() }, false, false);
    let chain = &report.chains[0];
    assert_eq!((chain.trusted.map(|place| (place.seq, place.line)), chain.later_faults), (Some((4, 4)), 0));
    assert_eq!(chain.fault.as_ref().map(|fault| fault.line), Some(6), "nothing confirms record 5");
}

#[test]
fn heads_show_a_cut_tail_and_a_chain_that_was_made_again() {
    let whole = log(2, 9);
    let mut cut = whole.clone();
    cut.lines.truncate(12);
    let of = |report: &Report| -> Vec<String> {
        report.chains.iter().filter_map(|chain| chain.fault.as_ref().map(ToString::to_string)).collect()
    };
    assert_eq!(
        of(&verify(&cut, true, false)),
        [
            "the records after 6 on line 11 are missing: a head in Envoy's log counts 9",
            "the records after 6 on line 12 are missing: a head in Envoy's log counts 9"
        ]
    );
    assert_eq!(of(&verify(&cut, false, false)), [""; 0], "no head, no cut that shows");
    // Records of the first worker, linked again after one was left out.
    let mut again = Chain::new([0; 8], Timestamp(0));
    let lines =
        (0..9).map(|number| access_line(number, &again.link(&format!(r#"{{"decision":"allowed","n":{number}}}"#))));
    let forged = Log { lines: lines.collect(), heads: whole.heads.clone() };
    assert_eq!(
        of(&verify(&forged, true, false)),
        [
            "records up to 9 on line 9 were changed: a head in Envoy's log counts others",
            "the log has none of its 9 records, which a head in Envoy's log counts"
        ]
    );
    let escaped = Log { heads: whole.heads.iter().map(|head| head.replace('"', "\\\"")).collect(), ..whole };
    assert!(verify(&escaped, true, true).is_whole(), "a collector may quote the line");
}

#[test]
fn a_log_that_begins_later_has_a_fault_only_if_it_should_be_complete() {
    let whole = log(1, 9);
    let rotated = Log { lines: whole.lines.get(4..).unwrap_or_default().to_vec(), ..whole };
    assert!(verify(&rotated, true, false).is_whole());
    let fault = verify(&rotated, true, true).chains.remove(0).fault;
    assert_eq!(fault, Some(Fault { kind: FaultKind::CutFront, seq: 5, line: 1 }));
}

#[test]
fn records_without_a_link_and_lines_that_were_cut_are_counted() {
    let mut lines = log(1, 3).lines;
    let half = lines[1].len() / 2;
    lines.push(access_line(9, r#"{"decision":"allowed"}"#));
    lines.push("[info] another line".to_owned());
    lines.push(lines[1].get(..half).unwrap_or_default().to_owned());
    let report = verify(&Log { lines, heads: Vec::new() }, false, false);
    assert_eq!((report.unlinked.count, report.unlinked.first), (1, 4));
    assert_eq!((report.unreadable.count, report.unreadable.first), (1, 6));
    assert!(!report.is_whole());
    assert!(!Verifier::default().finish(false).is_whole(), "a log without chains proves nothing");
}
