//! Makes a request on which readers disagree as small as it gets.

use super::{compare::compare, request::Request, subject_under_test::Ours};

/// Takes away whatever can be taken away while `reader` still disagrees, halves first, single bytes last.
pub(crate) fn shrink(ours: &Ours, request: &Request, reader: &str) -> Request {
    let mut smallest = request.clone();
    let mut size = smallest.body.len().div_ceil(2).max(1);
    loop {
        match first_that_fails(ours, &candidates(&smallest, size), reader) {
            Some(smaller) => {
                smallest = smaller;
                size = size.min(smallest.body.len()).max(1);
            }
            None if size == 1 => return smallest,
            None => size /= 2,
        }
    }
}

/// The request without one header, or without `size` bytes at each place.
fn candidates(request: &Request, size: usize) -> Vec<Request> {
    let without_header = (0..request.headers.len()).map(|index| {
        let mut smaller = request.clone();
        smaller.headers.remove(index);
        smaller
    });
    let without_bytes = (0..request.body.len()).step_by(size).map(|start| {
        let mut smaller = request.clone();
        smaller.body.drain(start..request.body.len().min(start + size));
        smaller
    });
    without_header.chain(without_bytes).collect()
}

fn first_that_fails(ours: &Ours, candidates: &[Request], reader: &str) -> Option<Request> {
    let compared = compare(ours, candidates);
    let found = compared.disagreements.iter().filter(|found| found.reader == reader).map(|found| found.index).min()?;
    candidates.get(found).cloned()
}
